// SPDX-License-Identifier: Apache-2.0
/** The vectors that eth-account and eth-abi made (`tests/vectors/generate_signing.py`). */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Value } from "../src/core/abi.ts";

const FOLDER = join(process.cwd(), "../../tests/vectors/signing");

export function vectors(name: string): any {
  return JSON.parse(readFileSync(join(FOLDER, name), "utf-8"));
}

/** Numbers stand as `{number: text}` in the files. */
export function valueOf(shown: any): Value {
  if (Array.isArray(shown)) return shown.map(valueOf);
  if (typeof shown !== "object") return shown;
  if (typeof shown.number === "string") return BigInt(shown.number);
  return Object.fromEntries(Object.entries(shown).map(([name, each]) => [name, valueOf(each)]));
}
