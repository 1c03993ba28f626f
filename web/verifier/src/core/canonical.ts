// SPDX-License-Identifier: Apache-2.0
/** Canonical JSON: RFC 8785 over the strict profile (docs/spec/records.md, § 2). */

import { equal, utf8 } from "./bytes.ts";
import { Refusal } from "./reasons.ts";

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [name: string]: Json;
}

const GREATEST_DEPTH = 64;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** The only spelling of a value. Raises `Refusal` for what the profile does not have. */
export function canonicalText(value: Json, depth = 1): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return textOf(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new Refusal("not-in-profile");
    return String(value);
  }
  if (depth > GREATEST_DEPTH) throw new Refusal("not-in-profile");
  if (Array.isArray(value)) {
    return `[${value.map((each) => canonicalText(each, depth + 1)).join(",")}]`;
  }
  // Strings compare by UTF-16 code units, which is the order that RFC 8785 demands.
  const members = Object.keys(value)
    .sort()
    .map((name) => `${textOf(name)}:${canonicalText(value[name] as Json, depth + 1)}`);
  return `{${members.join(",")}}`;
}

/**
 * The value of bytes that are its canonical form. Two members of one name, another order or another
 * spelling of a number do not survive being written again, so the comparison of the bytes finds them.
 */
export function parseCanonical(bytes: Uint8Array): Json {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refusal("not-utf-8");
  }
  const value = parseJson(text);
  if (!equal(utf8(canonicalText(value)), bytes)) throw new Refusal("not-canonical");
  return value;
}

/** The same for a text. Lone surrogates in it are refused with those in its strings. */
export function parseCanonicalText(text: string): Json {
  const value = parseJson(text);
  if (canonicalText(value) !== text) throw new Refusal("not-canonical");
  return value;
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new Refusal("not-json");
  }
}

function textOf(text: string): string {
  if (LONE_SURROGATE.test(text) || text.normalize("NFC") !== text) {
    throw new Refusal("not-in-profile");
  }
  return JSON.stringify(text);
}
