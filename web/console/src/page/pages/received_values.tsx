// SPDX-License-Identifier: Apache-2.0
/** What another agency showed of a record by a delivery, and under which terms it may be used. */

import { useState } from "preact/hooks";
import { call } from "../../api/client.ts";
import type { EnvelopeInside } from "../../api/deliveries.ts";
import type { Terms } from "../../core/openings.ts";
import { Card, Field, ProblemNotice, shortened, TextField } from "../parts/parts.tsx";
import { purposeHeader, ShownValues } from "../parts/shown_values.tsx";
import { useWords } from "../words/language.tsx";

interface Received {
  readonly record: string;
  readonly version: number;
  readonly values: Readonly<Record<string, unknown>>;
  readonly terms: Terms;
}

export function ReceivedValues({ records }: { records: EnvelopeInside["records"] }) {
  const { say } = useWords();
  const [at, setAt] = useState(0);
  const [purpose, setPurpose] = useState("");
  const [received, setReceived] = useState<Received | null>(null);
  const [problem, setProblem] = useState<unknown>(null);

  async function show(event: Event): Promise<void> {
    event.preventDefault();
    const chosen = records[at];
    if (chosen === undefined) return;
    const version = chosen.version === null ? "" : `?version=${chosen.version}`;
    try {
      const headers = purposeHeader(purpose);
      setReceived(await call("GET", `/received/${chosen.record}${version}`, { headers }));
      setProblem(null);
    } catch (error) {
      setReceived(null);
      setProblem(error);
    }
  }

  return (
    <Card title={say("received-values")}>
      <form onSubmit={show}>
        <div class="field-row">
          <Field label={say("record")} required>
            {(attributes) => (
              <select
                {...attributes}
                name="received"
                value={at}
                onChange={(event) => {
                  setAt(Number(event.currentTarget.value));
                  setReceived(null);
                }}
              >
                {records.map((each, place) => (
                  <option key={place} value={place}>
                    {`${shortened(each.record)} · ${say("version-number", { version: each.version ?? 1 })}`}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <TextField
            label={say("read-for")}
            hint={say("read-for-hint")}
            maxLength={300}
            value={purpose}
            onText={setPurpose}
          />
        </div>
        <div class="controls">
          <button type="submit">{say("show-content")}</button>
        </div>
      </form>
      {problem !== null && <ProblemNotice problem={problem} />}
      {received !== null && (
        <>
          <ShownValues
            values={received.values}
            fileAt={(field) => `/received/${received.record}/files/${field}?version=${received.version}`}
            purpose={purpose}
          />
          <dl class="facts">
            <dt>{say("share-purpose")}</dt>
            <dd>{received.terms.purpose}</dd>
            <dt>{say("share-basis")}</dt>
            <dd>{received.terms.legal_basis}</dd>
            <dt>{say("share-onward")}</dt>
            <dd>{say(received.terms.onward ? "yes" : "no")}</dd>
          </dl>
        </>
      )}
    </Card>
  );
}
