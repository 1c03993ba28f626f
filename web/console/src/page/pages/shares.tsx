// SPDX-License-Identifier: Apache-2.0
/** Shares: asked for, granted, denied, revoked. */

import { useState } from "preact/hooks";
import type { Terms } from "../../core/openings.ts";
import { Glyph } from "../parts/glyphs.tsx";
import { secondsOf } from "../parts/instants.ts";
import { Badge, Card, Empty, PageHead, Short, Shown, useResource } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { can, useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";
import { Decide, type Decision } from "./share_decision.tsx";
import { RequestShare } from "./share_request.tsx";

export interface ShareRow {
  readonly share: string;
  readonly granter: number;
  readonly requester: number;
  readonly granted_by_us: boolean;
  readonly type_id: number | null;
  readonly record: string | null;
  readonly status: string;
  readonly respond_by: string;
  readonly expires_at: string;
  readonly terms: Terms | null;
}

const TONES: Readonly<Record<string, string>> = {
  requested: "blue",
  granted: "good",
  denied: "bad",
  revoked: "bad",
  expired: "plain",
  lapsed: "plain",
};

export function Shares() {
  const { say } = useWords();
  const session = useSession();
  const shares = useResource<{ items: readonly ShareRow[] }>("/shares?limit=500");
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <PageHead title={say("shares")} lead={say("shares-lead")}>
        {can(session, "steward") && (
          <button type="button" class="primary" onClick={() => setAsking(true)}>
            <Glyph name="shares" /> {say("ask-for-share")}
          </button>
        )}
      </PageHead>
      <Card>
        <Shown of={shares}>
          {({ items }) => (
            <ShareTable
              rows={items}
              none={say("no-shares")}
              onChanged={shares.reload}
              canDecide={can(session, "steward")}
            />
          )}
        </Shown>
      </Card>
      {isAsking && (
        <RequestShare
          onClose={() => {
            setAsking(false);
            shares.reload();
          }}
        />
      )}
    </>
  );
}

interface ShareTableProperties {
  readonly rows: readonly ShareRow[];
  /** What is said where there are none. */
  readonly none: string;
  readonly onChanged: () => void;
  readonly canDecide: boolean;
}

export function ShareTable({ rows, none, onChanged, canDecide }: ShareTableProperties) {
  const { say, sayOf, day } = useWords();
  const { agencies, names } = useSession();
  const [deciding, setDeciding] = useState<{ what: Decision; of: ShareRow } | null>(null);
  const scopeOf = (row: ShareRow) => {
    if (row.record !== null) return <Short value={row.record} link={`#/records/${row.record}`} />;
    if (row.type_id === null) return say("one-record");
    const type = agencies
      .find((each) => each.id === row.granter)
      ?.types.find((each) => each.id === row.type_id);
    return say("all-of-type", { type: type?.name ?? row.type_id });
  };
  return (
    <>
      {rows.length === 0 && (
        <Empty glyph="shares">
          <p>{none}</p>
        </Empty>
      )}
      {rows.length > 0 && (
      <TableOf
        caption={say("shares")}
        columns={[
          { title: say("share-direction") },
          { title: say("share-scope") },
          { title: say("share-purpose") },
          { title: say("status") },
          { title: say("until") },
          { title: say("acts"), actions: true },
        ]}
        rows={rows.map((row) => ({
          key: row.share,
          cells: [
            say(row.granted_by_us ? "asked-of-us" : "asked-by-us", {
              agency: names.agencies.get(row.granted_by_us ? row.requester : row.granter) ?? "",
            }),
            scopeOf(row),
            row.terms === null ? (
              <span class="quiet">{say("terms-unknown")}</span>
            ) : (
              <>
                {row.terms.purpose}
                <br />
                <span class="quiet">
                  {row.terms.legal_basis} ·{" "}
                  {row.terms.fields === null ? say("all-fields") : row.terms.fields.join(", ")}
                </span>
              </>
            ),
            <Badge tone={TONES[row.status] ?? "plain"}>{sayOf(`share.${row.status}`, row.status)}</Badge>,
            day(secondsOf(row.status === "requested" ? row.respond_by : row.expires_at)),
            canDecide && row.granted_by_us ? (
              <>
                {row.status === "requested" && (
                  <>
                    <button
                      type="button"
                      class="small"
                      disabled={row.terms === null}
                      onClick={() => setDeciding({ what: "grant", of: row })}
                    >
                      {say("do.grant")}
                    </button>{" "}
                    <button
                      type="button"
                      class="small danger"
                      onClick={() => setDeciding({ what: "deny", of: row })}
                    >
                      {say("do.deny")}
                    </button>
                  </>
                )}
                {row.status === "granted" && (
                  <>
                    <a class="button small" href={`#/deliveries?share=${row.share}`}>
                      {say("do.deliver")}
                    </a>{" "}
                    <button
                      type="button"
                      class="small danger"
                      onClick={() => setDeciding({ what: "revoke", of: row })}
                    >
                      {say("do.revoke-share")}
                    </button>
                  </>
                )}
              </>
            ) : null,
          ],
        }))}
      />
      )}
      {deciding !== null && (
        <Decide
          {...deciding}
          onDone={onChanged}
          onClose={() => {
            setDeciding(null);
            onChanged();
          }}
        />
      )}
    </>
  );
}
