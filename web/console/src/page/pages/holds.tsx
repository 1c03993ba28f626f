// SPDX-License-Identifier: Apache-2.0
/** Holds in force, of records and of whole types. */

import { useState } from "preact/hooks";
import { checksummed } from "../../core/transactions.ts";
import { RecordAct } from "../acting/act_forms.tsx";
import { Card, Empty, PageHead, Short, Shown, useResource } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { can, useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";
import { NONE } from "../acting/acts.ts";

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
  const agencyOf = (id: number) => session.names.agencies.get(id) ?? String(id);
  return (
    <>
      <PageHead title={say("holds")} lead={say("holds-lead")} />
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
                    ],
                  }))}
                />
              )}
            </Card>
          </>
        )}
      </Shown>
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
