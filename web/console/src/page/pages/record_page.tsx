// SPDX-License-Identifier: Apache-2.0
/** One record: how it stands, its content, its life, its evidence, and what may be done with it. */

import { useState } from "preact/hooks";
import { checksummed } from "../../core/transactions.ts";
import { RecordAct, type RecordActName } from "../acting/act_forms.tsx";
import type { AcceptedRecord } from "../acting/acts.ts";
import { FOR_EVER, secondsOf } from "../parts/instants.ts";
import { Card, Notice, PageHead, shortened, Shown, StatusBadge, useResource } from "../parts/parts.tsx";
import { can, useSession, type Session } from "../session.tsx";
import { useWords } from "../words/language.tsx";
import { Amend } from "./record_amend.tsx";
import { RecordContent } from "./record_content.tsx";
import { EvidenceDialog } from "./record_evidence.tsx";
import { RecordHistory, RecordTrace } from "./record_life.tsx";

/** A proposal of disposition that stands: who made it, and until when. */
export interface Proposal {
  readonly account: string;
  readonly expires_at: string;
}

/** Whether an officer may confirm a proposal: there is one, and another made it. */
export function isConfirmable(proposed: Proposal | null, session: Session): boolean {
  const isOwn = proposed?.account.toLowerCase() === session.account.toLowerCase();
  return can(session, "steward") && proposed !== null && !isOwn;
}

/** A record as `GET /records/{id}` tells it. */
export interface RecordView {
  readonly record: string;
  readonly status: string;
  readonly version: number;
  readonly as_of_block: number;
  readonly source: "chain" | "mirror";
  readonly issuer: number | null;
  readonly custodian: number | null;
  readonly offered_to: number | null;
  readonly offer_expires_at: string | null;
  readonly holds: number;
  readonly type_id: number | null;
  readonly type_version: number | null;
  readonly updated_at: string | null;
  readonly retain_until: string | null;
  readonly proposed: Proposal | null;
  readonly commitment: string | null;
  readonly trace_head: string;
  readonly journal: { readonly journal: number; readonly index: number; readonly stage: string } | null;
  readonly kept: {
    readonly versions: readonly number[];
    readonly source_system: string | null;
    readonly source_id: string | null;
  } | null;
}

type Doing = RecordActName | "amend" | "evidence";

/** What an officer may do with a record as it stands. The registry has the last word. */
export function possibleActs(view: RecordView, session: Session): Doing[] {
  const isOurs = view.custodian === session.agency;
  const isOffered = view.offered_to === session.agency;
  const isInForce = view.status === "in_force";
  const isGone = view.status === "disposed";
  const isFree = view.holds === 0;
  const found: Doing[] = [];
  if (can(session, "registrar") && isOurs && isFree) {
    if (isInForce && view.issuer === session.agency) found.push("amend");
    if (isInForce) found.push("supersede", "revoke");
    if (!isGone) found.push("propose");
  }
  if (can(session, "steward")) {
    if (isOurs && !isGone && view.offered_to !== null) found.push("withdraw");
    if (isOurs && !isGone && isFree && view.offered_to === null) found.push("offer");
    if (isOurs && !isGone && isFree && isConfirmable(view.proposed, session)) found.push("confirm");
    if (isOffered && isFree) found.push("accept");
    if (isOffered) found.push("decline");
  }
  if (can(session, "hold_authority") && !isGone) {
    found.push("hold");
    if (!isFree) found.push("release");
  }
  return found;
}

export function RecordPage({ record }: { record: string }) {
  const { say } = useWords();
  const view = useResource<RecordView>(`/records/${record}`);
  return (
    <>
      {view.value === null && (
        <PageHead title={say("record")} back={{ to: "#/find", name: say("find") }} />
      )}
      <Shown of={view}>{(value) => <Found view={value} onChanged={view.reload} />}</Shown>
    </>
  );
}

function Found({ view, onChanged }: { view: RecordView; onChanged: () => void }) {
  const { say, time } = useWords();
  const session = useSession();
  const [doing, setDoing] = useState<Doing | null>(null);
  const [round, setRound] = useState(0);
  const possible = possibleActs(view, session);
  const isOwnType = view.issuer === session.agency;
  const type = isOwnType ? session.types.find((each) => each.id === view.type_id) : undefined;
  const acted: AcceptedRecord = {
    record: view.record,
    version: view.version,
    commitment: view.commitment ?? `0x${"00".repeat(32)}`,
    traceHead: view.trace_head,
  };
  const changed = () => {
    onChanged();
    setRound((before) => before + 1);
  };
  const stop = () => {
    setDoing(null);
    changed();
  };
  return (
    <>
      <PageHead
        back={{ to: "#/find", name: say("find") }}
        title={
          <span class="record-title">
            {view.kept?.source_id ?? type?.name ?? say("record")}
            <StatusBadge status={view.status} />
            {view.holds > 0 && (
              <span class="badge warn">{say("held-times", { count: view.holds })}</span>
            )}
          </span>
        }
        lead={type === undefined ? undefined : type.name}
      >
        <button type="button" class="primary" onClick={() => setDoing("evidence")}>
          {say("evidence")}
        </button>
      </PageHead>
      {view.source === "mirror" && (
        <Notice tone="warn">
          <p>{say("from-mirror", { block: view.as_of_block })}</p>
        </Notice>
      )}
      {view.offered_to !== null && (
        <Notice tone="">
          <p>
            {say("offered", {
              agency: session.names.agencies.get(view.offered_to) ?? view.offered_to,
            })}
          </p>
        </Notice>
      )}
      {view.proposed !== null && (
        <Notice tone="">
          <p>
            {say("proposed-by", {
              account: shortened(checksummed(view.proposed.account)),
              time: time(secondsOf(view.proposed.expires_at)),
            })}
          </p>
        </Notice>
      )}
      <div class="wide-narrow">
        <div class="stack">
          <RecordContent key={`${round}-content`} view={view} />
          <Card title={say("life")}>
            <RecordTrace key={round} view={view} />
          </Card>
          <RecordHistory key={`${round}-history`} view={view} />
        </div>
        <div class="stack">
          {possible.length > 0 && (
            <Card title={say("acts")}>
              <div class="act-menu">
                {possible.map((each) => (
                  <button
                    key={each}
                    type="button"
                    class={["revoke", "propose", "confirm"].includes(each) ? "danger" : ""}
                    onClick={() => setDoing(each)}
                  >
                    {say(`do.${each as RecordActName | "amend"}`)}
                  </button>
                ))}
              </div>
            </Card>
          )}
          <Facts view={view} />
        </div>
      </div>
      {doing === "evidence" && <EvidenceDialog view={view} onClose={() => setDoing(null)} />}
      {doing === "amend" && type !== undefined && (
        <Amend view={view} type={type} onClose={stop} onDone={changed} />
      )}
      {doing !== null && doing !== "evidence" && doing !== "amend" && (
        <RecordAct name={doing} record={acted} onClose={stop} onDone={changed} />
      )}
    </>
  );
}

function Facts({ view }: { view: RecordView }) {
  const { say, time, day } = useWords();
  const { names } = useSession();
  const agency = (id: number | null) => (id === null ? "–" : `${id} · ${names.agencies.get(id) ?? ""}`);
  return (
    <Card title={say("how-it-stands")}>
      <dl class="facts">
        <dt>{say("version")}</dt>
        <dd>{view.version}</dd>
        <dt>{say("custodian")}</dt>
        <dd>{agency(view.custodian)}</dd>
        <dt>{say("issuer")}</dt>
        <dd>{agency(view.issuer)}</dd>
        {view.retain_until !== null && (
          <>
            <dt>{say("retained-until")}</dt>
            <dd>
              {view.retain_until === FOR_EVER ? say("for-ever") : day(secondsOf(view.retain_until))}
            </dd>
          </>
        )}
        {view.updated_at !== null && (
          <>
            <dt>{say("last-act")}</dt>
            <dd>{time(secondsOf(view.updated_at))}</dd>
          </>
        )}
        {view.journal !== null && (
          <>
            <dt>{say("journal")}</dt>
            <dd>
              {say("journal-place", { journal: view.journal.journal, index: view.journal.index })}
            </dd>
          </>
        )}
        {view.kept?.source_id && (
          <>
            <dt>{say("own-number")}</dt>
            <dd>
              {view.kept.source_id}
              {view.kept.source_system && <span class="quiet"> · {view.kept.source_system}</span>}
            </dd>
          </>
        )}
        <dt>{say("record-id")}</dt>
        <dd class="mono">{view.record}</dd>
        <dt>{say("as-of")}</dt>
        <dd>{say("block", { block: view.as_of_block })}</dd>
      </dl>
    </Card>
  );
}
