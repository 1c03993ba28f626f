// SPDX-License-Identifier: Apache-2.0
/**
 * Which registry this browser signs for. The gateway names it the first time; from then on a
 * transaction for another is refused until the officer says that the registry has changed.
 */

import { RLP } from "@ethereumjs/rlp";
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { Prepared } from "../../api/acts.ts";
import { fromHex, shortest, toHex } from "../../core/bytes.ts";
import type { ContractName, DecodedCall } from "../../core/calls.ts";

const KEPT = "muniment.registry";

export class UnknownRegistryError extends Error {}

export interface Registry {
  readonly chainId: number;
  readonly records: string;
  readonly shares: string;
}

/** The agency registry is the record registry's first contract: its address follows. */
export function agencyRegistryOf(records: string): string {
  const made = RLP.encode([fromHex(records), shortest(1n)]);
  return toHex(keccak_256(made).subarray(12));
}

export function pinnedRegistry(): Registry | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    return typeof kept?.records === "string" ? kept : null;
  } catch {
    return null;
  }
}

/**
 * Raises `UnknownRegistryError` unless a transaction is for the registry that this browser knows;
 * `named` is the one that the gateway names, which is taken where none is known.
 */
export function requireKnownRegistry(
  prepared: Prepared,
  calls: readonly DecodedCall[],
  named: Registry,
): void {
  const known = pinnedRegistry() ?? named;
  const addresses: Record<ContractName, string> = {
    records: known.records,
    shares: known.shares,
    agencies: agencyRegistryOf(known.records),
  };
  const contract = calls[0]?.contract;
  const isKnown =
    contract !== undefined &&
    prepared.transaction.chainId === BigInt(known.chainId) &&
    prepared.transaction.to.toLowerCase() === addresses[contract].toLowerCase();
  if (!isKnown) throw new UnknownRegistryError(contract);
  localStorage.setItem(KEPT, JSON.stringify(known));
}

/** Lets the next transaction's registry be the one that the gateway names then. */
export function forgetRegistry(): void {
  localStorage.removeItem(KEPT);
}
