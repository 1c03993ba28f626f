// SPDX-License-Identifier: Apache-2.0
/** Amending: the form of the type with what stands now, then the officer's signature. */

import { useState } from "preact/hooks";
import { Problem } from "../../api/client.ts";
import { upload } from "../../api/uploads.ts";
import { ActDialog } from "../acting/act_dialog.tsx";
import { Foot } from "../acting/act_forms.tsx";
import { amendAct, type Act } from "../acting/acts.ts";
import { ContentFields, useContentForm } from "../parts/content_form.tsx";
import { Dialog, Notice, ProblemNotice, Shown, useResource } from "../parts/parts.tsx";
import type { RecordTypeRow } from "../session.tsx";
import { useWords } from "../words/language.tsx";
import { faultsIn } from "./register_record.tsx";
import type { RecordView } from "./record_page.tsx";

interface AmendProperties {
  readonly view: RecordView;
  readonly type: RecordTypeRow;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function Amend(properties: AmendProperties) {
  const { say } = useWords();
  const { view, onClose, onDone } = properties;
  const [act, setAct] = useState<Act | null>(null);
  const content = useResource<{ content: Record<string, unknown> }>(`/records/${view.record}/content`);
  if (act !== null) return <ActDialog act={act} onClose={onClose} onDone={onDone} />;
  return (
    <Dialog title={say("do.amend")} onClose={onClose}>
      <p class="lead">{say("act-lead.amend", { version: view.version + 1 })}</p>
      <Shown of={content}>
        {({ content: before }) => (
          <AmendForm {...properties} before={before} onFilled={setAct} />
        )}
      </Shown>
    </Dialog>
  );
}

interface FormProperties extends AmendProperties {
  readonly before: Readonly<Record<string, unknown>>;
  readonly onFilled: (act: Act) => void;
}

function AmendForm({ view, type, before, onClose, onFilled }: FormProperties) {
  const { say } = useWords();
  const form = useContentForm(type.schema, before);
  const [part, setPart] = useState<number | null>(null);
  const [problem, setProblem] = useState<unknown>(null);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const filled = form.read();
    if (filled === null) return;
    setProblem(null);
    try {
      const attachments: Record<string, string> = {};
      const content: Record<string, unknown> = { ...filled.content };
      for (const [field, file] of filled.files) {
        const stored = await upload(file, setPart);
        attachments[field] = stored.id;
        const { digest, length, mediaType } = stored;
        content[field] = { digest, length, mediaType };
      }
      const body = {
        content: filled.content,
        ...(filled.files.size === 0 ? {} : { attachments }),
      };
      onFilled(amendAct(say("do.amend"), view, body, content));
    } catch (error) {
      setProblem(error);
      if (error instanceof Problem) form.refuse(faultsIn(error));
    }
    setPart(null);
  }

  return (
    <form onSubmit={submit} noValidate>
      <ContentFields form={form} />
      {type.files.some((each) => before[each] !== undefined) && (
        <Notice tone="">
          <p>{say("files-again")}</p>
        </Notice>
      )}
      {part !== null && (
        <div class="field" role="status">
          <progress max={1} value={part} aria-label={say("sending-files")} />
        </div>
      )}
      {problem !== null && <ProblemNotice problem={problem} />}
      <Foot onClose={onClose}>{say("check-and-sign")}</Foot>
    </form>
  );
}
