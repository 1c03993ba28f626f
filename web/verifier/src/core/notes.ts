// SPDX-License-Identifier: Apache-2.0
/** Signed notes: checkpoints of journals, block notes, co-signatures (docs/spec/journals.md, § 9). */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, equal, fromBase64, toNumber, utf8 } from "./bytes.ts";
import { sha256 } from "./digests.ts";
import { Refusal } from "./reasons.ts";

const GREATEST_NOTE = 2 ** 20;
const COSIGNATURE = 4;
const GREATEST_SIZE = 2n ** 63n - 1n;
const MOST_SIGNATURES = 100;

/** Somebody whose co-signatures count. */
export interface Witness {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly key: Uint8Array;
}

export interface Note {
  readonly origin: string;
  readonly size: bigint;
  readonly root: Uint8Array;
  /** The three lines, each with its end. */
  readonly text: string;
  readonly signatures: readonly { name: string; data: Uint8Array }[];
}

/** A witness of `<name>+<key id>+<base64 of 0x04 || key>`; null where it is none. */
export function readWitness(text: string): Witness | null {
  const parts = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text);
  if (parts === null) return null;
  const [, name, keyId, encoded] = parts as unknown as [string, string, string, string];
  const key = fromBase64(encoded);
  if (!isName(name) || key?.length !== 33 || key[0] !== COSIGNATURE) return null;
  const id = sha256(concat(utf8(`${name}\n`), key)).slice(0, 4);
  if (toNumber(id) !== BigInt(`0x${keyId}`)) return null;
  return { name, keyId: id, key: key.slice(1) };
}

function isName(name: string): boolean {
  return name.length > 0 && !/[\s+\p{Cc}]/u.test(name);
}

/** A checkpoint, or a block note, which has its form. Raises `Refusal`. */
export function readNote(note: string): Note {
  const refuse = () => new Refusal("note-form");
  // Control characters but for the ends of lines stand in no note.
  if (utf8(note).length > GREATEST_NOTE || /[\u0000-\u0009\u000b-\u001f\u007f]/.test(note))
    throw refuse();
  const split = note.lastIndexOf("\n\n");
  if (split < 0 || !note.endsWith("\n")) throw refuse();
  const text = note.slice(0, split + 1);
  const lines = text.split("\n");
  const [origin, size, root] = lines;
  if (lines.length !== 4 || !origin || size === undefined || root === undefined) throw refuse();
  if (!/^(0|[1-9][0-9]{0,18})$/.test(size) || BigInt(size) > GREATEST_SIZE) throw refuse();
  const hash = fromBase64(root);
  if (hash?.length !== 32) throw refuse();
  const signed = note.slice(split + 2, -1).split("\n");
  if (signed.length > MOST_SIGNATURES) throw refuse();
  const signatures = signed.map((line) => {
    const parts = /^— ([^ ]+) ([A-Za-z0-9+/=]+)$/u.exec(line);
    const data = parts === null ? null : fromBase64(parts[2] as string);
    if (parts === null || !isName(parts[1] as string) || data === null || data.length < 5)
      throw refuse();
    return { name: parts[1] as string, data };
  });
  return { origin, size: BigInt(size), root: hash, text, signatures };
}

/**
 * Which of the witnesses have co-signed, each with the time in its signature (Unix seconds).
 * Raises `Refusal` where the signature of one of them is wrong. Others' signatures say nothing.
 */
export function cosigners(note: Note, witnesses: readonly Witness[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { name, data } of note.signatures) {
    const witness = witnesses.find(
      (each) => each.name === name && equal(each.keyId, data.slice(0, 4)),
    );
    if (witness === undefined) continue;
    const time = data.length === 76 ? toNumber(data.slice(4, 12)) : -1n;
    const message = utf8(`cosignature/v1\ntime ${time}\n${note.text}`);
    if (data.length !== 76 || !verifies(data.slice(12), message, witness.key)) {
      throw new Refusal("note-signature", { name });
    }
    found.set(witness.name, Number(time));
  }
  return found;
}

/**
 * Ed25519, RFC 8032 § 5.1.7, without the cofactor: the signature's first half is compared with
 * what the equation gives, byte for byte. The library's own check has the cofactor in it, under
 * which a dishonest witness could make signatures that some verifiers accept and others do not.
 */
export function verifies(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  try {
    if (signature.length !== 64) return false;
    const { BASE, Fn } = ed25519.Point;
    const response = leNumber(signature.slice(32));
    if (response >= Fn.ORDER) return false;
    const signer = ed25519.Point.fromBytes(key);
    const challenge = Fn.create(leNumber(sha512(concat(signature.slice(0, 32), key, message))));
    const expected = BASE.multiplyUnsafe(response).add(signer.negate().multiplyUnsafe(challenge));
    return equal(expected.toBytes(), signature.slice(0, 32));
  } catch {
    return false;
  }
}

function leNumber(bytes: Uint8Array): bigint {
  return toNumber(bytes.slice().reverse());
}
