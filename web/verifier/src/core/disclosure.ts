// SPDX-License-Identifier: Apache-2.0
/** Commitments and the fields shown of them (docs/spec/records.md, §§ 4 and 5). */

import { compareBytes, concat, equal, fromHex, fromNumber, toHex, utf8 } from "./bytes.ts";
import { parseCanonicalText, type Json } from "./canonical.ts";
import { DIGEST_OF } from "./digests.ts";
import { Refusal } from "./reasons.ts";

const FIELD_TAG = utf8("muniment/field/v1\0");
const COMMITMENT_TAG = utf8("muniment/commitment/v1\0");
const MOST_DIGESTS = 1024;

export interface RecordHeader {
  readonly algorithm: number;
  readonly recordId: Uint8Array;
  readonly issuer: number;
  readonly type: number;
  readonly schemaDigest: Uint8Array;
  readonly version: number;
}

export interface Disclosure {
  readonly digests: readonly Uint8Array[];
  readonly fields: readonly { text: string; salt: Uint8Array }[];
}

/** The shown fields, in the order of their names. Raises `Refusal`, and then no value may be used. */
export function verifyDisclosure(
  disclosure: Disclosure,
  header: RecordHeader,
  commitment: Uint8Array,
): Map<string, Json> {
  const { digests, fields } = disclosure;
  const isCount = digests.length % 8 === 0 && digests.length >= 8 && digests.length <= MOST_DIGESTS;
  if (!isCount || fields.length > digests.length) throw new Refusal("digest-count");
  digests.forEach((digest, at) => {
    if (at > 0 && compareBytes(digests[at - 1] as Uint8Array, digest) >= 0) {
      throw new Refusal("digests-order");
    }
  });
  const hash = DIGEST_OF[header.algorithm];
  if (hash === undefined)
    throw new Refusal("algorithm-not-accepted", { algorithm: header.algorithm });
  const made = hash(
    concat(COMMITMENT_TAG, headerBytes(header), fromNumber(digests.length, 4), ...digests),
  );
  if (!equal(made, commitment)) throw new Refusal("commitment-other");
  const read = fields.map(({ text, salt }) => ({ ...fieldOf(text), text, salt }));
  read.forEach(({ name }, at) => {
    const before = read[at - 1]?.name;
    if (before !== undefined && compareBytes(utf8(before), utf8(name)) >= 0) {
      throw new Refusal("field-order", { name });
    }
  });
  const known = new Set(digests.map(toHex));
  const shown = new Map<string, Json>();
  for (const { name, value, text, salt } of read) {
    const digest = hash(concat(FIELD_TAG, salt, utf8(text)));
    if (!known.has(toHex(digest))) throw new Refusal("field-unknown", { name });
    shown.set(name, value);
  }
  return shown;
}

export function headerBytes(header: RecordHeader): Uint8Array {
  return concat(
    fromNumber(header.algorithm, 1),
    header.recordId,
    fromNumber(header.issuer, 4),
    fromNumber(header.type, 2),
    header.schemaDigest,
    fromNumber(header.version, 4),
  );
}

function fieldOf(text: string): { name: string; value: Json } {
  let pair: Json;
  try {
    pair = parseCanonicalText(text);
  } catch {
    throw new Refusal("field-text");
  }
  if (!Array.isArray(pair) || pair.length !== 2) throw new Refusal("field-text");
  const [name, value] = pair as [Json, Json];
  if (typeof name !== "string") throw new Refusal("field-text");
  return { name, value };
}

/** A file whose digest and length are to be compared. */
export interface Document {
  readonly name: string;
  /** SHA-256. */
  readonly digest: Uint8Array;
  readonly length: number;
}

/** The shown field that names a file of this digest and length; null where none does. */
export function fieldOfDocument(
  fields: ReadonlyMap<string, Json>,
  document: Document,
): string | null {
  for (const [name, value] of fields) {
    const file = fileOf(value);
    if (file && file.length === document.length && equal(file.digest, document.digest)) return name;
  }
  return null;
}

/** What a field's value says of a file, where it is one. */
export function fileOf(
  value: Json,
): { digest: Uint8Array; length: number; mediaType: string } | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  if (Object.keys(value).sort().join() !== "digest,length,mediaType") return null;
  const { digest, length, mediaType } = value;
  if (typeof digest !== "string" || !/^sha256:[0-9a-f]{64}$/.test(digest)) return null;
  if (typeof length !== "number" || length < 0 || typeof mediaType !== "string") return null;
  return { digest: fromHex(digest.slice(7)), length, mediaType };
}
