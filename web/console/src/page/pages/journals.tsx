// SPDX-License-Identifier: Apache-2.0
/** The agency's journals: how far each is sealed, its seals; opened, closed, repudiated. */

import { useState } from "preact/hooks";
import { ActDialog } from "../acting/act_dialog.tsx";
import {
  closeJournalAct,
  openJournalAct,
  REASONS,
  repudiateJournalAct,
  type Act,
  type Reason,
} from "../acting/acts.ts";
import { Irreversible } from "../acting/irreversible.tsx";
import { LineChart } from "../parts/charts.tsx";
import { Glyph } from "../parts/glyphs.tsx";
import { secondsOf } from "../parts/instants.ts";
import { usePages } from "../parts/paging.ts";
import { Badge, Card, Empty, Field, Notice, PageHead, Short, Shown, TextField, useResource } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { can, useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";

interface Journal {
  readonly journal: number;
  readonly use: "records" | "reads" | null;
  readonly closed: boolean;
  readonly repudiated_from: number | null;
  readonly acknowledged: number;
  readonly provable: number;
  readonly final: number;
  readonly seals: number;
  readonly sealed_at: string | null;
  readonly delay_seconds: number | null;
}

interface Seal {
  readonly size: number;
  readonly previous_size: number;
  readonly root: string;
  readonly sealed_at: string;
  /** How long the oldest entry had waited; null where that is not known here. */
  readonly delay_seconds: number | null;
  readonly stage: "provable" | "final";
}

type Ending = { readonly what: "close" | "repudiate"; readonly of: Journal };

export function Journals({ shown }: { shown: string | null }) {
  const { say } = useWords();
  const session = useSession();
  const journals = useResource<{ items: readonly Journal[] }>("/journals");
  const [act, setAct] = useState<Act | null>(null);
  const [ending, setEnding] = useState<Ending | null>(null);
  return (
    <>
      <PageHead title={say("journals")} lead={say("journals-lead")}>
        {can(session, "admin") && (
          <button
            type="button"
            class="primary"
            onClick={() => setAct(openJournalAct(say("do.open-journal"), session.agency))}
          >
            <Glyph name="journals" /> {say("do.open-journal")}
          </button>
        )}
      </PageHead>
      <Shown of={journals}>
        {({ items }) => (
          <>
            {items
              .filter((each) => each.use !== null && each.closed)
              .map((each) => (
                <Notice key={each.journal} tone="warn">
                  <p>
                    <strong>{say("journal-closed-in-use", { number: each.journal })}</strong>
                  </p>
                  <p>{say("journal-next-in-profile")}</p>
                </Notice>
              ))}
            <Card title={say("journals-on-chain")}>
              <JournalTable items={items} onEnding={setEnding} />
            </Card>
            {shown !== null && <Seals key={shown} journal={Number(shown)} />}
          </>
        )}
      </Shown>
      {ending !== null && (
        <End
          {...ending}
          onClose={() => setEnding(null)}
          onAct={(made) => {
            setEnding(null);
            setAct(made);
          }}
        />
      )}
      {act !== null && (
        <ActDialog
          act={act}
          onDone={journals.reload}
          onClose={() => {
            setAct(null);
            journals.reload();
          }}
        />
      )}
    </>
  );
}

interface JournalTableProperties {
  readonly items: readonly Journal[];
  readonly onEnding: (ending: Ending) => void;
}

function JournalTable({ items, onEnding }: JournalTableProperties) {
  const { say, number, time, duration } = useWords();
  const isAdmin = can(useSession(), "admin");
  if (items.length === 0) {
    return (
      <Empty glyph="journals">
        <p>{say("no-journals")}</p>
      </Empty>
    );
  }
  return (
    <TableOf
      caption={say("journals-on-chain")}
      columns={[
        { title: say("argument.journal") },
        { title: say("status") },
        { title: say("entries-acknowledged"), number: true },
        { title: say("entries-sealed"), number: true },
        { title: say("entries-final"), number: true },
        { title: say("seals"), number: true },
        { title: say("seal-delay") },
        { title: say("acts"), actions: true },
      ]}
      rows={items.map((each) => ({
        key: String(each.journal),
        cells: [
          <>
            {say("journal-number", { number: each.journal })}
            <br />
            <span class="quiet">{say(`journal-use.${each.use ?? "none"}`)}</span>
          </>,
          <Standing of={each} />,
          number(each.acknowledged),
          number(each.provable),
          number(each.final),
          each.seals === 0 ? (
            "0"
          ) : (
            <a href={`#/journals/${each.journal}`}>
              {number(each.seals)}
              <span class="visually-hidden"> {say("seals-of", { number: each.journal })}</span>
            </a>
          ),
          <>
            {each.delay_seconds === null ? "–" : duration(each.delay_seconds)}
            {each.sealed_at !== null && (
              <>
                <br />
                <span class="quiet">{say("last-seal", { time: time(secondsOf(each.sealed_at)) })}</span>
              </>
            )}
          </>,
          isAdmin ? (
            <>
              {!each.closed && (
                <button
                  type="button"
                  class="small danger"
                  onClick={() => onEnding({ what: "close", of: each })}
                >
                  {say("do.close-journal")}
                </button>
              )}{" "}
              {Math.min(each.provable, each.repudiated_from ?? each.provable) > 0 && (
                <button
                  type="button"
                  class="small danger"
                  onClick={() => onEnding({ what: "repudiate", of: each })}
                >
                  {say("do.repudiate-journal")}
                </button>
              )}
            </>
          ) : null,
        ],
      }))}
    />
  );
}

function Standing({ of }: { of: Journal }) {
  const { say, number } = useWords();
  if (of.repudiated_from !== null) {
    return <Badge tone="bad">{say("repudiated-from", { index: number(of.repudiated_from) })}</Badge>;
  }
  return <Badge tone={of.closed ? "plain" : "good"}>{say(of.closed ? "journal-closed" : "journal-open")}</Badge>;
}

interface EndProperties extends Ending {
  readonly onClose: () => void;
  readonly onAct: (act: Act) => void;
}

/** Closes a journal, or disowns its entries from one on, when that is meant. */
function End({ what, of, onClose, onAct }: EndProperties) {
  const { say, number } = useWords();
  const { agency } = useSession();
  // Only what is sealed can be disowned, and what is disowned already is so for good.
  const most = Math.min(of.provable, of.repudiated_from ?? of.provable) - 1;
  const [from, setFrom] = useState("");
  const [reason, setReason] = useState<Reason>("fraud");
  const [fault, setFault] = useState<string | undefined>(undefined);
  const title = say(`do.${what}-journal-of`, { number: of.journal });
  const waiting = of.acknowledged - of.provable;

  function meant(): void {
    if (what === "close") {
      onAct(closeJournalAct(title, agency, of.journal));
    } else if (/^\d{1,15}$/.test(from.trim()) && Number(from) <= most) {
      onAct(repudiateJournalAct(title, agency, of.journal, Number(from), reason));
    } else {
      setFault(say("fault.from-entry", { most: number(most) }));
    }
  }

  return (
    <Irreversible
      title={title}
      lead={say(`journal-lead.${what}`)}
      word={String(of.journal)}
      onClose={onClose}
      onMeant={meant}
    >
      {waiting > 0 && (
        <Notice tone="warn">
          <p>{say("entries-would-be-lost", { count: number(waiting) })}</p>
        </Notice>
      )}
      {what === "repudiate" && (
        <>
          <TextField
            label={say("argument.fromIndex")}
            hint={say("from-entry-hint", { most: number(most) })}
            fault={fault}
            required
            kind="number"
            value={from}
            onText={setFrom}
          />
          <Field label={say("question.reason")} hint={say("question-hint.reason")} required>
            {(attributes) => (
              <select
                {...attributes}
                value={reason}
                onChange={(event) => setReason(event.currentTarget.value as Reason)}
              >
                {REASONS.map((each) => (
                  <option key={each} value={each}>
                    {say(`reason.${each}`)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </>
      )}
    </Irreversible>
  );
}

function Seals({ journal }: { journal: number }) {
  const { say } = useWords();
  const seals = usePages<Seal>(`/journals/${journal}/seals?limit=50`);
  return (
    <Card title={say("seals-of", { number: journal })}>
      <Shown of={seals}>{(items) => <SealTable items={items} />}</Shown>
      {seals.more !== null && (
        <div class="controls">
          <button type="button" onClick={seals.more}>
            {say("show-more")}
          </button>
        </div>
      )}
    </Card>
  );
}

function SealTable({ items }: { items: readonly Seal[] }) {
  const { say, number, time, duration } = useWords();
  const delayed = items.filter((each) => each.delay_seconds !== null).toReversed();
  return (
    <>
      {delayed.length > 1 && (
        <LineChart
          title={say("seal-delay")}
          labels={delayed.map((each) => number(each.size))}
          series={[{ name: say("seal-delay"), values: delayed.map((each) => each.delay_seconds ?? 0) }]}
          shown={duration}
        />
      )}
      <TableOf
        caption={say("seals")}
        columns={[
          { title: say("sealed-at") },
          { title: say("entries-sealed"), number: true },
          { title: say("entries-added"), number: true },
          { title: say("seal-delay"), number: true },
          { title: say("status") },
          { title: say("tree-root") },
        ]}
        rows={items.map((each) => ({
          key: String(each.size),
          cells: [
            time(secondsOf(each.sealed_at)),
            number(each.size),
            number(each.size - each.previous_size),
            each.delay_seconds === null ? "–" : duration(each.delay_seconds),
            say(`stage.${each.stage}`),
            <Short value={each.root} />,
          ],
        }))}
      />
    </>
  );
}
