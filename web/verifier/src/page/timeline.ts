// SPDX-License-Identifier: Apache-2.0
/** The trace as a picture over time, and as a list. The numbers in the one are those of the other. */

import type { Act, Kind } from "../core/acts.ts";
import { toHex } from "../core/bytes.ts";
import type { Trust } from "../core/trust.ts";
import type { ProvenBlock, ProvenEntry, ProvenRecord } from "../core/verdict.ts";
import type { Language } from "./catalogue.ts";
import { element, svg, type Child } from "./elements.ts";
import { agencyOf, dayOf, revocationOf, shortened, timeOf, type Say } from "./shown.ts";

const WIDTH = 680;
const EDGE = 24;
const AXIS = 40;
const LEAST_GAP = 26;
const MOST_DOTS = 20;

const TONE: Readonly<Record<Kind, string>> = {
  registered: "begin",
  enrolled: "begin",
  amended: "go",
  transferred: "go",
  held: "hold",
  released: "go",
  superseded: "end",
  revoked: "end",
  disposed: "end",
};

interface Moment {
  readonly time: number;
  readonly tone: string;
  readonly title: string;
  readonly details: readonly Child[];
}

export function timeline(
  record: ProvenRecord,
  block: ProvenBlock,
  trust: Trust,
  language: Language,
  say: Say,
): HTMLElement {
  const moments = [
    ...(record.entry === null ? [] : [ofEntry(record.entry, trust, language, say)]),
    ...record.acts.map((act) => ofAct(act, trust, say)),
  ].sort((a, b) => a.time - b.time);
  return element(
    "section",
    { class: "card", "aria-labelledby": "trace-title" },
    element("h3", { id: "trace-title" }, say("trace-title")),
    element("p", { class: "lead" }, say("trace-lead")),
    moments.length <= MOST_DOTS ? picture(moments, block, language, say) : null,
    element("ol", { class: "acts" }, ...moments.map((each) => item(each, language))),
    record.acts.length === 0 ? element("p", { class: "quiet" }, say("trace-empty")) : null,
  );
}

function ofEntry(entry: ProvenEntry, trust: Trust, language: Language, say: Say): Moment {
  const { journal, index } = entry;
  return {
    time: entry.sealedAt,
    tone: "begin",
    title: say("entry-sealed"),
    details: [
      say("act-by", { agency: agencyOf(entry.agency, trust, say) }),
      say("act-entry", { journal, index }),
      say("act-claimed", { time: timeOf(entry.time, language) }),
    ],
  };
}

function ofAct(act: Act, trust: Trust, say: Say): Moment {
  const details: Child[] = [];
  if (act.kind === "transferred") {
    const from = agencyOf(act.fromAgency ?? 0, trust, say);
    details.push(say("act-from-to", { from, to: agencyOf(act.agency, trust, say) }));
  } else if (act.agency !== 0) {
    details.push(say("act-by", { agency: agencyOf(act.agency, trust, say) }));
  }
  if (act.commitment !== null) details.push(say("act-version", { version: act.state.version }));
  if (act.reason !== null)
    details.push(say("act-reason", { reason: revocationOf(act.reason, say) }));
  if (act.replacement !== null) {
    details.push(say("act-record", { record: shortened(`0x${toHex(act.replacement)}`) }));
  }
  if (act.journal !== null && act.index !== null) {
    details.push(say("act-entry", { journal: act.journal, index: act.index }));
  }
  if (act.account !== null) {
    details.push(say("act-account", { account: shortened(`0x${toHex(act.account)}`) }));
  }
  return {
    time: act.state.updatedAt,
    tone: TONE[act.kind],
    title: say(`act.${act.kind}`),
    details,
  };
}

function item(moment: Moment, language: Language): HTMLElement {
  const details = moment.details.flatMap((each, at) => (at === 0 ? [each] : [" · ", each]));
  return element(
    "li",
    { class: `act ${moment.tone}` },
    element("strong", {}, moment.title),
    element("time", {}, timeOf(moment.time, language)),
    element("span", { class: "quiet" }, ...details),
  );
}

/** Dots along a line in proportion to time, but never so near that they cover one another. */
function picture(
  moments: readonly Moment[],
  block: ProvenBlock,
  language: Language,
  say: Say,
): SVGElement | null {
  const [first] = moments;
  if (first === undefined) return null;
  const end = Math.max(block.time, moments.at(-1)?.time ?? 0);
  const span = Math.max(end - first.time, 1);
  const room = WIDTH - 2 * EDGE;
  const places: number[] = [];
  for (const { time } of moments) {
    const fair = EDGE + ((time - first.time) / span) * room;
    places.push(Math.max(fair, (places.at(-1) ?? -LEAST_GAP) + LEAST_GAP));
  }
  // The last place is the block's: pushed together from the right where there is no room.
  for (
    let at = places.length - 1, most = WIDTH - EDGE - LEAST_GAP;
    at >= 0;
    at--, most -= LEAST_GAP
  ) {
    places[at] = Math.min(places[at] as number, most);
  }
  const right = WIDTH - EDGE;
  const days = {
    from: dayOf(Math.floor(first.time / 86_400), language),
    to: dayOf(Math.floor(end / 86_400), language),
  };
  return svg(
    "svg",
    {
      viewBox: `0 0 ${WIDTH} 84`,
      class: "timeline",
      role: "img",
      "aria-label": say("trace-picture", { count: moments.length, ...days }),
    },
    svg("line", { x1: places[0] as number, y1: AXIS, x2: right, y2: AXIS, class: "axis" }),
    svg("line", { x1: right, y1: AXIS - 14, x2: right, y2: AXIS + 14, class: "now" }),
    ...moments.flatMap((each, at) => [
      svg("circle", { cx: places[at] as number, cy: AXIS, r: 11, class: `dot ${each.tone}` }),
      svg("text", { x: places[at] as number, y: AXIS + 4, class: "number" }, String(at + 1)),
    ]),
    svg("text", { x: EDGE - 11, y: 76, class: "date" }, days.from),
    svg("text", { x: right + 11, y: 76, class: "date last" }, say("as-of", { time: days.to })),
  );
}
