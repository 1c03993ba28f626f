// SPDX-License-Identifier: Apache-2.0
/** Each file of tests/vectors/evidence has the outcome and the step of cases.json. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { sha256 } from "../src/core/digests.ts";
import { readTrust } from "../src/core/trust.ts";
import { OUTCOMES, STEPS } from "../src/core/verdict.ts";
import { verify } from "../src/core/verifier.ts";
import { vectorBytes, vectorJson } from "./vectors.ts";

interface Case {
  readonly outcome: string | string[];
  readonly step?: number;
  readonly trust?: string;
  readonly now?: number;
}

const TABLE = vectorJson<{ now: number; cases: Record<string, Case> }>("evidence/cases.json");
const trustOf = (expected: Case) =>
  readTrust(vectorBytes(`evidence/${expected.trust ?? "trust.toml"}`));

function verdictsOf(name: string, changes: object = {}) {
  const expected = TABLE.cases[name] as Case;
  const options = { now: expected.now ?? TABLE.now, ...changes };
  return verify(vectorBytes(`evidence/${name}`), trustOf(expected), options);
}

for (const [name, expected] of Object.entries(TABLE.cases)) {
  test(`vector ${name}`, () => {
    const verdicts = verdictsOf(name);
    const outcomes = verdicts.map((each) => each.outcome);
    const refused = verdicts.filter((each) => ["invalid", "unknown"].includes(each.outcome));
    if (name.endsWith("_fail.json")) {
      assert.ok(outcomes.includes(expected.outcome as (typeof outcomes)[number]));
      assert.deepEqual(new Set(refused.map((each) => each.step)), new Set([expected.step]));
      assert.ok(refused.every((each) => each.reason !== null && each.record === null));
    } else if (name === "bundle.json") {
      assert.deepEqual(outcomes, ["valid", "valid", "revoked", "valid"]);
    } else if (Array.isArray(expected.outcome)) {
      assert.deepEqual([...outcomes].sort(), [...expected.outcome].sort());
    } else {
      assert.deepEqual(new Set(outcomes), new Set([expected.outcome]));
    }
  });
}

test("the table has every file, and cases of every outcome but one that needs another trust file", () => {
  const folder = readdirSync("../../tests/vectors/evidence").filter((each) =>
    each.endsWith(".json"),
  );
  assert.deepEqual(new Set(folder), new Set([...Object.keys(TABLE.cases), "cases.json"]));
  const outcomes = new Set(Object.values(TABLE.cases).flatMap((each) => each.outcome));
  assert.deepEqual(
    OUTCOMES.filter((each) => !outcomes.has(each)),
    ["stale"],
  );
});

test("valid: what was proven", () => {
  const [verdict] = verdictsOf("plain.json");
  assert.deepEqual([...(verdict?.record?.fields ?? [])], [["holder", "Holder of plain"]]);
  assert.equal(verdict?.blockTrust?.by, "pinned");
  assert.deepEqual(
    STEPS.filter((each) => !verdict?.done.includes(each)),
    [7, 10],
  );
});

test("stale: past the greatest age, and a final status holds however old", () => {
  const trust = { ...trustOf({ outcome: "" }), greatestAgeSeconds: 60 };
  const outcome = (name: string) =>
    verify(vectorBytes(name), trust, { now: TABLE.now })[0]?.outcome;
  assert.equal(outcome("evidence/plain.json"), "stale");
  assert.equal(outcome("evidence/revoked.json"), "revoked");
  assert.equal(outcome("evidence/amended-first.json"), "superseded");
});

test("a document: the one that a shown field names, or step 10 does not hold", () => {
  const bytes = vectorBytes("evidence/deed.pdf");
  const document = { name: "deed.pdf", digest: sha256(bytes), length: bytes.length };
  const [right] = verdictsOf("with-file.json", { document });
  assert.equal(right?.outcome, "valid");
  assert.ok(right?.record?.document !== null && right?.done.includes(10));
  const digest = sha256(new Uint8Array([...bytes, 0]));
  const [other] = verdictsOf("with-file.json", { document: { ...document, digest } });
  assert.deepEqual([other?.outcome, other?.step], ["invalid", 10]);
  const [longer] = verdictsOf("with-file.json", {
    document: { ...document, length: bytes.length + 1 },
  });
  assert.deepEqual([longer?.outcome, longer?.step], ["invalid", 10]);
});

test("a block that no trust file names: a node's word decides, and without one it is unknown", () => {
  const trust = { ...trustOf({ outcome: "" }), blocks: new Map<number, string>() };
  const bytes = vectorBytes("evidence/plain.json");
  const [alone] = verify(bytes, trust, { now: TABLE.now });
  assert.deepEqual([alone?.outcome, alone?.step], ["unknown", 12]);
  const hash = alone?.block?.hash as string;
  const [told] = verify(bytes, trust, { now: TABLE.now, nodesHash: () => hash });
  assert.deepEqual([told?.outcome, told?.blockTrust?.by], ["valid", "node"]);
  const [denied] = verify(bytes, trust, { now: TABLE.now, nodesHash: () => "00".repeat(32) });
  assert.deepEqual([denied?.outcome, denied?.step], ["invalid", 12]);
});

test("an algorithm that the trust file does not accept is unknown", () => {
  const trust = { ...trustOf({ outcome: "" }), algorithms: [2] };
  const [verdict] = verify(vectorBytes("evidence/plain.json"), trust, { now: TABLE.now });
  assert.deepEqual([verdict?.outcome, verdict?.step], ["unknown", 8]);
});
