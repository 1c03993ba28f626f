// SPDX-License-Identifier: Apache-2.0
/** What is computed before it is drawn: scales, days, QR codes, roles, places of pages. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { agencyRegistryOf } from "../src/page/acting/pinning.ts";
import { roleId } from "../src/page/acting/plain_words.tsx";
import { ticks } from "../src/page/parts/charts.tsx";
import { modulesOf } from "../src/page/parts/qr_code.tsx";
import { everyDay } from "../src/page/pages/overview.tsx";
import { placeOf } from "../src/page/router.ts";

test("scales begin at 0, have round steps and room for the most", () => {
  assert.deepEqual(ticks(240), [0, 100, 200, 300]);
  assert.deepEqual(ticks(3), [0, 1, 2, 3]);
  assert.deepEqual(ticks(0), [0, 1]);
  for (const most of [1, 7, 12, 99, 1001, 123_456]) {
    const marks = ticks(most);
    assert.ok((marks.at(-1) as number) >= most && marks.length <= 7, String(most));
  }
});

test("days follow one another up to today", () => {
  assert.deepEqual(everyDay(3, Date.UTC(2024, 2, 1)), ["2024-02-28", "2024-02-29", "2024-03-01"]);
});

test("a QR code is a square with its three marks", () => {
  const modules = modulesOf(`https://records.example/verify#0x${"8c".repeat(32)}`);
  assert.ok(modules.length >= 29 && modules.every((row) => row.length === modules.length));
  const last = modules.length - 7;
  for (const [row, column] of [[0, 0], [0, last], [last, 0]] as const) {
    assert.ok(modules[row]?.slice(column, column + 7).every(Boolean));
    assert.equal(modules[row + 1]?.[column + 1], false);
  }
});

test("the id of an agency's role, and the agency registry's address, are those of the contracts", () => {
  assert.equal(
    roleId("REGISTRAR", 1),
    "0x61c3272f5a6f517e242252674a4a715b3614aa94292cc31a36be114393ac89d0",
  );
  assert.equal(
    agencyRegistryOf("0x5fbdb2315678afecb367f032d93f642f64180aa3"),
    "0xa16e02e87b7454126e5e10d957a927a7f5b5d2be",
  );
});

test("addresses of pages come apart", () => {
  assert.deepEqual(placeOf("#/records/0x1").parts, ["records", "0x1"]);
  assert.deepEqual(placeOf("").parts, []);
  assert.equal(placeOf("#/find?text=a%20b&type=x").query.get("text"), "a b");
});
