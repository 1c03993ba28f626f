// SPDX-License-Identifier: Apache-2.0
/** What becomes of a submission, until it is final or refused. */

import { useEffect, useRef, useState } from "preact/hooks";
import { follow, type Submission } from "../../api/acts.ts";
import { Notice } from "../parts/parts.tsx";
import { Glyph } from "../parts/glyphs.tsx";
import { useWords } from "../words/language.tsx";

const STAGES = ["acknowledged", "provable", "final"] as const;

interface FollowingProperties {
  readonly submission: Submission;
  readonly onStage?: (submission: Submission) => void;
}

export function useSubmission(
  submission: Submission,
  onStage?: (submission: Submission) => void,
): Submission {
  const [now, setNow] = useState(submission);
  const told = useRef(submission.stage);
  useEffect(
    () =>
      follow(submission.watch, (found) => {
        setNow(found);
        if (found.stage === told.current) return;
        told.current = found.stage;
        onStage?.(found);
      }),
    [submission.watch],
  );
  return now;
}

export function Following({ submission, onStage }: FollowingProperties) {
  const { say, sayOf } = useWords();
  const now = useSubmission(submission, onStage);
  const at = STAGES.indexOf(now.stage as (typeof STAGES)[number]);
  if (now.stage === "refused") {
    return (
      <Notice tone="bad">
        <p>
          <strong>{say("stage-refused")}</strong>
        </p>
        {now.reason !== null && <p lang="en">{now.reason}</p>}
      </Notice>
    );
  }
  return (
    <div aria-live="polite">
      <p class="lead">{sayOf(`stage-lead.${now.stage}`, now.stage)}</p>
      <ol class="steps" data-stage={now.stage}>
        {STAGES.map((stage, index) => (
          <li key={stage} class={index <= at ? "done" : index === at + 1 ? "now" : ""}>
            <span class="dot">{index <= at && <Glyph name="check" />}</span>
            {say(`stage.${stage}`)}
          </li>
        ))}
      </ol>
    </div>
  );
}
