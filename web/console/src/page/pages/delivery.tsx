// SPDX-License-Identifier: Apache-2.0
/** One envelope: what was checked of it, what is in it, its file, its receipt. */

import { useState } from "preact/hooks";
import { call, fetched } from "../../api/client.ts";
import { push, type EnvelopeInside } from "../../api/deliveries.ts";
import { ActDialog } from "../acting/act_dialog.tsx";
import { acknowledgeAct, type Act } from "../acting/acts.ts";
import { Glyph } from "../parts/glyphs.tsx";
import { secondsOf } from "../parts/instants.ts";
import { Card, Notice, PageHead, ProblemNotice, save, Short, Shown, useResource } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { can, useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";
import { Receipt } from "./deliveries.tsx";
import { ReceivedValues } from "./received_values.tsx";

/** The page of an envelope's subject, by its kind; that of others is a share. */
const PAGES: Readonly<Record<string, string>> = {
  "correction-request": "records",
  "correction-answer": "records",
  custody: "handovers",
  "custody-closing": "handovers",
};

export function Delivery({ digest }: { digest: string }) {
  const { say, sayOf } = useWords();
  const envelope = useResource<EnvelopeInside>(`/deliveries/${encodeURIComponent(digest)}`);
  return (
    <>
      <PageHead
        title={
          envelope.value === null
            ? say("envelope")
            : sayOf(`envelope.${envelope.value.kind}`, envelope.value.kind)
        }
        back={{ to: "#/deliveries", name: say("deliveries") }}
      />
      <Shown of={envelope}>
        {(value) => (
          <>
            <Facts of={value} onChanged={envelope.reload} />
            <Checks of={value} />
            {value.records.length > 0 && <Inside of={value} />}
            {value.kind === "delivery" && value.direction === "received" && (
              <ReceivedValues key={value.delivery} records={value.records} />
            )}
          </>
        )}
      </Shown>
    </>
  );
}

interface EnvelopeProperties {
  readonly of: EnvelopeInside;
  readonly onChanged: () => void;
}

function Facts({ of, onChanged }: EnvelopeProperties) {
  const { say, time, bytes } = useWords();
  const session = useSession();
  const [act, setAct] = useState<Act | null>(null);
  const [part, setPart] = useState<number | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const agency = session.names.agencies.get(of.agency) ?? of.agency;
  const hasGateway = session.agencies.some((each) => each.id === of.agency && each.hasGateway);
  const isSent = of.direction === "sent";

  async function attempt(work: () => Promise<void>): Promise<void> {
    setProblem(null);
    try {
      await work();
      onChanged();
    } catch (error) {
      setProblem(error);
    }
    setPart(null);
  }

  return (
    <Card title={say("envelope")}>
      <dl class="facts">
        <dt>{say("envelope-digest")}</dt>
        <dd class="mono">{of.delivery}</dd>
        <dt>{say("direction")}</dt>
        <dd>{say(isSent ? "sent-to" : "received-from", { agency })}</dd>
        <dt>{say("envelope-subject")}</dt>
        <dd>
          <Short
            value={of.subject}
            {...(of.kind in PAGES ? { link: `#/${PAGES[of.kind]}/${of.subject}` } : {})}
          />
        </dd>
        <dt>{say("envelope-made")}</dt>
        <dd>{time(secondsOf(of.made_at))}</dd>
        <dt>{say(isSent ? "envelope-written" : "envelope-came")}</dt>
        <dd>{time(secondsOf(of.kept_at))}</dd>
        {of.acknowledged !== null && (
          <>
            <dt>{say("receipt")}</dt>
            <dd>
              <Receipt of={of} />
            </dd>
          </>
        )}
        <dt>{say("envelope-file")}</dt>
        <dd>{of.size === null ? say("no-file-here") : bytes(of.size)}</dd>
      </dl>
      {isSent && of.size !== null && !of.kept && (
        <Notice tone="">
          <p>{say("file-waits")}</p>
        </Notice>
      )}
      {part !== null && (
        <div class="field" role="status">
          <span class="label">{say("pushing")}</span>
          <progress max={1} value={part} aria-label={say("pushing")} />
        </div>
      )}
      {problem !== null && <ProblemNotice problem={problem} />}
      <div class="controls">
        {of.size !== null && (
          <button
            type="button"
            onClick={() =>
              attempt(async () => {
                const file = await fetched("GET", `/deliveries/${of.delivery}/envelope`);
                save(file, `${of.kind}-${of.delivery.slice(2, 14)}.envelope`);
              })
            }
          >
            <Glyph name="download" /> {say("download")}
          </button>
        )}
        {isSent && of.size !== null && hasGateway && (
          <button
            type="button"
            disabled={part !== null}
            onClick={() => {
              setPart(0);
              void attempt(() => push(of.delivery, setPart));
            }}
          >
            {say("do.push", { agency })}
          </button>
        )}
        {isSent && of.size !== null && !of.kept && (
          <button
            type="button"
            class="danger"
            onClick={() => attempt(() => call("DELETE", `/deliveries/${of.delivery}/envelope`))}
          >
            {say("do.let-go")}
          </button>
        )}
        {of.kind === "custody" && (
          <a class={isSent ? "button" : "button primary"} href={`#/handovers/${of.subject}`}>
            {say("show-handover")}
          </a>
        )}
        {!isSent && of.acknowledged === false && can(session, "steward") && (
          <button
            type="button"
            class="primary"
            onClick={() =>
              setAct(acknowledgeAct(say("do.acknowledge"), of.subject, of.delivery))
            }
          >
            <Glyph name="sign" /> {say("do.acknowledge")}
          </button>
        )}
      </div>
      {act !== null && (
        <ActDialog
          act={act}
          onDone={onChanged}
          onClose={() => {
            setAct(null);
            onChanged();
          }}
        />
      )}
    </Card>
  );
}

/** What must have held, or it would not stand here. */
function Checks({ of }: { of: EnvelopeInside }) {
  const { say, sayOf, number } = useWords();
  const { names } = useSession();
  const agency = names.agencies.get(of.agency) ?? of.agency;
  const checks =
    of.direction === "sent"
      ? [say("check.signed-by-us"), say("check.for-them-alone", { agency })]
      : [
          say("check.signed-by", { agency }),
          say("check.for-us"),
          sayOf(`check.${of.kind}`, say("check.against-chain")),
          ...(of.kind === "delivery"
            ? [say("check.records", { count: number(of.records.length) })]
            : []),
        ];
  return (
    <Card title={say("checks")}>
      <p class="quiet">{say(of.direction === "sent" ? "checks-sent-lead" : "checks-lead")}</p>
      <ul class="checks">
        {checks.map((each) => (
          <li key={each}>
            <Glyph name="check" /> {each}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Inside({ of }: { of: EnvelopeInside }) {
  const { say } = useWords();
  return (
    <Card title={say("records-inside")}>
      <TableOf
        caption={say("records-inside")}
        columns={[{ title: say("record") }, { title: say("version"), number: true }]}
        rows={of.records.map((each) => ({
          key: `${each.record}-${each.version}`,
          cells: [
            <Short value={each.record} link={`#/records/${each.record}`} />,
            each.version ?? "–",
          ],
        }))}
      />
    </Card>
  );
}
