// SPDX-License-Identifier: Apache-2.0
/** Forms of schemas: the control of each kind, and what is made of what is typed into it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { controlsOf, readTyped, typedOf, type Control, type Read } from "../src/core/schema_form.ts";

const SCHEMA = {
  type: "object",
  required: ["holder", "area"],
  properties: {
    note: { type: "string", maxLength: 2000 },
    holder: { type: "string", minLength: 2, maxLength: 5, title: "Holder" },
    area: { type: "integer", minimum: 1, maximum: 1000 },
    price: { type: "string", format: "decimal" },
    signed: { type: "string", format: "date" },
    entered: { type: "string", format: "date-time" },
    use: { enum: ["forest", "field"] },
    floors: { $ref: "#/$defs/small" },
    leased: { type: "boolean" },
    parcel: { type: ["string", "null"], pattern: "^[0-9]{2}/[0-9]+$" },
    owners: { type: "array", items: { type: "string" } },
    scan: { $ref: "#/$defs/file", description: "The deed itself" },
  },
  $defs: { small: { type: "integer", maximum: 9 }, file: { type: "object" } },
};
const controls = new Map(controlsOf(SCHEMA).map((each) => [each.name, each]));
const control = (name: string) => controls.get(name) as Control;
const valueOf = (read: Read) => ("value" in read ? read.value : assert.fail(JSON.stringify(read)));
const faultOf = (read: Read) => ("fault" in read ? read.fault.name : assert.fail("no fault"));

test("each property has its control, what is required comes first", () => {
  assert.deepEqual([...controls.keys()].slice(0, 2), ["holder", "area"]);
  const kinds = Object.fromEntries([...controls].map(([name, each]) => [name, each.kind]));
  assert.deepEqual(kinds, {
    holder: "text",
    area: "integer",
    note: "long",
    price: "decimal",
    signed: "date",
    entered: "instant",
    use: "choice",
    floors: "integer",
    leased: "boolean",
    parcel: "text",
    owners: "json",
    scan: "file",
  });
  assert.equal(control("holder").title, "Holder");
  assert.equal(control("scan").description, "The deed itself");
});

for (const [name, typed, value] of [
  ["holder", " Zoë ", "Zoë"],
  ["holder", "Zoe\u0308", "Zoë"],
  ["area", "1000", 1000],
  ["price", "-0.50", "-0.50"],
  ["signed", "2024-02-29", "2024-02-29"],
  ["entered", "2024-02-29T08:05", "2024-02-29T08:05:00Z"],
  ["use", "field", "field"],
  ["parcel", "12/7", "12/7"],
  ["owners", '["a"]', ["a"]],
] as const) {
  test(`${name}: ${typed} is a value, and is shown as such again`, () => {
    const read = valueOf(readTyped(control(name), typed));
    assert.deepEqual(read, value);
    assert.deepEqual(valueOf(readTyped(control(name), typedOf(control(name), read))), value);
  });
}

for (const [name, typed, fault] of [
  ["holder", "", "required"],
  ["holder", "Z", "min-length"],
  ["holder", "Zoëlle", "max-length"],
  ["area", "0", "minimum"],
  ["area", "1001", "maximum"],
  ["area", "1.5", "integer"],
  ["area", "9007199254740993", "too-large"],
  ["floors", "10", "maximum"],
  ["price", "1,50", "decimal"],
  ["price", "01", "decimal"],
  ["signed", "2023-02-29", "date"],
  ["entered", "yesterday", "instant"],
  ["parcel", "12-7", "pattern"],
  ["owners", "[", "json"],
] as const) {
  test(`${name}: ${typed} is refused beside the field`, () => {
    assert.equal(faultOf(readTyped(control(name), typed)), fault);
  });
}

test("what is empty and not required is left out", () => {
  assert.deepEqual(readTyped(control("price"), "  "), { empty: true });
  assert.deepEqual(readTyped(control("leased"), false), { value: false });
});
