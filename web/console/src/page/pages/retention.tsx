// SPDX-License-Identifier: Apache-2.0
/** Records whose retention is over, or soon: one officer proposes their destruction, another confirms. */

import { useState } from "preact/hooks";
import { RecordAct } from "../acting/act_forms.tsx";
import { NONE } from "../acting/acts.ts";
import { secondsOf } from "../parts/instants.ts";
import { Badge, Card, Empty, Field, PageHead, Short, Shown, StatusBadge, useResource } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { can, useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";
import { isConfirmable, type Proposal } from "./record_page.tsx";

interface DueRecord {
  readonly record: string;
  readonly status: string;
  readonly version: number;
  readonly type_id: number;
  readonly retained_until: string;
  readonly due: boolean;
  readonly held: boolean;
  readonly offered_to: number | null;
  readonly proposed: Proposal | null;
}

const PERIODS = [0, 30, 90, 365] as const;

export function Retention() {
  const { say, day } = useWords();
  const session = useSession();
  const [within, setWithin] = useState(0);
  const due = useResource<{ items: readonly DueRecord[]; next: string | null }>(
    `/retention?limit=200&within_days=${within}`,
  );
  const [acting, setActing] = useState<{ name: "propose" | "confirm"; of: DueRecord } | null>(null);
  const stop = () => {
    setActing(null);
    due.reload();
  };
  return (
    <>
      <PageHead title={say("retention")} lead={say("retention-lead")} />
      <Card>
        <Field label={say("retention-when")} required>
          {(attributes) => (
            <select
              {...attributes}
              value={within}
              onChange={(event) => setWithin(Number(event.currentTarget.value))}
            >
              {PERIODS.map((each) => (
                <option key={each} value={each}>
                  {each === 0 ? say("over-now") : say("over-within", { days: each })}
                </option>
              ))}
            </select>
          )}
        </Field>
      </Card>
      <Card title={say("records")}>
        <Shown of={due}>
          {({ items, next }) =>
            items.length === 0 ? (
              <Empty glyph="retention">
                <p>{say("nothing-due")}</p>
              </Empty>
            ) : (
              <>
                <TableOf
                  caption={say("retention")}
                  columns={[
                    { title: say("record") },
                    { title: say("record-type") },
                    { title: say("status") },
                    { title: say("retained-until") },
                    { title: say("what-stops-it") },
                    { title: say("acts"), actions: true },
                  ]}
                  rows={items.map((each) => ({
                    key: each.record,
                    cells: [
                      <Short value={each.record} link={`#/records/${each.record}`} />,
                      session.names.types.get(each.type_id) ?? each.type_id,
                      <StatusBadge status={each.status} />,
                      day(secondsOf(each.retained_until)),
                      <Stops of={each} />,
                      !each.due || each.held ? null : (
                        <>
                          {can(session, "registrar") && each.proposed === null && (
                            <button
                              type="button"
                              class="small"
                              onClick={() => setActing({ name: "propose", of: each })}
                            >
                              {say("do.propose")}
                            </button>
                          )}{" "}
                          {isConfirmable(each.proposed, session) && (
                            <button
                              type="button"
                              class="small danger"
                              onClick={() => setActing({ name: "confirm", of: each })}
                            >
                              {say("do.confirm")}
                            </button>
                          )}
                        </>
                      ),
                    ],
                  }))}
                />
                {next !== null && <p class="quiet">{say("first-of-many", { count: items.length })}</p>}
              </>
            )
          }
        </Shown>
      </Card>
      {acting !== null && (
        <RecordAct
          name={acting.name}
          record={{
            record: acting.of.record,
            version: acting.of.version || 1,
            commitment: NONE,
            traceHead: NONE,
          }}
          onClose={stop}
          onDone={due.reload}
        />
      )}
    </>
  );
}

function Stops({ of }: { of: DueRecord }) {
  const { say } = useWords();
  if (of.held) return <Badge tone="warn">{say("held")}</Badge>;
  if (of.offered_to !== null) return <Badge tone="blue">{say("offer-open")}</Badge>;
  if (!of.due) return <Badge tone="plain">{say("not-yet")}</Badge>;
  if (of.proposed !== null) return <Badge tone="blue">{say("proposed")}</Badge>;
  return <Badge tone="good">{say("nothing-stops")}</Badge>;
}
