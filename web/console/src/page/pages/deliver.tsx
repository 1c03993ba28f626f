// SPDX-License-Identifier: Apache-2.0
/** A delivery under a share that this agency granted: which records, and on which way. */

import { useState } from "preact/hooks";
import { deliver, push, type Made } from "../../api/deliveries.ts";
import { Foot } from "../acting/act_forms.tsx";
import { Dialog, Field, namesIn, Notice, ProblemNotice, Shown, useResource } from "../parts/parts.tsx";
import { useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";
import type { ShareRow } from "./shares.tsx";

type Evidence = "usual" | "with" | "without";
const EVIDENCE: readonly Evidence[] = ["usual", "with", "without"];

/** How far it is: records that are in it, then which part of it is at the other gateway. */
type Progress = { readonly records: number } | { readonly part: number };

interface DeliverProperties {
  /** The one that is chosen at first; null for any. */
  readonly share: string | null;
  readonly onClose: () => void;
}

export function Deliver({ share, onClose }: DeliverProperties) {
  const { say } = useWords();
  const shares = useResource<{ items: readonly ShareRow[] }>("/shares?status=granted&limit=500");
  return (
    <Dialog title={say("do.deliver")} onClose={onClose}>
      <p class="lead">{say("deliver-lead")}</p>
      <Shown of={shares}>
        {({ items }) => {
          const ours = items.filter((each) => each.granted_by_us);
          return ours.length === 0 ? (
            <>
              <p>{say("no-share-in-force")}</p>
              <div class="controls">
                <button type="button" onClick={onClose}>
                  {say("close")}
                </button>
              </div>
            </>
          ) : (
            <DeliverForm
              shares={ours}
              first={ours.find((each) => each.share === share) ?? (ours[0] as ShareRow)}
              onClose={onClose}
            />
          );
        }}
      </Shown>
    </Dialog>
  );
}

interface DeliverFormProperties {
  readonly shares: readonly ShareRow[];
  readonly first: ShareRow;
  readonly onClose: () => void;
}

function DeliverForm({ shares, first, onClose }: DeliverFormProperties) {
  const { say, number } = useWords();
  const { agencies, names } = useSession();
  const [share, setShare] = useState(first);
  const [named, setNamed] = useState("");
  const [evidence, setEvidence] = useState<Evidence>("usual");
  const [isPushed, setPushed] = useState(true);
  const [fault, setFault] = useState<string | undefined>(undefined);
  const [progress, setProgress] = useState<Progress | null>(null);
  const [made, setMade] = useState<(Made & { readonly pushed: boolean }) | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const hasGateway = agencies.some((each) => each.id === share.requester && each.hasGateway);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const records = namesIn(named);
    if (!records.every((each) => /^0x[0-9a-fA-F]{64}$/.test(each))) {
      setFault(say("fault.record-id"));
      return;
    }
    setFault(undefined);
    setProblem(null);
    setProgress({ records: 0 });
    let written: Made | null = null;
    try {
      const asked = {
        records: records.length === 0 ? null : records.map((each) => each.toLowerCase()),
        evidence: evidence === "usual" ? null : evidence === "with",
      };
      written = await deliver(share.share, asked, (count) => setProgress({ records: count }));
      if (hasGateway && isPushed) await push(written.delivery, (part) => setProgress({ part }));
      setMade({ ...written, pushed: hasGateway && isPushed });
    } catch (error) {
      // It is written, though the other gateway may not have it: it is not to be made again.
      if (written !== null) setMade({ ...written, pushed: false });
      setProblem(error);
    }
    setProgress(null);
  }

  if (made !== null) {
    return (
      <>
        <Notice tone="good">
          <p>{say("delivery-made", { count: number(made.records) })}</p>
          <p>{say(made.pushed ? "delivery-pushed" : "delivery-left")}</p>
        </Notice>
        {problem !== null && <ProblemNotice problem={problem} />}
        <div class="controls">
          <a class="button primary" href={`#/deliveries/${made.delivery}`} onClick={onClose}>
            {say("show-envelope")}
          </a>
          <button type="button" onClick={onClose}>
            {say("close")}
          </button>
        </div>
      </>
    );
  }
  return (
    <form onSubmit={submit} noValidate>
      <Field label={say("share")} required>
        {(attributes) => (
          <select
            {...attributes}
            name="share"
            value={share.share}
            onChange={(event) => {
              const chosen = event.currentTarget.value;
              setShare(shares.find((each) => each.share === chosen) ?? share);
            }}
          >
            {shares.map((each) => (
              <option key={each.share} value={each.share}>
                {`${names.agencies.get(each.requester) ?? each.requester} · ${each.terms?.purpose ?? each.share.slice(0, 12)}`}
              </option>
            ))}
          </select>
        )}
      </Field>
      {share.record === null && (
        <Field label={say("records")} hint={say("deliver-records-hint")} fault={fault}>
          {(attributes) => (
            <textarea
              {...attributes}
              class="mono"
              rows={3}
              value={named}
              onInput={(event) => setNamed(event.currentTarget.value)}
            />
          )}
        </Field>
      )}
      <Field label={say("evidence-along")} hint={say(`evidence-along.${evidence}`)} required>
        {(attributes) => (
          <select
            {...attributes}
            value={evidence}
            onChange={(event) => setEvidence(event.currentTarget.value as Evidence)}
          >
            {EVIDENCE.map((each) => (
              <option key={each} value={each}>
                {say(`evidence.${each}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {hasGateway && (
        <label class="check">
          <input
            type="checkbox"
            checked={isPushed}
            onChange={(event) => setPushed(event.currentTarget.checked)}
          />
          <span>{say("push-at-once")}</span>
        </label>
      )}
      {problem !== null && <ProblemNotice problem={problem} />}
      {progress === null ? (
        <Foot onClose={onClose}>{say("do.deliver")}</Foot>
      ) : (
        <Going of={progress} />
      )}
    </form>
  );
}

function Going({ of }: { of: Progress }) {
  const { say, number } = useWords();
  const isPushing = "part" in of;
  const label = isPushing
    ? say("pushing")
    : say("records-delivered", { count: number(of.records) });
  return (
    <div class="field" role="status">
      <span class="label">{label}</span>
      <progress aria-label={label} {...(isPushing ? { max: 1, value: of.part } : {})} />
    </div>
  );
}
