// SPDX-License-Identifier: Apache-2.0
/** What lies on chain, trees and headers, against their vectors. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { KINDS, readAct, requireTrace, type Kind } from "../src/core/acts.ts";
import { requireSealed } from "../src/core/block_trust.ts";
import { fromBase64, fromHex, fromNumber, toHex, utf8 } from "../src/core/bytes.ts";
import type { JsonObject } from "../src/core/canonical.ts";
import { hashOf, sha256 } from "../src/core/digests.ts";
import { encodeHeader, readIstanbulHeader } from "../src/core/headers.ts";
import { lineageOf, recordIdOf } from "../src/core/identifiers.ts";
import { leafHash, requireIncluded } from "../src/core/merkle.ts";
import { Refusal } from "../src/core/reasons.ts";
import * as slots from "../src/core/slots.ts";
import { readState } from "../src/core/state.ts";
import { requireCode, StateProof } from "../src/core/state_proof.ts";
import { hex, refuses, vectorBytes, vectorJson } from "./vectors.ts";

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
