// SPDX-License-Identifier: Apache-2.0
/** Registering one record: a form of the record type, then the officer's signature or the journal. */

import { useRef, useState } from "preact/hooks";
import { call, Problem } from "../../api/client.ts";
import { submissionFrom, type Submission } from "../../api/acts.ts";
import { upload } from "../../api/uploads.ts";
import type { Fault } from "../../core/schema_form.ts";
import { ActDialog } from "../acting/act_dialog.tsx";
import { registerAct, type Act } from "../acting/acts.ts";
import { Following } from "../acting/following.tsx";
import { ContentFields, useContentForm } from "../parts/content_form.tsx";
import { Glyph } from "../parts/glyphs.tsx";
import { Card, Empty, Field, PageHead, ProblemNotice, Short } from "../parts/parts.tsx";
import { goTo } from "../router.ts";
import { typesToRegister, useSession, type RecordTypeRow } from "../session.tsx";
import { useWords } from "../words/language.tsx";

export function RegisterRecord({ type }: { type: string | null }) {
  const { say } = useWords();
  const types = typesToRegister(useSession());
  const chosen = types.find((each) => each.name === type) ?? (types.length === 1 ? types[0] : undefined);
  return (
    <>
      <PageHead title={say("register-title")} lead={say("register-lead")} />
      {types.length === 0 && (
        <Empty glyph="types">
          <p>{say("no-types")}</p>
        </Empty>
      )}
      {types.length > 1 && (
        <Card>
          <Field label={say("record-type")} required>
            {(attributes) => (
              <select
                {...attributes}
                value={chosen?.name ?? ""}
                onChange={(event) => goTo(`/register/${encodeURIComponent(event.currentTarget.value)}`)}
              >
                <option value="">{say("choose-type")}</option>
                {types.map((each) => (
                  <option key={each.id} value={each.name}>
                    {each.name}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </Card>
      )}
      {chosen !== undefined && <RegisterForm key={chosen.name} type={chosen} />}
    </>
  );
}

type Way = "signed" | "journal";

function RegisterForm({ type }: { type: RecordTypeRow }) {
  const { say } = useWords();
  const { agency } = useSession();
  const form = useContentForm(type.schema);
  const [number, setNumber] = useState("");
  const [way, setWay] = useState<Way>("signed");
  const [isNumberMissing, setNumberMissing] = useState(false);
  const numberInput = useRef<HTMLInputElement>(null);
  const [part, setPart] = useState<number | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [act, setAct] = useState<Act | null>(null);
  const [done, setDone] = useState<Submission | null>(null);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const filled = form.read();
    setNumberMissing(number.trim() === "");
    // It stands first, and may be out of sight where the button is.
    if (number.trim() === "") numberInput.current?.focus();
    if (filled === null || number.trim() === "") return;
    setProblem(null);
    try {
      const attachments: Record<string, string> = {};
      const content: Record<string, unknown> = { ...filled.content };
      const whole = [...filled.files.values()].reduce((sum, each) => sum + each.size, 0) || 1;
      let sent = 0;
      for (const [field, file] of filled.files) {
        setPart(sent / whole);
        const stored = await upload(file, (of) => setPart((sent + of * file.size) / whole));
        sent += file.size;
        attachments[field] = stored.id;
        content[field] = {
          digest: stored.digest,
          length: stored.length,
          mediaType: stored.mediaType,
        };
      }
      setPart(null);
      const body = {
        type: type.name,
        source_id: number.trim(),
        content: filled.content,
        ...(filled.files.size === 0 ? {} : { attachments }),
      };
      if (way === "signed") {
        setAct(registerAct(say("register-title"), type, body, content, agency));
        return;
      }
      setDone(submissionFrom(await call("POST", "/records", { body })));
    } catch (error) {
      setPart(null);
      setProblem(error);
      if (error instanceof Problem) form.refuse(faultsIn(error));
    }
  }

  if (done !== null && act === null) {
    return (
      <Card title={say("registered-title")}>
        <Registered submission={done} />
        <Following submission={done} />
        <div class="controls">
          <button
            type="button"
            onClick={() => {
              setDone(null);
              setNumber("");
            }}
          >
            {say("register-next")}
          </button>
        </div>
      </Card>
    );
  }
  return (
    <>
      <form onSubmit={submit} noValidate>
        <Card title={type.name}>
          <Field
            label={say("own-number")}
            hint={say("own-number-hint")}
            fault={isNumberMissing ? say("fault.required") : undefined}
            required
          >
            {({ required: _, ...attributes }) => (
              <input
                {...attributes}
                ref={numberInput}
                aria-required
                value={number}
                onInput={(event) => setNumber(event.currentTarget.value)}
              />
            )}
          </Field>
          <ContentFields form={form} />
        </Card>
        <Card title={say("register-how")}>
          <fieldset>
            <legend class="visually-hidden">{say("register-how")}</legend>
            {(["signed", "journal"] as const).map((each) => (
              <label key={each} class="check">
                <input
                  type="radio"
                  name="way"
                  value={each}
                  checked={way === each}
                  onChange={() => setWay(each)}
                />
                <span>
                  <b>{say(`way.${each}`)}</b>
                  <br />
                  <span class="quiet">{say(`way-hint.${each}`)}</span>
                </span>
              </label>
            ))}
          </fieldset>
          {problem !== null && <ProblemNotice problem={problem} />}
          {part !== null && (
            <div class="field" role="status">
              <span class="label">{say("sending-files")}</span>
              <progress max={1} value={part} aria-label={say("sending-files")} />
            </div>
          )}
          <div class="controls">
            <button type="submit" class="primary" disabled={part !== null}>
              <Glyph name={way === "signed" ? "sign" : "register"} />{" "}
              {say(way === "signed" ? "check-and-sign" : "register")}
            </button>
          </div>
        </Card>
      </form>
      {act !== null && (
        <ActDialog
          act={act}
          onDone={(submission) => {
            setDone(submission);
          }}
          onClose={() => setAct(null)}
        />
      )}
    </>
  );
}

function Registered({ submission }: { submission: Submission }) {
  const { say } = useWords();
  if (submission.record === null) return null;
  return (
    <p>
      {say("its-record")} <Short value={submission.record} link={`#/records/${submission.record}`} />
    </p>
  );
}

/** Faults of the schema, beside the fields that they are of. */
export function faultsIn(problem: Problem): Record<string, Fault> {
  const violations: readonly any[] = problem.body["violations"] ?? [];
  return Object.fromEntries(
    violations.map((each) => [
      String(each.field).split("/")[1] ?? "",
      { name: "of-gateway", values: { rule: String(each.rule) } },
    ]),
  );
}
