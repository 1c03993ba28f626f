// SPDX-License-Identifier: Apache-2.0
/** The vectors that all verifiers share. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

const VECTORS = join(process.cwd(), "../../tests/vectors");

export function vectorBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(VECTORS, name)));
}

export function vectorJson<T>(name: string): T {
  return JSON.parse(readFileSync(join(VECTORS, name), "utf-8")) as T;
}
