// SPDX-License-Identifier: Apache-2.0
/** Acts that were prepared for this officer and are not signed: begun here, or by another system. */

import { useState } from "preact/hooks";
import { discard, preparedOf } from "../../api/acts.ts";
import { AbiError } from "../../core/abi.ts";
import { fromHex } from "../../core/bytes.ts";
import { decodeCalls } from "../../core/calls.ts";
import { ActDialog } from "../acting/act_dialog.tsx";
import { tellChanged } from "../parts/changes.ts";
import { Empty, Shown, useResource } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { useWords } from "../words/language.tsx";

export interface WaitingAct {
  readonly id: string;
  readonly act: string;
  /** Unix seconds. */
  readonly expires_at: number;
}

interface WaitingProperties {
  readonly items: readonly WaitingAct[];
  readonly onChanged: () => void;
}

export function WaitingActs({ items, onChanged }: WaitingProperties) {
  const { say, time } = useWords();
  const [signing, setSigning] = useState<string | null>(null);
  async function leave(id: string): Promise<void> {
    await discard([id]);
    tellChanged();
    onChanged();
  }
  return (
    <>
      {items.length === 0 ? (
        <Empty glyph="sign">
          <p>{say("no-unsigned-acts")}</p>
        </Empty>
      ) : (
        <>
          <p class="quiet">{say("unsigned-acts-lead")}</p>
          <TableOf
            caption={say("unsigned-acts")}
            columns={[
              { title: say("what") },
              { title: say("prepared-until") },
              { title: say("acts"), actions: true },
            ]}
            rows={items.map((each) => ({
              key: each.id,
              cells: [
                <InShort id={each.id} />,
                time(each.expires_at),
                <>
                  <button type="button" class="small" onClick={() => setSigning(each.id)}>
                    {say("read-and-sign")}
                  </button>{" "}
                  <button type="button" class="small danger" onClick={() => leave(each.id)}>
                    {say("discard-act")}
                  </button>
                </>,
              ],
            }))}
          />
        </>
      )}
      {signing !== null && (
        <ActDialog
          act={{ title: say("read-and-sign"), waiting: signing }}
          onClose={() => {
            setSigning(null);
            onChanged();
          }}
        />
      )}
    </>
  );
}

/** What an act does, by its transaction's own data. */
function InShort({ id }: { id: string }) {
  const { sayOf } = useWords();
  const act = useResource(`/acts/${id}`);
  return (
    <Shown of={act}>
      {(body) => {
        const names = namesIn(preparedOf(body).data);
        return <>{names.map((each) => sayOf(`call.${each}`, each)).join("; ")}</>;
      }}
    </Shown>
  );
}

function namesIn(data: string): readonly string[] {
  try {
    return decodeCalls(fromHex(data)).map((each) => each.name);
  } catch (error) {
    if (error instanceof AbiError || error instanceof RangeError) return ["–"];
    throw error;
  }
}
