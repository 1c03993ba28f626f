// SPDX-License-Identifier: Apache-2.0
/** The language of the page: chosen by the browser, then by the officer, who is remembered. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { CATALOGUE, phrase, type Language, type Phrase, type Values } from "./catalogue.ts";

const KEPT = "muniment.language";

export type Say = (name: Phrase, values?: Values) => string;

export interface Words {
  readonly language: Language;
  readonly say: Say;
  /** The phrase of a composed name, or the text itself where there is none. */
  readonly sayOf: (name: string, otherwise: string) => string;
  readonly number: (value: number | bigint) => string;
  /** Unix seconds, to the minute or second, in UTC. */
  readonly time: (seconds: number) => string;
  readonly day: (seconds: number) => string;
  readonly bytes: (count: number) => string;
  readonly duration: (seconds: number) => string;
}

const LOCALES: Readonly<Record<Language, string>> = { en: "en-GB", zh: "zh-CN" };

export function firstLanguage(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function keepLanguage(language: Language): void {
  localStorage.setItem(KEPT, language);
}

export function wordsIn(language: Language): Words {
  const locale = LOCALES[language];
  const numbers = new Intl.NumberFormat(locale);
  const times = new Intl.DateTimeFormat(locale, {
    dateStyle: "medium",
    timeStyle: "medium",
    timeZone: "UTC",
  });
  const days = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
  const say: Say = (name, values) => phrase(language, name, values);
  return {
    language,
    say,
    sayOf: (name, otherwise) =>
      Object.hasOwn(CATALOGUE, name) ? say(name as Phrase) : otherwise,
    number: (value) => numbers.format(value),
    time: (seconds) => `${times.format(seconds * 1000)} UTC`,
    day: (seconds) => days.format(seconds * 1000),
    bytes: (count) => {
      const units = ["B", "kB", "MB", "GB", "TB"];
      let [value, unit] = [count, 0];
      while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
      const shown = new Intl.NumberFormat(locale, { maximumFractionDigits: unit === 0 ? 0 : 1 });
      return `${shown.format(value)} ${units[unit]}`;
    },
    duration: (seconds) => {
      if (seconds < 120) {
        const shown = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
        return say("seconds", { count: shown.format(seconds) });
      }
      if (seconds < 7200) return say("minutes", { count: Math.round(seconds / 60) });
      if (seconds < 172_800) return say("hours", { count: Math.round(seconds / 3600) });
      return say("days", { count: Math.round(seconds / 86_400) });
    },
  };
}

export const WordsContext = createContext<Words>(wordsIn("en"));

export function useWords(): Words {
  return useContext(WordsContext);
}
