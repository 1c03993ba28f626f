// SPDX-License-Identifier: Apache-2.0
/** The live check on what real validators' nodes have answered; Anvil's turn is in tests/verifier. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, toHex, utf8 } from "../src/core/bytes.ts";
import { sha256 } from "../src/core/digests.ts";
import { readIstanbulHeader } from "../src/core/headers.ts";
import { lineageOf, recordIdOf } from "../src/core/identifiers.ts";
import { askBlockHash, checkLive, type Ask, type Subject } from "../src/core/live.ts";
import { readState } from "../src/core/state.ts";
import { readTrust, type Trust } from "../src/core/trust.ts";
import type { ProvenRecord } from "../src/core/verdict.ts";
import { vectorBytes, vectorJson } from "./vectors.ts";

interface Told {
  readonly header: string;
  readonly validators: string[];
  readonly answer: Record<string, unknown>;
}
interface Account {
  readonly address: string;
  readonly codeHash: string;
  readonly nodes: string[];
  readonly slots: Record<string, string>;
}
const told = vectorJson<Told>("headers/second-round.json");
const account = vectorJson<Account>("headers/account.json");
const hex = (text: string) => fromHex(text.slice(2));
const header = readIstanbulHeader(fromHex(told.header));

const CHAIN = 7001;
const NODE = "http://node.example";
const lineage = lineageOf(CHAIN, hex(account.address));
const recordId = recordIdOf(lineage, 1, sha256(utf8("vector")));
const trust: Trust = {
  ...readTrust(vectorBytes("evidence/consensus-trust.toml")),
  chainId: CHAIN,
  registry: hex(account.address),
  codeHash: hex(account.codeHash),
  lineage,
  nodes: [NODE],
  validators: { block: 1, addresses: told.validators.map((each) => each.slice(2)) },
};
const now = header.time + 10;

/** The answers of the node, each of which a test may change. */
function node(changes: Record<string, unknown> = {}, proof: Record<string, unknown> = {}): Ask {
  return async (_, method) => {
    if (method === "kaia_getHeaderByNumber") return { ...told.answer, ...changes };
    assert.equal(method, "eth_getProof");
    const storageProof = [{ proof: account.nodes }];
    return { accountProof: account.nodes, storageProof, ...proof };
  };
}

const words = Object.values(account.slots).map(BigInt);
const word = words.find((each) => readState(each)?.issuer === 1) as bigint;
const state = readState(word) as NonNullable<ReturnType<typeof readState>>;
const record: ProvenRecord = {
  state,
  word,
  traceHead: 0n,
  issuer: 1,
  custodian: 1,
  type: 1,
  shownVersion: 1,
  latestVersion: 1,
  holds: 0,
  typeHolds: 0,
  acts: [],
  entry: null,
  fields: null,
  document: null,
};
const block = { number: header.number - 5, hash: "", time: header.time - 5 };
const subject: Subject = { recordId, record, entry: null, block };
const check = (ask: Ask, changed: Partial<Trust> = {}, of = subject) =>
  checkLive(of, { ...trust, ...changed }, now, ask);

test("a record in force, under the signatures of the trust file's validators", async () => {
  const live = await check(node());
  assert.deepEqual([live.outcome, live.reason, live.isUnchanged], ["valid", null, true]);
  assert.equal(live.blockTrust?.by, "signatures");
  assert.ok((live.blockTrust?.signers.length ?? 0) >= 3);
  assert.equal(live.block?.hash, toHex(header.hash));
});

test("something was done to it since", async () => {
  const earlier = { ...record, word: word ^ (1n << 200n) };
  const live = await check(node(), {}, { ...subject, record: earlier });
  assert.deepEqual([live.outcome, live.isUnchanged], ["valid", false]);
});

test("another version than the one that was shown", async () => {
  const live = await check(node(), {}, { ...subject, record: { ...record, shownVersion: 2 } });
  assert.deepEqual([live.outcome, live.reason?.name], ["superseded", "by-version"]);
});

test("an old block is told as stale", async () => {
  const late = now + trust.greatestAgeSeconds + 1;
  assert.equal((await checkLive(subject, trust, late, node())).outcome, "stale");
});

for (const [what, ask, changed, reason] of [
  [
    "a set that the trust file does not name",
    node(),
    { validators: { block: 1, addresses: [told.validators[0]?.slice(2) as string] } },
    "seal-proposer",
  ],
  [
    "a later set",
    node(),
    { validators: { block: header.number + 1, addresses: trust.validators?.addresses ?? [] } },
    "block-before-set",
  ],
  ["another code", node(), { codeHash: new Uint8Array(32) }, "other-code"],
  ["no nodes", node(), { nodes: [] }, "no-nodes"],
  [
    "another hash than a pinned one",
    node(),
    { blocks: new Map([[header.number, "00".repeat(32)]]) },
    "block-other",
  ],
  ["a header that was changed", node({ timestamp: "0x1" }), {}, "node-block"],
  ["a header without a field", node({ voteData: undefined }), {}, "node-answer"],
  ["an odd number of digits", node({ stateRoot: "0x123" }), {}, "node-answer"],
  ["no proof", node({}, { storageProof: null }), {}, "node-answer"],
  ["proof that is no hex", node({}, { accountProof: ["x"] }), {}, "node-answer"],
  [
    "half a proof",
    node({}, { accountProof: [], storageProof: [{ proof: account.nodes.slice(1) }] }),
    {},
    "node-missing",
  ],
] as [string, Ask, Partial<Trust>, string][]) {
  test(`unknown: ${what}`, async () => {
    const live = await check(ask, changed);
    assert.deepEqual([live.outcome, live.reason?.name], ["unknown", reason]);
    assert.equal(live.block, null);
  });
}

test("unknown: a node that is behind the file, and one that is away", async () => {
  const ahead = { ...subject, block: { ...block, number: header.number + 1 } };
  assert.equal((await check(node(), {}, ahead)).reason?.name, "node-behind");
  const away: Ask = async () => Promise.reject(new Error("refused"));
  assert.equal((await check(away)).reason?.name, "unreachable");
  assert.equal(await askBlockHash(header.number, trust, away), null);
});

test("a block's hash is taken of the header that the node tells, not of its word", async () => {
  assert.equal(await askBlockHash(header.number, trust, node()), toHex(header.hash));
  assert.equal(
    await askBlockHash(header.number, trust, node({ hash: `0x${"11".repeat(32)}` })),
    null,
  );
  assert.equal(await askBlockHash(header.number + 1, trust, node()), null);
});
