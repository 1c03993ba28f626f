// SPDX-License-Identifier: Apache-2.0
/** Trust files: what their reader trusts (docs/spec/evidence.md, § 4). */

import { parse, TomlDate } from "smol-toml";
import { concat, fromHex, toHex, utf8 } from "./bytes.ts";
import { DIGEST_OF, sha256 } from "./digests.ts";
import { lineageOf } from "./identifiers.ts";
import { readWitness, verifies, type Witness } from "./notes.ts";

export interface Trust {
  /** SHA-256 of its bytes, in hex. */
  readonly fingerprint: string;
  /** Unix seconds. */
  readonly expires: number;
  readonly greatestAgeSeconds: number;
  readonly algorithms: readonly number[];
  readonly nodes: readonly string[];
  readonly operator: Uint8Array | null;
  readonly chainId: number;
  readonly registry: Uint8Array;
  readonly codeHash: Uint8Array;
  readonly lineage: Uint8Array;
  /** Hashes in hex by block number. */
  readonly blocks: ReadonlyMap<number, string>;
  /** Null where blocks are not signed. */
  readonly validators: { readonly block: number; readonly addresses: readonly string[] } | null;
  readonly agencies: ReadonlyMap<number, string>;
  readonly witnesses: readonly Witness[];
  readonly witnessesNeeded: number | null;
}

/** It is no trust file: at which entry. */
export class TrustFileError extends Error {
  readonly entry: string;

  constructor(entry: string) {
    super(`the trust file's entry ${entry} has another form`);
    this.entry = entry;
  }
}

type Table = Record<string, unknown>;

/** Read a trust file. Raises `TrustFileError`. */
export function readTrust(bytes: Uint8Array): Trust {
  const file = table(parsed(bytes), "", TOP, TOP_OPTIONAL);
  require(file["format"] === "muniment/trust/v1", "format");
  const chain = table(file["chain"], "chain", ["id"]);
  const registry = table(
    file["registry"],
    "registry",
    ["address", "code_hash", "layout"],
    ["lineage"],
  );
  require(registry["layout"] === "muniment/storage/v1", "registry.layout");
  const chainId = count(chain["id"], "chain.id", 1);
  const address = prefixed(registry["address"], "registry.address", 20);
  const algorithms = array(file["algorithms"], "algorithms").map((each) =>
    count(each, "algorithms", 1),
  );
  require(algorithms.length > 0 && algorithms.every((each) => DIGEST_OF[each]), "algorithms");
  const nodes = array(file["nodes"] ?? [], "nodes").map((each) => string(each, "nodes"));
  require(nodes.every((each) => /^https?:\/\//.test(each)), "nodes");
  const witnesses = array(file["witnesses"] ?? [], "witnesses").map((each) => {
    const witness = readWitness(string(table(each, "witnesses", ["key"])["key"], "witnesses.key"));
    if (witness === null) throw new TrustFileError("witnesses.key");
    return witness;
  });
  require(new Set(witnesses.map((each) => each.name)).size === witnesses.length, "witnesses");
  const needed = file["witnesses_needed"];
  require((needed === undefined) === (witnesses.length === 0), "witnesses_needed");
  const operator = file["operator"];
  return {
    fingerprint: toHex(sha256(bytes)),
    expires: instant(file["expires"], "expires"),
    greatestAgeSeconds: count(file["greatest_age_seconds"], "greatest_age_seconds", 0),
    algorithms,
    nodes,
    operator: operator === undefined ? null : hex(operator, "operator", 32),
    chainId,
    registry: address,
    codeHash: prefixed(registry["code_hash"], "registry.code_hash", 32),
    lineage:
      registry["lineage"] === undefined
        ? lineageOf(chainId, address)
        : prefixed(registry["lineage"], "registry.lineage", 32),
    blocks: blocksOf(file["blocks"]),
    validators: validatorsOf(file["validators"]),
    agencies: agenciesOf(file["agencies"]),
    witnesses,
    witnessesNeeded:
      needed === undefined ? null : count(needed, "witnesses_needed", 1, witnesses.length),
  };
}

const TOP = ["algorithms", "chain", "expires", "format", "greatest_age_seconds", "registry"];
const TOP_OPTIONAL = [
  "agencies",
  "blocks",
  "nodes",
  "operator",
  "validators",
  "witnesses",
  "witnesses_needed",
];
const SIGNATURE_TAG = utf8("muniment/trust-signature/v1\0");

/** Whether a signature file's 128 hex digits are the operator's over these bytes. */
export function isSignedByOperator(bytes: Uint8Array, trust: Trust, signature: string): boolean {
  const digits = signature.trim();
  if (trust.operator === null || !/^[0-9a-f]{128}$/.test(digits)) return false;
  return verifies(fromHex(digits), concat(SIGNATURE_TAG, bytes), trust.operator);
}

function parsed(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return parse(text, { integersAsBigInt: true });
  } catch {
    throw new TrustFileError("(TOML)");
  }
}

function blocksOf(value: unknown): Map<number, string> {
  const blocks = new Map<number, string>();
  for (const each of array(value ?? [], "blocks")) {
    const block = table(each, "blocks", ["hash", "number"]);
    const number = count(block["number"], "blocks.number", 0);
    require(!blocks.has(number), "blocks.number");
    blocks.set(number, toHex(prefixed(block["hash"], "blocks.hash", 32)));
  }
  return blocks;
}

function validatorsOf(value: unknown): Trust["validators"] {
  if (value === undefined) return null;
  const set = table(value, "validators", ["addresses", "block"]);
  const addresses = array(set["addresses"], "validators.addresses").map((each) =>
    toHex(prefixed(each, "validators.addresses", 20)),
  );
  const ascend = addresses.every((each, at) => at === 0 || (addresses[at - 1] as string) < each);
  require(ascend && addresses.length >= 1 && addresses.length <= 21, "validators.addresses");
  return { block: count(set["block"], "validators.block", 0), addresses };
}

function agenciesOf(value: unknown): Map<number, string> {
  const agencies = new Map<number, string>();
  for (const each of array(value ?? [], "agencies")) {
    const agency = table(each, "agencies", ["id", "name"]);
    const id = count(agency["id"], "agencies.id", 1);
    require(!agencies.has(id), "agencies.id");
    agencies.set(id, string(agency["name"], "agencies.name"));
  }
  return agencies;
}

function require(holds: unknown, entry: string): asserts holds {
  if (!holds) throw new TrustFileError(entry);
}

function table(value: unknown, entry: string, names: string[], optional: string[] = []): Table {
  const isTable =
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date);
  require(isTable, entry);
  const at = (name: string) => (entry === "" ? name : `${entry}.${name}`);
  for (const name of names) require(Object.hasOwn(value as Table, name), at(name));
  for (const name of Object.keys(value as Table)) {
    require(names.includes(name) || optional.includes(name), at(name));
  }
  return value as Table;
}

function array(value: unknown, entry: string): unknown[] {
  require(Array.isArray(value), entry);
  return value;
}

function string(value: unknown, entry: string): string {
  require(typeof value === "string" && value.length > 0, entry);
  return value;
}

function count(
  value: unknown,
  entry: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  require(typeof value === "bigint" && value >= BigInt(least) && value <= BigInt(most), entry);
  return Number(value);
}

function hex(value: unknown, entry: string, length: number): Uint8Array {
  const digits = string(value, entry);
  require(/^[0-9a-f]+$/.test(digits) && digits.length === 2 * length, entry);
  return fromHex(digits);
}

function prefixed(value: unknown, entry: string, length: number): Uint8Array {
  const digits = string(value, entry);
  require(digits.startsWith("0x"), entry);
  return hex(digits.slice(2), entry, length);
}

/** An instant of a TOML date and time with its offset, in whole Unix seconds. */
function instant(value: unknown, entry: string): number {
  require(value instanceof TomlDate && value.isDateTime() && !value.isLocal(), entry);
  const milliseconds = value.getTime();
  require(Number.isFinite(milliseconds), entry);
  return Math.floor(milliseconds / 1000);
}
