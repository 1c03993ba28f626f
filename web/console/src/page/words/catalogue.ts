// SPDX-License-Identifier: Apache-2.0
/**
 * All words of the pages, in both languages: `{name}` stands for a value, `{name|one|more}` for the
 * word that fits it. Who corrects one language has the other beside it. Chinese words are those of docs/zh/glossary.md.
 */

import { ACTING } from "./acting_words.ts";
import { ADMINISTRATION } from "./administration_words.ts";
import { EXCHANGE } from "./exchange_words.ts";
import { FRAME } from "./frame_words.ts";
import { PROBLEMS } from "./problem_words.ts";
import { RECORDS } from "./record_words.ts";
import { SERVICE } from "./service_words.ts";
import { WORK } from "./work_words.ts";

export const LANGUAGES = ["en", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

export type Both = readonly [english: string, chinese: string];
export type Values = Readonly<Record<string, string | number>>;

export const CATALOGUE = {
  ...FRAME,
  ...ACTING,
  ...RECORDS,
  ...WORK,
  ...ADMINISTRATION,
  ...EXCHANGE,
  ...SERVICE,
  ...PROBLEMS,
} as const satisfies Record<string, Both>;

export type Phrase = keyof typeof CATALOGUE;

/** A phrase in a language, with values in their places. */
export function phrase(language: Language, name: Phrase, values: Values = {}): string {
  const text: string = CATALOGUE[name][language === "en" ? 0 : 1];
  return text.replace(
    /\{([\w-]+)(?:\|([^|}]*)\|([^}]*))?\}/g,
    (place, key: string, one?: string, more?: string) =>
      (String(values[key]) === "1" ? one : more) ?? String(values[key] ?? place),
  );
}
