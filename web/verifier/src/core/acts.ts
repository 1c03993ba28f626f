// SPDX-License-Identifier: Apache-2.0
/** The acts of a record, and the trace that they make (docs/SPEC.md, § 5). */

import { equal, fromNumber, toNumber } from "./bytes.ts";
import { hashOf, tag } from "./digests.ts";
import { hexBytes, integer, members, refused, UINT16, UINT32, type Path } from "./form.ts";
import { Refusal } from "./reasons.ts";
import { readState, withoutOffer, type RecordState } from "./state.ts";

const REGISTERED_TAG = tag("muniment.trace.registered.v1");
const ACT_TAG = tag("muniment.trace.act.v1");

export const KINDS = [
  "registered",
  "enrolled",
  "amended",
  "superseded",
  "revoked",
  "held",
  "released",
  "transferred",
  "disposed",
] as const;
export type Kind = (typeof KINDS)[number];

/** What the argument of each act is made of; `agency` stands with the acts that name who acts. */
const MEMBERS: Readonly<Record<Kind, readonly string[]>> = {
  registered: ["commitment"],
  enrolled: ["agency", "commitment", "leaf_hash", "journal", "index", "seal_size"],
  amended: ["agency", "commitment"],
  superseded: ["agency", "replacement"],
  revoked: ["agency", "reason"],
  held: ["case"],
  released: ["case"],
  transferred: ["agency", "from_agency"],
  disposed: ["agency", "proposer", "mandate"],
};

export interface Act {
  readonly kind: Kind;
  readonly word: bigint;
  readonly state: RecordState;
  /** Null for a registration that is the first act: its hash has none. */
  readonly account: Uint8Array | null;
  /** Who acted; 0 where the act is no agency's. */
  readonly agency: number;
  readonly argument: Uint8Array;
  /** Where it set one. */
  readonly commitment: Uint8Array | null;
  readonly replacement: Uint8Array | null;
  readonly reason: number | null;
  readonly fromAgency: number | null;
  readonly journal: number | null;
  readonly index: number | null;
}

export function readAct(value: unknown, path: Path, isFirst: boolean): Act {
  const named = (value as { act?: unknown } | null)?.act;
  const kind = KINDS.find((each) => each === named);
  if (kind === undefined) throw refused(`${path}.act`);
  const isFirstRegistration = kind === "registered" && isFirst;
  const required = ["act", "state", ...MEMBERS[kind], ...(isFirstRegistration ? [] : ["account"])];
  const object = members(value, path, required);
  const hash = (name: string) => hexBytes(object[name], `${path}.${name}`, 32);
  const count = (name: string, least: number, most?: number) =>
    integer(object[name], `${path}.${name}`, least, most);
  const has = (name: string) => MEMBERS[kind].includes(name);
  const word = toNumber(hash("state"));
  const state = readState(word);
  if (state === null) throw refused(`${path}.state`);
  const read = {
    commitment: has("commitment") ? hash("commitment") : null,
    replacement: has("replacement") ? hash("replacement") : null,
    reason: has("reason") ? count("reason", 0, UINT16) : null,
    fromAgency: has("from_agency") ? count("from_agency", 0, UINT32) : null,
    journal: has("journal") ? count("journal", 0, UINT32) : null,
    index: has("index") ? count("index", 0) : null,
  };
  const argument = (): Uint8Array => {
    switch (kind) {
      case "registered":
      case "amended":
        return hash("commitment");
      case "enrolled":
        return hashOf(
          hash("commitment"),
          hash("leaf_hash"),
          count("journal", 0, UINT32),
          count("index", 0),
          count("seal_size", 0),
        );
      case "superseded":
        return hash("replacement");
      case "revoked":
        return fromNumber(count("reason", 0, UINT16), 32);
      case "held":
      case "released":
        return hash("case");
      case "transferred":
        return fromNumber(count("from_agency", 0, UINT32), 32);
      case "disposed":
        return hashOf(hexBytes(object["proposer"], `${path}.proposer`, 20), hash("mandate"));
    }
  };
  return {
    kind,
    word,
    state,
    account: isFirstRegistration ? null : hexBytes(object["account"], `${path}.account`, 20),
    agency: kind === "registered" ? state.issuer : has("agency") ? count("agency", 1, UINT32) : 0,
    argument: argument(),
    ...read,
  };
}

/** What the three slots of a record hold. */
export interface RecordSlots {
  readonly commitment: bigint;
  readonly state: bigint;
  readonly traceHead: bigint;
}

/** Raises `Refusal` unless the acts lead exactly to the slots. */
export function requireTrace(recordId: Uint8Array, acts: readonly Act[], slots: RecordSlots): void {
  let head: Uint8Array = new Uint8Array(32);
  // The head of a registration is made without an offer, so one would not show there.
  if (acts.some((act) => act.word !== withoutOffer(act.word))) throw new Refusal("trace-state");
  acts.forEach((act, at) => {
    if (act.kind === "registered" && at === 0) {
      head = hashOf(REGISTERED_TAG, recordId, act.argument, withoutOffer(act.word));
      return;
    }
    const kind = KINDS.indexOf(act.kind) + 1;
    const account = act.account as Uint8Array;
    head = hashOf(ACT_TAG, head, recordId, kind, act.agency, account, act.word, act.argument);
  });
  const isSoleRegistration = acts.length === 1 && acts[0]?.kind === "registered";
  // The last act's own word is compared: no act leaves an offer behind.
  if ((acts.at(-1)?.word ?? 0n) !== withoutOffer(slots.state)) throw new Refusal("trace-state");
  if (slots.traceHead !== (isSoleRegistration ? 0n : toNumber(head)))
    throw new Refusal("trace-head");
  const commitment = acts.findLast((act) => act.commitment !== null)?.commitment;
  if (!equal(commitment ?? new Uint8Array(32), fromNumber(slots.commitment, 32))) {
    throw new Refusal("trace-commitment");
  }
}
