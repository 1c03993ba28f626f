// SPDX-License-Identifier: Apache-2.0
/** What nothing brings back is asked for plainly: whoever means it types what it is about. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Dialog, Notice, TextField } from "../parts/parts.tsx";
import { useWords } from "../words/language.tsx";
import { Foot } from "./act_forms.tsx";

interface IrreversibleProperties {
  readonly title: string;
  /** What happens, and what does not any more. */
  readonly lead: string;
  /** What is to be typed: a number or name that stands in the title of what it is about. */
  readonly word: string;
  /** What is asked besides. */
  readonly children?: ComponentChildren;
  readonly onClose: () => void;
  readonly onMeant: () => void;
}

export function Irreversible(properties: IrreversibleProperties) {
  const { title, lead, word, children, onClose, onMeant } = properties;
  const { say } = useWords();
  const [typed, setTyped] = useState("");
  const [fault, setFault] = useState<string | undefined>(undefined);

  function submit(event: Event): void {
    event.preventDefault();
    if (typed.trim() !== word) setFault(say("type-it-fault", { word }));
    else onMeant();
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <Notice tone="warn">
        <p>
          <strong>{say("cannot-be-undone")}</strong>
        </p>
        <p>{lead}</p>
      </Notice>
      <form onSubmit={submit} noValidate>
        {children}
        <TextField
          label={say("type-it", { word })}
          fault={fault}
          required
          value={typed}
          onText={setTyped}
        />
        <Foot onClose={onClose}>{say("check-and-sign")}</Foot>
      </form>
    </Dialog>
  );
}
