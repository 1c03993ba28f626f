// SPDX-License-Identifier: Apache-2.0
/** The hashes of the SPEC, and the Solidity ABI's encoding that they are made over. */

import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concat, fromNumber, utf8 } from "./bytes.ts";
import { sm3 } from "./sm3.ts";

export { sha256 };
/** H of the SPEC. */
export const keccak = keccak_256;

/** The digest that an algorithm byte names; undefined where it names none. */
export const DIGEST_OF: Readonly<Record<number, (bytes: Uint8Array) => Uint8Array>> = {
  1: sha256,
  2: sm3,
};

/** `abi.encode` of values that take one word each: numbers and bytes of 20 or 32. */
export function abiEncode(...values: (bigint | number | Uint8Array)[]): Uint8Array {
  return concat(
    ...values.map((value) => {
      if (!(value instanceof Uint8Array)) return fromNumber(value, 32);
      return value.length === 32 ? value : concat(new Uint8Array(32 - value.length), value);
    }),
  );
}

export function hashOf(...values: (bigint | number | Uint8Array)[]): Uint8Array {
  return keccak(abiEncode(...values));
}

/** H of a tag's ASCII. */
export function tag(name: string): Uint8Array {
  return keccak(utf8(name));
}
