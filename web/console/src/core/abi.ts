// SPDX-License-Identifier: Apache-2.0
/**
 * The Solidity ABI, as far as the registry's calls need it.
 *
 * Strict: call data that would be written otherwise than it stands is refused, so that nothing lies
 * in it that was not shown.
 */

import { keccak_256 } from "@noble/hashes/sha3.js";
import { concat, equal, fromHex, fromNumber, toHex, toNumber, utf8 } from "./bytes.ts";

export type Value = bigint | boolean | string | readonly Value[] | { readonly [name: string]: Value };

export type Type =
  | { readonly kind: "uint"; readonly bits: number }
  | { readonly kind: "address" | "bool" | "bytes32" | "bytes" | "string" }
  | { readonly kind: "array"; readonly of: Type }
  | { readonly kind: "tuple"; readonly members: readonly Parameter[] };

export interface Parameter {
  readonly name: string;
  readonly type: Type;
}

export interface Signature {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** Four bytes, as hex with 0x. */
  readonly selector: string;
}

/** Call data that is no call of ours, or not written as it must be. */
export class AbiError extends Error {}

/** A signature of its text, e.g. `grantRole(bytes32 role,address account)`. */
export function signature(text: string): Signature {
  const [name, parameters] = parsed(text);
  const canonical = `${name}(${parameters.map((each) => nameOf(each.type)).join(",")})`;
  const selector = toHex(keccak_256(utf8(canonical)).subarray(0, 4));
  return { name, parameters, selector };
}

/** The arguments of call data, by name. Raises `AbiError`. */
export function decodeCall(called: Signature, data: Uint8Array): Record<string, Value> {
  if (toHex(data.subarray(0, 4)) !== called.selector) throw new AbiError("another selector");
  const body = data.subarray(4);
  const decoded = decodeTuple(called.parameters, body, 0);
  if (!equal(encodeTuple(called.parameters, decoded), body)) {
    throw new AbiError("not written in the only way");
  }
  return decoded;
}

/** Call data of a call. */
export function encodeCall(called: Signature, values: Record<string, Value>): Uint8Array {
  return concat(fromHex(called.selector), encodeTuple(called.parameters, values));
}

function parsed(text: string): [name: string, parameters: Parameter[]] {
  let at = 0;
  const until = (marks: string): string => {
    const start = at;
    while (at < text.length && !marks.includes(text[at] as string)) at++;
    return text.slice(start, at);
  };
  const list = (): Parameter[] => {
    const found: Parameter[] = [];
    at++;
    while (text[at] !== ")") {
      if (text[at] === ",") at++;
      const inner = text[at] === "(" ? list() : null;
      const [suffix, name] = until(",)").trim().split(" ");
      const type = inner === null ? typeOf(suffix as string) : null;
      found.push({
        name: inner === null ? (name as string) : (suffix as string),
        type: type ?? { kind: "tuple", members: inner as Parameter[] },
      });
    }
    at++;
    return found;
  };
  const name = until("(");
  return [name, list()];
}

function typeOf(name: string): Type {
  if (name.endsWith("[]")) return { kind: "array", of: typeOf(name.slice(0, -2)) };
  if (name.startsWith("uint")) return { kind: "uint", bits: Number(name.slice(4)) };
  return { kind: name as "address" | "bool" | "bytes32" | "bytes" | "string" };
}

function nameOf(type: Type): string {
  if (type.kind === "uint") return `uint${type.bits}`;
  if (type.kind === "array") return `${nameOf(type.of)}[]`;
  if (type.kind === "tuple") return `(${type.members.map((each) => nameOf(each.type)).join(",")})`;
  return type.kind;
}

function isDynamic(type: Type): boolean {
  if (type.kind === "tuple") return type.members.some((each) => isDynamic(each.type));
  return type.kind === "bytes" || type.kind === "string" || type.kind === "array";
}

function headSize(type: Type): number {
  if (type.kind !== "tuple" || isDynamic(type)) return 32;
  return type.members.reduce((sum, each) => sum + headSize(each.type), 0);
}

function word(bytes: Uint8Array, at: number): Uint8Array {
  if (at + 32 > bytes.length) throw new AbiError("too short");
  return bytes.subarray(at, at + 32);
}

/** A length or an offset: what is longer than the data itself is none. */
function size(bytes: Uint8Array, at: number): number {
  const value = toNumber(word(bytes, at));
  if (value > BigInt(bytes.length)) throw new AbiError("points out of the data");
  return Number(value);
}

function decodeTuple(members: readonly Parameter[], bytes: Uint8Array, start: number) {
  const found: Record<string, Value> = {};
  let at = start;
  for (const { name, type } of members) {
    found[name] = decode(type, bytes, isDynamic(type) ? start + size(bytes, at) : at);
    at += headSize(type);
  }
  return found;
}

function decode(type: Type, bytes: Uint8Array, at: number): Value {
  switch (type.kind) {
    case "uint":
      return toNumber(word(bytes, at));
    case "bool":
      return toNumber(word(bytes, at)) !== 0n;
    case "address":
      return toHex(word(bytes, at).subarray(12));
    case "bytes32":
      return toHex(word(bytes, at));
    case "tuple":
      return decodeTuple(type.members, bytes, at);
    case "array": {
      const count = size(bytes, at);
      const items = Array.from({ length: count }, (_, index) => ({
        name: String(index),
        type: type.of,
      }));
      return Object.values(decodeTuple(items, bytes, at + 32));
    }
    case "bytes":
    case "string": {
      const end = at + 32 + size(bytes, at);
      if (end > bytes.length) throw new AbiError("too short");
      const content = bytes.subarray(at + 32, end);
      if (type.kind === "bytes") return toHex(content);
      try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
      } catch {
        throw new AbiError("text that is no UTF-8");
      }
    }
  }
}

function encodeTuple(members: readonly Parameter[], values: Record<string, Value>): Uint8Array {
  const heads: Uint8Array[] = [];
  const tails: Uint8Array[] = [];
  let offset = members.reduce((sum, each) => sum + headSize(each.type), 0);
  for (const { name, type } of members) {
    const encoded = encode(type, values[name] as Value);
    if (!isDynamic(type)) {
      heads.push(encoded);
      continue;
    }
    heads.push(fromNumber(offset, 32));
    tails.push(encoded);
    offset += encoded.length;
  }
  return concat(...heads, ...tails);
}

function encode(type: Type, value: Value): Uint8Array {
  switch (type.kind) {
    case "uint":
      if ((value as bigint) >> BigInt(type.bits) !== 0n) throw new AbiError("number too large");
      return fromNumber(value as bigint, 32);
    case "bool":
      return fromNumber(value === true ? 1 : 0, 32);
    case "address":
      return concat(new Uint8Array(12), fromHex(value as string));
    case "bytes32":
      return fromHex(value as string);
    case "tuple":
      return encodeTuple(type.members, value as Record<string, Value>);
    case "array": {
      const items = value as readonly Value[];
      const members = items.map((_, index) => ({ name: String(index), type: type.of }));
      return concat(fromNumber(items.length, 32), encodeTuple(members, Object.fromEntries(items.entries())));
    }
    case "bytes":
    case "string": {
      const content = type.kind === "bytes" ? fromHex(value as string) : utf8(value as string);
      const padding = new Uint8Array((32 - (content.length % 32)) % 32);
      return concat(fromNumber(content.length, 32), content, padding);
    }
  }
}
