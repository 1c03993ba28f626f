// SPDX-License-Identifier: Apache-2.0
/** Proofs of accounts and storage: walks through Merkle Patricia tries, from a root down. */

import { compareBytes, equal, toHex, fromNumber, toNumber } from "./bytes.ts";
import { keccak } from "./digests.ts";
import { Refusal } from "./reasons.ts";
import { decodeRlp, isBytes, type Rlp } from "./rlp.ts";

const EMPTY_TRIE = "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";

export interface Account {
  readonly storageRoot: Uint8Array;
  readonly codeHash: Uint8Array;
}

/** Trie nodes by their hash, and which of them were asked for. */
export class StateProof {
  readonly #nodes = new Map<string, Uint8Array>();
  readonly #used = new Set<string>();

  constructor(nodes: readonly Uint8Array[]) {
    for (const node of nodes) this.#nodes.set(toHex(keccak(node)), node);
  }

  /** How many nodes no walk has asked for. */
  get unused(): number {
    return this.#nodes.size - this.#used.size;
  }

  account(stateRoot: Uint8Array, address: Uint8Array, engine: "istanbul" | null): Account {
    const value = this.#value(stateRoot, address);
    if (value === null) throw new Refusal("account-missing");
    return engine === "istanbul" ? istanbulAccount(value) : ethereumAccount(value);
  }

  /** The word in a slot; 0 where the nodes show that nothing is there, or a value of nothing. */
  word(storageRoot: Uint8Array, slot: bigint): bigint {
    const value = this.#value(storageRoot, fromNumber(slot, 32));
    if (value === null) return 0n;
    const word = decodeRlp(value) ?? undefined;
    if (!isBytes(word) || word.length > 32 || word[0] === 0) {
      throw new Refusal("slot-form");
    }
    return toNumber(word);
  }

  /** The value at a key, null where it is proven that there is none. */
  #value(root: Uint8Array, key: Uint8Array): Uint8Array | null {
    if (toHex(root) === EMPTY_TRIE) return null;
    const path = toHex(keccak(key));
    let at = 0;
    let node = this.#node(root);
    for (;;) {
      if (node.length === 17) {
        if (at === path.length) return filled(node[16] as Rlp);
        const below = node[Number.parseInt(path[at] as string, 16)] as Rlp;
        at += 1;
        const next = this.#follow(below);
        if (next === null) return null;
        node = next;
        continue;
      }
      if (node.length !== 2) throw new Refusal("node-form");
      const [isLeaf, nibbles] = compactPath(node[0] as Rlp);
      const goesOn = path.startsWith(nibbles, at);
      if (isLeaf)
        return goesOn && at + nibbles.length === path.length ? filled(node[1] as Rlp) : null;
      if (nibbles.length === 0) throw new Refusal("node-form");
      if (!goesOn) return null;
      at += nibbles.length;
      const next = this.#follow(node[1] as Rlp);
      if (next === null) throw new Refusal("node-form");
      node = next;
    }
  }

  /** The node that a reference leads to: by its hash, or, where it is short, in place. */
  #follow(reference: Rlp): Rlp[] | null {
    if (!isBytes(reference)) return reference;
    if (reference.length === 0) return null;
    if (reference.length !== 32) throw new Refusal("node-form");
    return this.#node(reference);
  }

  #node(hash: Uint8Array): Rlp[] {
    const name = toHex(hash);
    const bytes = this.#nodes.get(name);
    if (bytes === undefined) throw new Refusal("node-missing");
    this.#used.add(name);
    const node = decodeRlp(bytes);
    if (!Array.isArray(node)) throw new Refusal("node-form");
    return node;
  }
}

function filled(value: Rlp): Uint8Array | null {
  if (!isBytes(value)) throw new Refusal("node-form");
  return value.length === 0 ? null : value;
}

/** Hex-prefix encoding: whether it is a leaf, and the nibbles as hex digits. */
function compactPath(encoded: Rlp): [boolean, string] {
  if (!isBytes(encoded) || encoded.length === 0) throw new Refusal("node-form");
  const digits = toHex(encoded);
  const flag = Number.parseInt(digits[0] as string, 16);
  const isOdd = (flag & 1) === 1;
  if (flag > 3 || (!isOdd && digits[1] !== "0")) throw new Refusal("node-form");
  return [(flag & 2) === 2, digits.slice(isOdd ? 1 : 2)];
}

function ethereumAccount(value: Uint8Array): Account {
  const fields = decodeRlp(value);
  if (!Array.isArray(fields) || fields.length !== 4) throw new Refusal("account-form");
  return accountOf(fields[2], fields[3]);
}

function istanbulAccount(value: Uint8Array): Account {
  const contract = value[0] === 2 ? decodeRlp(value.slice(1)) : null;
  if (!Array.isArray(contract) || contract.length !== 4) throw new Refusal("account-form");
  const plain = contract[0];
  if (!Array.isArray(plain) || plain.length !== 5) throw new Refusal("account-form");
  const key = plain[3];
  if (!isBytes(key) || compareBytes(key, Uint8Array.of(3)) !== 0) throw new Refusal("account-form");
  return accountOf(contract[1], contract[2]);
}

function accountOf(storageRoot: Rlp | undefined, codeHash: Rlp | undefined): Account {
  const isHash = (each: Rlp | undefined): each is Uint8Array => isBytes(each) && each.length === 32;
  if (!isHash(storageRoot) || !isHash(codeHash)) throw new Refusal("account-form");
  return { storageRoot, codeHash };
}

export function requireCode(account: Account, codeHash: Uint8Array): void {
  if (!equal(account.codeHash, codeHash)) throw new Refusal("other-code");
}
