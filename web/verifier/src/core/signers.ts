// SPDX-License-Identifier: Apache-2.0
/** Who has signed: addresses of secp256k1 signatures. */

import { secp256k1 } from "@noble/curves/secp256k1.js";
import { toHex, toNumber } from "./bytes.ts";
import { keccak } from "./digests.ts";

const ORDER = secp256k1.Point.Fn.ORDER;

/** The signer's address in hex of `r, s, v` over a hash; null where it is no signature of the only form. */
export function signerOf(signature: Uint8Array, hash: Uint8Array): string | null {
  const v = signature[64];
  if (signature.length !== 65 || (v !== 0 && v !== 1)) return null;
  if (toNumber(signature.slice(32, 64)) > ORDER / 2n) return null;
  try {
    const parsed = secp256k1.Signature.fromBytes(signature.slice(0, 64), "compact");
    const key = parsed.addRecoveryBit(v).recoverPublicKey(hash).toBytes(false);
    return toHex(keccak(key.slice(1)).slice(12));
  } catch {
    return null;
  }
}

/** How many of a set are a quorum. */
export function quorumOf(members: number): number {
  return members <= 3 ? members : Math.ceil((2 * members) / 3);
}
