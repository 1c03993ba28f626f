// SPDX-License-Identifier: Apache-2.0
/** Values as people read them. */

import type { Trust } from "../core/trust.ts";
import { phrase, type Language, type Phrase } from "./catalogue.ts";

/** Says phrases in the chosen language. */
export type Say = (name: Phrase, values?: Readonly<Record<string, string | number>>) => string;

export function sayIn(language: Language): Say {
  return (name, values = {}) => phrase(language, name, values);
}

// Characters that show nothing, or turn the direction of what stands around them.
const HIDDEN = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;

/** A text of a file, with what would be invisible in it made visible. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (each) =>
    each === "\n"
      ? each
      : `⟨U+${(each.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")}⟩`,
  );
}

/** Unix seconds as a date and a time in UTC. */
export function timeOf(seconds: number, language: Language): string {
  const milliseconds = seconds * 1000;
  if (!Number.isFinite(milliseconds) || Math.abs(milliseconds) > 8.64e15) return String(seconds);
  const [date, time] = new Date(milliseconds).toISOString().split("T") as [string, string];
  return `${dateIn(date, language)} ${time.slice(0, 8)} UTC`;
}

/** A day counted from 1970-01-01. */
export function dayOf(day: number, language: Language): string {
  return dateIn(new Date(day * 86_400_000).toISOString().slice(0, 10), language);
}

function dateIn(date: string, language: Language): string {
  if (language !== "zh") return date;
  const [year, month, day] = date.split("-") as [string, string, string];
  return `${year}年${Number(month)}月${Number(day)}日`;
}

export function countOf(value: number, language: Language): string {
  return new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en").format(value);
}

export function agencyOf(id: number, trust: Trust, say: Say): string {
  const name = trust.agencies.get(id);
  return name === undefined
    ? say("agency-unnamed", { id })
    : say("agency", { name: visible(name), id });
}

/** Why a record was revoked, in words for the codes that the SPEC has (§ 10). */
export function revocationOf(code: string | number, say: Say): string {
  const name = `revocation.${code}`;
  const known = ["0", "1", "2", "3", "4", "5"].includes(String(code));
  return known ? say(name as Phrase) : say("revocation.other", { code });
}

/** The beginning and the end of a long hash. */
export function shortened(hex: string): string {
  return hex.length <= 20 ? hex : `${hex.slice(0, 10)}…${hex.slice(-8)}`;
}
