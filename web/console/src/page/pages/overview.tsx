// SPDX-License-Identifier: Apache-2.0
/** The agency at a glance: its records, journals and reads as numbers, and whether all parts move. */

import { useEffect, useState } from "preact/hooks";
import { Glyph } from "../parts/glyphs.tsx";
import { BarChart, LineChart } from "../parts/charts.tsx";
import { secondsOf } from "../parts/instants.ts";
import { Badge, Card, Empty, PageHead, Shown, useResource } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { can, useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";

interface Dashboard {
  readonly registered: readonly { date: string; direct: number; journal: number }[];
  readonly by_type: readonly {
    readonly type_id: number;
    readonly type: string | null;
    readonly status: string;
    readonly count: number;
  }[];
  readonly journals: readonly {
    readonly journal: number;
    readonly sizes: readonly { date: string; size: number }[];
  }[];
  readonly seals: readonly {
    readonly journal: number;
    readonly sealed_at: string;
    readonly size: number;
    readonly delay_seconds: number;
  }[];
  readonly reads: readonly { purpose: string; count: number }[] | null;
  readonly reads_counted: number;
}

const STATUSES = ["journal", "in_force", "superseded", "revoked", "disposed"] as const;
const DAYS = 30;

export function Overview() {
  const { say } = useWords();
  const session = useSession();
  const dashboard = useResource<Dashboard>(`/dashboard?days=${DAYS}`);
  return (
    <>
      <PageHead title={session.agencyName} lead={say("overview-lead")}>
        {can(session, "registrar") && (
          <a class="button primary" href="#/register">
            <Glyph name="register" /> {say("register")}
          </a>
        )}
      </PageHead>
      <Shown of={dashboard}>{(value) => <Figures of={value} />}</Shown>
    </>
  );
}

/** Every day up to today, so that days without any are seen as such. */
export function everyDay(days: number, now = Date.now()): string[] {
  return Array.from({ length: days }, (_, at) =>
    new Date(now - (days - 1 - at) * 86_400_000).toISOString().slice(0, 10),
  );
}

function Figures({ of }: { of: Dashboard }) {
  const { say, number, duration } = useWords();
  const count = (status: string) =>
    of.by_type.reduce((sum, each) => sum + (each.status === status ? each.count : 0), 0);
  const total = of.by_type.reduce((sum, each) => sum + each.count, 0);
  const recent = of.registered.reduce((sum, each) => sum + each.direct + each.journal, 0);
  const delays = of.seals.map((each) => each.delay_seconds).sort((a, b) => a - b);
  const median = delays[Math.floor(delays.length / 2)];
  return (
    <>
      <dl class="figures">
        <Figure name={say("records")} value={number(total)}>
          {say("of-them-in-journal", { count: number(count("journal")) })}
        </Figure>
        <Figure name={say("figure-recent", { days: DAYS })} value={number(recent)} />
        <Figure name={say("status.in_force")} value={number(count("in_force") + count("journal"))}>
          {say("of-them-ended", {
            count: number(count("revoked") + count("superseded") + count("disposed")),
          })}
        </Figure>
        <Figure name={say("seal-delay")} value={median === undefined ? "–" : duration(median)}>
          {say("seal-delay-of", { count: of.seals.length })}
        </Figure>
      </dl>
      <div class="columns">
        <Card title={say("over-time")}>
          <OverTime of={of} />
        </Card>
        <Card title={say("by-type")}>
          <ByType of={of} />
        </Card>
        <Card title={say("journal-growth")}>
          <Growth of={of} />
        </Card>
        <Card title={say("seal-delay")}>
          {of.seals.length === 0 ? (
            <None />
          ) : (
            <LineChart
              title={say("seal-delay")}
              labels={of.seals.map((each) => clock(each.sealed_at))}
              series={[
                { name: say("seal-delay"), values: of.seals.map((each) => each.delay_seconds) },
              ]}
              shown={duration}
            />
          )}
        </Card>
        <Card title={say("reads-by-purpose")}>
          <Reads of={of} />
        </Card>
        <Health />
      </div>
    </>
  );
}

function clock(instant: string): string {
  return new Date(secondsOf(instant) * 1000).toISOString().slice(5, 16).replace("T", " ");
}

function None() {
  const { say } = useWords();
  return (
    <Empty glyph="overview">
      <p>{say("nothing-yet")}</p>
    </Empty>
  );
}

interface FigureProperties {
  readonly name: string;
  readonly value: string;
  readonly children?: string;
}

function Figure({ name, value, children }: FigureProperties) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        {value}
        {children !== undefined && <small>{children}</small>}
      </dd>
    </div>
  );
}

function OverTime({ of }: { of: Dashboard }) {
  const { say } = useWords();
  if (of.registered.length === 0) return <None />;
  const days = everyDay(DAYS);
  const found = new Map(of.registered.map((each) => [each.date, each]));
  return (
    <LineChart
      title={say("over-time")}
      labels={days.map((each) => each.slice(5))}
      series={[
        { name: say("registered-direct"), values: days.map((day) => found.get(day)?.direct ?? 0) },
        { name: say("registered-journal"), values: days.map((day) => found.get(day)?.journal ?? 0) },
      ]}
    />
  );
}

function ByType({ of }: { of: Dashboard }) {
  const { say } = useWords();
  const ids = [...new Set(of.by_type.map((each) => each.type_id))];
  if (ids.length === 0) return <None />;
  const there = STATUSES.filter((status) => of.by_type.some((each) => each.status === status));
  return (
    <BarChart
      title={say("by-type")}
      labels={ids.map(
        (id) => of.by_type.find((each) => each.type_id === id)?.type ?? say("type-number", { id }),
      )}
      series={there.map((status) => ({
        name: say(status === "journal" ? "status.none" : `status.${status}`),
        values: ids.map(
          (id) =>
            of.by_type.find((each) => each.type_id === id && each.status === status)?.count ?? 0,
        ),
      }))}
    />
  );
}

function Growth({ of }: { of: Dashboard }) {
  const { say } = useWords();
  if (of.journals.length === 0) return <None />;
  const days = everyDay(DAYS);
  const sizeAt = (sizes: readonly { date: string; size: number }[], day: string) =>
    sizes.findLast((each) => each.date <= day)?.size ?? 0;
  return (
    <LineChart
      title={say("journal-growth")}
      labels={days.map((each) => each.slice(5))}
      series={of.journals.map((each) => ({
        name: say("journal-number", { number: each.journal }),
        values: days.map((day) => sizeAt(each.sizes, day)),
      }))}
    />
  );
}

function Reads({ of }: { of: Dashboard }) {
  const { say } = useWords();
  if (of.reads === null) return <p class="quiet">{say("reads-not-written")}</p>;
  if (of.reads.length === 0) return <None />;
  const shown = of.reads.slice(0, 8);
  return (
    <BarChart
      title={say("reads-by-purpose")}
      labels={shown.map((each) => each.purpose || say("no-purpose"))}
      series={[{ name: say("reads"), values: shown.map((each) => each.count) }]}
    />
  );
}

interface HealthAnswer {
  readonly status: string;
  readonly parts: Readonly<Record<string, { moves: boolean; age_seconds: number | null }>>;
}

function Health() {
  const { say, sayOf, duration } = useWords();
  const [health, setHealth] = useState<HealthAnswer | null>(null);
  useEffect(() => {
    // Not by `call`: what stands still answers 503 with the same body.
    const look = () =>
      fetch("/healthz")
        .then((answer) => answer.json())
        .then(setHealth)
        .catch(() => setHealth(null));
    void look();
    const timer = setInterval(look, 10_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <Card title={say("health")}>
      {health === null ? (
        <p class="quiet">{say("health-unknown")}</p>
      ) : (
        <TableOf
          caption={say("health")}
          columns={[
            { title: say("part") },
            { title: say("status") },
            { title: say("oldest-work"), number: true },
          ]}
          rows={Object.entries(health.parts ?? {}).map(([name, part]) => ({
            key: name,
            cells: [
              sayOf(`part.${name}`, name),
              <Badge tone={part.moves ? "good" : "bad"}>{say(part.moves ? "moves" : "stands")}</Badge>,
              part.age_seconds === null ? "–" : duration(part.age_seconds),
            ],
          }))}
        />
      )}
    </Card>
  );
}
