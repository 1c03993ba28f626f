// SPDX-License-Identifier: Apache-2.0
/** Block headers of Ethereum and of Istanbul BFT (docs/spec/evidence.md, § 3, step 3). */

import { concat, fromNumber, toNumber } from "./bytes.ts";
import { keccak } from "./digests.ts";
import { Refusal } from "./reasons.ts";
import { decodeRlp, encodeRlp, isBytes, type Rlp } from "./rlp.ts";

const ETHEREUM_FIELDS = [15, 16, 17, 20, 21];
const ISTANBUL_FIELDS = [15, 17];
/** Bytes of the fields that have a fixed length. */
const ISTANBUL_LENGTHS = [32, 20, 32, 32, 32, 256];
const EXTRA_DATA = 11;
const VANITY = 32;

export interface Header {
  readonly hash: Uint8Array;
  readonly number: number;
  /** Unix seconds. */
  readonly time: number;
  readonly stateRoot: Uint8Array;
  /** What validators sealed; null for Ethereum's. */
  readonly seals: Seals | null;
}

export interface Seals {
  readonly proposer: Uint8Array;
  readonly committed: readonly Uint8Array[];
  /** What the proposer has signed, and what the others have. */
  readonly proposed: Uint8Array;
  readonly decided: Uint8Array;
}

export function readEthereumHeader(bytes: Uint8Array): Header {
  const fields = fieldsOf(bytes, ETHEREUM_FIELDS);
  return {
    hash: keccak(bytes),
    number: quantity(fields[8], 8),
    time: quantity(fields[11], 8),
    stateRoot: hash(fields[3]),
    seals: null,
  };
}

export function readIstanbulHeader(bytes: Uint8Array): Header {
  const fields = fieldsOf(bytes, ISTANBUL_FIELDS);
  if (ISTANBUL_LENGTHS.some((length, at) => fields[at]?.length !== length)) {
    throw new Refusal("header-value");
  }
  const extra = fields[EXTRA_DATA] as Uint8Array;
  if (extra.length < VANITY) throw new Refusal("header-extra");
  const vanity = extra.slice(0, VANITY);
  if (vanity[VANITY - 1] !== 0) throw new Refusal("header-round");
  const sealed = decodeRlp(extra.slice(VANITY));
  if (!Array.isArray(sealed) || sealed.length !== 3) throw new Refusal("header-extra");
  const [validators, proposer, committed] = sealed as [Rlp, Rlp, Rlp];
  if (!Array.isArray(validators) || !isBytes(proposer) || !Array.isArray(committed)) {
    throw new Refusal("header-extra");
  }
  const members = validators.every((each) => isBytes(each) && each.length === 20);
  const lengths = [proposer, ...committed].every((each) => isBytes(each) && each.length === 65);
  if (!members || !lengths) throw new Refusal("header-extra");
  const hashWith = (seal: Uint8Array) => {
    const changed: Rlp[] = [...fields];
    changed[EXTRA_DATA] = concat(vanity, encodeRlp([validators, seal, []]));
    return keccak(encodeRlp(changed));
  };
  const blockHash = hashWith(proposer);
  return {
    hash: blockHash,
    number: quantity(fields[7], 8),
    time: quantity(fields[9], 8),
    stateRoot: hash(fields[2]),
    seals: {
      proposer,
      committed: committed as Uint8Array[],
      proposed: keccak(hashWith(new Uint8Array())),
      decided: keccak(concat(blockHash, Uint8Array.of(2))),
    },
  };
}

function fieldsOf(bytes: Uint8Array, counts: readonly number[]): Uint8Array[] {
  const fields = decodeRlp(bytes);
  if (!Array.isArray(fields)) throw new Refusal("header-no-rlp");
  if (!counts.includes(fields.length) || !fields.every(isBytes)) {
    throw new Refusal("header-fields", { count: fields.length });
  }
  return fields as Uint8Array[];
}

/** A number without zeros ahead, of so many bytes at most, that JavaScript counts exactly. */
function quantity(field: Uint8Array | undefined, most: number): number {
  if (field === undefined || field.length > most || field[0] === 0) {
    throw new Refusal("header-value");
  }
  return Number(toNumber(field));
}

function hash(field: Uint8Array | undefined): Uint8Array {
  if (field?.length !== 32) throw new Refusal("header-value");
  return field;
}

/** The bytes of a header as a node tells it, by the names of its answer and in their order. */
export function encodeHeader(
  answer: Record<string, unknown>,
  engine: "istanbul" | null,
): Uint8Array {
  const names = engine === "istanbul" ? ISTANBUL_ANSWER : ETHEREUM_ANSWER;
  const fields: Uint8Array[] = [];
  for (const [name, kind] of names) {
    const value = answer[name];
    if (value === undefined || value === null) {
      if (kind !== "later") throw new Refusal("node-answer");
      continue;
    }
    if (typeof value !== "string" || !/^0x[0-9a-fA-F]*$/.test(value))
      throw new Refusal("node-answer");
    const field = fieldOf(value.slice(2), QUANTITIES.has(name));
    // A node tells the round there, which nobody has signed: in evidence, and in the hash, it is 0.
    if (engine === "istanbul" && name === "extraData" && field.length >= VANITY)
      field[VANITY - 1] = 0;
    fields.push(field);
  }
  return encodeRlp(fields);
}

function fieldOf(digits: string, isQuantity: boolean): Uint8Array {
  if (isQuantity) {
    const value = BigInt(`0x${digits || "0"}`);
    return value === 0n
      ? new Uint8Array()
      : fromNumber(value, Math.ceil(value.toString(16).length / 2));
  }
  if (digits.length % 2 !== 0) throw new Refusal("node-answer");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

const ETHEREUM_ANSWER = [
  ["parentHash", "always"],
  ["sha3Uncles", "always"],
  ["miner", "always"],
  ["stateRoot", "always"],
  ["transactionsRoot", "always"],
  ["receiptsRoot", "always"],
  ["logsBloom", "always"],
  ["difficulty", "always"],
  ["number", "always"],
  ["gasLimit", "always"],
  ["gasUsed", "always"],
  ["timestamp", "always"],
  ["extraData", "always"],
  ["mixHash", "always"],
  ["nonce", "always"],
  ["baseFeePerGas", "later"],
  ["withdrawalsRoot", "later"],
  ["blobGasUsed", "later"],
  ["excessBlobGas", "later"],
  ["parentBeaconBlockRoot", "later"],
  ["requestsHash", "later"],
] as const;

const ISTANBUL_ANSWER = [
  ["parentHash", "always"],
  ["reward", "always"],
  ["stateRoot", "always"],
  ["transactionsRoot", "always"],
  ["receiptsRoot", "always"],
  ["logsBloom", "always"],
  ["blockScore", "always"],
  ["number", "always"],
  ["gasUsed", "always"],
  ["timestamp", "always"],
  ["timestampFoS", "always"],
  ["extraData", "always"],
  ["governanceData", "always"],
  ["voteData", "always"],
  ["baseFeePerGas", "always"],
  ["randomReveal", "later"],
  ["mixHash", "later"],
] as const;

const QUANTITIES = new Set([
  "difficulty",
  "number",
  "gasLimit",
  "gasUsed",
  "timestamp",
  "baseFeePerGas",
  "blobGasUsed",
  "excessBlobGas",
  "blockScore",
  "timestampFoS",
]);
