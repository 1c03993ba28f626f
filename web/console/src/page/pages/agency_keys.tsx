// SPDX-License-Identifier: Apache-2.0
/** The agency's public keys on chain, and the registry that this browser signs for. */

import { useState } from "preact/hooks";
import { checksummed } from "../../core/transactions.ts";
import { ActDialog } from "../acting/act_dialog.tsx";
import { publishKeysAct, retireKeyAct, type Act } from "../acting/acts.ts";
import { forgetRegistry, pinnedRegistry } from "../acting/pinning.ts";
import { Glyph } from "../parts/glyphs.tsx";
import { Badge, Card, Empty, Notice, PageHead, Short, Shown, useResource } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { can, useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";

interface Key {
  readonly purpose: string;
  readonly epoch: number;
  readonly key: string;
  readonly retired: boolean;
}

export function AgencyKeys() {
  const { say, sayOf } = useWords();
  const session = useSession();
  const isAdmin = can(session, "admin");
  const keys = useResource<{ keys: readonly Key[] }>(`/agencies/${session.agency}/officers`);
  const [act, setAct] = useState<Act | null>(null);
  return (
    <>
      <PageHead title={say("keys")} lead={say("keys-lead")}>
        {isAdmin && (
          <button
            type="button"
            class="primary"
            onClick={() => setAct(publishKeysAct(say("publish-keys"), session.agency))}
          >
            <Glyph name="keys" /> {say("publish-keys")}
          </button>
        )}
      </PageHead>
      <Card title={say("keys-on-chain")}>
        <Shown of={keys}>
          {({ keys: items }) =>
            items.length === 0 ? (
              <Empty glyph="keys">
                <p>{say("no-keys")}</p>
              </Empty>
            ) : (
              <TableOf
                caption={say("keys-on-chain")}
                columns={[
                  { title: say("argument.purpose") },
                  { title: say("argument.epoch"), number: true },
                  { title: say("argument.key") },
                  { title: say("status") },
                  { title: say("acts"), actions: true },
                ]}
                rows={items.map((each) => ({
                  key: `${each.purpose}-${each.epoch}`,
                  cells: [
                    sayOf(`purpose.${each.purpose}`, each.purpose),
                    each.epoch,
                    <Short value={each.key} />,
                    <Badge tone={each.retired ? "plain" : "good"}>
                      {say(each.retired ? "retired" : "in-use")}
                    </Badge>,
                    isAdmin && !each.retired && isFollowed(each, items) ? (
                      <button
                        type="button"
                        class="small danger"
                        onClick={() =>
                          setAct(
                            retireKeyAct(say("retire-key"), session.agency, each.purpose, each.epoch),
                          )
                        }
                      >
                        {say("retire-key")}
                      </button>
                    ) : null,
                  ],
                }))}
              />
            )
          }
        </Shown>
      </Card>
      <KnownRegistry />
      {act !== null && (
        <ActDialog
          act={act}
          onDone={keys.reload}
          onClose={() => {
            setAct(null);
            keys.reload();
          }}
        />
      )}
    </>
  );
}

/** Whether a later epoch took a key's place: the present one is not retired. */
function isFollowed({ purpose, epoch }: Key, all: readonly Key[]): boolean {
  return all.some((other) => other.purpose === purpose && other.epoch > epoch);
}

function KnownRegistry() {
  const { say } = useWords();
  const { registry } = useSession();
  const [known, setKnown] = useState(pinnedRegistry);
  const shown = known ?? registry;
  const isOther =
    known !== null &&
    (known.chainId !== registry.chainId ||
      known.records.toLowerCase() !== registry.records.toLowerCase());
  return (
    <Card title={say("known-registry")}>
      <p class="quiet">{say("known-registry-lead")}</p>
      <dl class="facts">
        <dt>{say("chain")}</dt>
        <dd>{shown.chainId}</dd>
        <dt>{say("records")}</dt>
        <dd class="mono">{checksummed(shown.records)}</dd>
        <dt>{say("shares")}</dt>
        <dd class="mono">{checksummed(shown.shares)}</dd>
      </dl>
      {isOther && (
        <Notice tone="warn">
          <p>{say("other-registry", { records: registry.records, chain: registry.chainId })}</p>
        </Notice>
      )}
      {known !== null && (
        <div class="controls">
          <button
            type="button"
            onClick={() => {
              forgetRegistry();
              setKnown(null);
            }}
          >
            {say("forget-registry")}
          </button>
        </div>
      )}
    </Card>
  );
}
