// SPDX-License-Identifier: Apache-2.0
/** The live check's card: the only thing on the page that asks anybody. */

import type { LiveVerdict } from "../core/live.ts";
import type { Verdict } from "../core/verdict.ts";
import { element } from "./elements.ts";
import { verdictIcon } from "./icons.ts";
import { timeOf, visible } from "./shown.ts";
import { reasonOf, type Shown } from "./verdict_view.ts";

/** Asking, or what came of it; null before the button is pressed. */
export type LiveState = "asking" | LiveVerdict | null;

/** JSON-RPC over HTTP, as nodes speak it. */
export async function askNode(
  node: string,
  method: string,
  parameters: unknown[],
): Promise<unknown> {
  const response = await fetch(node, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: parameters }),
    credentials: "omit",
    referrerPolicy: "no-referrer",
    signal: AbortSignal.timeout(15_000),
  });
  const answer = (await response.json()) as { result?: unknown };
  if (answer.result === undefined || answer.result === null) throw new Error("no result");
  return answer.result;
}

export function liveCard(
  verdict: Verdict,
  live: LiveState,
  mayAsk: boolean,
  shown: Shown,
  check: () => void,
): HTMLElement {
  const { trust, say } = shown;
  const hasNodes = trust.nodes.length > 0;
  const isAsking = live === "asking";
  return element(
    "section",
    { class: "card live", "aria-labelledby": "live-title" },
    element("h3", { id: "live-title" }, say("live-title")),
    element(
      "p",
      { class: "lead" },
      say(!hasNodes ? "live-none" : mayAsk ? "live-lead" : "live-other-trust"),
    ),
    hasNodes && mayAsk
      ? element(
          "button",
          {
            type: "button",
            id: "live-button",
            class: "primary",
            disabled: isAsking,
            onclick: check,
          },
          say(live === null || isAsking ? "live-button" : "live-again"),
        )
      : null,
    element(
      "div",
      { "aria-live": "polite", id: "live-result" },
      isAsking
        ? element("p", {}, say("live-asking", { node: visible(trust.nodes.join(", ")) }))
        : live === null
          ? null
          : answerView(verdict, live, shown),
    ),
  );
}

function answerView(
  verdict: Verdict,
  live: LiveVerdict,
  { trust, language, say }: Shown,
): HTMLElement {
  const { outcome, reason, block, node, isUnchanged } = live;
  return element(
    "div",
    { class: `answer ${outcome}`, "data-outcome": outcome },
    verdictIcon(outcome),
    element(
      "div",
      {},
      element("p", { class: "outcome" }, say(`outcome.${outcome}`)),
      reason === null ? null : element("p", { class: "reason" }, reasonOf(reason, trust, say)),
      block === null
        ? element("p", {}, say("live-still", { outcome: say(`outcome.${verdict.outcome}`) }))
        : element("p", { class: "as-of" }, say("as-of", { time: timeOf(block.time, language) })),
      isUnchanged === null
        ? null
        : element("p", {}, say(isUnchanged ? "live-unchanged" : "live-changed")),
      node === null || block === null
        ? null
        : element("p", { class: "quiet" }, say("live-by", { node: visible(node) })),
    ),
  );
}
