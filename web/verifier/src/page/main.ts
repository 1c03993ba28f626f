// SPDX-License-Identifier: Apache-2.0
/** The page: what was given, what came of it, and what may be done next. */

import { fromBase64, fromHex } from "../core/bytes.ts";
import type { Document } from "../core/disclosure.ts";
import { readEvidence } from "../core/evidence_file.ts";
import { askBlockHash, checkLive } from "../core/live.ts";
import { readTrust } from "../core/trust.ts";
import type { Verdict } from "../core/verdict.ts";
import { verify } from "../core/verifier.ts";
import { LANGUAGES, type Language } from "./catalogue.ts";
import { element } from "./elements.ts";
import { bytesOf, documentOf, isEvidence } from "./files.ts";
import { mark } from "./icons.ts";
import { askNode, liveCard, type LiveState } from "./live_view.ts";
import { RECORDS_AT_ONCE, recordsView } from "./records_view.ts";
import { placeOf, recordOfLink, scannedCard, scannedNote } from "./scanned_view.ts";
import { countOf, sayIn, visible, type Say } from "./shown.ts";
import { loadTrust, trustView, type Trusted, type TrustProblem } from "./trust_view.ts";
import { verdictView } from "./verdict_view.ts";

/** The trust file that the page was built with, in base64. */
declare const BUILT_IN_TRUST: string;

const BUILT_IN: Trusted = {
  trust: readTrust(fromBase64(BUILT_IN_TRUST) as Uint8Array),
  isBuiltIn: true,
};

interface Given {
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface State {
  language: Language;
  /** The record that the page's link names. */
  scanned: string | null;
  trusted: Trusted;
  problem: TrustProblem | null;
  evidence: Given | null;
  document: Document | null;
  isChecking: boolean;
  hasFailed: boolean;
  verdicts: readonly Verdict[];
  /** Null until a record of the file was chosen by hand: then the scanned one is shown, or the first. */
  chosen: number | null;
  listed: number;
  live: LiveState;
}

const state: State = {
  language: /^zh\b/i.test(navigator.language) ? "zh" : "en",
  scanned: recordOfLink(location.hash),
  trusted: BUILT_IN,
  problem: null,
  evidence: null,
  document: null,
  isChecking: false,
  hasFailed: false,
  verdicts: [],
  chosen: null,
  listed: RECORDS_AT_ONCE,
  live: null,
};
const root = document.getElementById("page") as HTMLElement;

/** Change the state and show it, with the focus where it was. */
function change(changes: Partial<State>): void {
  Object.assign(state, changes);
  const focused = document.activeElement?.id ?? "";
  root.replaceChildren(...view());
  document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
  document.title = `${sayIn(state.language)("title")} · Muniment`;
  if (focused !== "") document.getElementById(focused)?.focus({ preventScroll: true });
}

const seconds = () => Math.floor(Date.now() / 1000);

/** Check what is given, after the page had the time to say so. */
async function check(nodesHash: string | null = null): Promise<void> {
  const { evidence, document: compared, trusted } = state;
  if (evidence === null) return change({ hasFailed: false, verdicts: [], live: null });
  change({ isChecking: true, hasFailed: false, live: null });
  await new Promise((resolve) => setTimeout(resolve, 20));
  const options = {
    now: seconds(),
    document: compared,
    nodesHash: nodesHash === null ? null : () => nodesHash,
  };
  let verdicts: readonly Verdict[] = [];
  try {
    verdicts = verify(evidence.bytes, trusted.trust, options);
  } catch (error) {
    // It would be a fault of the page and says nothing of the file: so no verdict is shown.
    console.error(error);
  }
  const last = Math.max(0, verdicts.length - 1);
  const chosen = state.chosen === null ? null : Math.min(state.chosen, last);
  change({ isChecking: false, hasFailed: verdicts.length === 0, verdicts, chosen });
}

const shownAt = () => state.chosen ?? placeOf(state.scanned, state.verdicts);

async function give(files: readonly File[], slot: "evidence" | "document" | null): Promise<void> {
  for (const file of files) {
    const isFor =
      slot ?? ((await isEvidence(file)) || state.evidence === null ? "evidence" : "document");
    if (isFor === "evidence") {
      state.evidence = { name: file.name, bytes: await bytesOf(file) };
      Object.assign(state, { chosen: null, listed: RECORDS_AT_ONCE });
    } else {
      state.document = await documentOf(file);
    }
  }
  await check();
  document.getElementById("result")?.focus();
}

/** Evidence before documents, so that both can be dropped together in any order. */
async function drop(files: readonly File[]): Promise<void> {
  const sorted: File[] = [];
  for (const file of files) {
    if (await isEvidence(file)) sorted.unshift(file);
    else sorted.push(file);
  }
  await give(sorted, null);
}

async function checkNow(): Promise<void> {
  const { trust } = state.trusted;
  change({ live: "asking" });
  let verdict = state.verdicts[shownAt()] as Verdict;
  if (verdict.outcome === "unknown" && verdict.step === 12 && verdict.block !== null) {
    // The file's own block first: a node that the trust file names may give its hash.
    const hash = await askBlockHash(verdict.block.number, trust, askNode);
    if (state.verdicts[shownAt()] !== verdict) return;
    if (hash !== null) await check(hash);
    verdict = state.verdicts[shownAt()] as Verdict;
  }
  const subject = subjectOf(verdict);
  if (subject === null) {
    const reason = { name: "unreachable", values: { node: trust.nodes.join(", ") } } as const;
    const nothing = { node: null, block: null, blockTrust: null, isUnchanged: null, holds: null };
    return change({
      live: verdict.record === null ? { ...nothing, outcome: "unknown", reason } : null,
    });
  }
  change({ live: "asking" });
  const live = await checkLive(subject, trust, seconds(), askNode);
  // Another record may be shown by now, of which this answer says nothing.
  if (state.verdicts[shownAt()] === verdict) change({ live });
}

function subjectOf({ record, block, recordId }: Verdict) {
  const file = state.evidence === null ? null : readEvidence(state.evidence.bytes);
  if (record === null || block === null || file === null || "conflict" in file) return null;
  const id = fromHex(recordId);
  const evident = file.records[shownAt()];
  return { recordId: id, record, block, entry: evident?.entry ?? null };
}

/** Whether asking a node can tell more: of what a file has proven, or of its block. */
function canBeAsked(verdict: Verdict): boolean {
  return verdict.record !== null || (verdict.outcome === "unknown" && verdict.step === 12);
}

// --- what is shown ------------------------------------------------------------------------------

function view(): HTMLElement[] {
  const say = sayIn(state.language);
  const actions = {
    choose: (files: readonly File[]) => void chooseTrust(files),
    back: () => {
      state.trusted = BUILT_IN;
      state.problem = null;
      void check();
    },
  };
  return [
    header(say),
    element(
      "main",
      {},
      element("h1", {}, say("title")),
      element("p", { class: "lead" }, say("lead")),
      element("p", { class: "promise" }, say("nothing-leaves")),
      state.scanned === null ? null : scannedCard(state.scanned, say),
      slots(say),
      element(
        "div",
        { "aria-live": "polite" },
        state.isChecking ? element("p", {}, say("checking")) : null,
      ),
      state.hasFailed
        ? element("p", { class: "note bad", role: "alert" }, say("page-failed"))
        : null,
      results(say),
    ),
    element(
      "footer",
      {},
      trustView(state.trusted, state.problem, seconds(), state.language, say, actions),
      element("p", { class: "quiet" }, say("made-with")),
    ),
  ];
}

async function chooseTrust(files: readonly File[]): Promise<void> {
  if (files.length === 0) return;
  const found = await loadTrust(files);
  if ("phrase" in found) return change({ problem: found });
  Object.assign(state, { trusted: found, problem: null });
  await check();
}

function header(say: Say): HTMLElement {
  const names = { en: "English", zh: "中文" };
  return element(
    "header",
    {},
    element("span", { class: "brand" }, mark(), "Muniment"),
    element(
      "div",
      { class: "languages", role: "group", "aria-label": say("language") },
      ...LANGUAGES.map((each) =>
        element(
          "button",
          {
            type: "button",
            id: `language-${each}`,
            lang: each === "zh" ? "zh-CN" : "en",
            "aria-pressed": String(each === state.language),
            onclick: () => change({ language: each }),
          },
          names[each],
        ),
      ),
    ),
  );
}

function slots(say: Say): HTMLElement {
  return element(
    "div",
    { class: "slots" },
    slot("evidence", state.evidence?.name ?? null, state.evidence?.bytes.length ?? 0, say),
    slot("document", state.document?.name ?? null, state.document?.length ?? 0, say),
    element("p", { class: "quiet drop-hint" }, say("drop-here")),
  );
}

function slot(
  kind: "evidence" | "document",
  name: string | null,
  size: number,
  say: Say,
): HTMLElement {
  const isEmpty = name === null;
  const count = countOf(size, state.language);
  return element(
    "div",
    { class: `slot ${isEmpty ? "empty" : "filled"}` },
    element(
      "p",
      { class: "slot-title", id: `${kind}-title` },
      say(`${kind}-slot`),
      kind === "document" ? element("span", { class: "quiet" }, ` ${say("optional")}`) : null,
    ),
    isEmpty
      ? element("p", { class: "quiet", id: `${kind}-hint` }, say(`${kind}-hint`))
      : element(
          "p",
          { class: "given", id: `${kind}-hint` },
          element("bdi", {}, visible(name)),
          element("span", { class: "quiet" }, ` ${say("bytes", { count })}`),
        ),
    element(
      "div",
      { class: "controls" },
      element(
        "label",
        { class: `button${kind === "evidence" && isEmpty ? " primary" : ""}` },
        say(isEmpty ? "choose" : "choose-other"),
        element("input", {
          type: "file",
          id: `${kind}-input`,
          class: "covered",
          "aria-labelledby": `${kind}-title`,
          "aria-describedby": `${kind}-hint`,
          onchange: (event) => {
            const files = [...((event.target as HTMLInputElement).files ?? [])];
            if (files.length > 0) void give(files, kind);
          },
        }),
      ),
      isEmpty
        ? null
        : element(
            "button",
            {
              type: "button",
              id: `${kind}-remove`,
              "aria-label": say("remove", { name: visible(name) }),
              onclick: () => {
                state[kind] = null;
                void check();
              },
            },
            "×",
          ),
    ),
  );
}

function results(say: Say): HTMLElement | null {
  const { verdicts, scanned, trusted, language } = state;
  const chosen = shownAt();
  const verdict = verdicts[chosen];
  if (verdict === undefined || state.isChecking) return null;
  // What is said of the scanned record is read out with the title, which gets the focus.
  const note = scanned === null ? false : "scanned-note";
  const shown = { trust: trusted.trust, document: state.document, language, say };
  const live = canBeAsked(verdict)
    ? liveCard(verdict, state.live, trusted.isBuiltIn, shown, () => void checkNow())
    : null;
  const listing = {
    chosen,
    first: placeOf(scanned, verdicts),
    listed: state.listed,
    choose: (at: number) => change({ chosen: at, live: null }),
    showMore: (listed: number) => change({ listed }),
  };
  return element(
    "article",
    { "aria-labelledby": "result" },
    element(
      "div",
      { class: "result-line" },
      element("h2", { id: "result", tabindex: -1, "aria-describedby": note }, say("result")),
      element(
        "div",
        { class: "controls" },
        element(
          "button",
          { type: "button", id: "print", onclick: () => window.print() },
          say("print"),
        ),
        element(
          "button",
          {
            type: "button",
            id: "again",
            onclick: () => {
              Object.assign(state, { evidence: null, document: null });
              void check();
            },
          },
          say("start-again"),
        ),
      ),
    ),
    trusted.isBuiltIn ? null : element("p", { class: "note bad" }, say("trust-by-hand")),
    verdicts.length > 1 ? recordsView(verdicts, listing, language, say) : null,
    scanned === null ? null : scannedNote(scanned, verdict, verdicts, say),
    verdictView(verdict, shown, live),
  );
}

// --- what happens on the page -------------------------------------------------------------------

let dragged = 0;
function setDragging(by: number): void {
  dragged = by === 0 ? 0 : Math.max(0, dragged + by);
  const isOver = dragged > 0;
  document.body.classList.toggle("dragging", isOver);
  if (isOver) document.body.dataset["drop"] = sayIn(state.language)("drop-now");
}
addEventListener("dragenter", () => setDragging(1));
addEventListener("dragleave", () => setDragging(-1));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  setDragging(0);
  const files = [...(event.dataTransfer?.files ?? [])];
  if (files.length > 0) void drop(files);
});
addEventListener("hashchange", () => {
  const scanned = recordOfLink(location.hash);
  if (scanned !== state.scanned) change({ scanned, chosen: null, live: null });
});
// What is folded shut on the screen is open on paper.
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details")) each.open = true;
});
change({});
