// SPDX-License-Identifier: Apache-2.0
/** The state word of a record (docs/SPEC.md, § 4). */

export const STATUS = ["none", "in force", "superseded", "revoked", "disposed"] as const;
export type Status = (typeof STATUS)[number];

const OFFER_BITS = ((1n << 68n) - 1n) << 64n;

export interface RecordState {
  readonly issuer: number;
  readonly custodian: number;
  readonly type: number;
  readonly typeVersion: number;
  readonly version: number;
  readonly algorithm: number;
  readonly status: Status;
  readonly holds: number;
  /** Of the last act, Unix seconds. */
  readonly updatedAt: number;
  /** The last day of retention, from 1970-01-01. */
  readonly retainUntilDay: number;
}

/** The word without the offer of custody, which no act and no hash contains. */
export function withoutOffer(word: bigint): bigint {
  return word & ~OFFER_BITS;
}

function bits(word: bigint, from: bigint, count: bigint): number {
  return Number((word >> from) & ((1n << count) - 1n));
}

/** What a word says; null where its status is none of the five. */
export function readState(word: bigint): RecordState | null {
  const status = STATUS[bits(word, 184n, 4n)];
  if (status === undefined) return null;
  return {
    issuer: bits(word, 0n, 32n),
    custodian: bits(word, 32n, 32n),
    type: bits(word, 132n, 16n),
    typeVersion: bits(word, 148n, 12n),
    version: bits(word, 160n, 16n),
    algorithm: bits(word, 176n, 8n),
    status,
    holds: bits(word, 188n, 12n),
    updatedAt: bits(word, 200n, 36n),
    retainUntilDay: bits(word, 236n, 20n),
  };
}
