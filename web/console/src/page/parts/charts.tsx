// SPDX-License-Identifier: Apache-2.0
/** Charts drawn as SVG. Who does not see them reads the same numbers in the table below each. */

import type { ComponentChildren } from "preact";
import { useWords } from "../words/language.tsx";
import { TableOf } from "./tables.tsx";

const WIDTH = 640;
const HEIGHT = 260;
const LEFT = 58;
const BOTTOM = 32;
const TOP = 12;

export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

interface ChartProperties {
  readonly title: string;
  /** What stands below, one for each value. */
  readonly labels: readonly string[];
  readonly series: readonly Series[];
  readonly shown?: (value: number) => string;
}

/** Round numbers from 0 up to at least `most`. */
export function ticks(most: number, count = 4): number[] {
  if (most <= 0) return [0, 1];
  const rough = most / count;
  const scale = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(
    ([1, 2, 2.5, 5, 10].find((each) => each * scale >= rough) as number) * scale,
    most < 5 && Number.isInteger(most) ? 1 : 0,
  );
  const found = [0];
  while ((found.at(-1) as number) < most) found.push(found.length * step);
  return found;
}

function Frame(properties: ChartProperties & { readonly children: ComponentChildren }) {
  const { title, labels, series, children } = properties;
  const { number, say } = useWords();
  const shown = properties.shown ?? number;
  return (
    <figure>
      {children}
      {series.length > 1 && (
        <ul class="legend">
          {series.map((each, at) => (
            <li key={each.name} class={`c${(at % 5) + 1}`}>
              {each.name}
            </li>
          ))}
        </ul>
      )}
      <details class="as-table">
        <summary>{say("as-table")}</summary>
        <TableOf
          caption={title}
          columns={[{ title: "" }, ...series.map((each) => ({ title: each.name, number: true }))]}
          rows={labels.map((label, at) => ({
            key: label,
            cells: [label, ...series.map((each) => shown(each.values[at] ?? 0))],
          }))}
        />
      </details>
    </figure>
  );
}

function Grid({ marks, y, shown }: { marks: number[]; y: (value: number) => number; shown: (value: number) => string }) {
  return (
    <g>
      {marks.map((each) => (
        <g key={each}>
          <line class={each === 0 ? "axis" : "grid"} x1={LEFT} x2={WIDTH} y1={y(each)} y2={y(each)} />
          <text x={LEFT - 8} y={y(each) + 4} text-anchor="end">
            {shown(each)}
          </text>
        </g>
      ))}
    </g>
  );
}

/** Which labels have room: the first and last, and some between. */
function labelled(count: number, most = 6): Set<number> {
  const step = Math.max(1, Math.ceil((count - 1) / (most - 1)));
  return new Set(Array.from({ length: count }, (_, at) => at).filter((at) => at % step === 0));
}

function Below({ labels, x }: { labels: readonly string[]; x: (at: number) => number }) {
  const room = labelled(labels.length);
  return (
    <g>
      {labels.map((label, at) =>
        room.has(at) ? (
          // The last one would not fit in the middle of its place.
          <text
            key={label}
            x={Math.min(x(at), WIDTH)}
            y={HEIGHT - 8}
            text-anchor={at > 0 && at === labels.length - 1 ? "end" : "middle"}
          >
            {label}
          </text>
        ) : null,
      )}
    </g>
  );
}

export function LineChart(properties: ChartProperties) {
  const { title, labels, series } = properties;
  const { number } = useWords();
  const shown = properties.shown ?? number;
  const marks = ticks(Math.max(0, ...series.flatMap((each) => each.values)));
  const most = marks.at(-1) as number;
  const floor = HEIGHT - BOTTOM;
  const y = (value: number) => floor - (value / most) * (floor - TOP);
  const x = (at: number) =>
    labels.length === 1 ? (LEFT + WIDTH) / 2 : LEFT + 16 + (at / (labels.length - 1)) * (WIDTH - LEFT - 44);
  return (
    <Frame {...properties}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} class="chart" role="img" aria-label={title}>
        <Grid marks={marks} y={y} shown={shown} />
        <Below labels={labels} x={x} />
        {series.map((each, at) => {
          const points = each.values.map((value, index) => `${x(index)},${y(value)}`);
          return (
            <g key={each.name} class={`c${(at % 5) + 1}`}>
              <polygon
                class="area"
                points={[`${x(0)},${floor}`, ...points, `${x(each.values.length - 1)},${floor}`].join(" ")}
              />
              <polyline class="line" points={points.join(" ")} />
              {each.values.map((value, index) => (
                <circle key={index} class="point" cx={x(index)} cy={y(value)} r={labels.length > 40 ? 0 : 3}>
                  <title>{`${labels[index]}: ${shown(value)}`}</title>
                </circle>
              ))}
            </g>
          );
        })}
      </svg>
    </Frame>
  );
}

/** Bars that lie, one for each label, the parts of a bar one after the other. */
export function BarChart(properties: ChartProperties) {
  const { title, labels, series } = properties;
  const { number } = useWords();
  const shown = properties.shown ?? number;
  const totals = labels.map((_, at) => series.reduce((sum, each) => sum + (each.values[at] ?? 0), 0));
  const most = Math.max(1, ...totals);
  const [row, start, end] = [42, 190, WIDTH - 74];
  const height = Math.max(1, labels.length) * row + 6;
  const size = (value: number) => (value / most) * (end - start);
  return (
    <Frame {...properties}>
      <svg viewBox={`0 0 ${WIDTH} ${height}`} class="chart" role="img" aria-label={title}>
        {labels.map((label, at) => {
          let from = start;
          return (
            <g key={label}>
              <text x={start - 12} y={at * row + 27} text-anchor="end" class="value">
                {label.length > 21 ? `${label.slice(0, 20)}…` : label}
              </text>
              {series.map((each, index) => {
                const value = each.values[at] ?? 0;
                const left = from;
                from += size(value);
                return (
                  <rect
                    key={each.name}
                    class={`bar c${(index % 5) + 1}`}
                    x={left}
                    y={at * row + 8}
                    width={size(value)}
                    height={row - 14}
                    rx="3"
                  >
                    <title>{`${label}, ${each.name}: ${shown(value)}`}</title>
                  </rect>
                );
              })}
              <text x={from + 8} y={at * row + 27}>
                {shown(totals[at] as number)}
              </text>
            </g>
          );
        })}
      </svg>
    </Frame>
  );
}
