// SPDX-License-Identifier: Apache-2.0
/**
 * What was asked for in this browser and is not signed yet. Of each transaction that was found to be
 * what was asked, the digest of its data stays here until it can't be signed any more: taken up again
 * it is compared with that. What the gateway could say of it would be its own word.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import type { Prepared } from "../../api/acts.ts";
import { fromHex, toHex } from "../../core/bytes.ts";

const KEPT = "muniment.asked";

/** By the acts' ids: the digest, and until when it can be signed, Unix seconds. */
type Asked = Readonly<Record<string, readonly [digest: string, expires: number]>>;

/** Puts down that transactions are what was asked for here; what is over at `now` (ms) is let go. */
export function rememberAsked(prepared: readonly Prepared[], now: number): void {
  const kept = Object.entries(asked()).filter(([, [, expires]]) => expires * 1000 > now);
  const fresh = prepared.map((each) => [each.id, [digestOf(each), each.expires]] as const);
  localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries([...kept, ...fresh])));
}

/** Whether a transaction is the one that was asked for here; null where nothing is known of it. */
export function isAsAsked(prepared: Prepared): boolean | null {
  const known = asked()[prepared.id];
  return known === undefined ? null : known[0] === digestOf(prepared);
}

function digestOf(prepared: Prepared): string {
  return toHex(sha256(fromHex(prepared.data)));
}

function asked(): Asked {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "null") ?? {};
  } catch {
    return {};
  }
}
