// SPDX-License-Identifier: Apache-2.0
/** Custody handed over with its content: packages that wait, what is in one, accepted or declined. */

import { useEffect, useState } from "preact/hooks";
import { Problem } from "../../api/client.ts";
import { ActDialog } from "../acting/act_dialog.tsx";
import { acceptPackageAct, declinePackageAct, type Act } from "../acting/acts.ts";
import { Glyph } from "../parts/glyphs.tsx";
import { secondsOf } from "../parts/instants.ts";
import { usePages } from "../parts/paging.ts";
import { Badge, Card, Empty, Notice, PageHead, Short, Shown, useResource } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { can, typeName, useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";

/** How many records of a package are shown: it may hold a whole register. */
const MOST = 500;
const POLL_MS = 2000;
const WAITING = "/handovers?direction=taken&state=arrived&state=accepting&limit=50";

interface Handover {
  readonly handover: string;
  readonly direction: "given" | "taken";
  /** The other agency. */
  readonly agency: number;
  /** The envelope's digest. */
  readonly package: string;
  readonly made_at: string;
  readonly expires_at: string;
  /** How many records are in each state. */
  readonly records: Readonly<Record<string, number>>;
}

interface HandoverRecord {
  readonly record: string;
  readonly version: number;
  readonly state: string;
  readonly reason: string | null;
}

interface HandoverInside extends Handover {
  readonly each: readonly HandoverRecord[];
}

/** A record that holds, as the chain has it. */
interface Holding {
  readonly record: string;
  readonly issuer: number;
  readonly type_id: number;
  readonly version: number;
  readonly commitment: string;
  readonly trace_head: string;
  /** Whether accepting signs for it: custody came already, or is on its way, where not. */
  readonly accepts: boolean;
}

interface Check {
  readonly block: number;
  readonly holds: readonly Holding[];
  /** Why others do not, by record. */
  readonly refused: Readonly<Record<string, string>>;
  readonly offered: readonly string[];
}

const TONES: Readonly<Record<string, string>> = {
  offered: "blue",
  arrived: "blue",
  accepting: "warn",
  outstanding: "good",
};

function isWaiting({ direction, records }: Handover): boolean {
  return direction === "taken" && ("arrived" in records || "accepting" in records);
}

/** The packages that came and are not decided, for the page of what waits. */
export function WaitingHandovers() {
  const { say, time, number } = useWords();
  const { names } = useSession();
  const waiting = usePages<Handover>(WAITING);
  return (
    <Card title={say("packages")}>
      <Shown of={waiting}>
        {(items) =>
          items.length === 0 ? (
            <Empty glyph="deliveries">
              <p>{say("no-packages")}</p>
            </Empty>
          ) : (
            <>
              <p class="quiet">{say("packages-lead")}</p>
              <TableOf
                caption={say("packages")}
                columns={[
                  { title: say("handover") },
                  { title: say("agency") },
                  { title: say("records"), number: true },
                  { title: say("until") },
                ]}
                rows={items.map((each) => ({
                  key: each.handover,
                  cells: [
                    <Short value={each.handover} link={`#/handovers/${each.handover}`} />,
                    names.agencies.get(each.agency) ?? each.agency,
                    number(Object.values(each.records).reduce((sum, count) => sum + count, 0)),
                    time(secondsOf(each.expires_at)),
                  ],
                }))}
              />
            </>
          )
        }
      </Shown>
      {waiting.more !== null && (
        <div class="controls">
          <button type="button" onClick={waiting.more}>
            {say("show-more")}
          </button>
        </div>
      )}
    </Card>
  );
}

export function HandoverPage({ handover }: { handover: string }) {
  const { say } = useWords();
  const path = `/handovers/${encodeURIComponent(handover)}`;
  const found = useResource<HandoverInside>(path);
  const isOpen = found.value !== null && isWaiting(found.value);
  const check = useResource<Check>(isOpen ? `${path}/check` : null);
  const [isDone, setDone] = useState(false);
  // What was signed is followed until its content is taken in, or nothing is left of it.
  useEffect(() => {
    if (!isDone) return;
    const timer = setInterval(found.reload, POLL_MS);
    return () => clearInterval(timer);
  }, [isDone]);
  const isGone = found.problem instanceof Problem && found.problem.status === 404;
  return (
    <>
      <PageHead
        title={say("handover")}
        lead={say("handover-lead")}
        back={{ to: "#/inbox", name: say("inbox") }}
      />
      {isGone ? (
        <Empty glyph="deliveries">
          <p>{say("handover-gone")}</p>
        </Empty>
      ) : (
        <Shown of={found}>
          {(value) => (
            <>
              <Facts of={value} />
              {isOpen && (
                <Card title={say("checks")}>
                  <Shown of={check}>
                    {(checked) => (
                      <Deciding
                        of={value}
                        check={checked}
                        onDone={() => setDone(true)}
                        onClose={() => {
                          found.reload();
                          check.reload();
                        }}
                      />
                    )}
                  </Shown>
                </Card>
              )}
              <Inside of={value} check={check.value} />
            </>
          )}
        </Shown>
      )}
    </>
  );
}

function Facts({ of }: { of: Handover }) {
  const { say, time } = useWords();
  const { names } = useSession();
  const agency = names.agencies.get(of.agency) ?? of.agency;
  return (
    <Card title={say("handover")}>
      <dl class="facts">
        <dt>{say("handover-id")}</dt>
        <dd class="mono">{of.handover}</dd>
        <dt>{say("direction")}</dt>
        <dd>{say(of.direction === "given" ? "sent-to" : "received-from", { agency })}</dd>
        <dt>{say("envelope")}</dt>
        <dd>
          <Short value={of.package} link={`#/deliveries/${of.package}`} />
        </dd>
        <dt>{say(of.direction === "given" ? "envelope-written" : "envelope-came")}</dt>
        <dd>{time(secondsOf(of.made_at))}</dd>
        <dt>{say("until")}</dt>
        <dd>{time(secondsOf(of.expires_at))}</dd>
      </dl>
    </Card>
  );
}

interface DecidingProperties {
  readonly of: Handover;
  readonly check: Check;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

/** What was checked of a package, and what its steward does about it. */
function Deciding({ of, check, onDone, onClose }: DecidingProperties) {
  const { say, number } = useWords();
  const session = useSession();
  const [act, setAct] = useState<Act | null>(null);
  const agency = session.names.agencies.get(of.agency) ?? of.agency;
  const { holds, refused, offered, block } = check;
  const failing = Object.keys(refused).length;
  const accepted = holds.filter((each) => each.accepts);
  // Of what came here by its custody alone the content is still to be taken in.
  const isAcceptable = accepted.length > 0 || (holds.length > 0 && "arrived" in of.records);
  const checks = [
    say("check.signed-by", { agency }),
    say("check.for-us"),
    say("check.holds", { count: number(holds.length), block: number(block) }),
  ];
  return (
    <>
      <ul class="checks">
        {checks.map((each) => (
          <li key={each}>
            <Glyph name="check" /> {each}
          </li>
        ))}
      </ul>
      {failing > 0 && (
        <Notice tone="warn">
          <p>{say("package-fails", { count: number(failing), all: number(holds.length + failing) })}</p>
        </Notice>
      )}
      {can(session, "steward") && (
        <div class="controls">
          {isAcceptable && (
            <button
              type="button"
              class="primary"
              onClick={() =>
                setAct(
                  acceptPackageAct(
                    say("do.accept-package"),
                    of.handover,
                    failing === 0 ? null : holds.map((each) => each.record),
                    accepted.map((each) => ({ ...each, traceHead: each.trace_head })),
                  ),
                )
              }
            >
              <Glyph name="sign" /> {say("do.accept-package")}
            </button>
          )}
          {offered.length > 0 && (
            <button
              type="button"
              class="danger"
              onClick={() =>
                setAct(declinePackageAct(say("do.decline-package"), of.handover, offered))
              }
            >
              {say("do.decline-package")}
            </button>
          )}
        </div>
      )}
      {act !== null && (
        <ActDialog
          act={act}
          onDone={onDone}
          onClose={() => {
            setAct(null);
            onClose();
          }}
        />
      )}
    </>
  );
}

function Inside({ of, check }: { of: HandoverInside; check: Check | null }) {
  const { say, sayOf, number } = useWords();
  const session = useSession();
  const holding = new Map(check?.holds.map((each) => [each.record, each]));
  const states = new Map(of.each.map((each) => [each.record, each]));
  // What does not hold was not kept: the package alone has it.
  const records = [...new Set([...states.keys(), ...Object.keys(check?.refused ?? {})])];
  function typeOf(record: string): string {
    const found = holding.get(record);
    if (found === undefined) return "–";
    const { issuer, type_id } = found;
    const name = typeName(session, issuer, type_id);
    return name ?? say("type-of-other", { type: type_id, agency: issuer });
  }
  function heldAs(record: string) {
    const why = check?.refused[record];
    if (why !== undefined) return <span lang="en">{why}</span>;
    return holding.has(record) ? <Badge tone="good">{say("holds-as-chain")}</Badge> : "–";
  }
  return (
    <Card title={say("records-inside")}>
      <TableOf
        caption={say("records-inside")}
        columns={[
          { title: say("record") },
          ...(check === null ? [] : [{ title: say("record-type") }]),
          { title: say("version"), number: true },
          { title: say("status") },
          ...(check === null ? [] : [{ title: say("checks") }]),
        ]}
        rows={records.slice(0, MOST).map((each) => {
          const row = states.get(each);
          return {
            key: each,
            cells: [
              <Short value={each} link={`#/records/${each}`} />,
              ...(check === null ? [] : [typeOf(each)]),
              row?.version ?? "–",
              row === undefined ? (
                "–"
              ) : (
                <Badge tone={TONES[row.state] ?? "plain"}>
                  {sayOf(`handover.${row.state}`, row.state)}
                </Badge>
              ),
              ...(check === null ? [] : [heldAs(each)]),
            ],
          };
        })}
      />
      {records.length > MOST && (
        <p class="quiet">{say("first-of-many", { count: number(MOST) })}</p>
      )}
    </Card>
  );
}
