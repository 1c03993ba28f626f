// SPDX-License-Identifier: Apache-2.0
/**
 * One act, from the gateway's unsigned transactions to the chain: read here from their data, compared
 * with what was asked, signed here, handed in in order, followed until they are final.
 */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { checksummed } from "../../core/transactions.ts";
import {
  discard,
  handIn,
  prepare,
  preparedAt,
  type Prepared,
  type Submission,
} from "../../api/acts.ts";
import { tellChanged } from "../parts/changes.ts";
import { Dialog, Notice, ProblemNotice } from "../parts/parts.tsx";
import { useWords } from "../words/language.tsx";
import { useSession } from "../session.tsx";
import { Following } from "./following.tsx";
import { judgeAll, type Fit } from "./judging.ts";
import { KeyForm } from "./key_form.tsx";
import type { Act } from "./acts.ts";
import { isAsAsked } from "./remembering.ts";
import { CallInWords, OpenedInWords } from "./plain_words.tsx";

interface ActProperties {
  readonly act: Act;
  readonly onClose: () => void;
  /** When a transaction was handed in, and again when it is in a block. */
  readonly onDone?: (submission: Submission) => void;
}

export function ActDialog({ act, onClose, onDone: told }: ActProperties) {
  const onDone = (submission: Submission) => {
    tellChanged();
    told?.(submission);
  };
  const { say } = useWords();
  const [prepared, setPrepared] = useState<readonly Prepared[] | null>(null);
  const [handed, setHanded] = useState<readonly Submission[]>([]);
  const [problem, setProblem] = useState<unknown>(null);
  const isWorking = useRef(false);
  useEffect(() => {
    let isLeft = false;
    const found = "waiting" in act ? preparedAt(act.waiting).then((each) => [each]) : prepare(act.body);
    found
      .then((answer) => {
        if ("done" in answer) {
          setPrepared([]);
          setHanded(answer.done);
        } else if (isLeft) leave(answer);
        else setPrepared(answer);
      })
      .catch(setProblem);
    return () => {
      isLeft = true;
    };
  }, []);

  /** What nobody signed is not left to wait, unless it waited before, or some of it is done. */
  function leave(unsigned: readonly Prepared[]): void {
    if (!("waiting" in act) && handed.length === 0) void discard(unsigned.map((each) => each.id)).then(tellChanged);
  }

  function close(): void {
    if (isWorking.current) return;
    leave(prepared ?? []);
    onClose();
  }

  async function handAllIn(raw: readonly string[], progress: (done: number) => void): Promise<void> {
    try {
      for (const [at, each] of (prepared ?? []).entries()) {
        const made = await handIn(each.id, raw[at] as string);
        progress(at + 1);
        setHanded((before) => [...before, made]);
        onDone(made);
      }
    } catch (error) {
      setProblem(error);
    }
  }

  const all = prepared?.length ?? 0;
  const isHandedIn = prepared !== null && handed.length >= all;
  return (
    <Dialog title={act.title} onClose={close}>
      {problem === null && prepared === null && (
        <p role="status" class="lead">
          {say("preparing")}
        </p>
      )}
      {problem === null && prepared !== null && !isHandedIn && (
        <Signing
          prepared={prepared}
          act={act}
          onClose={close}
          onWorking={(now) => {
            isWorking.current = now;
          }}
          onSigned={handAllIn}
        />
      )}
      {(problem !== null || isHandedIn) && (
        <>
          {handed.map((each, at) => (
            <div key={each.watch}>
              <NumberOf at={at} all={all} />
              <Following submission={each} onStage={onDone} />
            </div>
          ))}
          {isHandedIn && handed.length === 0 && (
            <Notice tone="good">
              <p>{say("nothing-to-sign")}</p>
            </Notice>
          )}
          {problem !== null && <ProblemNotice problem={problem} />}
          {problem !== null && handed.length > 0 && (
            <p>{say("handed-in-part", { done: handed.length, all, page: say("inbox") })}</p>
          )}
          <div class="controls">
            <button type="button" class={isHandedIn ? "primary" : ""} onClick={close}>
              {say("close")}
            </button>
          </div>
        </>
      )}
    </Dialog>
  );
}

/** Which of several transactions it is; nothing where there is one. */
function NumberOf({ at, all }: { at: number; all: number }) {
  const { say } = useWords();
  return all > 1 ? <h3>{say("of-several", { number: at + 1, all })}</h3> : null;
}

interface SigningProperties {
  readonly prepared: readonly Prepared[];
  readonly act: Act;
  readonly onClose: () => void;
  readonly onWorking: (isWorking: boolean) => void;
  readonly onSigned: (raw: readonly string[], progress: (done: number) => void) => Promise<void>;
}

function Signing({ prepared, act, onClose, onWorking, onSigned }: SigningProperties) {
  const { say } = useWords();
  const session = useSession();
  const judged = useMemo(() => judgeAll(prepared, act, session, Date.now()), [prepared]);
  if ("refused" in judged) {
    return (
      <>
        <Notice tone="bad">
          <p>
            <strong>{say("refused-title")}</strong>
          </p>
          <p id="refusal" data-refused={judged.refused}>
            {say(judged.refused)}
          </p>
          {judged.values !== undefined && (
            <p class="quiet">{say("refused-values", judged.values)}</p>
          )}
        </Notice>
        <div class="controls">
          <button type="button" onClick={onClose}>
            {say("close")}
          </button>
        </div>
      </>
    );
  }
  const [first] = prepared as [Prepared];
  // The account's next one, and those that follow it: each is handed in when the one before it is.
  const transactions = prepared.map((each, at) => ({
    ...each.transaction,
    nonce: first.transaction.nonce + BigInt(at),
  }));
  return (
    <>
      {"waiting" in act && (
        <Notice tone={isAsAsked(first) ? "" : "warn"}>
          <p>{say(isAsAsked(first) ? "asked-here" : "asked-elsewhere")}</p>
        </Notice>
      )}
      <p class="quiet">{say("read-from-data")}</p>
      {prepared.map((each, at) => (
        <Transaction
          key={each.id}
          prepared={each}
          nonce={first.transaction.nonce + BigInt(at)}
          fit={judged[at] as Fit}
          at={at}
          all={prepared.length}
        />
      ))}
      {prepared.length > 1 && <p>{say("several-lead", { all: prepared.length })}</p>}
      <KeyForm
        account={first.account}
        transactions={transactions}
        onClose={onClose}
        onWorking={onWorking}
        onSigned={onSigned}
      />
    </>
  );
}

interface TransactionProperties {
  readonly prepared: Prepared;
  readonly nonce: bigint;
  readonly fit: Fit;
  readonly at: number;
  readonly all: number;
}

/** What a transaction does in words, and itself for who wants to see it. */
function Transaction({ prepared, nonce, fit, at, all }: TransactionProperties) {
  const { say, time } = useWords();
  const { names } = useSession();
  return (
    <>
      <NumberOf at={at} all={all} />
      {fit.calls.map((each, at) => (
        <CallInWords key={at} call={each} names={names} />
      ))}
      {fit.opened.map((each) => (
        <OpenedInWords key={each.commitment} opened={each} />
      ))}
      <details>
        <summary>{say("transaction")}</summary>
        <dl class="facts">
          <dt>{say("signed-by")}</dt>
          <dd class="mono">{checksummed(prepared.account)}</dd>
          <dt>{say("chain")}</dt>
          <dd>{String(prepared.transaction.chainId)}</dd>
          <dt>{say("contract")}</dt>
          <dd class="mono">{prepared.transaction.to}</dd>
          <dt>{say("nonce")}</dt>
          <dd>{String(nonce)}</dd>
          <dt>{say("prepared-until")}</dt>
          <dd>{time(prepared.expires)}</dd>
          <dt>{say("data")}</dt>
          <dd>
            <pre tabIndex={0}>
              <code>{prepared.data.replace(/(.{64})/g, "$1\n")}</code>
            </pre>
          </dd>
        </dl>
      </details>
    </>
  );
}
