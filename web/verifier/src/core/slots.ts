// SPDX-License-Identifier: Apache-2.0
/** Where in the registry's storage things lie (docs/SPEC.md, § 4). */

import { toNumber } from "./bytes.ts";
import { hashOf, tag } from "./digests.ts";

const WORD = (1n << 256n) - 1n;

function base(name: string): bigint {
  const hash = hashOf(toNumber(tag(name)) - 1n);
  return toNumber(hash) & (WORD ^ 0xffn);
}

export const RECORDS = base("muniment.storage.Records");
export const RECORD_TYPES = base("muniment.storage.RecordTypes");
export const JOURNALS = base("muniment.storage.Journals");
export const SUCCESSION = base("muniment.storage.Succession");

function valueOf(key: bigint | Uint8Array, mapping: bigint): bigint {
  return toNumber(hashOf(key, mapping));
}

/** The first of a record's three slots: commitment, state, trace head. */
export function recordSlot(recordId: Uint8Array): bigint {
  return valueOf(recordId, RECORDS);
}

export function typeHeadSlot(agency: number, type: number): bigint {
  return valueOf((BigInt(agency) << 16n) | BigInt(type), RECORD_TYPES);
}

export function journalHeadSlot(agency: number, journal: number): bigint {
  return valueOf((BigInt(agency) << 32n) | BigInt(journal), JOURNALS);
}

export function sealSlot(agency: number, journal: number, size: number): bigint {
  const key = (BigInt(agency) << 96n) | (BigInt(journal) << 64n) | BigInt(size);
  return valueOf(key, JOURNALS + 1n);
}
