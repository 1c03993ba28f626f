// SPDX-License-Identifier: Apache-2.0
/** Inclusion in a journal's tree: RFC 9162 with SHA-256 (docs/spec/journals.md, §§ 3 and 4). */

import { concat, equal } from "./bytes.ts";
import { sha256 } from "./digests.ts";
import { Refusal } from "./reasons.ts";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256(concat(LEAF, entry));
}

function node(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(NODE, left, right));
}

/** Raises `Refusal` unless the proof leads from the leaf at `index` to the root of `size` leaves. */
export function requireIncluded(
  leaf: Uint8Array,
  index: number | bigint,
  size: number | bigint,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): void {
  if (index >= size) throw new Refusal("index-past-end");
  // Sizes go past 32 bits, so no bit operators of plain numbers.
  let at = BigInt(index);
  let last = BigInt(size) - 1n;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0n) throw new Refusal("proof-too-long");
    if (at % 2n === 1n || at === last) {
      hash = node(sibling, hash);
      while (at % 2n === 0n && at !== 0n) {
        at >>= 1n;
        last >>= 1n;
      }
    } else {
      hash = node(hash, sibling);
    }
    at >>= 1n;
    last >>= 1n;
  }
  if (last !== 0n) throw new Refusal("proof-too-short");
  if (!equal(hash, root)) throw new Refusal("proof-other-root");
}
