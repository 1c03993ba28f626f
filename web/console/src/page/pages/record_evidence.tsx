// SPDX-License-Identifier: Apache-2.0
/** Evidence: which fields it shows is chosen here; the QR code leads to where it is checked. */

import { useMemo, useState } from "preact/hooks";
import { fetched } from "../../api/client.ts";
import { Glyph } from "../parts/glyphs.tsx";
import { Dialog, Field, Notice, ProblemNotice, save } from "../parts/parts.tsx";
import { purposeHeader } from "../parts/shown_values.tsx";
import { QrCode } from "../parts/qr_code.tsx";
import { useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";
import type { RecordView } from "./record_page.tsx";

/** Where a citizen checks the evidence. */
export function verificationLink(record: string): string {
  return `${location.origin}/verify#${record}`;
}

export function EvidenceDialog({ view, onClose }: { view: RecordView; onClose: () => void }) {
  const { say, bytes } = useWords();
  const { types, agency } = useSession();
  const versions = view.kept?.versions ?? [];
  const type = view.issuer === agency ? types.find((each) => each.id === view.type_id) : undefined;
  const names = useMemo(() => Object.keys(type?.schema["properties"] ?? {}), [type]);
  const [shown, setShown] = useState<ReadonlySet<string>>(new Set());
  const [isAll, setAll] = useState(false);
  const [purpose, setPurpose] = useState("");
  const [made, setMade] = useState<Blob | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [isWorking, setWorking] = useState(false);

  async function make(event: Event): Promise<void> {
    event.preventDefault();
    setWorking(true);
    setProblem(null);
    try {
      const path = `/records/${view.record}/evidence`;
      const fields = isAll ? null : names.filter((each) => shown.has(each));
      const file =
        versions.length === 0
          ? await fetched("GET", path)
          : await fetched("POST", path, { body: { fields }, headers: purposeHeader(purpose) });
      setMade(file);
      save(file, `${view.record.slice(0, 12)}.evidence.json`);
    } catch (error) {
      setProblem(error);
    }
    setWorking(false);
  }

  function toggle(name: string): void {
    const next = new Set(shown);
    if (!next.delete(name)) next.add(name);
    setShown(next);
  }

  return (
    <Dialog title={say("evidence-title")} onClose={onClose}>
      <p class="lead">{say("evidence-lead")}</p>
      <form onSubmit={make}>
        {versions.length > 0 && (
          <fieldset>
            <legend>{say("fields-shown")}</legend>
            <div class="choices">
              <label class="check">
                <input
                  type="checkbox"
                  checked={isAll}
                  onChange={(event) => setAll(event.currentTarget.checked)}
                />
                <b>{say("all-fields")}</b>
              </label>
              {names.map((each) => (
                <label key={each} class="check">
                  <input
                    type="checkbox"
                    name="field"
                    value={each}
                    checked={isAll || shown.has(each)}
                    disabled={isAll}
                    onChange={() => toggle(each)}
                  />
                  <span>{type?.schema["properties"]?.[each]?.title ?? each}</span>
                </label>
              ))}
            </div>
            <p class="hint">{say("fields-hidden-hint")}</p>
          </fieldset>
        )}
        {(isAll || shown.size > 0) && (
          <Field label={say("read-for")} hint={say("read-for-hint")}>
            {(attributes) => (
              <input
                {...attributes}
                value={purpose}
                maxLength={300}
                onInput={(event) => setPurpose(event.currentTarget.value)}
              />
            )}
          </Field>
        )}
        {problem !== null && <ProblemNotice problem={problem} />}
        {made !== null && (
          <Notice tone="good">
            <p>{say("evidence-made", { size: bytes(made.size) })}</p>
          </Notice>
        )}
        <div class="controls">
          <button type="submit" class="primary" disabled={isWorking}>
            <Glyph name="download" /> {say("make-evidence")}
          </button>
          <button type="button" onClick={onClose}>
            {say("close")}
          </button>
        </div>
      </form>
      <div class="qr">
        <QrCode text={verificationLink(view.record)} label={say("qr-alt")} />
        <div>
          <strong>{say("qr-title")}</strong>
          <p class="quiet">{say("qr-lead")}</p>
          <p class="mono">{`${location.origin}/verify`}</p>
        </div>
      </div>
    </Dialog>
  );
}
