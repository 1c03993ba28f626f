// SPDX-License-Identifier: Apache-2.0
/** The signs of the verdicts and steps: shapes differ, not only colours. */

import type { Outcome } from "../core/verdict.ts";
import { svg } from "./elements.ts";

const CHECK = "M14 25.5l7 7 14-16";
const PATHS: Readonly<Record<Outcome, string>> = {
  valid: CHECK,
  stale: "M24 13v12l8 5",
  superseded: "M14 24h18M25 16l8 8-8 8",
  revoked: "M15 33L33 15",
  disposed: "M16 18h16M19 18l1.5 16h7L29 18M21 18v-4h6v4",
  conflict: "M24 12v14M24 33v.5",
  unknown: "M18 19a6 6 0 1 1 8.5 5.5c-2 1-2.5 2-2.5 4M24 34v.5",
  invalid: "M16 16l16 16M32 16L16 32",
};

export function verdictIcon(outcome: Outcome): SVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 48 48", class: "verdict-icon", "aria-hidden": "true" },
    svg("circle", { cx: 24, cy: 24, r: 22 }),
    svg("path", { d: PATHS[outcome] }),
  );
}

const STEP_PATHS = {
  done: "M4.5 8.5l2.5 2.5 5-6",
  failed: "M5 5l6 6M11 5l-6 6",
  unknown: "M6 6.2a2 2 0 1 1 2.8 1.8c-.6.3-.8.7-.8 1.4M8 11.6v.1",
  "not-needed": "M5 8h6",
  "not-reached": "",
} as const;

export type StepState = keyof typeof STEP_PATHS;

export function stepIcon(state: StepState): SVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 16 16", class: "step-icon", "aria-hidden": "true" },
    svg("circle", { cx: 8, cy: 8, r: 7 }),
    svg("path", { d: STEP_PATHS[state] }),
  );
}

/** The mark of the page: a document with a seal. */
export function mark(): SVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 40 40", class: "mark", "aria-hidden": "true" },
    svg("path", { d: "M10 4h15l7 7v25H10z", class: "mark-page" }),
    svg("path", { d: "M25 4v7h7M15 17h12M15 22h12", class: "mark-line" }),
    svg("circle", { cx: 27, cy: 30, r: 6.5, class: "mark-seal" }),
    svg("path", { d: "M24 30l2.2 2.2 3.8-4.4", class: "mark-check" }),
  );
}
