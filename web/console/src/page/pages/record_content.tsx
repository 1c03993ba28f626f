// SPDX-License-Identifier: Apache-2.0
/** Content is shown when it is asked for: a read of it may be written down. */

import { useState } from "preact/hooks";
import { call, fetched } from "../../api/client.ts";
import { Glyph } from "../parts/glyphs.tsx";
import { Card, Field, ProblemNotice, save } from "../parts/parts.tsx";
import { useWords } from "../words/language.tsx";
import type { RecordView } from "./record_page.tsx";

interface Content {
  readonly version: number;
  readonly type: string;
  readonly content: Readonly<Record<string, unknown>>;
}

interface FileValue {
  readonly digest: string;
  readonly length: number;
  readonly mediaType: string;
}

export function fileIn(value: unknown): FileValue | null {
  const file = value as Partial<FileValue> | null;
  const isFile =
    typeof file === "object" && typeof file?.digest === "string" && typeof file.length === "number";
  return isFile ? (file as FileValue) : null;
}

/** What content is read for goes with the call, for the reads journal. */
export function purposeHeader(purpose: string): Record<string, string> {
  const line = purpose.trim().replace(/\s+/g, " ");
  // A header holds no other letters than Latin ones.
  const encoded = line.replace(/[^ -~]|%/gu, (each) => encodeURIComponent(each));
  return line === "" ? {} : { "Muniment-Purpose": encoded };
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
          </div>
          <div class="controls">
            <button type="submit">{say("show-content")}</button>
          </div>
        </form>
      )}
      {problem !== null && <ProblemNotice problem={problem} />}
      {content !== null && <Values view={view} content={content} purpose={purpose} />}
    </Card>
  );
}

interface ValuesProperties {
  readonly view: RecordView;
  readonly content: Content;
  readonly purpose: string;
}

function Values({ view, content, purpose }: ValuesProperties) {
  const { say, bytes } = useWords();
  const [problem, setProblem] = useState<unknown>(null);
  async function download(field: string): Promise<void> {
    try {
      const path = `/records/${view.record}/files/${encodeURIComponent(field)}`;
      const headers = purposeHeader(purpose);
      save(await fetched("GET", `${path}?version=${content.version}`, { headers }), field);
      setProblem(null);
    } catch (error) {
      setProblem(error);
    }
  }
  return (
    <>
      <dl class="facts shown-content" aria-live="polite">
        {Object.entries(content.content).map(([name, value]) => {
          const file = fileIn(value);
          return (
            <>
              <dt>{name}</dt>
              <dd>
                {file === null ? (
                  typeof value === "string" ? value : JSON.stringify(value)
                ) : (
                  <span class="controls">
                    <span>
                      {file.mediaType} · {bytes(file.length)}
                    </span>
                    <button type="button" class="small" onClick={() => download(name)}>
                      <Glyph name="download" /> {say("download")}
                    </button>
                  </span>
                )}
              </dd>
            </>
          );
        })}
      </dl>
      {problem !== null && <ProblemNotice problem={problem} />}
    </>
  );
}
