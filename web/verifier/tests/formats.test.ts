// SPDX-License-Identifier: Apache-2.0
/** The parts of the verifier against the vectors of each format. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { KINDS, readAct, requireTrace, type Kind } from "../src/core/acts.ts";
import { requireSealed } from "../src/core/block_trust.ts";
import { concat, fromBase64, fromHex, fromNumber, toHex, utf8 } from "../src/core/bytes.ts";
import {
  canonicalText,
  parseCanonical,
  type Json,
  type JsonObject,
} from "../src/core/canonical.ts";
import { hashOf, sha256 } from "../src/core/digests.ts";
import { headerBytes, verifyDisclosure } from "../src/core/disclosure.ts";
import { encodeHeader, readIstanbulHeader } from "../src/core/headers.ts";
import { lineageOf, recordIdOf } from "../src/core/identifiers.ts";
import { leafHash, requireIncluded } from "../src/core/merkle.ts";
import { cosigners, readNote, readWitness } from "../src/core/notes.ts";
import { Refusal } from "../src/core/reasons.ts";
import * as slots from "../src/core/slots.ts";
import { sm3 } from "../src/core/sm3.ts";
import { readState } from "../src/core/state.ts";
import { requireCode, StateProof } from "../src/core/state_proof.ts";
import { vectorBytes, vectorJson } from "./vectors.ts";

const hex = (text: string) => fromHex(text.replace(/^0x/, "").toLowerCase());
const refuses = (work: () => unknown) => assert.throws(work, Refusal);

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

// --- what lies on chain -----------------------------------------------------------------------

const chain = vectorJson<Record<string, any>>("chain.json");

test("chain: lineage, record ids, slots", () => {
  const lineage = lineageOf(chain["chainId"], hex(chain["registry"]));
  assert.equal(`0x${toHex(lineage)}`, chain["lineage"]);
  const { storage, traces, enrolment } = chain as {
    storage: Record<string, string>;
    traces: any[];
    enrolment: any;
  };
  const word = (value: bigint) => `0x${toHex(fromNumber(value, 32))}`;
  const [trace] = traces;
  assert.equal(`0x${toHex(recordIdOf(lineage, 1, hex(trace.localId)))}`, trace.recordId);
  assert.equal(word(slots.RECORDS), storage["records"]);
  assert.equal(word(slots.RECORD_TYPES), storage["recordTypes"]);
  assert.equal(word(slots.JOURNALS), storage["journals"]);
  assert.equal(word(slots.SUCCESSION), storage["succession"]);
  assert.equal(word(slots.recordSlot(hex(trace.recordId))), storage["recordOfFirstTrace"]);
  assert.equal(word(slots.typeHeadSlot(1, 1)), storage["typeHead_1_1"]);
  assert.equal(word(slots.journalHeadSlot(1, 1)), storage["journalHead_1_1"]);
  assert.equal(word(slots.sealSlot(1, 1, 2)), storage["seal_1_1_2"]);
  assert.equal(`0x${toHex(recordIdOf(lineage, 1, hex(enrolment.localId)))}`, enrolment.recordId);
});

test("chain: an enrolled entry's leaf, tree and seal", () => {
  const {
    entry,
    leafHash: leaf,
    sibling,
    root,
    index,
    size,
    sealedAt,
    sealHash,
  } = chain["enrolment"];
  assert.equal(`0x${toHex(leafHash(hex(entry)))}`, leaf);
  requireIncluded(hex(leaf), index, size, [hex(sibling)], hex(root));
  assert.equal(`0x${toHex(hashOf(hex(root), size, 0, sealedAt))}`, sealHash);
});

interface ChainAct {
  readonly kind: number;
  readonly account: string;
  readonly state: string;
  readonly traceHeadSlot: string;
  readonly commitment: string;
  readonly [argument: string]: string | number;
}
for (const trace of chain["traces"] as { name: string; recordId: string; acts: ChainAct[] }[]) {
  test(`chain: trace ${trace.name}`, () => {
    const acts = trace.acts.map((each, at) => readAct(evident(each, at), `trace[${at}]`, at === 0));
    trace.acts.forEach((told, at) => {
      const upTo = acts.slice(0, at + 1);
      const found = {
        commitment: BigInt(told.commitment),
        state: BigInt(told.state),
        traceHead: BigInt(told.traceHeadSlot),
      };
      const id = hex(trace.recordId);
      requireTrace(id, upTo, found);
      refuses(() => requireTrace(id, upTo, { ...found, traceHead: found.traceHead ^ 1n }));
      refuses(() => requireTrace(id, upTo, { ...found, state: found.state ^ (1n << 200n) }));
      refuses(() => requireTrace(id, upTo, { ...found, commitment: found.commitment ^ 1n }));
    });
  });
}

/** An act of the vectors as evidence has it. */
function evident(act: ChainAct, at: number): JsonObject {
  const bare = (name: string) => String(act[name]).replace(/^0x/, "").toLowerCase();
  const kind = KINDS[act.kind - 1] as Kind;
  const state = readState(BigInt(act.state));
  assert.ok(state !== null);
  const made: JsonObject = { act: kind, state: bare("state") };
  if (kind !== "registered" || at > 0) made["account"] = bare("account");
  const agency = { agency: state.custodian };
  if (kind === "registered") return { ...made, commitment: bare("commitment") };
  if (kind === "amended") return { ...made, ...agency, commitment: bare("commitment") };
  if (kind === "held" || kind === "released") return { ...made, case: bare("caseCommitment") };
  if (kind === "transferred")
    return { ...made, ...agency, from_agency: act["fromAgency"] as number };
  assert.equal(kind, "revoked");
  return { ...made, ...agency, reason: act["reason"] as number };
}

// --- trees --------------------------------------------------------------------------------------

interface Inclusion {
  readonly name: string;
  readonly leafHash: string;
  readonly index: string;
  readonly size: string;
  readonly root: string;
  readonly proof: string[];
  readonly valid: boolean;
}
// Sizes go to 2^64, past what a JSON parser of JavaScript reads exactly.
const trees = new TextDecoder().decode(vectorBytes("merkle.json"));
const exact = trees.replace(/("(?:index|size|size1|size2)": )([0-9]+)/g, '$1"$2"');
for (const each of (JSON.parse(exact) as { inclusion: Inclusion[] }).inclusion) {
  test(`merkle ${each.name}`, () => {
    const [index, size] = [BigInt(each.index), BigInt(each.size)];
    const check = () =>
      requireIncluded(hex(each.leafHash), index, size, each.proof.map(hex), hex(each.root));
    if (each.valid) check();
    else refuses(check);
  });
}

interface Published {
  name: string;
  leafIdx: number;
  treeSize: number;
  root: string;
  leafHash: string;
  proof: string[] | null;
  wantErr: boolean;
}
for (const each of vectorJson<{ cases: Published[] }>("rfc9162_inclusion.json").cases) {
  test(`rfc9162 ${each.name}`, () => {
    const bytes = (text: string) => fromBase64(text) ?? new Uint8Array();
    const check = () => {
      if (
        bytes(each.leafHash).length !== 32 ||
        (each.proof ?? []).some((hash) => bytes(hash).length !== 32)
      ) {
        throw new Refusal("form");
      }
      requireIncluded(
        bytes(each.leafHash),
        each.leafIdx,
        each.treeSize,
        (each.proof ?? []).map(bytes),
        bytes(each.root),
      );
    };
    if (each.wantErr) refuses(check);
    else check();
  });
}

// --- headers --------------------------------------------------------------------------------------

interface HeaderCase {
  header: string;
  validators: string[];
  answer?: Record<string, unknown>;
  committers?: string[];
  refused?: string;
}
const REFUSED_AS: Record<string, string> = {
  member: "seal-stranger",
  proposer: "seal-proposer",
  quorum: "seal-quorum",
  twice: "seal-twice",
  seal: "seal-form",
};
for (const name of readdirSync("../../tests/vectors/headers").filter(
  (each) => each !== "account.json",
)) {
  test(`header ${name}`, () => {
    const read = vectorJson<HeaderCase>(`headers/${name}`);
    const set = read.validators.map((each) => each.slice(2));
    const check = () => {
      const header = readIstanbulHeader(fromHex(read.header));
      return {
        header,
        signers: requireSealed(
          header.seals as NonNullable<typeof header.seals>,
          set,
          header.number,
        ),
      };
    };
    if (read.refused !== undefined) {
      const expected = REFUSED_AS[read.refused];
      assert.throws(check, (error: Refusal) =>
        expected === undefined
          ? error.reason.name.startsWith("header-")
          : error.reason.name === expected,
      );
      return;
    }
    const { header, signers } = check();
    assert.deepEqual(new Set(signers.map((each) => `0x${each}`)), new Set(read.committers));
    assert.equal(`0x${toHex(header.hash)}`, read.answer?.["hash"]);
    assert.equal(
      toHex(encodeHeader(read.answer as Record<string, unknown>, "istanbul")),
      read.header,
    );
  });
}

test("header account.json: Kaia's account and its slots", () => {
  const read = vectorJson<
    { address: string; codeHash: string; nodes: string[]; stateRoot: string } & Record<string, any>
  >("headers/account.json");
  const proof = new StateProof(read.nodes.map(hex));
  const account = proof.account(hex(read.stateRoot), hex(read.address), "istanbul");
  requireCode(account, hex(read.codeHash));
  refuses(() => requireCode(account, sha256(utf8("other"))));
  refuses(() => proof.account(hex(read.stateRoot), hex(read.address), null));
  for (const [slot, word] of Object.entries(read["slots"] as Record<string, string>)) {
    assert.equal(proof.word(account.storageRoot, BigInt(slot)), BigInt(word));
  }
  assert.equal(proof.unused, 0);
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
