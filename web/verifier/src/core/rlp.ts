// SPDX-License-Identifier: Apache-2.0
/** RLP in its only spelling. */

import { RLP, type NestedUint8Array } from "@ethereumjs/rlp";
import { equal } from "./bytes.ts";

export type Rlp = Uint8Array | NestedUint8Array;

export function encodeRlp(value: Rlp): Uint8Array {
  return RLP.encode(value);
}

/** The value of bytes; null where they are no RLP, or not as it would be written. */
export function decodeRlp(bytes: Uint8Array): Rlp | null {
  try {
    const value = RLP.decode(bytes);
    return equal(RLP.encode(value), bytes) ? value : null;
  } catch {
    return null;
  }
}

export function isBytes(value: Rlp | undefined): value is Uint8Array {
  return value instanceof Uint8Array;
}
