// SPDX-License-Identifier: Apache-2.0
/** Canonical JSON: RFC 8785 over the strict profile (docs/spec/records.md, § 2). */

const GREATEST_DEPTH = 64;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** The only spelling of a value. Raises `RangeError` for what the profile does not have. */
export function canonicalText(value: unknown, depth = 1): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return textOf(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new RangeError("number");
    return String(value);
  }
  if (depth > GREATEST_DEPTH || typeof value !== "object") throw new RangeError("value");
  if (Array.isArray(value)) {
    return `[${value.map((each) => canonicalText(each, depth + 1)).join(",")}]`;
  }
  // Strings compare by UTF-16 code units, which is the order that RFC 8785 demands.
  const members = Object.keys(value)
    .sort()
    .map((name) => `${textOf(name)}:${canonicalText((value as any)[name], depth + 1)}`);
  return `{${members.join(",")}}`;
}

function textOf(text: string): string {
  if (LONE_SURROGATE.test(text) || text.normalize("NFC") !== text) throw new RangeError("text");
  return JSON.stringify(text);
}
