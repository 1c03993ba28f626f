// SPDX-License-Identifier: Apache-2.0
/** Whether the block is to be trusted (docs/spec/evidence.md, § 3, step 12). */

import { toHex } from "./bytes.ts";
import type { Anchor } from "./evidence_file.ts";
import { requireSigned, sameSet, type HandOver } from "./handovers.ts";
import type { Header, Seals } from "./headers.ts";
import { cosigners, readNote } from "./notes.ts";
import { NotKnown, Refusal } from "./reasons.ts";
import { quorumOf, signerOf } from "./signers.ts";
import type { Trust } from "./trust.ts";
import type { BlockTrust } from "./verdict.ts";

/** What a trusted node says: a block's hash in hex, null where it has no such block. */
export type NodesHash = (number: number) => string | null;

const BY_HASH = { signers: [], validators: 0, handovers: 0 };

export function requireTrustedBlock(
  anchor: Anchor,
  header: Header,
  trust: Trust,
  now: number,
  nodesHash: NodesHash | null,
): BlockTrust {
  if (trust.validators === null || header.seals === null) {
    return { by: trustedByHash(header, trust, nodesHash), ...BY_HASH, witnesses: [] };
  }
  const witnesses = blockWitnesses(anchor, header, trust);
  requireHandOvers(anchor);
  let found: Omit<BlockTrust, "witnesses">;
  if (trust.blocks.has(header.number) || header.number < trust.validators.block) {
    found = { by: trustedByHash(header, trust, nodesHash), ...BY_HASH };
  } else {
    found = trustedBySignatures(anchor.handovers, header, header.seals, trust);
  }
  requireWitnesses(witnesses, found.handovers > 0, header, trust, now);
  return { ...found, witnesses: [...witnesses.keys()].sort() };
}

/** By the trust file's blocks, else by a node. */
function trustedByHash(
  header: Header,
  trust: Trust,
  nodesHash: NodesHash | null,
): "pinned" | "node" {
  const hash = toHex(header.hash);
  const block = header.number;
  const pinned = trust.blocks.get(block);
  if (pinned !== undefined) {
    if (pinned !== hash) throw new Refusal("block-other", { block });
    return "pinned";
  }
  const told = nodesHash?.(block) ?? null;
  if (told === null) {
    throw new NotKnown(trust.validators === null ? "block-not-trusted" : "block-before-set", {
      block,
    });
  }
  if (told !== hash) throw new Refusal("block-other", { block });
  return "node";
}

/** 12.1: who has seen the block, with the times in their signatures. */
function blockWitnesses(anchor: Anchor, header: Header, trust: Trust): Map<string, number> {
  if (anchor.witnessed === null) return new Map();
  const note = readNote(anchor.witnessed);
  const isOfBlock =
    note.origin === `muniment/blocks/${anchor.chainId}` &&
    note.size === BigInt(header.number) &&
    toHex(note.root) === toHex(header.hash);
  if (!isOfBlock) throw new Refusal("note-other-block", { block: header.number });
  return cosigners(note, trust.witnesses);
}

/** 12.2: each is right by itself, and they are one chain. */
function requireHandOvers(anchor: Anchor): void {
  const seen: (readonly string[])[] = [];
  anchor.handovers.forEach((handover, at) => {
    const values = { block: handover.block };
    const before = anchor.handovers[at - 1];
    if (handover.chainId !== anchor.chainId) throw new Refusal("handover-chain", values);
    requireSigned(handover);
    if (before !== undefined && before.block >= handover.block)
      throw new Refusal("handover-order", values);
    if (before !== undefined && !sameSet(before.next, handover.old)) {
      throw new Refusal("handover-old-set", values);
    }
    if (before === undefined) seen.push(handover.old);
    if (seen.some((each) => sameSet(each, handover.next)))
      throw new Refusal("handover-twice", values);
    seen.push(handover.next);
  });
}

/** 12.5 and 12.6: the walk from the trust file's set to the one that has signed. */
function trustedBySignatures(
  handovers: readonly HandOver[],
  header: Header,
  seals: Seals,
  trust: Trust,
): Omit<BlockTrust, "witnesses"> {
  const start = trust.validators as NonNullable<Trust["validators"]>;
  const walked = walkFrom(handovers, start);
  const last = walked.at(-1);
  if (last !== undefined && header.number <= last.block) {
    throw new Refusal("handover-after-block", { block: last.block });
  }
  const way = [start.addresses, ...walked.map((each) => each.next)];
  const final = way.at(-1) as readonly string[];
  if (way.slice(0, -1).some((set) => hasSigned(seals, set))) {
    throw new Refusal("handover-needless", { block: header.number });
  }
  const signers = requireSealed(seals, final, header.number);
  return { by: "signatures", signers, validators: final.length, handovers: walked.length };
}

function walkFrom(
  handovers: readonly HandOver[],
  start: NonNullable<Trust["validators"]>,
): readonly HandOver[] {
  const [first] = handovers;
  if (first === undefined || sameSet(first.old, start.addresses)) return handovers;
  const reached = handovers.findIndex((each) => sameSet(each.next, start.addresses));
  const of = handovers[reached];
  if (of === undefined || of.block > start.block) {
    throw new Refusal("handover-old-set", { block: first.block });
  }
  return handovers.slice(reached + 1);
}

/** 12.6. Returns the addresses of those who committed the block. Raises `Refusal`. */
export function requireSealed(seals: Seals, set: readonly string[], block: number): string[] {
  const proposer = signerOf(seals.proposer, seals.proposed);
  if (proposer === null) throw new Refusal("seal-form", { block });
  if (!set.includes(proposer)) throw new Refusal("seal-proposer", { block });
  const signers: string[] = [];
  for (const seal of seals.committed) {
    const signer = signerOf(seal, seals.decided);
    if (signer === null) throw new Refusal("seal-form", { block });
    if (!set.includes(signer)) throw new Refusal("seal-stranger", { block });
    if (signers.includes(signer)) throw new Refusal("seal-twice", { block });
    signers.push(signer);
  }
  const needed = quorumOf(set.length);
  if (signers.length < needed) {
    throw new Refusal("seal-quorum", { block, count: signers.length, needed, all: set.length });
  }
  return signers;
}

function hasSigned(seals: Seals, set: readonly string[]): boolean {
  try {
    requireSealed(seals, set, 0);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** 12.7. */
function requireWitnesses(
  witnesses: ReadonlyMap<string, number>,
  isHandedOver: boolean,
  header: Header,
  trust: Trust,
  now: number,
): void {
  const isExpired = now > trust.expires;
  if (!isHandedOver && !isExpired) return;
  const times = [...witnesses.values()];
  const counted = isExpired ? times.filter((time) => time <= trust.expires) : times;
  const needed = trust.witnessesNeeded ?? 1;
  if (counted.length >= needed) return;
  throw new NotKnown(isExpired ? "witnesses-for-expiry" : "witnesses-for-handover", {
    block: header.number,
    needed,
    count: counted.length,
  });
}
