// SPDX-License-Identifier: Apache-2.0
/** Content is shown when it is asked for: a read of it may be written down. */

import { useState } from "preact/hooks";
import { call } from "../../api/client.ts";
import { Card, Field, ProblemNotice, TextField } from "../parts/parts.tsx";
import { purposeHeader, ShownValues } from "../parts/shown_values.tsx";
import { useWords } from "../words/language.tsx";
import type { RecordView } from "./record_page.tsx";

interface Content {
  readonly version: number;
  readonly type: string;
  readonly content: Readonly<Record<string, unknown>>;
}

export function RecordContent({ view }: { view: RecordView }) {
  const { say } = useWords();
  const versions = view.kept?.versions ?? [];
  const [version, setVersion] = useState(versions.at(-1) ?? view.version);
  const [purpose, setPurpose] = useState("");
  const [content, setContent] = useState<Content | null>(null);
  const [problem, setProblem] = useState<unknown>(null);

  async function show(event: Event): Promise<void> {
    event.preventDefault();
    try {
      const headers = purposeHeader(purpose);
      setContent(await call("GET", `/records/${view.record}/content?version=${version}`, { headers }));
      setProblem(null);
    } catch (error) {
      setContent(null);
      setProblem(error);
    }
  }

  return (
    <Card title={say("content")}>
      {versions.length === 0 ? (
        <p class="quiet">{say("content-elsewhere")}</p>
      ) : (
        <form onSubmit={show}>
          <div class="field-row">
            <Field label={say("version")} required>
              {(attributes) => (
                <select
                  {...attributes}
                  value={version}
                  onChange={(event) => setVersion(Number(event.currentTarget.value))}
                >
                  {versions.toReversed().map((each) => (
                    <option key={each} value={each}>
                      {each}
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
      )}
      {problem !== null && <ProblemNotice problem={problem} />}
      {content !== null && (
        <ShownValues
          values={content.content}
          fileAt={(field) => `/records/${view.record}/files/${field}?version=${content.version}`}
          purpose={purpose}
        />
      )}
    </Card>
  );
}
