// SPDX-License-Identifier: Apache-2.0
/** Hand-overs from one set of validators to the next (docs/spec/evidence.md, § 6). */

import { concat, utf8 } from "./bytes.ts";
import { canonicalText, type JsonObject } from "./canonical.ts";
import { keccak } from "./digests.ts";
import { hexBytes, integer, items, members, refused, text, type Path } from "./form.ts";
import { Refusal } from "./reasons.ts";
import { quorumOf, signerOf } from "./signers.ts";

const FORMAT = "muniment/handover/v1";
const TAG = utf8("muniment/handover/v1\0");
const MEMBERS = ["block_hash", "block_number", "chain_id", "format", "new", "old", "signatures"];

export interface HandOver {
  readonly chainId: number;
  readonly block: number;
  /** Addresses in hex, ascending. */
  readonly old: readonly string[];
  readonly next: readonly string[];
  readonly signatures: readonly Uint8Array[];
  /** What is signed. */
  readonly statement: Uint8Array;
}

export function readHandOver(value: unknown, path: Path): HandOver {
  const object = members(value, path, MEMBERS);
  if (object["format"] !== FORMAT) throw refused(`${path}.format`);
  const chainId = integer(object["chain_id"], `${path}.chain_id`, 1);
  const block = integer(object["block_number"], `${path}.block_number`, 0);
  hexBytes(object["block_hash"], `${path}.block_hash`, 32);
  const old = setOf(object["old"], `${path}.old`);
  const next = setOf(object["new"], `${path}.new`);
  if (sameSet(old, next)) throw refused(`${path}.new`);
  const signatures = items(object["signatures"], `${path}.signatures`, 0, 42).map((each, index) =>
    hexBytes(each, `${path}.signatures[${index}]`, 65),
  );
  const unsigned: JsonObject = {};
  for (const name of MEMBERS) {
    if (name !== "signatures") unsigned[name] = object[name] as JsonObject[string];
  }
  const statement = keccak(concat(TAG, utf8(canonicalText(unsigned))));
  return { chainId, block, old, next, signatures, statement };
}

function setOf(value: unknown, path: Path): string[] {
  const set = items(value, path, 1, 21).map((each, index) => {
    hexBytes(each, `${path}[${index}]`, 20);
    return text(each, path);
  });
  if (set.some((each, index) => index > 0 && each <= (set[index - 1] as string)))
    throw refused(path);
  return set;
}

export function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.join() === b.join();
}

/** Raises `Refusal` unless a quorum of the old set and each member new in the other have signed. */
export function requireSigned(handover: HandOver): void {
  const values = { block: handover.block };
  const signers: string[] = [];
  for (const signature of handover.signatures) {
    const signer = signerOf(signature, handover.statement);
    if (signer === null || !(handover.old.includes(signer) || handover.next.includes(signer))) {
      throw new Refusal("handover-signer", values);
    }
    const before = signers.at(-1);
    if (before !== undefined && signer <= before)
      throw new Refusal("handover-signers-order", values);
    signers.push(signer);
  }
  const ofOld = signers.filter((each) => handover.old.includes(each)).length;
  if (ofOld < quorumOf(handover.old.length)) throw new Refusal("handover-quorum", values);
  const joining = handover.next.filter((each) => !handover.old.includes(each));
  if (!joining.every((each) => signers.includes(each))) {
    throw new Refusal("handover-new-member", values);
  }
}
