// SPDX-License-Identifier: Apache-2.0
/** Files, sent before the registration that names them. */

import { sha256 } from "@noble/hashes/sha2.js";
import { sendFile } from "./client.ts";

const PIECE = 4 * 1024 * 1024;

export interface Uploaded {
  readonly id: string;
  /** As content has it: `sha256:` and hex. */
  readonly digest: string;
  readonly length: number;
  readonly mediaType: string;
}

/**
 * Sends a file. Its digest is made here first, and what the gateway says it stored must be that.
 *
 * Raises `Problem`, and `RangeError` where the gateway stored something else.
 */
export async function upload(
  file: File,
  progress: (part: number) => void,
  signal?: AbortSignal,
): Promise<Uploaded> {
  const id = crypto.randomUUID();
  const hash = sha256.create();
  for (let from = 0; from < file.size; from += PIECE) {
    hash.update(new Uint8Array(await file.slice(from, from + PIECE).arrayBuffer()));
    progress((0.3 * from) / file.size);
  }
  const digest = hash.digest();
  const mediaType = file.type || "application/octet-stream";
  const text = await sendFile("PUT", `/uploads/${id}`, file, {
    headers: {
      "Content-Type": mediaType,
      "Content-Digest": `sha-256=:${btoa(String.fromCharCode(...digest))}:`,
    },
    progress: (part) => progress(0.3 + 0.7 * part),
    ...(signal === undefined ? {} : { signal }),
  });
  const stored = JSON.parse(text);
  const hex = Array.from(digest, (each) => each.toString(16).padStart(2, "0")).join("");
  if (!String(stored.digest).endsWith(hex) || stored.length !== file.size) {
    throw new RangeError("the gateway stored other bytes");
  }
  return { id, digest: `sha256:${hex}`, length: file.size, mediaType };
}
