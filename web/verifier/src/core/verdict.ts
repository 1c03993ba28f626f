// SPDX-License-Identifier: Apache-2.0
/** What the verifier says of a record. */

import type { Act } from "./acts.ts";
import type { Json } from "./canonical.ts";
import type { Reason } from "./reasons.ts";
import type { RecordState } from "./state.ts";

/** From the gravest on, as a bundle's counts. */
export const OUTCOMES = [
  "invalid",
  "conflict",
  "unknown",
  "disposed",
  "revoked",
  "superseded",
  "stale",
  "valid",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The numbered steps of docs/spec/evidence.md, § 3. */
export const STEPS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13] as const;
export type Step = (typeof STEPS)[number];

export interface ProvenBlock {
  readonly number: number;
  readonly hash: string;
  /** Unix seconds. */
  readonly time: number;
}

/** Who vouches for the block, where step 12 held. */
export interface BlockTrust {
  /** By what: its hash in the trust file, a node's word for its hash, or signatures. */
  readonly by: "pinned" | "node" | "signatures";
  /** Addresses of who signed, and of how many. */
  readonly signers: readonly string[];
  readonly validators: number;
  readonly handovers: number;
  readonly witnesses: readonly string[];
}

export interface Verdict {
  /** In hex; empty where the file did not even name a record. */
  readonly recordId: string;
  readonly outcome: Outcome;
  /** That decided an INVALID or UNKNOWN. */
  readonly step: Step | null;
  readonly reason: Reason | null;
  readonly done: readonly Step[];
  readonly block: ProvenBlock | null;
  readonly blockTrust: BlockTrust | null;
  /** All that follows is null or empty unless every step held. */
  readonly record: ProvenRecord | null;
}

export interface ProvenRecord {
  readonly state: RecordState;
  /** The state and the trace head as they stand in the slots. */
  readonly word: bigint;
  readonly traceHead: bigint;
  readonly issuer: number;
  readonly custodian: number;
  readonly type: number;
  /** Of the content that is shown. */
  readonly shownVersion: number | null;
  readonly latestVersion: number;
  readonly holds: number;
  readonly typeHolds: number;
  readonly acts: readonly Act[];
  readonly entry: ProvenEntry | null;
  readonly fields: ReadonlyMap<string, Json> | null;
  /** The field that names the compared document. */
  readonly document: string | null;
}

export interface ProvenEntry {
  readonly agency: number;
  readonly journal: number;
  readonly index: number;
  /** The agency's word, Unix seconds. */
  readonly time: number;
  readonly sealedAt: number;
  /** Who vouch that the journal registers no id twice; empty: the agency alone. */
  readonly witnesses: readonly string[];
}

/** The gravest of several outcomes. */
export function gravest(outcomes: readonly Outcome[]): Outcome {
  return OUTCOMES.find((each) => outcomes.includes(each)) ?? "unknown";
}
