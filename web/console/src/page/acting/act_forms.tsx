// SPDX-License-Identifier: Apache-2.0
/** What an officer says of an act before it is prepared: one small form each. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Dialog, Field } from "../parts/parts.tsx";
import { useSession, type AgencyRow } from "../session.tsx";
import { useWords, type Words } from "../words/language.tsx";
import type { Phrase } from "../words/catalogue.ts";
import { ActDialog } from "./act_dialog.tsx";
import {
  acceptAct,
  confirmAct,
  declineAct,
  holdAct,
  offerAct,
  proposeAct,
  REASONS,
  releaseAct,
  revokeAct,
  supersedeAct,
  withdrawAct,
  type AcceptedRecord,
  type Act,
  type Reason,
} from "./acts.ts";

export type RecordActName =
  | "supersede"
  | "revoke"
  | "offer"
  | "accept"
  | "decline"
  | "withdraw"
  | "hold"
  | "release"
  | "propose"
  | "confirm";

/** What an act asks for, beside the record. */
type Question = "replacement" | "reason" | "agency" | "days" | "case" | "mandate";

const QUESTIONS: Readonly<Record<RecordActName, readonly Question[]>> = {
  supersede: ["replacement"],
  revoke: ["reason"],
  offer: ["agency", "days"],
  accept: [],
  decline: [],
  withdraw: [],
  hold: ["case"],
  release: ["case"],
  propose: ["mandate", "days"],
  confirm: [],
};

type Answers = Readonly<Record<Question, string>>;

function actOf(name: RecordActName, record: AcceptedRecord, answers: Answers, words: Words): Act {
  const title = words.say(`do.${name}`);
  const days = Number(answers.days);
  switch (name) {
    case "supersede":
      return supersedeAct(title, record, answers.replacement.trim().toLowerCase());
    case "revoke":
      return revokeAct(title, record, answers.reason as Reason);
    case "offer":
      return offerAct(title, record, Number(answers.agency), days);
    case "accept":
      return acceptAct(title, record);
    case "decline":
      return declineAct(title, record.record);
    case "withdraw":
      return withdrawAct(title, record.record);
    case "hold":
      return holdAct(title, record.record, answers.case.trim());
    case "release":
      return releaseAct(title, record.record, answers.case.trim());
    case "propose":
      return proposeAct(title, record, answers.mandate.trim(), days);
    case "confirm":
      return confirmAct(title, record);
  }
}

interface RecordActProperties {
  readonly name: RecordActName;
  readonly record: AcceptedRecord;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Asks what an act needs to know, then has it prepared and signed. */
export function RecordAct({ name, record, onClose, onDone }: RecordActProperties) {
  const words = useWords();
  const questions = QUESTIONS[name];
  const [act, setAct] = useState<Act | null>(() =>
    questions.length === 0 ? actOf(name, record, {} as Answers, words) : null,
  );
  if (act !== null) return <ActDialog act={act} onClose={onClose} onDone={onDone} />;
  return (
    <Asking
      title={words.say(`do.${name}`)}
      lead={words.say(`act-lead.${name}` as Phrase)}
      questions={questions}
      onClose={onClose}
      onAnswered={(answers) => setAct(actOf(name, record, answers, words))}
    />
  );
}

interface AskingProperties {
  readonly title: string;
  readonly lead: string;
  readonly questions: readonly Question[];
  readonly onClose: () => void;
  readonly onAnswered: (answers: Answers) => void;
}

function Asking({ title, lead, questions, onClose, onAnswered }: AskingProperties) {
  const { say } = useWords();
  const [answers, setAnswers] = useState<Answers>({
    replacement: "",
    reason: "error",
    agency: "",
    days: "30",
    case: "",
    mandate: "",
  });
  const [faults, setFaults] = useState<Partial<Record<Question, string>>>({});
  const change = (question: Question) => (event: { currentTarget: { value: string } }) =>
    setAnswers({ ...answers, [question]: event.currentTarget.value });

  function submit(event: Event): void {
    event.preventDefault();
    const found: Partial<Record<Question, string>> = {};
    for (const each of questions) {
      const value = answers[each].trim();
      if (value === "") found[each] = say("fault.required");
      else if (each === "days" && !/^[1-9]\d{0,3}$/.test(value)) {
        found[each] = say("fault.integer");
      } else if (each === "replacement" && !/^0x[0-9a-fA-F]{64}$/.test(value)) {
        found[each] = say("fault.record-id");
      }
    }
    setFaults(found);
    if (Object.keys(found).length === 0) onAnswered(answers);
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <p class="lead">{lead}</p>
      <form onSubmit={submit} noValidate>
        {questions.map((each) => (
          <Field
            key={each}
            label={say(`question.${each}`)}
            hint={say(`question-hint.${each}`)}
            fault={faults[each]}
            required
          >
            {(attributes) => {
              const shared = { ...attributes, value: answers[each] };
              if (each === "reason") {
                return (
                  <select {...shared} onChange={change(each)}>
                    {REASONS.map((reason) => (
                      <option key={reason} value={reason}>
                        {say(`reason.${reason}`)}
                      </option>
                    ))}
                  </select>
                );
              }
              if (each === "agency") {
                return (
                  <select {...shared} onChange={change(each)}>
                    <OtherAgencies />
                  </select>
                );
              }
              return (
                <input
                  {...shared}
                  {...(each === "days" ? { inputMode: "numeric" as const } : {})}
                  onInput={change(each)}
                />
              );
            }}
          </Field>
        ))}
        <Foot onClose={onClose}>{say("check-and-sign")}</Foot>
      </form>
    </Dialog>
  );
}

/** The choices of a list of agencies: none, and each but one's own. */
export function OtherAgencies() {
  const { agencies, agency } = useSession();
  return (
    <>
      <option value="" />
      <AgencyOptions of={agencies.filter(({ id }) => id !== agency)} />
    </>
  );
}

export function AgencyOptions({ of }: { of: readonly AgencyRow[] }) {
  return (
    <>
      {of.map(({ id, name }) => (
        <option key={id} value={id}>
          {`${id} · ${name}`}
        </option>
      ))}
    </>
  );
}

export function Foot({ onClose, children }: { onClose: () => void; children: ComponentChildren }) {
  const { say } = useWords();
  return (
    <div class="controls">
      <button type="submit" class="primary">
        {children}
      </button>
      <button type="button" onClick={onClose}>
        {say("cancel")}
      </button>
    </div>
  );
}
