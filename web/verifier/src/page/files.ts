// SPDX-License-Identifier: Apache-2.0
/** Files that a person gives: read and hashed here, and sent nowhere. */

import { sha256 } from "@noble/hashes/sha2.js";
import { utf8 } from "../core/bytes.ts";
import type { Document } from "../core/disclosure.ts";
import { GREATEST_FILE } from "../core/evidence_file.ts";

/** How each canonical evidence or conflict file begins: `anchor` is its first member. */
const EVIDENCE_BEGINS = utf8('{"anchor":');

/** A byte more than the greatest evidence file, so that step 1 sees a greater one as such. */
const MOST_BYTES = GREATEST_FILE + 1;

export async function bytesOf(file: Blob): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(0, MOST_BYTES).arrayBuffer());
}

/** Whether a file is evidence by its first bytes, or a document. */
export async function isEvidence(file: Blob): Promise<boolean> {
  const head = await bytesOf(file.slice(0, EVIDENCE_BEGINS.length));
  return (
    head.length === EVIDENCE_BEGINS.length && head.every((each, at) => each === EVIDENCE_BEGINS[at])
  );
}

/** A document's digest and length, piece by piece, so that its size does not matter. */
export async function documentOf(file: File): Promise<Document> {
  const hash = sha256.create();
  let length = 0;
  const reader = file.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    hash.update(value);
    length += value.length;
  }
  return { name: file.name, digest: hash.digest(), length };
}
