// SPDX-License-Identifier: Apache-2.0
/** Record types: what is there, and the next version of one or a new one. */

import { useState } from "preact/hooks";
import { controlsOf } from "../../core/schema_form.ts";
import { ActDialog } from "../acting/act_dialog.tsx";
import { Foot } from "../acting/act_forms.tsx";
import { FOR_EVER, publishTypeAct, SHARINGS, type Act } from "../acting/acts.ts";
import { Glyph } from "../parts/glyphs.tsx";
import { Card, Dialog, Empty, Field, namesIn, PageHead, TextField } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { can, useSession, type RecordTypeRow } from "../session.tsx";
import { useWords } from "../words/language.tsx";

export function RecordTypes({ onChanged }: { onChanged: () => void }) {
  const { say, number } = useWords();
  const session = useSession();
  const { types } = session;
  const isAdmin = can(session, "admin");
  const [editing, setEditing] = useState<RecordTypeRow | "new" | null>(null);
  const stop = () => {
    setEditing(null);
    onChanged();
  };
  return (
    <>
      <PageHead title={say("types")} lead={say("types-lead")}>
        {isAdmin && (
          <button type="button" class="primary" onClick={() => setEditing("new")}>
            <Glyph name="types" /> {say("new-type")}
          </button>
        )}
      </PageHead>
      {types.length === 0 && (
        <Empty glyph="types">
          <p>{say("no-types")}</p>
        </Empty>
      )}
      {types.map((type) => (
        <Card
          key={type.id}
          title={type.name}
          actions={
            isAdmin ? (
              <button type="button" class="small" onClick={() => setEditing(type)}>
                {say("next-version")}
              </button>
            ) : undefined
          }
        >
          <dl class="facts">
            <dt>{say("version")}</dt>
            <dd>{type.version}</dd>
            <dt>{say("argument.retentionDays")}</dt>
            <dd>{type.retentionDays === null ? say("for-ever") : number(type.retentionDays)}</dd>
            <dt>{say("argument.sharing")}</dt>
            <dd>{say(`sharing.${type.sharing as (typeof SHARINGS)[number]}`)}</dd>
          </dl>
          <details>
            <summary>{say("its-fields", { count: controlsOf(type.schema).length })}</summary>
            <TableOf
              caption={say("its-fields", { count: controlsOf(type.schema).length })}
              columns={[
                { title: say("field") },
                { title: say("kind") },
                { title: say("needed") },
                { title: say("searchable") },
              ]}
              rows={controlsOf(type.schema).map((each) => ({
                key: each.name,
                cells: [
                  each.title === each.name ? each.name : `${each.title} (${each.name})`,
                  say(`kind.${each.kind}`),
                  say(each.required ? "yes" : "no"),
                  say(type.searchable.includes(each.name) ? "yes" : "no"),
                ],
              }))}
            />
          </details>
        </Card>
      ))}
      {editing !== null && (
        <PublishType before={editing === "new" ? null : editing} onClose={stop} />
      )}
    </>
  );
}

function emptySchema(): string {
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    required: ["title"],
    properties: { title: { type: "string", maxLength: 200 } },
    additionalProperties: false,
  };
  return JSON.stringify(schema, null, 2);
}

function PublishType({ before, onClose }: { before: RecordTypeRow | null; onClose: () => void }) {
  const { say } = useWords();
  const { types, agency, agencies } = useSession();
  const [name, setName] = useState(before?.name ?? "");
  const [schema, setSchema] = useState(
    before === null ? emptySchema() : JSON.stringify(before.schema, null, 2),
  );
  const [days, setDays] = useState(
    before === null || before.retentionDays === null ? "" : String(before.retentionDays),
  );
  const [sharing, setSharing] = useState<(typeof SHARINGS)[number]>(
    (before?.sharing as (typeof SHARINGS)[number]) ?? "conditional",
  );
  const [searchable, setSearchable] = useState(before?.searchable.join(", ") ?? "");
  const [faults, setFaults] = useState<Partial<Record<string, string>>>({});
  const [act, setAct] = useState<Act | null>(null);
  if (act !== null) return <ActDialog act={act} onClose={onClose} />;

  function submit(event: Event): void {
    event.preventDefault();
    const found: Partial<Record<string, string>> = {};
    let parsed: Record<string, unknown> = {};
    try {
      parsed = JSON.parse(schema);
      controlsOf(parsed);
    } catch {
      found["schema"] = say("fault.json");
    }
    if (name.trim() === "") found["name"] = say("fault.required");
    if (!/^\d{0,6}$/.test(days.trim())) found["days"] = say("fault.integer");
    setFaults(found);
    if (Object.keys(found).length > 0) return;
    // The chain numbers an agency's types one after the other, those too that are not kept here.
    const onChain = agencies.find((each) => each.id === agency)?.types.map((each) => each.id) ?? [];
    const last = Math.max(0, ...onChain, ...types.map((each) => each.id));
    const type = {
      name: name.trim(),
      typeId: before?.id ?? last + 1,
      version: (before?.version ?? 0) + 1,
      schema: parsed,
      retentionDays: days.trim() === "" ? FOR_EVER : Number(days),
      sharing,
      searchable: namesIn(searchable),
    };
    setAct(publishTypeAct(say(before === null ? "new-type" : "next-version"), type, agency));
  }

  return (
    <Dialog title={before === null ? say("new-type") : say("next-version")} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <TextField
          label={say("argument.name")}
          fault={faults["name"]}
          required
          value={name}
          maxLength={64}
          onText={setName}
        />
        <div class="field-row">
          <TextField
            label={say("argument.retentionDays")}
            hint={say("retention-hint")}
            fault={faults["days"]}
            kind="number"
            value={days}
            onText={setDays}
          />
          <Field label={say("argument.sharing")} required>
            {(attributes) => (
              <select
                {...attributes}
                value={sharing}
                onChange={(event) => setSharing(event.currentTarget.value as "open")}
              >
                {SHARINGS.map((each) => (
                  <option key={each} value={each}>
                    {say(`sharing.${each}`)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
        <TextField
          label={say("searchable")}
          hint={say("searchable-hint")}
          value={searchable}
          onText={setSearchable}
        />
        <Field label={say("schema")} hint={say("schema-hint")} fault={faults["schema"]} required>
          {(attributes) => (
            <textarea
              {...attributes}
              class="mono"
              rows={14}
              spellcheck={false}
              value={schema}
              onInput={(event) => setSchema(event.currentTarget.value)}
            />
          )}
        </Field>
        <Foot onClose={onClose}>{say("check-and-sign")}</Foot>
      </form>
    </Dialog>
  );
}
