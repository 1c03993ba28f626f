// SPDX-License-Identifier: Apache-2.0
/** Holds in force, of records and of whole types. */

import { useState } from "preact/hooks";
import { checksummed } from "../../core/transactions.ts";
import { RecordAct } from "../acting/act_forms.tsx";
import { Card, Dialog, Empty, Field, PageHead, Short, Shown, TextField, useResource } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { can, useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";
import { ActDialog } from "../acting/act_dialog.tsx";
import { Foot } from "../acting/act_forms.tsx";
import { holdTypeAct, NONE, releaseTypeAct, type Act } from "../acting/acts.ts";

interface Hold {
  readonly record: string;
  readonly authority: string;
  readonly case: string;
  readonly block: number;
  readonly custodian: number | null;
}

interface TypeHold {
  readonly agency: number;
  readonly type_id: number;
  readonly authority: string;
  readonly case: string;
  readonly block: number;
}

export function Holds() {
  const { say } = useWords();
  const session = useSession();
  const isAuthority = can(session, "hold_authority");
  const holds = useResource<{ items: readonly Hold[]; types: readonly TypeHold[] }>(
    `/holds?limit=500&own=${!isAuthority}`,
  );
  const [releasing, setReleasing] = useState<Hold | null>(null);
  const [ofType, setOfType] = useState<"hold" | TypeHold | null>(null);
  const agencyOf = (id: number) => session.names.agencies.get(id) ?? String(id);
  return (
    <>
      <PageHead title={say("holds")} lead={say("holds-lead")}>
        {isAuthority && (
          <button type="button" class="primary" onClick={() => setOfType("hold")}>
            {say("do.hold-type")}
          </button>
        )}
      </PageHead>
      <Shown of={holds}>
        {({ items, types }) => (
          <>
            <Card title={say("holds-of-records")}>
              {items.length === 0 ? (
                <Empty glyph="hold">
                  <p>{say("no-holds")}</p>
                </Empty>
              ) : (
                <TableOf
                  caption={say("holds-of-records")}
                  columns={[
                    { title: say("record") },
                    { title: say("custodian") },
                    { title: say("authority") },
                    { title: say("argument.caseCommitment") },
                    { title: say("since") },
                    { title: say("acts"), actions: true },
                  ]}
                  rows={items.map((each) => ({
                    key: `${each.record}${each.authority}${each.case}`,
                    cells: [
                      <Short value={each.record} link={`#/records/${each.record}`} />,
                      each.custodian === null ? say("not-on-chain") : agencyOf(each.custodian),
                      <Short value={checksummed(each.authority)} />,
                      <Short value={each.case} />,
                      say("block", { block: each.block }),
                      each.authority.toLowerCase() === session.account.toLowerCase() ? (
                        <button type="button" class="small" onClick={() => setReleasing(each)}>
                          {say("do.release")}
                        </button>
                      ) : null,
                    ],
                  }))}
                />
              )}
            </Card>
            <Card title={say("holds-of-types")}>
              {types.length === 0 ? (
                <p class="quiet">{say("no-type-holds")}</p>
              ) : (
                <TableOf
                  caption={say("holds-of-types")}
                  columns={[
                    { title: say("agency") },
                    { title: say("record-type") },
                    { title: say("authority") },
                    { title: say("argument.caseCommitment") },
                    { title: say("acts"), actions: true },
                  ]}
                  rows={types.map((each) => ({
                    key: `${each.agency}-${each.type_id}-${each.authority}-${each.case}`,
                    cells: [
                      agencyOf(each.agency),
                      each.agency === session.agency
                        ? (session.names.types.get(each.type_id) ?? each.type_id)
                        : each.type_id,
                      <Short value={checksummed(each.authority)} />,
                      <Short value={each.case} />,
                      each.authority.toLowerCase() === session.account.toLowerCase() ? (
                        <button type="button" class="small" onClick={() => setOfType(each)}>
                          {say("do.release")}
                        </button>
                      ) : null,
                    ],
                  }))}
                />
              )}
            </Card>
          </>
        )}
      </Shown>
      {ofType !== null && (
        <HoldType
          held={ofType === "hold" ? null : ofType}
          onDone={holds.reload}
          onClose={() => {
            setOfType(null);
            holds.reload();
          }}
        />
      )}
      {releasing !== null && (
        <RecordAct
          name="release"
          record={{ record: releasing.record, version: 0, commitment: NONE, traceHead: NONE }}
          onClose={() => {
            setReleasing(null);
            holds.reload();
          }}
          onDone={holds.reload}
        />
      )}
    </>
  );
}

interface HoldTypeProperties {
  /** The one that is to be released; null for a new one. */
  readonly held: TypeHold | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function HoldType({ held, onClose, onDone }: HoldTypeProperties) {
  const { say } = useWords();
  const { agencies } = useSession();
  const [chosen, setChosen] = useState(held === null ? "" : `${held.agency}/${held.type_id}`);
  const [caseName, setCaseName] = useState("");
  const [act, setAct] = useState<Act | null>(null);
  if (act !== null) return <ActDialog act={act} onClose={onClose} onDone={onDone} />;
  const title = say(held === null ? "do.hold-type" : "do.release");

  function submit(event: Event): void {
    event.preventDefault();
    const [agency, type] = chosen.split("/").map(Number) as [number, number];
    const make = held === null ? holdTypeAct : releaseTypeAct;
    setAct(make(title, agency, type, caseName.trim()));
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <p class="lead">{say(held === null ? "hold-type-lead" : "act-lead.release")}</p>
      <form onSubmit={submit}>
        {held === null && (
          <Field label={say("record-type")} required>
            {(attributes) => (
              <select
                {...attributes}
                value={chosen}
                onChange={(event) => setChosen(event.currentTarget.value)}
              >
                <option value="" />
                {agencies.flatMap((agency) =>
                  agency.types.map((type) => (
                    <option key={`${agency.id}/${type.id}`} value={`${agency.id}/${type.id}`}>
                      {`${agency.name}: ${type.name}`}
                    </option>
                  )),
                )}
              </select>
            )}
          </Field>
        )}
        <TextField
          label={say("question.case")}
          hint={say("question-hint.case")}
          required
          value={caseName}
          onText={setCaseName}
        />
        <Foot onClose={onClose}>{say("check-and-sign")}</Foot>
      </form>
    </Dialog>
  );
}
