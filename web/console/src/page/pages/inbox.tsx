// SPDX-License-Identifier: Apache-2.0
/**
 * What waits: acts for the officer's own signature; for the agency, custody that is offered to it and
 * shares that are asked of it.
 */

import { useEffect, useState } from "preact/hooks";
import { everyItem } from "../../api/session.ts";
import { useChanges } from "../parts/changes.ts";
import { Card, Empty, PageHead, Shown, useResource } from "../parts/parts.tsx";
import type { Place } from "../router.ts";
import { can, useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";
import { RecordTable, type RecordRow } from "./find_records.tsx";
import { WaitingHandovers } from "./handover.tsx";
import { ShareTable, type ShareRow } from "./shares.tsx";
import { WaitingActs, type WaitingAct } from "./waiting_acts.tsx";

const UNSIGNED = "/acts?limit=100";

/** How much waits, asked when the page changes. */
export function useWaiting(place: Place): number {
  const session = useSession();
  const [count, setCount] = useState(0);
  const changes = useChanges();
  useEffect(() => {
    const isForAgency = session.scopes.includes("exchange");
    Promise.all([
      everyItem(UNSIGNED),
      isForAgency ? everyItem("/shares?to_decide=true&limit=500") : [],
      isForAgency ? everyItem("/offers") : [],
    ])
      .then((found) => setCount(found.reduce((sum, each) => sum + each.length, 0)))
      // A page that cannot tell the number tells the problem itself.
      .catch(() => setCount(0));
  }, [place, changes]);
  return count;
}

export function Inbox() {
  const { say } = useWords();
  const session = useSession();
  const unsigned = useResource<{ items: readonly WaitingAct[] }>(UNSIGNED);
  const changes = useChanges();
  useEffect(unsigned.reload, [changes]);
  return (
    <>
      <PageHead title={say("inbox")} lead={say("inbox-lead")} />
      <Card title={say("unsigned-acts")}>
        <Shown of={unsigned}>
          {({ items }) => <WaitingActs items={items} onChanged={unsigned.reload} />}
        </Shown>
      </Card>
      {session.scopes.includes("exchange") && <ForAgency />}
    </>
  );
}

function ForAgency() {
  const { say } = useWords();
  const session = useSession();
  const shares = useResource<{ items: readonly ShareRow[] }>("/shares?to_decide=true&limit=500");
  const offers = useResource<{ items: readonly RecordRow[] }>("/offers");
  return (
    <>
      <Card title={say("offers")}>
        <Shown of={offers}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty glyph="inbox">
                <p>{say("no-offers")}</p>
              </Empty>
            ) : (
              <>
                <p class="quiet">{say("offers-lead")}</p>
                <RecordTable rows={items} />
              </>
            )
          }
        </Shown>
      </Card>
      <WaitingHandovers />
      <Card title={say("requests")}>
        <Shown of={shares}>
          {({ items }) => (
            <ShareTable
              rows={items}
              none={say("no-requests")}
              onChanged={shares.reload}
              canDecide={can(session, "steward")}
            />
          )}
        </Shown>
      </Card>
    </>
  );
}
