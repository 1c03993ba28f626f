// SPDX-License-Identifier: Apache-2.0
/**
 * What is behind the commitments of a call: made anew here, so that nobody can have an officer sign
 * for other content, other terms or another mandate than those that are shown.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { shake256 } from "@noble/hashes/sha3.js";
import { concat, fromHex, fromNumber, toHex, utf8 } from "./bytes.ts";
import { canonicalText } from "./canonical.ts";
import type { DecodedCall } from "./calls.ts";

const SALTS_TAG = utf8("muniment/salts/v1\0");
const FIELD_TAG = utf8("muniment/field/v1\0");
const COMMITMENT_TAG = utf8("muniment/commitment/v1\0");
const TERMS_TAG = utf8("muniment/terms/v1\0");
const MANDATE_TAG = utf8("muniment/mandate/v1\0");
const SHA_256 = 1;

/** An opening that opens nothing of the call, or is none. */
export class OpeningError extends Error {}

export interface Terms {
  readonly purpose: string;
  readonly legal_basis: string;
  /** Null: all. */
  readonly fields: readonly string[] | null;
  readonly onward: boolean;
}

export type Opened =
  | {
      readonly opens: "content";
      readonly commitment: string;
      readonly record: string;
      readonly fields: Readonly<Record<string, unknown>>;
    }
  | { readonly opens: "terms"; readonly commitment: string; readonly terms: Terms }
  | { readonly opens: "mandate"; readonly commitment: string; readonly words: string };

export interface ContentHeader {
  readonly record: string;
  readonly issuer: number;
  readonly type: number;
  readonly schema: string;
  readonly version: number;
  readonly algorithm: number;
}

/** The commitment of content under a secret of 32 bytes (docs/spec/records.md, § 4). */
export function commitmentOf(
  header: ContentHeader,
  fields: Readonly<Record<string, unknown>>,
  secret: Uint8Array,
): Uint8Array {
  if (header.algorithm !== SHA_256) throw new OpeningError("another digest algorithm");
  const names = Object.keys(fields)
    .map((name) => ({ name, bytes: toHex(utf8(name)) }))
    .sort((a, b) => (a.bytes < b.bytes ? -1 : 1));
  const count = Math.ceil(names.length / 8) * 8;
  if (count < 8 || count > 1024) throw new OpeningError("no content");
  const salts = shake256(concat(SALTS_TAG, secret), { dkLen: 32 * count });
  const salt = (at: number) => salts.subarray(32 * at, 32 * (at + 1));
  const digests = Array.from({ length: count }, (_, at) => {
    const name = names[at]?.name;
    if (name === undefined) return toHex(salt(at));
    return toHex(sha256(concat(FIELD_TAG, salt(at), utf8(canonicalText([name, fields[name]])))));
  }).sort();
  return sha256(
    concat(
      COMMITMENT_TAG,
      fromNumber(header.algorithm, 1),
      fromHex(header.record),
      fromNumber(header.issuer, 4),
      fromNumber(header.type, 2),
      fromHex(header.schema),
      fromNumber(header.version, 4),
      fromNumber(count, 4),
      ...digests.map(fromHex),
    ),
  );
}

export function termsCommitment(terms: Terms, salt: Uint8Array): Uint8Array {
  return sha256(concat(TERMS_TAG, salt, utf8(canonicalText(terms))));
}

export function mandateCommitment(words: string, salt: Uint8Array): Uint8Array {
  return sha256(concat(MANDATE_TAG, salt, utf8(words.normalize("NFC"))));
}

/**
 * What the openings of a prepared act open of its calls. Raises `OpeningError` for one that opens
 * nothing in them.
 */
export function openAll(openings: readonly any[], calls: readonly DecodedCall[]): readonly Opened[] {
  const held = new Set(
    calls
      .filter((each) => each.name !== "enrol")
      .flatMap(({ values }) => [
        values["commitment"],
        values["terms"],
        values["mandate"],
        ...((values["commitments"] as readonly string[] | undefined) ?? []),
      ]),
  );
  return openings.map((each) => {
    let opened: Opened;
    try {
      opened = open(each);
    } catch (error) {
      if (error instanceof OpeningError) throw error;
      throw new OpeningError("not of the form");
    }
    if (!held.has(opened.commitment)) throw new OpeningError("opens nothing of the call");
    return opened;
  });
}

function open(opening: any): Opened {
  switch (opening.opens) {
    case "content": {
      const { record, issuer, type, schema, version, algorithm, fields, secret } = opening;
      const header = { record, issuer, type, schema, version, algorithm };
      const commitment = toHex(commitmentOf(header, fields, fromHex(secret)));
      return { opens: "content", commitment, record, fields };
    }
    case "terms": {
      const { purpose, legal_basis, fields, onward } = opening.terms;
      const terms: Terms = { purpose, legal_basis, fields, onward };
      const commitment = toHex(termsCommitment(terms, fromHex(opening.salt)));
      return { opens: "terms", commitment, terms };
    }
    case "mandate": {
      const { words, salt } = opening;
      const commitment = toHex(mandateCommitment(words, fromHex(salt)));
      return { opens: "mandate", commitment, words };
    }
    default:
      throw new OpeningError("of another kind");
  }
}

/** Which of the asked values an opening does not have: names of fields, of terms, or `mandate`. */
export function otherThanAsked(
  asked: Readonly<Record<string, unknown>>,
  found: Readonly<Record<string, unknown>>,
): string[] {
  const names = [...new Set([...Object.keys(asked), ...Object.keys(found)])];
  return names.filter(
    (name) =>
      asked[name] === undefined ||
      found[name] === undefined ||
      canonicalText(asked[name]) !== canonicalText(found[name]),
  );
}
