// SPDX-License-Identifier: Apache-2.0
/** Values are shown when they are asked for, with a purpose: a read of them may be written down. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { call } from "../../api/client.ts";
import { useWords } from "../words/language.tsx";
import { Field, ProblemNotice, TextField } from "./parts.tsx";
import { purposeHeader } from "./shown_values.tsx";

interface AskedValuesProperties<Found> {
  /** What is chosen among, and the name of the choice in the form. */
  readonly label: string;
  readonly name: string;
  readonly choices: readonly { readonly value: number; readonly label: string }[];
  readonly first: number;
  readonly pathOf: (chosen: number) => string;
  readonly children: (found: Found, purpose: string) => ComponentChildren;
}

export function AskedValues<Found>({
  label,
  name,
  choices,
  first,
  pathOf,
  children,
}: AskedValuesProperties<Found>) {
  const { say } = useWords();
  const [chosen, setChosen] = useState(first);
  const [purpose, setPurpose] = useState("");
  const [found, setFound] = useState<Found | null>(null);
  const [problem, setProblem] = useState<unknown>(null);

  async function show(event: Event): Promise<void> {
    event.preventDefault();
    try {
      setFound(await call("GET", pathOf(chosen), { headers: purposeHeader(purpose) }));
      setProblem(null);
    } catch (error) {
      setFound(null);
      setProblem(error);
    }
  }

  return (
    <>
      <form onSubmit={show}>
        <div class="field-row">
          <Field label={label} required>
            {(attributes) => (
              <select
                {...attributes}
                name={name}
                value={chosen}
                onChange={(event) => {
                  setChosen(Number(event.currentTarget.value));
                  setFound(null);
                }}
              >
                {choices.map((each) => (
                  <option key={each.value} value={each.value}>
                    {each.label}
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
      {found !== null && children(found, purpose)}
    </>
  );
}
