// SPDX-License-Identifier: Apache-2.0
/** Shares: asked for, granted, denied, revoked; asking for a new one. */

import { useState } from "preact/hooks";
import type { Terms } from "../../core/openings.ts";
import { ActDialog } from "../acting/act_dialog.tsx";
import { Foot } from "../acting/act_forms.tsx";
import {
  DENIALS,
  denyShareAct,
  grantShareAct,
  requestShareAct,
  revokeShareAct,
  type Act,
  type Denial,
} from "../acting/acts.ts";
import { Glyph } from "../parts/glyphs.tsx";
import { secondsOf } from "../parts/instants.ts";
import { Badge, Card, Dialog, Empty, Field, PageHead, Short, Shown, useResource } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { can, useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";
import type { Phrase } from "../words/catalogue.ts";

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

type Decision = "grant" | "deny" | "revoke";

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
                  <button
                    type="button"
                    class="small danger"
                    onClick={() => setDeciding({ what: "revoke", of: row })}
                  >
                    {say("do.revoke-share")}
                  </button>
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

interface DecideProperties {
  readonly what: Decision;
  readonly of: ShareRow;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function Decide({ what, of, onClose, onDone }: DecideProperties) {
  const { say } = useWords();
  const [act, setAct] = useState<Act | null>(null);
  const [reason, setReason] = useState<Denial>("unspecified");
  const [granted, setGranted] = useState<ReadonlySet<string> | null>(
    of.terms?.fields === null || of.terms === null ? null : new Set(of.terms.fields),
  );
  const [isOnward, setOnward] = useState(of.terms?.onward ?? false);
  const title = say(`do.${what === "revoke" ? "revoke-share" : what}`);
  if (act !== null) return <ActDialog act={act} onClose={onClose} onDone={onDone} />;

  function submit(event: Event): void {
    event.preventDefault();
    if (what === "deny") setAct(denyShareAct(title, of.share, reason));
    else if (what === "revoke") setAct(revokeShareAct(title, of.share, reason));
    else if (of.terms !== null) {
      const fields = granted === null ? null : [...granted].sort();
      setAct(grantShareAct(title, of.share, { ...of.terms, fields, onward: isOnward }));
    }
  }

  function toggle(name: string): void {
    const next = new Set(granted);
    if (!next.delete(name)) next.add(name);
    setGranted(next);
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        {what === "grant" && of.terms !== null && (
          <>
            <dl class="facts">
              <dt>{say("share-purpose")}</dt>
              <dd>{of.terms.purpose}</dd>
              <dt>{say("share-basis")}</dt>
              <dd>{of.terms.legal_basis}</dd>
              <dt>{say("share-fields")}</dt>
              <dd>{of.terms.fields === null ? say("all-fields") : of.terms.fields.join(", ")}</dd>
            </dl>
            {of.terms.fields !== null && (
              <fieldset>
                <legend>{say("fields-granted")}</legend>
                <div class="choices">
                  {of.terms.fields.map((each) => (
                    <label key={each} class="check">
                      <input
                        type="checkbox"
                        checked={granted?.has(each) ?? false}
                        onChange={() => toggle(each)}
                      />
                      <span>{each}</span>
                    </label>
                  ))}
                </div>
              </fieldset>
            )}
            {of.terms.onward && (
              <label class="check">
                <input
                  type="checkbox"
                  checked={isOnward}
                  onChange={(event) => setOnward(event.currentTarget.checked)}
                />
                <span>{say("share-onward")}</span>
              </label>
            )}
          </>
        )}
        {what !== "grant" && (
          <Field label={say("question.reason")} required>
            {(attributes) => (
              <select
                {...attributes}
                value={reason}
                onChange={(event) => setReason(event.currentTarget.value as Denial)}
              >
                {DENIALS.map((each) => (
                  <option key={each} value={each}>
                    {say(`denial.${each}`)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        <Foot onClose={onClose}>{say("check-and-sign")}</Foot>
      </form>
    </Dialog>
  );
}

const ASKED = ["purpose", "basis"] as const;

function RequestShare({ onClose }: { onClose: () => void }) {
  const { say } = useWords();
  const { agencies, agency } = useSession();
  const [granter, setGranter] = useState("");
  const [scope, setScope] = useState("");
  const [record, setRecord] = useState("");
  const [texts, setTexts] = useState({ purpose: "", basis: "" });
  const [fields, setFields] = useState("");
  const [days, setDays] = useState("365");
  const [isOnward, setOnward] = useState(false);
  const [faults, setFaults] = useState<Partial<Record<string, string>>>({});
  const [act, setAct] = useState<Act | null>(null);
  if (act !== null) return <ActDialog act={act} onClose={onClose} />;
  const types = agencies.find((each) => each.id === Number(granter))?.types ?? [];

  function submit(event: Event): void {
    event.preventDefault();
    const found: Partial<Record<string, string>> = {};
    const isRecord = scope === "record";
    if (granter === "") found["granter"] = say("fault.required");
    if (scope === "") found["scope"] = say("fault.required");
    if (isRecord && !/^0x[0-9a-fA-F]{64}$/.test(record.trim())) found["record"] = say("fault.record-id");
    for (const each of ASKED) if (texts[each].trim() === "") found[each] = say("fault.required");
    if (!/^[1-9]\d{0,4}$/.test(days)) found["days"] = say("fault.integer");
    setFaults(found);
    if (Object.keys(found).length > 0) return;
    const named = fields.split(/[,，\s]+/).filter((each) => each !== "");
    const terms: Terms = {
      purpose: texts.purpose.trim(),
      legal_basis: texts.basis.trim(),
      fields: named.length === 0 ? null : [...new Set(named)].sort(),
      onward: isOnward,
    };
    const type = types.find((each) => String(each.id) === scope);
    const asked = {
      granter: Number(granter),
      typeId: type?.id ?? 0,
      ...(type === undefined ? {} : { type: type.name }),
      ...(isRecord ? { record: record.trim().toLowerCase() } : {}),
      terms,
      days: Number(days),
    };
    setAct(requestShareAct(say("ask-for-share"), asked, agency));
  }

  return (
    <Dialog title={say("ask-for-share")} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <Field label={say("asked-agency")} fault={faults["granter"]} required>
          {(attributes) => (
            <select
              {...attributes}
              value={granter}
              onChange={(event) => {
                setGranter(event.currentTarget.value);
                setScope("");
              }}
            >
              <option value="" />
              {agencies
                .filter((each) => each.id !== agency)
                .map((each) => (
                  <option key={each.id} value={each.id}>
                    {`${each.id} · ${each.name}`}
                  </option>
                ))}
            </select>
          )}
        </Field>
        <Field label={say("share-scope")} fault={faults["scope"]} required>
          {(attributes) => (
            <select {...attributes} value={scope} onChange={(event) => setScope(event.currentTarget.value)}>
              <option value="" />
              <option value="record">{say("one-record")}</option>
              {types.map((each) => (
                <option key={each.id} value={each.id} disabled={each.sharing === "closed"}>
                  {say("all-of-type", { type: each.name })}
                </option>
              ))}
            </select>
          )}
        </Field>
        {scope === "record" && (
          <Field label={say("record-id")} fault={faults["record"]} required>
            {(attributes) => (
              <input
                {...attributes}
                class="mono"
                value={record}
                onInput={(event) => setRecord(event.currentTarget.value)}
              />
            )}
          </Field>
        )}
        {ASKED.map((each) => (
          <Field
            key={each}
            label={say(`share-${each}`)}
            hint={say(`share-${each}-hint` as Phrase)}
            fault={faults[each]}
            required
          >
            {(attributes) => (
              <input
                {...attributes}
                value={texts[each]}
                onInput={(event) => setTexts({ ...texts, [each]: event.currentTarget.value })}
              />
            )}
          </Field>
        ))}
        <Field label={say("share-fields")} hint={say("share-fields-hint")}>
          {(attributes) => (
            <input {...attributes} value={fields} onInput={(event) => setFields(event.currentTarget.value)} />
          )}
        </Field>
        <Field label={say("question.days")} fault={faults["days"]} required>
          {(attributes) => (
            <input
              {...attributes}
              inputMode="numeric"
              value={days}
              onInput={(event) => setDays(event.currentTarget.value)}
            />
          )}
        </Field>
        <label class="check">
          <input
            type="checkbox"
            checked={isOnward}
            onChange={(event) => setOnward(event.currentTarget.checked)}
          />
          <span>{say("share-onward")}</span>
        </label>
        <Foot onClose={onClose}>{say("check-and-sign")}</Foot>
      </form>
    </Dialog>
  );
}
