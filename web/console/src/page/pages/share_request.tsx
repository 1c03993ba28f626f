// SPDX-License-Identifier: Apache-2.0
/** Asking another agency for a share. */

import { useState } from "preact/hooks";
import type { Terms } from "../../core/openings.ts";
import { ActDialog } from "../acting/act_dialog.tsx";
import { Foot, OtherAgencies } from "../acting/act_forms.tsx";
import { requestShareAct, type Act } from "../acting/acts.ts";
import { Dialog, Field, namesIn, TextField } from "../parts/parts.tsx";
import { useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";
import type { Phrase } from "../words/catalogue.ts";

const ASKED = ["purpose", "basis"] as const;

export function RequestShare({ onClose }: { onClose: () => void }) {
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
    const named = namesIn(fields);
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
              <OtherAgencies />
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
          <TextField
            label={say("record-id")}
            fault={faults["record"]}
            required
            kind="code"
            value={record}
            onText={setRecord}
          />
        )}
        {ASKED.map((each) => (
          <TextField
            key={each}
            label={say(`share-${each}`)}
            hint={say(`share-${each}-hint` as Phrase)}
            fault={faults[each]}
            required
            value={texts[each]}
            onText={(text) => setTexts({ ...texts, [each]: text })}
          />
        ))}
        <TextField
          label={say("share-fields")}
          hint={say("share-fields-hint")}
          value={fields}
          onText={setFields}
        />
        <TextField
          label={say("question.days")}
          fault={faults["days"]}
          required
          kind="number"
          value={days}
          onText={setDays}
        />
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
