// SPDX-License-Identifier: Apache-2.0
/**
 * The live check: is a record that a file has proven still what it was? Fresh slots with their proofs
 * are fetched from the trust file's nodes, and verified like the file's own. No node's word on a
 * status counts; what does not verify leaves the answer unknown, and never makes a record invalid.
 */

import { requireSealed } from "./block_trust.ts";
import { fromNumber, toHex } from "./bytes.ts";
import type { Entry } from "./entries.ts";
import { encodeHeader, readEthereumHeader, readIstanbulHeader, type Header } from "./headers.ts";
import { Refusal, type Reason } from "./reasons.ts";
import { journalHeadSlot, recordSlot, sealSlot, SUCCESSION } from "./slots.ts";
import { readState } from "./state.ts";
import { requireCode, StateProof } from "./state_proof.ts";
import type { Trust } from "./trust.ts";
import type { BlockTrust, Outcome, ProvenBlock, ProvenRecord } from "./verdict.ts";
import { outcomeOf, readRecordSlots, requireEntry } from "./verifier.ts";

/** Asks a node by JSON-RPC. Raises anything where there is no answer. */
export type Ask = (node: string, method: string, parameters: unknown[]) => Promise<unknown>;

export interface Subject {
  readonly recordId: Uint8Array;
  readonly record: ProvenRecord;
  readonly entry: Entry | null;
  /** The block that the file proves. */
  readonly block: ProvenBlock;
}

export interface LiveVerdict {
  readonly outcome: Outcome;
  readonly reason: Reason | null;
  /** The node that has answered last. */
  readonly node: string | null;
  readonly block: ProvenBlock | null;
  readonly blockTrust: BlockTrust | null;
  /** Whether anything has been done to the record since the file's block; null where unknown. */
  readonly isUnchanged: boolean | null;
  readonly holds: number | null;
}

const NOTHING = { node: null, block: null, blockTrust: null, isUnchanged: null, holds: null };
const TRACE_HEAD = 2n;

/** Ask the trust file's nodes in their order, until one's answer verifies. */
export async function checkLive(
  subject: Subject,
  trust: Trust,
  now: number,
  ask: Ask,
): Promise<LiveVerdict> {
  let last: LiveVerdict = { ...NOTHING, outcome: "unknown", reason: reasonOf("no-nodes") };
  for (const node of trust.nodes) {
    try {
      return await checkAt(node, subject, trust, now, ask);
    } catch (error) {
      const reason = error instanceof Refusal ? error.reason : reasonOf("unreachable", { node });
      last = { ...NOTHING, outcome: "unknown", reason, node };
    }
  }
  return last;
}

/** The hash in hex that a trusted node gives for a block, for step 12; null where none answers. */
export async function askBlockHash(number: number, trust: Trust, ask: Ask): Promise<string | null> {
  for (const node of trust.nodes) {
    try {
      return toHex((await headerAt(node, hexNumber(number), trust, ask)).hash);
    } catch {
      continue;
    }
  }
  return null;
}

function reasonOf(name: Reason["name"], values: Reason["values"] = {}): Reason {
  return { name, values };
}

async function checkAt(
  node: string,
  { recordId, record, entry, block }: Subject,
  trust: Trust,
  now: number,
  ask: Ask,
): Promise<LiveVerdict> {
  const header = await headerAt(node, "latest", trust, ask);
  if (header.number < block.number) throw new Refusal("node-behind", { block: header.number });
  const blockTrust = trustIn(header, trust);
  const first = recordSlot(recordId);
  const slots = [first, first + 1n, first + TRACE_HEAD, SUCCESSION];
  if (entry !== null) {
    slots.push(journalHeadSlot(entry.agency, entry.journal));
    slots.push(sealSlot(entry.agency, entry.journal, entry.seal.size));
  }
  const proof = await proofAt(node, slots, header, trust, ask);
  const engine = trust.validators === null ? null : "istanbul";
  const account = proof.account(header.stateRoot, trust.registry, engine);
  requireCode(account, trust.codeHash);
  const { storageRoot } = account;
  const found = readRecordSlots(recordId, { proof, storageRoot });
  const state = readState(found.state);
  if (state === null) throw new Refusal("slot-form");
  if (state.status === "none") {
    if (entry === null) throw new Refusal("node-answer");
    requireEntry(entry, recordId, { proof, storageRoot }, trust);
  }
  const latestVersion = state.status === "none" ? 1 : state.version;
  const isUnchanged = found.state === record.word && found.traceHead === record.traceHead;
  const [outcome, reason, values] = outcomeOf(
    { shownVersion: record.shownVersion, latestVersion, acts: isUnchanged ? record.acts : [] },
    state,
    proof.word(storageRoot, SUCCESSION),
    now - header.time,
    trust,
  );
  return {
    outcome,
    reason: reason === null ? null : reasonOf(reason, values),
    node,
    block: { number: header.number, hash: toHex(header.hash), time: header.time },
    blockTrust,
    isUnchanged,
    holds: state.holds,
  };
}

/** Signatures where validators sign; else the word of a node that the trust file names. */
function trustIn(header: Header, trust: Trust): BlockTrust {
  const pinned = trust.blocks.get(header.number);
  if (pinned !== undefined && pinned !== toHex(header.hash)) {
    throw new Refusal("block-other", { block: header.number });
  }
  const unsigned = { signers: [], validators: 0, handovers: 0, witnesses: [] };
  if (trust.validators === null || header.seals === null) return { by: "node", ...unsigned };
  const { addresses, block } = trust.validators;
  if (header.number < block) throw new Refusal("block-before-set", { block: header.number });
  const signers = requireSealed(header.seals, addresses, header.number);
  return { ...unsigned, by: "signatures", signers, validators: addresses.length };
}

async function headerAt(node: string, tag: string, trust: Trust, ask: Ask): Promise<Header> {
  const isSigned = trust.validators !== null;
  const answer = isSigned
    ? await ask(node, "kaia_getHeaderByNumber", [tag])
    : await ask(node, "eth_getBlockByNumber", [tag, false]);
  if (typeof answer !== "object" || answer === null) throw new Refusal("node-answer");
  const fields = answer as Record<string, unknown>;
  const bytes = encodeHeader(fields, isSigned ? "istanbul" : null);
  const header = isSigned ? readIstanbulHeader(bytes) : readEthereumHeader(bytes);
  // What was put together is the block only if it has the hash that the node gives it.
  if (fields["hash"] !== `0x${toHex(header.hash)}`) throw new Refusal("node-block");
  if (tag !== "latest" && header.number !== Number(tag)) throw new Refusal("node-block");
  return header;
}

async function proofAt(
  node: string,
  slots: readonly bigint[],
  header: Header,
  trust: Trust,
  ask: Ask,
): Promise<StateProof> {
  const names = slots.map((slot) => `0x${toHex(fromNumber(slot, 32))}`);
  const address = `0x${toHex(trust.registry)}`;
  const answer = await ask(node, "eth_getProof", [address, names, hexNumber(header.number)]);
  const { accountProof, storageProof } = (answer ?? {}) as Record<string, unknown>;
  if (!Array.isArray(accountProof) || !Array.isArray(storageProof))
    throw new Refusal("node-answer");
  const nodes = [...accountProof];
  for (const each of storageProof as { proof?: unknown }[]) {
    if (!Array.isArray(each?.proof)) throw new Refusal("node-answer");
    nodes.push(...each.proof);
  }
  return new StateProof(nodes.map(bytesOf));
}

function bytesOf(value: unknown): Uint8Array {
  if (typeof value !== "string" || !/^0x([0-9a-fA-F]{2})*$/.test(value))
    throw new Refusal("node-answer");
  return Uint8Array.from(value.slice(2).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function hexNumber(value: number): string {
  return `0x${value.toString(16)}`;
}
