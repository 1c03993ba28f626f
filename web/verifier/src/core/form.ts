// SPDX-License-Identifier: Apache-2.0
/** Reading members of the forms that the SPEC demands, and no others. */

import { fromHex } from "./bytes.ts";
import type { JsonObject } from "./canonical.ts";
import { Refusal } from "./reasons.ts";

/** Where in the file a value stands, as a person would find it: `record.trace[2].state`. */
export type Path = string;

export const UINT16 = 0xffff;
export const UINT32 = 0xffffffff;
export const UINT48 = 2 ** 48 - 1;

export function refused(path: Path): Refusal {
  return new Refusal("form", { path });
}

/** An object with these members, those of `optional` perhaps, and no others. */
export function members(
  value: unknown,
  path: Path,
  required: readonly string[],
  optional: readonly string[] = [],
): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refused(path);
  const object = value as JsonObject;
  for (const name of required) {
    if (!Object.hasOwn(object, name)) throw refused(`${path}.${name}`);
  }
  for (const name of Object.keys(object)) {
    if (!required.includes(name) && !optional.includes(name)) throw refused(`${path}.${name}`);
  }
  return object;
}

export function items(value: unknown, path: Path, least: number, most: number): unknown[] {
  if (!Array.isArray(value) || value.length < least || value.length > most) throw refused(path);
  return value;
}

export function text(value: unknown, path: Path): string {
  if (typeof value !== "string") throw refused(path);
  return value;
}

export function integer(
  value: unknown,
  path: Path,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== "number" || value < least || value > most) throw refused(path);
  return value;
}

/** Bytes in lower-case hex, of a length exactly or of `most` at most. */
export function hexBytes(
  value: unknown,
  path: Path,
  length: number | { most: number },
): Uint8Array {
  if (typeof value !== "string" || !/^([0-9a-f]{2})*$/.test(value)) throw refused(path);
  const count = value.length / 2;
  if (typeof length === "number" ? count !== length : count > length.most) throw refused(path);
  return fromHex(value);
}
