// SPDX-License-Identifier: Apache-2.0
/** The vectors that all verifiers share. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromHex } from "../src/core/bytes.ts";
import { Refusal } from "../src/core/reasons.ts";

const VECTORS = join(process.cwd(), "../../tests/vectors");

export function vectorBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(VECTORS, name)));
}

export function vectorJson<T>(name: string): T {
  return JSON.parse(readFileSync(join(VECTORS, name), "utf-8")) as T;
}

/** Bytes of hex with or without 0x. */
export const hex = (text: string): Uint8Array => fromHex(text.replace(/^0x/, "").toLowerCase());

export const refuses = (work: () => unknown): void => assert.throws(work, Refusal);
