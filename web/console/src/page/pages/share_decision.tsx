// SPDX-License-Identifier: Apache-2.0
/** Deciding on a share: granted with these fields, denied or revoked for a reason. */

import { useState } from "preact/hooks";
import { ActDialog } from "../acting/act_dialog.tsx";
import { Foot } from "../acting/act_forms.tsx";
import {
  DENIALS,
  denyShareAct,
  grantShareAct,
  revokeShareAct,
  type Act,
  type Denial,
} from "../acting/acts.ts";
import { Dialog, Field } from "../parts/parts.tsx";
import { useWords } from "../words/language.tsx";
import type { ShareRow } from "./shares.tsx";

export type Decision = "grant" | "deny" | "revoke";

interface DecideProperties {
  readonly what: Decision;
  readonly of: ShareRow;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function Decide({ what, of, onClose, onDone }: DecideProperties) {
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
