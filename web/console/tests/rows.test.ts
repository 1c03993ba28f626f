// SPDX-License-Identifier: Apache-2.0
/** Rows of files for import: what becomes of each, and what is wrong with the others. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsOf, parseCsv, rowsOfCsv, rowsOfNdjson, strangersIn } from "../src/core/rows.ts";

const SCHEMA = {
  required: ["name"],
  properties: {
    name: { type: "string" },
    floors: { type: "integer", maximum: 9 },
    leased: { type: "boolean" },
    use: { enum: ["a", "b"] },
  },
};

test("cells of CSV: quotes, commas, line ends and the mark of its order", () => {
  assert.deepEqual(parseCsv('\ufeffa,b\r\n"x, ""y""","two\nlines"\r\n\r\n,\n1,2'), [
    ["a", "b"],
    ['x, "y"', "two\nlines"],
    ["1", "2"],
  ]);
  assert.deepEqual(columnsOf("id, name ,x\n1,2,3"), ["id", "name", "x"]);
  assert.throws(() => parseCsv('a\n"b'), RangeError);
});

test("rows of CSV are read by the schema, and bad ones are named with their fields", () => {
  const text =
    "id,name,floors,leased,use\n1,Ada,3,yes,a\n2,,3,no,a\n3,Bob,many,maybe,c\n,Eve,1,,\n5,Zoe,,,\n";
  const { lines, numbers, bad } = rowsOfCsv(text, SCHEMA, "id");
  assert.deepEqual(lines.map((each) => JSON.parse(each)), [
    { source_id: "1", content: { name: "Ada", floors: 3, leased: true, use: "a" } },
    { source_id: "5", content: { name: "Zoe" } },
  ]);
  assert.deepEqual(numbers, [1, 5]);
  assert.deepEqual(
    bad.map((each) => [each.row, each.field, each.fault.name]),
    [
      [2, "name", "required"],
      [3, "floors", "integer"],
      [3, "leased", "boolean"],
      [3, "use", "choice"],
      [4, "id", "required"],
    ],
  );
});

test("an empty cell says nothing, of whatever kind its field is", () => {
  const needed = { ...SCHEMA, required: ["name", "leased"] };
  const { lines, bad } = rowsOfCsv("id,name,leased\n1,Ada,\n2,Bob,no\n", needed, "id");
  assert.deepEqual(lines.map((each) => JSON.parse(each).content), [{ name: "Bob", leased: false }]);
  assert.deepEqual(bad.map((each) => [each.row, each.field, each.fault.name]), [
    [1, "leased", "required"],
  ]);
  const [without] = rowsOfCsv("id,name\n1,Ada\n", SCHEMA, "id").lines;
  assert.deepEqual(JSON.parse(without as string).content, { name: "Ada" });
});

test("a row of more or fewer cells than the head is refused, a column of no field is named", () => {
  const { lines, bad } = rowsOfCsv("id,name,use\n1,Smith, John,a\n2,Ada\n3,Eve,b\n", SCHEMA, "id");
  assert.equal(lines.length, 1);
  assert.deepEqual(bad.map((each) => [each.row, each.fault]), [
    [1, { name: "cells", values: { found: 4, expected: 3 } }],
    [2, { name: "cells", values: { found: 2, expected: 3 } }],
  ]);
  assert.deepEqual(strangersIn(["id", "name", "flors"], SCHEMA, "id"), ["flors"]);
});

test("rows of NDJSON go as they are, what is none is named", () => {
  const good = '{"source_id":"1","content":{"name":"Ada"}}';
  const { lines, numbers, bad } = rowsOfNdjson(`${good}\n\n{"source_id":1}\nno\r\n${good}`);
  assert.deepEqual(lines, [good, good]);
  assert.deepEqual(numbers, [1, 5]);
  assert.deepEqual(bad.map((each) => each.row), [3, 4]);
});
