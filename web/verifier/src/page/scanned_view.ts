// SPDX-License-Identifier: Apache-2.0
/** The record of a code that was scanned, and whether what is shown is about that record. */

import type { Verdict } from "../core/verdict.ts";
import { element } from "./elements.ts";
import type { Say } from "./shown.ts";

/**
 * The record, in hex, that a verification link names: `#0x` and 64 lower-case digits. Null for any
 * other fragment. A link proves nothing, as anybody can print one: it decides which record is shown
 * first and what is said beside a verdict, never a verdict.
 */
export function recordOfLink(fragment: string): string | null {
  return /^#0x([0-9a-f]{64})$/.exec(fragment)?.[1] ?? null;
}

/** Where the scanned record stands among the verdicts; the first place where it does not. */
export function placeOf(scanned: string | null, verdicts: readonly Verdict[]): number {
  return Math.max(
    0,
    verdicts.findIndex((each) => each.recordId === scanned),
  );
}

/** Which record the code is for, before and beside its evidence. */
export function scannedCard(scanned: string, say: Say): HTMLElement {
  return element(
    "section",
    { class: "card scanned", id: "scanned", "aria-labelledby": "scanned-title" },
    element("h2", { id: "scanned-title" }, say("scanned-title")),
    element("code", { class: "hash" }, `0x${scanned}`),
    element("p", {}, say("scanned-lead")),
  );
}

/** Whether the shown verdict is of the scanned record; `all` are those of the whole file. */
export function scannedNote(
  scanned: string,
  shown: Verdict,
  all: readonly Verdict[],
  say: Say,
): HTMLElement {
  if (shown.recordId === scanned) {
    // What was not proven only claims to be about a record.
    const isProven = shown.outcome !== "invalid" && shown.outcome !== "unknown";
    return note("note", "same", say(isProven ? "scanned-same" : "scanned-claimed"));
  }
  const isInFile = all.some((each) => each.recordId === scanned);
  return isInFile
    ? note("note bad", "elsewhere", say("scanned-elsewhere"))
    : note("note bad", "other", say("scanned-other"));
}

function note(style: string, match: string, text: string): HTMLElement {
  return element(
    "p",
    { class: `${style} scanned-note`, id: "scanned-note", "data-match": match },
    match === "same" ? text : element("strong", {}, text),
  );
}
