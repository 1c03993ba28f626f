// SPDX-License-Identifier: Apache-2.0
/** The records of a bundle. */

import { gravest, type Verdict } from "../core/verdict.ts";
import type { Language } from "./catalogue.ts";
import { element } from "./elements.ts";
import { countOf, shortened, type Say } from "./shown.ts";

/** How many are shown at first, and more at each press of the button. */
export const RECORDS_AT_ONCE = 50;

export interface Listing {
  readonly chosen: number;
  /** Which one heads the list. */
  readonly first: number;
  /** How many are shown. */
  readonly listed: number;
  readonly choose: (at: number) => void;
  readonly showMore: (listed: number) => void;
}

/** A bundle's records, to choose from, with the gravest of their verdicts. */
export function recordsView(
  verdicts: readonly Verdict[],
  { chosen, first, listed, choose, showMore }: Listing,
  language: Language,
  say: Say,
): HTMLElement {
  const rest = Math.min(verdicts.length - listed, RECORDS_AT_ONCE);
  const places = [...verdicts.keys()].filter((at) => at !== first);
  const worst = gravest(verdicts.map((each) => each.outcome));
  return element(
    "section",
    { class: "card records", "aria-labelledby": "records-title" },
    element(
      "h3",
      { id: "records-title" },
      `${say("records-checked", { count: countOf(verdicts.length, language) })}: `,
      element("span", { class: `badge ${worst}` }, say(`outcome.${worst}`)),
    ),
    element(
      "ol",
      {},
      ...[first, ...places].slice(0, listed).map((at) => {
        const each = verdicts[at] as Verdict;
        return element(
          "li",
          {},
          element(
            "button",
            {
              type: "button",
              id: `record-${at}`,
              "aria-pressed": String(at === chosen),
              onclick: () => choose(at),
            },
            element("code", {}, shortened(`0x${each.recordId}`)),
            element("span", { class: `badge ${each.outcome}` }, say(`outcome.${each.outcome}`)),
          ),
        );
      }),
    ),
    rest > 0
      ? element(
          "button",
          {
            type: "button",
            id: "show-more",
            onclick: () => showMore(listed + RECORDS_AT_ONCE),
          },
          say("show-more", { count: rest }),
        )
      : null,
  );
}
