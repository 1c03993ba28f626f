// SPDX-License-Identifier: Apache-2.0
/** What a prepared transaction is, read from its data, or why it is not signed. */

import { AbiError } from "../../core/abi.ts";
import { fromHex } from "../../core/bytes.ts";
import { decodeCalls, differences, inOrderOf, type Asked, type DecodedCall, type Difference } from "../../core/calls.ts";
import { openAll, OpeningError, otherThanAsked, type Opened } from "../../core/openings.ts";
import type { Prepared } from "../../api/acts.ts";
import type { Session } from "../session.tsx";
import { requireKnownRegistry, UnknownRegistryError } from "./pinning.ts";
import type { Act } from "./acts.ts";
import { isAsAsked, rememberAsked } from "./remembering.ts";

export type Refused =
  | "refused-account"
  | "refused-difference"
  | "refused-data"
  | "refused-registry"
  | "refused-opening"
  | "refused-over";

export interface Fit {
  readonly calls: readonly DecodedCall[];
  readonly opened: readonly Opened[];
}

export interface Refusal {
  readonly refused: Refused;
  readonly values?: Readonly<Record<string, string>>;
}

/** Judges the transactions of an act: all of them, in order, or the refusal of one. */
export function judgeAll(
  prepared: readonly Prepared[],
  act: Act,
  session: Session,
  now: number,
): readonly Fit[] | Refusal {
  if (prepared.length > 1 && act.every === undefined && act.ofRecords === undefined) {
    return differing({ what: "transactions", asked: 1n, found: BigInt(prepared.length) });
  }
  const fits: Fit[] = [];
  for (const each of prepared) {
    const judged = judge(each, act, session, now);
    if ("refused" in judged) return judged;
    fits.push(judged);
  }
  if (act.ofRecords !== undefined) {
    const calls = fits.flatMap((each) => each.calls);
    const [first] = differences(calls, inOrderOf(calls, act.ofRecords));
    if (first !== undefined) return differing(first);
  }
  if (!("waiting" in act)) rememberAsked(prepared, now);
  return fits;
}

function differing({ what, asked, found }: Difference): Refusal {
  const values = { what, asked: String(asked), found: String(found) };
  return { refused: "refused-difference", values };
}

function judge(prepared: Prepared, act: Act, session: Session, now: number): Fit | Refusal {
  try {
    if (prepared.account.toLowerCase() !== session.account.toLowerCase()) {
      return { refused: "refused-account" };
    }
    if (prepared.expires * 1000 <= now) return { refused: "refused-over" };
    const calls = decodeCalls(fromHex(prepared.data));
    requireKnownRegistry(prepared, calls, session.registry);
    const asked = act.asked ?? (act.every === undefined ? [] : calls.map(() => act.every as Asked));
    if ("waiting" in act && isAsAsked(prepared) === false) return { refused: "refused-difference" };
    // Of what was asked for elsewhere this page knows nothing: its officer reads it, and decides.
    // What is done to many records is compared as a whole.
    const isJudgedLater = "waiting" in act || act.ofRecords !== undefined;
    const [first] = isJudgedLater ? [] : differences(calls, asked);
    if (first !== undefined) return differing(first);
    const opened = openAll(prepared.openings, calls);
    const other = otherThanMeant(act, opened);
    return other === null ? { calls, opened } : { refused: "refused-opening", values: other };
  } catch (error) {
    if (error instanceof UnknownRegistryError) return { refused: "refused-registry" };
    if (error instanceof OpeningError) return { refused: "refused-opening" };
    if (error instanceof AbiError || error instanceof RangeError) return { refused: "refused-data" };
    throw error;
  }
}

/** What stands behind the commitments and was not asked for; null where all is as it was asked. */
function otherThanMeant(act: Act, opened: readonly Opened[]): Record<string, string> | null {
  const compared = [
    ["content", act.content, (each: Opened) => each.opens === "content" && each.fields],
    ["terms", act.terms, (each: Opened) => each.opens === "terms" && each.terms],
    ["mandate", act.mandate, (each: Opened) => each.opens === "mandate" && { mandate: each.words }],
  ] as const;
  for (const [kind, meant, valuesOf] of compared) {
    if (meant === undefined) continue;
    const found = opened.find((each) => each.opens === kind);
    if (found === undefined) return { what: kind, asked: "1", found: "0" };
    const asked = typeof meant === "string" ? { mandate: meant.normalize("NFC") } : meant;
    const [name] = otherThanAsked({ ...asked }, { ...(valuesOf(found) || {}) });
    if (name !== undefined) return { what: name, asked: shownOf(asked, name), found: shownOf(valuesOf(found) || {}, name) };
  }
  return null;
}

function shownOf(values: object, name: string): string {
  return JSON.stringify((values as Record<string, unknown>)[name]) ?? "–";
}
