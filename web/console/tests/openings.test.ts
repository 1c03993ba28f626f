// SPDX-License-Identifier: Apache-2.0
/** What is behind commitments, against the vectors of the package. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Value } from "../src/core/abi.ts";
import { fromHex, toHex } from "../src/core/bytes.ts";
import type { DecodedCall } from "../src/core/calls.ts";
import { canonicalText } from "../src/core/canonical.ts";
import { commitmentOf, openAll, OpeningError, otherThanAsked } from "../src/core/openings.ts";
import { vectors } from "./vectors.ts";

const file = join(process.cwd(), "../../tests/vectors/commitments.json");
const commitments: any[] = JSON.parse(readFileSync(file, "utf-8")).commitments;
const known = commitments.filter((each) => each.algorithm === 1);
const headerOf = (each: any) => ({
  record: each.recordId,
  issuer: each.issuer,
  type: each.typeId,
  schema: each.schemaDigest,
  version: each.version,
  algorithm: each.algorithm,
});
const callOf = (values: Record<string, Value>): DecodedCall => ({
  contract: "records",
  name: "amend",
  values,
});

test("contents make their commitments", () => {
  assert.ok(known.length >= 3);
  for (const each of known) {
    const fields = JSON.parse(each.content);
    assert.equal(canonicalText(fields), each.content);
    assert.equal(toHex(commitmentOf(headerOf(each), fields, fromHex(each.secret))), each.commitment);
  }
});

test("content opens its call alone, and not after any change", () => {
  const [each] = known;
  const fields = JSON.parse(each.content);
  const opening = { opens: "content", ...headerOf(each), fields, secret: each.secret };
  const call = callOf({ commitment: each.commitment });
  assert.deepEqual(openAll([opening], [call]), [
    { opens: "content", commitment: each.commitment, record: each.recordId, fields },
  ]);
  for (const other of [
    { ...opening, fields: { ...fields, birds: 3 } },
    { ...opening, fields: { ...fields, more: 1 } },
    { ...opening, fields: { ...fields, birds: 2.5 } },
    { ...opening, version: 2 },
    { ...opening, secret: `0x${"00".repeat(32)}` },
    { ...opening, opens: "else" },
    { opens: "content" },
    null,
  ]) {
    assert.throws(() => openAll([other], [call]), OpeningError, JSON.stringify(other));
  }
  assert.throws(() => openAll([opening], [callOf({ commitment: `0x${"11".repeat(32)}` })]));
});

test("terms and mandates open theirs", () => {
  const { salt, terms, mandate } = vectors("openings.json");
  for (const each of terms) {
    const [opened] = openAll(
      [{ opens: "terms", terms: each.terms, salt }],
      [callOf({ terms: each.commitment })],
    );
    assert.deepEqual(opened, { opens: "terms", commitment: each.commitment, terms: each.terms });
  }
  const call = callOf({ mandate: mandate.commitment });
  const opening = { opens: "mandate", words: mandate.words, salt };
  assert.equal(openAll([opening], [call]).length, 1);
  assert.throws(() => openAll([{ ...opening, words: "another" }], [call]), OpeningError);
});

test("what differs from what was asked is named", () => {
  const asked = { holder: "Ada", area: 4, tags: ["a"] };
  assert.deepEqual(otherThanAsked(asked, { tags: ["a"], area: 4, holder: "Ada" }), []);
  assert.deepEqual(otherThanAsked(asked, { holder: "Bob", area: 4, tags: ["a"] }), ["holder"]);
  assert.deepEqual(otherThanAsked(asked, { holder: "Ada", tags: [] }), ["area", "tags"]);
  assert.deepEqual(otherThanAsked({}, { hidden: 1 }), ["hidden"]);
});
