// SPDX-License-Identifier: Apache-2.0
/** One record's verdict: in plain words first, then what it rests on. */

import type { Json } from "../core/canonical.ts";
import { fileOf, type Document } from "../core/disclosure.ts";
import { toHex } from "../core/bytes.ts";
import type { Reason } from "../core/reasons.ts";
import type { Trust } from "../core/trust.ts";
import { STEPS, type ProvenRecord, type Step, type Verdict } from "../core/verdict.ts";
import type { Language } from "./catalogue.ts";
import { element, type Child } from "./elements.ts";
import { stepIcon, verdictIcon, type StepState } from "./icons.ts";
import { agencyOf, countOf, dayOf, revocationOf, timeOf, visible, type Say } from "./shown.ts";
import { timeline } from "./timeline.ts";

const FOR_EVER = 0xfffff;

export interface Shown {
  readonly trust: Trust;
  readonly document: Document | null;
  readonly language: Language;
  readonly say: Say;
}

/** Everything about a verdict; `live` is the card of the live check, where there is one. */
export function verdictView(verdict: Verdict, shown: Shown, live: Child): HTMLElement {
  const { record, block } = verdict;
  return element(
    "div",
    { class: "verdict-parts" },
    headline(verdict, shown),
    record === null ? null : fieldsCard(record, shown),
    record === null || block === null
      ? null
      : timeline(record, block, shown.trust, shown.language, shown.say),
    live,
    vouchingCard(verdict, shown),
    record === null ? null : aboutCard(verdict, record, shown),
    stepsCard(verdict, shown),
    record === null ? null : notProven(shown),
  );
}

function headline(verdict: Verdict, { trust, language, say }: Shown): HTMLElement {
  const { outcome, step, reason, record } = verdict;
  const refused = outcome === "invalid" ? "why-not" : outcome === "unknown" ? "why-unknown" : null;
  return element(
    "section",
    { class: `card headline ${outcome}`, "data-outcome": outcome, "data-step": step ?? "" },
    verdictIcon(outcome),
    element(
      "div",
      {},
      element("p", { class: "outcome" }, say(`outcome.${outcome}`)),
      element("p", { class: "plain" }, say(`plain.${outcome}`)),
      reason === null ? null : element("p", { class: "reason" }, reasonOf(reason, trust, say)),
      refused !== null && step !== null
        ? element("p", { class: "quiet" }, say(refused, { step }))
        : null,
      isHeld(record) ? element("p", { class: "held" }, say("held-note")) : null,
      asOf(verdict, trust, language, say),
    ),
  );
}

function isHeld(record: ProvenRecord | null): boolean {
  return record !== null && record.holds + record.typeHolds > 0;
}

/** As of which block; of one that step 12 has not reached it is only told that the file names it. */
function asOf({ block, done }: Verdict, trust: Trust, language: Language, say: Say): HTMLElement {
  if (block === null) return element("p", { class: "as-of quiet" }, say("as-of-nothing"));
  const values = { block: block.number, chain: trust.chainId };
  if (!done.includes(12))
    return element("p", { class: "as-of quiet" }, say("claimed-block", values));
  return element(
    "p",
    { class: "as-of" },
    element("strong", {}, say("as-of", { time: timeOf(block.time, language) })),
    ` · ${say("as-of-block", values)}`,
  );
}

/** A reason in words. */
export function reasonOf(reason: Reason, trust: Trust, say: Say): string {
  const values = Object.fromEntries(
    Object.entries(reason.values).map(([name, value]) => {
      if (reason.name === "with-reason" && name === "reason")
        return [name, revocationOf(value, say)];
      if (name === "agency") return [name, agencyOf(Number(value), trust, say)];
      return [name, typeof value === "string" ? visible(value) : value];
    }),
  );
  return say(`reason.${reason.name}`, values);
}

function fieldsCard(record: ProvenRecord, { document, language, say }: Shown): HTMLElement | null {
  const { fields } = record;
  if (fields === null) return null;
  const names = [...fields.keys()];
  const hasFile = names.some((name) => fileOf(fields.get(name) as Json) !== null);
  return element(
    "section",
    { class: "card", "aria-labelledby": "fields-title" },
    element("h3", { id: "fields-title" }, say("fields-title")),
    element("p", { class: "lead" }, say(names.length === 0 ? "fields-none" : "fields-lead")),
    names.length === 0
      ? null
      : element(
          "table",
          { class: "fields" },
          element(
            "thead",
            {},
            element(
              "tr",
              {},
              element("th", { scope: "col" }, say("field-name")),
              element("th", { scope: "col" }, say("field-value")),
            ),
          ),
          element(
            "tbody",
            {},
            ...names.map((name) =>
              element(
                "tr",
                {},
                element("th", { scope: "row" }, element("bdi", {}, visible(name))),
                element("td", {}, valueView(fields.get(name) as Json, language, say)),
              ),
            ),
          ),
        ),
    document !== null && record.document !== null
      ? element(
          "p",
          { class: "note good" },
          stepIcon("done"),
          say("document-same", { name: visible(document.name), field: visible(record.document) }),
        )
      : null,
    document === null && hasFile
      ? element("p", { class: "note" }, say("document-not-checked"))
      : null,
  );
}

function valueView(value: Json, language: Language, say: Say): Child {
  if (typeof value === "string") return element("bdi", { class: "text" }, visible(value));
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return say(value ? "yes" : "no");
  if (value === null) return element("span", { class: "quiet" }, say("nothing"));
  const file = fileOf(value);
  if (file === null) {
    const lines = visible(JSON.stringify(value, null, 2));
    return element("pre", { tabindex: 0 }, lines);
  }
  const count = countOf(file.length, language);
  return element(
    "span",
    {},
    say("field-file", { type: visible(file.mediaType), count }),
    element("br", {}),
    element("code", { class: "hash" }, `SHA-256 ${toHex(file.digest)}`),
  );
}

function vouchingCard(
  { blockTrust, block, record }: Verdict,
  { trust, say }: Shown,
): HTMLElement | null {
  if (blockTrust === null || block === null) return null;
  const { by, signers, validators, handovers, witnesses } = blockTrust;
  const list = (names: readonly string[]) =>
    element(
      "ul",
      { class: "names" },
      ...names.map((name) => element("li", {}, element("code", {}, visible(name)))),
    );
  const entry = record?.entry ?? null;
  return element(
    "section",
    { class: "card", "aria-labelledby": "vouch-title" },
    element("h3", { id: "vouch-title" }, say("vouch-title")),
    element(
      "p",
      {},
      element("strong", {}, say("vouch-block", { block: block.number })),
      " ",
      by === "signatures"
        ? say("vouch-signed", { count: signers.length, all: validators })
        : say(by === "pinned" ? "vouch-pinned" : "vouch-node"),
    ),
    signers.length === 0 ? null : list(signers.map((each) => `0x${each}`)),
    handovers === 0 ? null : element("p", {}, say("vouch-handovers", { count: handovers })),
    witnesses.length === 0 ? null : element("p", {}, say("vouch-witnesses")),
    witnesses.length === 0 ? null : list(witnesses),
    element(
      "p",
      { class: "quiet" },
      `${say("vouch-hash")} `,
      element("code", { class: "hash" }, `0x${block.hash}`),
    ),
    entry === null
      ? null
      : element(
          "p",
          {},
          say(entry.witnesses.length === 0 ? "vouch-unique-agency" : "vouch-unique"),
        ),
    entry === null || entry.witnesses.length === 0 ? null : list(entry.witnesses),
    element("p", { class: "quiet print-only" }, `${say("trust-fingerprint")} ${trust.fingerprint}`),
  );
}

function aboutCard(
  verdict: Verdict,
  record: ProvenRecord,
  { trust, language, say }: Shown,
): HTMLElement {
  const { state } = record;
  const rows: [string, Child][] = [
    [say("about-id"), element("code", { class: "hash" }, `0x${verdict.recordId}`)],
    [say("about-issuer"), agencyOf(record.issuer, trust, say)],
    [say("about-custodian"), agencyOf(record.custodian, trust, say)],
    [
      say("about-type"),
      say("about-type-of", { type: record.type, agency: agencyOf(record.issuer, trust, say) }),
    ],
    record.shownVersion === null
      ? [say("about-latest"), String(record.latestVersion)]
      : [
          say("about-version"),
          say("about-version-of", { version: record.shownVersion, latest: record.latestVersion }),
        ],
    [say("about-holds"), say("about-holds-on", { count: record.holds, type: record.typeHolds })],
  ];
  if (state.status !== "none") {
    const day = state.retainUntilDay;
    rows.push([
      say("about-retention"),
      day === FOR_EVER ? say("about-for-ever") : dayOf(day, language),
    ]);
  }
  return element(
    "section",
    { class: "card", "aria-labelledby": "about-title" },
    element("h3", { id: "about-title" }, say("about-title")),
    element(
      "dl",
      {},
      ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
    ),
  );
}

function stateOf(step: Step, verdict: Verdict): StepState {
  if (verdict.done.includes(step)) return "done";
  const isRefused = verdict.outcome === "invalid" || verdict.outcome === "unknown";
  if (!isRefused) return "not-needed";
  if (step === verdict.step) return verdict.outcome === "invalid" ? "failed" : "unknown";
  return verdict.done.some((each) => each > step) ? "not-needed" : "not-reached";
}

function stepsCard(verdict: Verdict, { say }: Shown): HTMLElement {
  return element(
    "details",
    { class: "card steps", open: verdict.outcome === "invalid" || verdict.outcome === "unknown" },
    element("summary", {}, element("h3", {}, say("steps-title", { count: STEPS.length }))),
    element("p", { class: "lead" }, say("steps-lead")),
    element(
      "ol",
      {},
      ...STEPS.map((step) => {
        const state = stateOf(step, verdict);
        return element(
          "li",
          { class: `step ${state}`, "data-step": step },
          stepIcon(state),
          element("span", { class: "step-number" }, String(step)),
          element("span", {}, say(`step.${step}`)),
          element("span", { class: "step-state" }, say(`step-${state}`)),
        );
      }),
    ),
  );
}

function notProven({ say }: Shown): HTMLElement {
  return element(
    "section",
    { class: "card plain-card", "aria-labelledby": "not-title" },
    element("h3", { id: "not-title" }, say("not-title")),
    element(
      "ul",
      {},
      element("li", {}, say("not-true")),
      element("li", {}, say("not-all")),
      element("li", {}, say("not-now")),
    ),
  );
}
