// SPDX-License-Identifier: Apache-2.0
/** Values of a record, as they are shown to whoever asked for them, and the files among them. */

import { useState } from "preact/hooks";
import { fetched } from "../../api/client.ts";
import { useWords } from "../words/language.tsx";
import { Glyph } from "./glyphs.tsx";
import { ProblemNotice, save } from "./parts.tsx";

interface FileValue {
  readonly digest: string;
  readonly length: number;
  readonly mediaType: string;
}

function fileIn(value: unknown): FileValue | null {
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

interface ShownValuesProperties {
  readonly values: Readonly<Record<string, unknown>>;
  /** Where the file of a field lies; the field is written as addresses are. */
  readonly fileAt: (field: string) => string;
  readonly purpose: string;
}

export function ShownValues({ values, fileAt, purpose }: ShownValuesProperties) {
  const { say, bytes } = useWords();
  const [problem, setProblem] = useState<unknown>(null);
  async function download(field: string): Promise<void> {
    try {
      const headers = purposeHeader(purpose);
      save(await fetched("GET", fileAt(encodeURIComponent(field)), { headers }), field);
      setProblem(null);
    } catch (error) {
      setProblem(error);
    }
  }
  return (
    <>
      <dl class="facts shown-content" aria-live="polite">
        {Object.entries(values).map(([name, value]) => {
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
