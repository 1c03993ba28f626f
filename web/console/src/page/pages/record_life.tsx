// SPDX-License-Identifier: Apache-2.0
/** A record's life: as a picture over time, as its trace, and with what is not on chain. */

import { useState } from "preact/hooks";
import { checksummed } from "../../core/transactions.ts";
import { secondsOf } from "../parts/instants.ts";
import { Card, Empty, Short, Shown, useResource } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";
import type { RecordView } from "./record_page.tsx";

interface TracedAct {
  readonly act: string;
  readonly time: string;
  readonly agency: number | null;
  readonly account: string | null;
  readonly version: number;
  readonly block: number;
  readonly transaction: string;
  readonly replacement: string | null;
}

interface Trace {
  readonly as_of_block: number;
  /** How the registry took the record over, where another one had it before. */
  readonly adopted: { readonly block: number; readonly version: number } | null;
  readonly acts: readonly TracedAct[];
}

const TONES: Readonly<Record<string, string>> = {
  registered: "begin",
  enrolled: "begin",
  held: "hold",
  superseded: "end",
  revoked: "end",
  disposed: "end",
};

export function RecordTrace({ view }: { view: RecordView }) {
  const { say, language } = useWords();
  const trace = useResource<Trace>(`/records/${view.record}/trace`);
  return (
    <Shown of={trace}>
      {({ acts, adopted, as_of_block }) => (
        <>
          <p class="quiet">{say("trace-checked", { block: as_of_block })}</p>
          {/* Drawn by the gateway; the list below says the same. */}
          <div class="picture" tabIndex={0} role="region" aria-label={say("picture")}>
            <img
              src={`/records/${view.record}/trace?format=svg&lang=${language}&head=${view.trace_head.slice(0, 18)}`}
              alt={say("picture-alt", { count: acts.length })}
            />
          </div>
          {adopted !== null && <p class="quiet">{say("trace-adopted", adopted)}</p>}
          {acts.length === 0 ? (
            <p class="quiet">{say("no-acts")}</p>
          ) : (
            <ol class="acts">
              {acts.map((each) => (
                <ActLine key={`${each.transaction}-${each.act}-${each.version}`} act={each} />
              ))}
            </ol>
          )}
        </>
      )}
    </Shown>
  );
}

function ActLine({ act }: { act: TracedAct }) {
  const { say, sayOf, time } = useWords();
  const { names } = useSession();
  return (
    <li class={`act ${TONES[act.act] ?? "go"}`}>
      <strong>{sayOf(`traced.${act.act}`, act.act)}</strong>
      <time dateTime={act.time}>{time(secondsOf(act.time))}</time>
      <span class="quiet">
        {act.agency !== null && `${names.agencies.get(act.agency) ?? act.agency} · `}
        {say("version-number", { version: act.version })}
        {act.account !== null && (
          <>
            {" · "}
            <Short value={checksummed(act.account)} />
          </>
        )}
        {" · "}
        {say("block", { block: act.block })}
      </span>
      {act.replacement !== null && (
        <span class="quiet">
          {say("replaced-by")} <Short value={act.replacement} link={`#/records/${act.replacement}`} />
        </span>
      )}
    </li>
  );
}

interface HistoryLine {
  readonly kind: string;
  readonly time: string;
  readonly what: string;
  readonly who: string | null;
  readonly note: string | null;
  readonly proof: string;
}

export function RecordHistory({ view }: { view: RecordView }) {
  const { say, sayOf, time } = useWords();
  const [isOpen, setOpen] = useState(false);
  const history = useResource<{ lines: readonly HistoryLine[] }>(
    isOpen ? `/records/${view.record}/history` : null,
  );
  return (
    <Card
      title={say("history")}
      actions={
        <button type="button" class="small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {say(isOpen ? "hide" : "show")}
        </button>
      }
    >
      <p class="quiet">{say("history-lead")}</p>
      {isOpen && (
        <Shown of={history}>
          {({ lines }) =>
            lines.length === 0 ? (
              <Empty glyph="info">
                <p>{say("nothing-found")}</p>
              </Empty>
            ) : (
              <TableOf
                caption={say("history")}
                columns={[
                  { title: say("when") },
                  { title: say("what") },
                  { title: say("who") },
                  { title: say("proved-by") },
                ]}
                rows={lines.map((each, at) => ({
                  key: String(at),
                  cells: [
                    <span class="when">{time(secondsOf(each.time))}</span>,
                    <>
                      {sayOf(`traced.${each.what}`, sayOf(`told.${each.what}`, each.what))}
                      {each.note !== null && (
                        <>
                          <br />
                          <span class="quiet" lang="en">
                            {each.note}
                          </span>
                        </>
                      )}
                    </>,
                    <Who of={each.who} />,
                    <Proof of={each.proof} />,
                  ],
                }))}
              />
            )
          }
        </Shown>
      )}
    </Card>
  );
}

/** What proves a line: the chain from a block on, a journal, or this agency's word alone. */
function Proof({ of }: { of: string }) {
  const { say, sayOf } = useWords();
  const { names } = useSession();
  const block = /^on chain, block (\d+)$/.exec(of)?.[1];
  if (block !== undefined) return <>{say("proof-in-block", { block })}</>;
  const [, index, journal, stage] = /^entry (\d+) of journal (\d+)(?:, (\w+))?$/.exec(of) ?? [];
  if (index !== undefined && journal !== undefined) {
    const place = say("journal-place", { journal, index });
    return <>{stage === undefined ? place : `${place} · ${sayOf(`stage.${stage}`, stage)}`}</>;
  }
  const signer = /^signed by agency (\d+)$/.exec(of)?.[1];
  if (signer !== undefined) {
    return <>{say("proof-signed", { agency: names.agencies.get(Number(signer)) ?? signer })}</>;
  }
  if (of.startsWith("this agency")) return <>{say("proof-our-word")}</>;
  return <>{sayOf(`proof.${of.replaceAll(" ", "-")}`, of)}</>;
}

/** Who it was: an agency, a name, an account, or name and account, the account in short. */
function Who({ of }: { of: string | null }) {
  const { names } = useSession();
  if (of === null) return <>–</>;
  const agency = /^agency (\d+)$/.exec(of)?.[1];
  if (agency !== undefined) return <>{names.agencies.get(Number(agency)) ?? of}</>;
  const account = /0x[0-9a-fA-F]{40}$/.exec(of)?.[0];
  if (account === undefined) return <>{of}</>;
  return (
    <>
      {of.slice(0, -account.length)}
      <Short value={checksummed(account)} />
    </>
  );
}
