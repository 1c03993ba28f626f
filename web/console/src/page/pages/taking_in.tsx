// SPDX-License-Identifier: Apache-2.0
/** Taking in what other agencies sent: a file that came, or what their gateways have. */

import { useState } from "preact/hooks";
import { fetchFrom, handInEnvelope, type Fetched, type TakenIn } from "../../api/deliveries.ts";
import { AgencyOptions, Foot } from "../acting/act_forms.tsx";
import { Dialog, Drop, Empty, Field, Notice, ProblemNotice, Short } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";

export function TakeIn({ onClose }: { onClose: () => void }) {
  const { say, sayOf, number } = useWords();
  const { names } = useSession();
  const [file, setFile] = useState<File | null>(null);
  const [part, setPart] = useState<number | null>(null);
  const [taken, setTaken] = useState<TakenIn | null>(null);
  const [problem, setProblem] = useState<unknown>(null);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (file === null) return;
    setPart(0);
    setProblem(null);
    try {
      setTaken(await handInEnvelope(file, setPart));
    } catch (error) {
      setProblem(error);
    }
    setPart(null);
  }

  if (taken !== null) {
    const agency = names.agencies.get(taken.agency) ?? taken.agency;
    return (
      <Dialog title={say("do.take-in")} onClose={onClose}>
        <Notice tone="good">
          <p>{say("taken-in", { kind: sayOf(`envelope.${taken.kind}`, taken.kind), agency })}</p>
          {taken.records > 0 && (
            <p>
              {say("taken-in-records", {
                count: number(taken.records),
                evidence: number(taken.evidence),
              })}
            </p>
          )}
        </Notice>
        <div class="controls">
          <a class="button primary" href={`#/deliveries/${taken.delivery}`} onClick={onClose}>
            {say("show-envelope")}
          </a>
          <button type="button" onClick={onClose}>
            {say("close")}
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={say("do.take-in")} onClose={onClose}>
      <p class="lead">{say("take-in-lead")}</p>
      <form onSubmit={submit}>
        <Drop label={say("choose-envelope")} file={file} id="envelope" onFile={setFile} />
        {part !== null && (
          <div class="field" role="status">
            <span class="label">{say(part < 1 ? "sending-file" : "checking-envelope")}</span>
            <progress
              aria-label={say("sending-file")}
              {...(part < 1 ? { max: 1, value: part } : {})}
            />
          </div>
        )}
        {problem !== null && <ProblemNotice problem={problem} />}
        <div class="controls">
          <button type="submit" class="primary" disabled={file === null || part !== null}>
            {say("do.take-in")}
          </button>
          <button type="button" onClick={onClose}>
            {say("cancel")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function FetchFrom({ onClose }: { onClose: () => void }) {
  const { say, sayOf, bytes, number } = useWords();
  const { agencies } = useSession();
  const known = agencies.filter((each) => each.hasGateway);
  const [agency, setAgency] = useState(String(known[0]?.id ?? ""));
  const [size, setSize] = useState<number | null>(null);
  const [fetched, setFetched] = useState<readonly Fetched[] | null>(null);
  const [problem, setProblem] = useState<unknown>(null);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setSize(0);
    setProblem(null);
    try {
      setFetched(await fetchFrom(Number(agency), setSize));
    } catch (error) {
      setProblem(error);
    }
    setSize(null);
  }

  return (
    <Dialog title={say("do.fetch")} onClose={onClose}>
      <p class="lead">{say("fetch-lead")}</p>
      {fetched === null ? (
        <form onSubmit={submit}>
          <Field label={say("agency")} required>
            {(attributes) => (
              <select
                {...attributes}
                value={agency}
                onChange={(event) => setAgency(event.currentTarget.value)}
              >
                <AgencyOptions of={known} />
              </select>
            )}
          </Field>
          {problem !== null && <ProblemNotice problem={problem} />}
          {size === null ? (
            <Foot onClose={onClose}>{say("do.fetch")}</Foot>
          ) : (
            <div class="field" role="status">
              <span class="label">{say("fetching", { size: bytes(size) })}</span>
              <progress aria-label={say("do.fetch")} />
            </div>
          )}
        </form>
      ) : (
        <>
          {fetched.length === 0 ? (
            <Empty glyph="deliveries">
              <p>{say("nothing-to-fetch")}</p>
            </Empty>
          ) : (
            <TableOf
              caption={say("do.fetch")}
              columns={[
                { title: say("envelope") },
                { title: say("envelope-kind") },
                { title: say("records"), number: true },
                { title: say("what-is-wrong") },
              ]}
              rows={fetched.map((each) => ({
                key: each.delivery,
                cells: [
                  each.fault === null ? (
                    <Short value={each.delivery} link={`#/deliveries/${each.delivery}`} />
                  ) : (
                    <Short value={each.delivery} />
                  ),
                  sayOf(`envelope.${each.kind}`, each.kind),
                  number(each.records),
                  each.fault === null ? "–" : <span lang="en">{each.fault}</span>,
                ],
              }))}
            />
          )}
          <div class="controls">
            <button type="button" class="primary" onClick={onClose}>
              {say("close")}
            </button>
          </div>
        </>
      )}
    </Dialog>
  );
}
