// SPDX-License-Identifier: Apache-2.0
/** Officers' keystores: Web3 Secret Storage, version 3, as eth-account and Ape write them. */

import { pbkdf2Async } from "@noble/hashes/pbkdf2.js";
import { scryptAsync } from "@noble/hashes/scrypt.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concat, equal, fromHex, utf8 } from "./bytes.ts";

/** More than any tool writes: a file that asks for more is made to keep the page busy. */
const MOST_MEMORY = 2 ** 30;
const MOST_ITERATIONS = 100_000_000;

export type KeystoreFault = "not-a-keystore" | "wrong-password" | "insecure-context";

/** A keystore that cannot be opened. `fault` is a name in the catalogue: `keystore.…`. */
export class KeystoreError extends Error {
  constructor(readonly fault: KeystoreFault) {
    super(fault);
  }
}

type Derivation =
  | {
      readonly name: "scrypt";
      readonly N: number;
      readonly r: number;
      readonly p: number;
      readonly salt: Uint8Array;
    }
  | { readonly name: "pbkdf2"; readonly iterations: number; readonly salt: Uint8Array };

export interface Keystore {
  readonly derivation: Derivation;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly mac: Uint8Array;
  /** What the file says, lower-case hex with 0x; null where it says nothing. The key tells. */
  readonly address: string | null;
}

/** What a keystore file holds. Raises `KeystoreError` for what is none. */
export function readKeystore(text: string): Keystore {
  try {
    return read(JSON.parse(text));
  } catch {
    throw new KeystoreError("not-a-keystore");
  }
}

function read(file: any): Keystore {
  const crypto = file.crypto ?? file.Crypto;
  if (file.version !== 3 || crypto.cipher !== "aes-128-ctr") throw new RangeError("another form");
  const { kdf: name, kdfparams: given } = crypto;
  if (given.dklen !== 32) throw new RangeError("another length");
  const salt = fromHex(given.salt);
  let derivation: Derivation;
  if (name === "scrypt") {
    const [N, r, p] = [positive(given.n), positive(given.r), positive(given.p)];
    if (128 * N * r * p > MOST_MEMORY || (N & (N - 1)) !== 0) throw new RangeError("too dear");
    derivation = { name, N, r, p, salt };
  } else if (name === "pbkdf2" && given.prf === "hmac-sha256") {
    const iterations = positive(given.c);
    if (iterations > MOST_ITERATIONS) throw new RangeError("too dear");
    derivation = { name, iterations, salt };
  } else {
    throw new RangeError("another derivation");
  }
  const iv = fromHex(crypto.cipherparams.iv);
  const ciphertext = fromHex(crypto.ciphertext);
  const mac = fromHex(crypto.mac);
  if (iv.length > 16 || ciphertext.length !== 32 || mac.length !== 32) {
    throw new RangeError("another length");
  }
  const address =
    typeof file.address === "string" && /^(0x)?[0-9a-fA-F]{40}$/.test(file.address)
      ? `0x${file.address.replace(/^0x/, "").toLowerCase()}`
      : null;
  return { derivation, iv, ciphertext, mac, address };
}

function positive(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 1) throw new RangeError("no number");
  return value as number;
}

/**
 * The private key of a keystore, 32 bytes. `progress` is told of the part that is done, 0 to 1.
 *
 * Raises `KeystoreError` for a wrong password, and where the browser gives no AES: it does on
 * https and on this machine.
 */
export async function openKeystore(
  keystore: Keystore,
  password: string,
  progress: (part: number) => void = () => {},
): Promise<Uint8Array> {
  if (globalThis.crypto?.subtle === undefined) throw new KeystoreError("insecure-context");
  const { derivation } = keystore;
  const secret = utf8(password);
  const derived =
    derivation.name === "scrypt"
      ? await scryptAsync(secret, derivation.salt, {
          N: derivation.N,
          r: derivation.r,
          p: derivation.p,
          dkLen: 32,
          maxmem: MOST_MEMORY + 2 ** 20,
          onProgress: progress,
        })
      : await pbkdf2Async(sha256, secret, derivation.salt, { c: derivation.iterations, dkLen: 32 });
  const mac = keccak_256(concat(derived.subarray(16), keystore.ciphertext));
  if (!equal(mac, keystore.mac)) throw new KeystoreError("wrong-password");
  const counter = new Uint8Array(16);
  counter.set(keystore.iv, 16 - keystore.iv.length);
  const key = await crypto.subtle.importKey(
    "raw",
    derived.slice(0, 16) as BufferSource,
    "AES-CTR",
    false,
    ["decrypt"],
  );
  const opened = await crypto.subtle.decrypt(
    { name: "AES-CTR", counter, length: 128 },
    key,
    keystore.ciphertext as BufferSource,
  );
  derived.fill(0);
  return new Uint8Array(opened);
}
