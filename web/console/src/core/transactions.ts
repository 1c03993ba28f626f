// SPDX-License-Identifier: Apache-2.0
/** Transactions in the form that the registry's clients send: legacy, bound to their chain (EIP-155). */

import { RLP } from "@ethereumjs/rlp";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { fromHex, shortest, toHex, toNumber } from "./bytes.ts";

/** `gasPrice` in wei, `to` and `data` as hex with 0x. */
export interface UnsignedTransaction {
  readonly chainId: bigint;
  readonly nonce: bigint;
  readonly gas: bigint;
  readonly gasPrice: bigint;
  readonly to: string;
  readonly data: string;
}

export interface SignedTransaction {
  /** As hex with 0x. */
  readonly raw: string;
  readonly hash: string;
}

/** The address of a private key, lower-case hex with 0x. */
export function addressOf(key: Uint8Array): string {
  const point = secp256k1.getPublicKey(key, false);
  return toHex(keccak_256(point.subarray(1)).subarray(12));
}

/** The transaction signed by a private key of 32 bytes. */
export function sign(transaction: UnsignedTransaction, key: Uint8Array): SignedTransaction {
  const body = [
    shortest(transaction.nonce),
    shortest(transaction.gasPrice),
    shortest(transaction.gas),
    fromHex(transaction.to),
    new Uint8Array(),
    fromHex(transaction.data),
  ];
  const none = new Uint8Array();
  const digest = keccak_256(RLP.encode([...body, shortest(transaction.chainId), none, none]));
  const signature = secp256k1.sign(digest, key, { prehash: false, format: "recovered" });
  const recovery = BigInt(signature[0] as number);
  const r = shortest(toNumber(signature.subarray(1, 33)));
  const s = shortest(toNumber(signature.subarray(33, 65)));
  const v = shortest(transaction.chainId * 2n + 35n + recovery);
  const raw = RLP.encode([...body, v, r, s]);
  return { raw: toHex(raw), hash: toHex(keccak_256(raw)) };
}

/** Whether a text is an account on chain, with or without the capitals that check it. */
export function isAddress(text: string): boolean {
  return /^0x[0-9a-fA-F]{40}$/.test(text);
}

/** An address with the capitals that check it (ERC-55). */
export function checksummed(address: string): string {
  const digits = address.slice(2).toLowerCase();
  const hash = toHex(keccak_256(new TextEncoder().encode(digits))).slice(2);
  const letters = Array.from(digits, (each, at) =>
    parseInt(hash[at] as string, 16) >= 8 ? each.toUpperCase() : each,
  );
  return `0x${letters.join("")}`;
}
