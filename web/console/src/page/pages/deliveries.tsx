// SPDX-License-Identifier: Apache-2.0
/** What went to other agencies and came from them, and what was refused. */

import { useState } from "preact/hooks";
import type { Envelope } from "../../api/deliveries.ts";
import { Glyph } from "../parts/glyphs.tsx";
import { secondsOf } from "../parts/instants.ts";
import { usePages } from "../parts/paging.ts";
import { Badge, Card, Empty, PageHead, Short, Shown, useResource } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { can, useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";
import { Deliver } from "./deliver.tsx";
import { FetchFrom, TakeIn } from "./taking_in.tsx";

interface Attempt {
  readonly at: string;
  readonly what: string;
  readonly agency: number | null;
  readonly record: string | null;
  readonly share: string | null;
  readonly reason: string;
}

type Doing = "deliver" | "take-in" | "fetch";
const DIRECTIONS = ["", "sent", "received"] as const;

export function Deliveries({ share }: { /** One that is to be delivered under. */ share: string | null }) {
  const { say } = useWords();
  const session = useSession();
  const [direction, setDirection] = useState<(typeof DIRECTIONS)[number]>("");
  const chosen = direction === "" ? "" : `&direction=${direction}`;
  const envelopes = usePages<Envelope>(`/deliveries?order=latest&limit=50${chosen}`);
  const isSteward = can(session, "steward");
  const [doing, setDoing] = useState<Doing | null>(share !== null && isSteward ? "deliver" : null);
  const stop = () => {
    setDoing(null);
    envelopes.reload();
  };
  return (
    <>
      <PageHead title={say("deliveries")} lead={say("deliveries-lead")}>
        {isSteward && (
          <button type="button" class="primary" onClick={() => setDoing("deliver")}>
            <Glyph name="deliveries" /> {say("do.deliver")}
          </button>
        )}
        <button type="button" onClick={() => setDoing("take-in")}>
          <Glyph name="import" /> {say("do.take-in")}
        </button>
        {session.agencies.some((each) => each.hasGateway) && (
          <button type="button" onClick={() => setDoing("fetch")}>
            <Glyph name="download" /> {say("do.fetch")}
          </button>
        )}
      </PageHead>
      <Card
        title={say("envelopes")}
        actions={
          <select
            aria-label={say("direction")}
            name="direction"
            value={direction}
            onChange={(event) => setDirection(event.currentTarget.value as typeof direction)}
          >
            {DIRECTIONS.map((each) => (
              <option key={each} value={each}>
                {each === "" ? say("all") : say(`direction.${each}`)}
              </option>
            ))}
          </select>
        }
      >
        <Shown of={envelopes}>{(items) => <EnvelopeTable items={items} />}</Shown>
        {envelopes.more !== null && (
          <div class="controls">
            <button type="button" onClick={envelopes.more}>
              {say("show-more")}
            </button>
          </div>
        )}
      </Card>
      <Refused />
      {doing === "deliver" && <Deliver share={share} onClose={stop} />}
      {doing === "take-in" && <TakeIn onClose={stop} />}
      {doing === "fetch" && <FetchFrom onClose={stop} />}
    </>
  );
}

function EnvelopeTable({ items }: { items: readonly Envelope[] }) {
  const { say, sayOf, time } = useWords();
  const { names } = useSession();
  if (items.length === 0) {
    return (
      <Empty glyph="deliveries">
        <p>{say("no-envelopes")}</p>
      </Empty>
    );
  }
  return (
    <TableOf
      caption={say("envelopes")}
      columns={[
        { title: say("envelope") },
        { title: say("direction") },
        { title: say("envelope-kind") },
        { title: say("receipt") },
        { title: say("envelope-when") },
      ]}
      rows={items.map((each) => ({
        key: each.delivery,
        cells: [
          <Short value={each.delivery} link={`#/deliveries/${each.delivery}`} />,
          say(each.direction === "sent" ? "sent-to" : "received-from", {
            agency: names.agencies.get(each.agency) ?? each.agency,
          }),
          sayOf(`envelope.${each.kind}`, each.kind),
          <Receipt of={each} />,
          time(secondsOf(each.kept_at)),
        ],
      }))}
    />
  );
}

export function Receipt({ of }: { of: Envelope }) {
  const { say } = useWords();
  if (of.acknowledged === null) return <>–</>;
  return (
    <Badge tone={of.acknowledged ? "good" : "plain"}>
      {say(of.acknowledged ? "acknowledged" : "not-acknowledged")}
    </Badge>
  );
}

/** What did not hold, or was not allowed: an attempt that is made again and again is seen here. */
function Refused() {
  const { say, time } = useWords();
  const { names } = useSession();
  const attempts = useResource<{ items: readonly Attempt[] }>("/attempts?limit=50");
  return (
    <Card title={say("attempts")}>
      <p class="quiet">{say("attempts-lead")}</p>
      <Shown of={attempts}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty glyph="check">
              <p>{say("no-attempts")}</p>
            </Empty>
          ) : (
            <TableOf
              caption={say("attempts")}
              columns={[
                { title: say("envelope-when") },
                { title: say("attempt-what") },
                { title: say("agency") },
                { title: say("attempt-about") },
                { title: say("attempt-reason") },
              ]}
              rows={items.map((each, at) => ({
                key: String(at),
                cells: [
                  time(secondsOf(each.at)),
                  <span lang="en">{each.what}</span>,
                  each.agency === null ? "–" : (names.agencies.get(each.agency) ?? each.agency),
                  <About of={each} />,
                  <span lang="en">{each.reason}</span>,
                ],
              }))}
            />
          )
        }
      </Shown>
    </Card>
  );
}

function About({ of }: { of: Attempt }) {
  if (of.record !== null) return <Short value={of.record} link={`#/records/${of.record}`} />;
  return of.share === null ? <>–</> : <Short value={of.share} />;
}
