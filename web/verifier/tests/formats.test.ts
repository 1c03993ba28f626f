// SPDX-License-Identifier: Apache-2.0
/** Canonical JSON, commitments, disclosures and notes, against their vectors. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, fromHex, toHex, utf8 } from "../src/core/bytes.ts";
import {
  canonicalText,
  parseCanonical,
  type Json,
  type JsonObject,
} from "../src/core/canonical.ts";
import { headerBytes, verifyDisclosure } from "../src/core/disclosure.ts";
import { lineageOf, recordIdOf } from "../src/core/identifiers.ts";
import { cosigners, readNote, readWitness } from "../src/core/notes.ts";
import { Refusal } from "../src/core/reasons.ts";
import { sm3 } from "../src/core/sm3.ts";
import { hex, refuses, vectorJson } from "./vectors.ts";

// --- canonical JSON ---------------------------------------------------------------------------

const rfc = vectorJson<{ cases: { name: string; input: string; output_hex: string }[] }>(
  "rfc8785.json",
);
// Outside of the profile: a number with a fraction, and a letter that has no composed form.
const OUTSIDE = ["unicode", "values", "weird"];
for (const { name, input, output_hex: output } of rfc.cases) {
  test(`rfc8785 ${name}`, () => {
    const value = JSON.parse(input) as Json;
    if (OUTSIDE.includes(name)) return refuses(() => canonicalText(value));
    assert.equal(toHex(utf8(canonicalText(value))), output);
    assert.deepEqual(parseCanonical(fromHex(output)), value);
  });
}

test("canonical JSON: what the profile refuses", () => {
  const texts = [
    "1.0",
    "1e3",
    "-0",
    "9007199254740992",
    "01",
    '"\\ud800"',
    '"e\\u0301"',
    '"e\u0301"',
    " 1",
    "1\n",
    '{"b":1,"a":2}',
    '{"a":1,"a":1}',
    '"\\u0061"',
    '"\\/"',
    "NaN",
    "",
    `${"[".repeat(65)}${"]".repeat(65)}`,
  ];
  for (const each of texts) refuses(() => parseCanonical(utf8(each)));
  refuses(() => parseCanonical(Uint8Array.of(0x22, 0xff, 0x22)));
  refuses(() => parseCanonical(concat(Uint8Array.of(0xef, 0xbb, 0xbf), utf8("1"))));
  for (const each of [
    "9007199254740991",
    "-1",
    '{"__proto__":1}',
    `${"[".repeat(64)}${"]".repeat(64)}`,
  ]) {
    assert.equal(canonicalText(parseCanonical(utf8(each))), each);
  }
  assert.equal(
    canonicalText(JSON.parse('{"\u{1f600}":1,"\uffff":2}') as Json),
    '{"\u{1f600}":1,"\uffff":2}',
  );
});

// --- commitments and disclosures --------------------------------------------------------------

interface Commitment {
  name: string;
  algorithm: number;
  recordId: string;
  issuer: number;
  typeId: number;
  schemaDigest: string;
  version: number;
  header: string;
  commitment: string;
  digests: string[];
  fields: { text: string; salt: string }[];
}
const commitments = vectorJson<{
  commitments: Commitment[];
  disclosures: { name: string; disclosure: string; commitment?: string }[];
  identifiers: {
    agencyId: number;
    chainId: number;
    firstRegistry: string;
    lineage: string;
    localId: string;
    recordId: string;
  }[];
}>("commitments.json");

const headerOf = (each: Commitment) => ({
  algorithm: each.algorithm,
  recordId: hex(each.recordId),
  issuer: each.issuer,
  type: each.typeId,
  schemaDigest: hex(each.schemaDigest),
  version: each.version,
});

for (const each of commitments.commitments) {
  test(`commitment ${each.name}: all fields are shown under it`, () => {
    assert.equal(toHex(headerBytes(headerOf(each))), toHex(hex(each.header)));
    const disclosure = {
      digests: each.digests.map((digest) => hex(digest)),
      fields: each.fields.map(({ text, salt }) => ({ text, salt: hex(salt) })),
    };
    const shown = verifyDisclosure(disclosure, headerOf(each), hex(each.commitment));
    assert.equal(shown.size, each.fields.length);
    const other = hex(each.commitment);
    other[31] = (other[31] as number) ^ 1;
    refuses(() => verifyDisclosure(disclosure, headerOf(each), other));
  });
}

for (const each of commitments.disclosures) {
  test(`disclosure ${each.name}`, () => {
    const [of] = commitments.commitments as [Commitment];
    const check = () => {
      const read = parseCanonical(utf8(each.disclosure)) as JsonObject;
      assertForm(read);
      const disclosure = {
        digests: (read["digests"] as string[]).map((digest) => fromHex(digest)),
        fields: (read["fields"] as { field: string; salt: string }[]).map(({ field, salt }) => ({
          text: field,
          salt: fromHex(salt),
        })),
      };
      return verifyDisclosure(disclosure, headerOf(of), hex(of.commitment));
    };
    if (each.name.endsWith("_fail")) refuses(check);
    else assert.ok(check().size >= 0);
  });
}

/** The form of a disclosure by itself; within evidence it is a part of the file's. */
function assertForm(read: JsonObject): void {
  const isHex = (value: unknown) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
  const names = (value: object) => Object.keys(value).join();
  const fields = read["fields"] as JsonObject[];
  const holds =
    names(read) === "digests,fields,format" &&
    read["format"] === "muniment/disclosure/v1" &&
    (read["digests"] as unknown[]).every(isHex) &&
    fields.every(
      (each) =>
        names(each) === "field,salt" && typeof each["field"] === "string" && isHex(each["salt"]),
    );
  if (!holds) throw new Refusal("form", { path: "disclosure" });
}

for (const each of commitments.identifiers) {
  test(`identifiers of agency ${each.agencyId} on chain ${each.chainId}`, () => {
    const lineage = lineageOf(each.chainId, hex(each.firstRegistry));
    assert.equal(`0x${toHex(lineage)}`, each.lineage);
    assert.equal(
      `0x${toHex(recordIdOf(lineage, each.agencyId, hex(each.localId)))}`,
      each.recordId,
    );
  });
}

test("SM3: the examples of the standard", () => {
  const abc = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
  assert.equal(toHex(sm3(utf8("abc"))), abc);
  const long = "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732";
  assert.equal(toHex(sm3(utf8("abcd".repeat(16)))), long);
});

// --- notes ------------------------------------------------------------------------------------------

const WITNESS = "audit.example/w1+824fbcc6+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
const NOTE = `muniment/blocks/7001
81000
KMSigJm1TT244fUI0U3Suc2vzaIlmswvFzhQ6EP8VsU=

— audit.example/w1 gk+8xgAAAABrBNOAVaui14lRl7Ghf4PEdopqsX/T/TEzAYA88ZtR2FJ1hUZKbsfpcdTbw7AC80wfmjtztjSC9cTXXIsB+RIGZdkQAg==
`;

test("note: the specification's example", () => {
  const witness = readWitness(WITNESS);
  assert.ok(witness !== null);
  const note = readNote(NOTE);
  assert.deepEqual([note.origin, note.size], ["muniment/blocks/7001", 81_000n]);
  assert.deepEqual([...cosigners(note, [witness])], [["audit.example/w1", 1_795_478_400]]);
  refuses(() => cosigners(readNote(NOTE.replace("81000", "81001")), [witness]));
  assert.equal(readWitness(WITNESS.replace("824fbcc6", "824fbcc7")), null);
});

test("note: what a reader refuses", () => {
  const others = [
    NOTE.replace("81000", "081000"),
    NOTE.replace("81000", "9223372036854775808"),
    NOTE.replace("VsU=", "VsV="),
    NOTE.replace("\n\n", "\nmore\n\n"),
    NOTE.replace("muniment", "muni\u0000ment"),
    NOTE.replace("— ", "- "),
    NOTE.trimEnd(),
    NOTE.replace("\n\n", "\n"),
    "",
    "\n\n\n",
    NOTE + "x".repeat(2 ** 20),
  ];
  for (const each of others) refuses(() => readNote(each));
});
