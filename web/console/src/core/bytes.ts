// SPDX-License-Identifier: Apache-2.0
/** Bytes, hex and big-endian numbers. */

import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

export const concat = concatBytes;
/** The UTF-8 of a text. */
export const utf8 = utf8ToBytes;

/** Lower-case hex with 0x. */
export function toHex(bytes: Uint8Array): string {
  return `0x${bytesToHex(bytes)}`;
}

/** The bytes of hex, with or without 0x. Raises `RangeError` for what is none. */
export function fromHex(text: string): Uint8Array {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) throw new RangeError("not hex");
  return hexToBytes(digits);
}

/** Whether both have the same bytes; the time it takes says nothing of where they differ. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= (a[at] as number) ^ (b[at] as number);
  return difference === 0;
}

/** Bytes as a big-endian number; of no bytes it is 0. */
export function toNumber(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(toHex(bytes));
}

/** A number as `length` big-endian bytes. */
export function fromNumber(value: bigint | number, length: number): Uint8Array {
  return fromHex(
    BigInt(value)
      .toString(16)
      .padStart(2 * length, "0"),
  );
}

/** A number as RLP has it: big-endian without leading zeros, nothing for 0. */
export function shortest(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array();
  const digits = value.toString(16);
  return fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
}
