// SPDX-License-Identifier: Apache-2.0
/** Bytes, hex and 32-byte words. */

import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

export const toHex = bytesToHex;
export const fromHex = hexToBytes;
export const concat = concatBytes;
/** The UTF-8 of a text. */
export const utf8 = utf8ToBytes;

/** As a sort wants it: below 0 where `a` comes before `b`. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return compareBytes(a, b) === 0;
}

/** Bytes as a big-endian number; of no bytes it is 0. */
export function toNumber(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

/** A number as `length` big-endian bytes. */
export function fromNumber(value: bigint | number, length: number): Uint8Array {
  return fromHex(
    BigInt(value)
      .toString(16)
      .padStart(2 * length, "0"),
  );
}

/** Standard base64 with its padding and no bits that stand for nothing; null where it is not that. */
export function fromBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const binary = atob(text);
  return btoa(binary) === text ? Uint8Array.from(binary, (each) => each.charCodeAt(0)) : null;
}
