// SPDX-License-Identifier: Apache-2.0
/**
 * One act, from the gateway's unsigned transaction to the chain: read here from its data, compared
 * with what was asked, signed here, handed in, followed until it is final.
 */

import { useEffect, useMemo, useState } from "preact/hooks";
import { AbiError } from "../../core/abi.ts";
import { fromHex } from "../../core/bytes.ts";
import { decodeCalls, differences, type Asked, type DecodedCall } from "../../core/calls.ts";
import { KeystoreError, readKeystore } from "../../core/keystore.ts";
import { openAll, OpeningError, otherThanAsked, type Opened } from "../../core/openings.ts";
import { checksummed } from "../../core/transactions.ts";
import { handIn, prepare, type Prepared, type Submission } from "../../api/acts.ts";
import { tellChanged } from "../parts/changes.ts";
import { Dialog, Drop, Field, Notice, ProblemNotice, Short } from "../parts/parts.tsx";
import { Glyph } from "../parts/glyphs.tsx";
import { useWords } from "../words/language.tsx";
import { useSession, type Session } from "../session.tsx";
import { Following } from "./following.tsx";
import { requireKnownRegistry, UnknownRegistryError } from "./pinning.ts";
import type { Act } from "./acts.ts";
import { CallInWords, OpenedInWords } from "./plain_words.tsx";
import { giveKeystore, keystoreGiven, SigningError, signInWorker } from "./signing.ts";

interface ActProperties {
  readonly act: Act;
  readonly onClose: () => void;
  /** When it was handed in, and again when it is in a block. */
  readonly onDone?: (submission: Submission) => void;
}

type Judged =
  | { readonly calls: readonly DecodedCall[]; readonly opened: readonly Opened[] }
  | { readonly refused: Refused; readonly values?: Readonly<Record<string, string>> };
type Refused =
  | "refused-account"
  | "refused-difference"
  | "refused-data"
  | "refused-registry"
  | "refused-opening"
  | "refused-over";

/** What a prepared transaction is, or why it is not signed. */
export function judge(prepared: Prepared, act: Act, session: Session, now: number): Judged {
  try {
    if (prepared.account.toLowerCase() !== session.account.toLowerCase()) {
      return { refused: "refused-account" };
    }
    if (prepared.expires * 1000 <= now) return { refused: "refused-over" };
    const calls = decodeCalls(fromHex(prepared.data));
    requireKnownRegistry(prepared, calls, session.registry);
    const asked = act.asked ?? (act.every === undefined ? [] : calls.map(() => act.every as Asked));
    const [first] = differences(calls, asked);
    if (first !== undefined) {
      const { what, asked, found } = first;
      return {
        refused: "refused-difference",
        values: { what, asked: String(asked), found: String(found) },
      };
    }
    const opened = openAll(prepared.openings, calls);
    const other = otherThanMeant(act, opened);
    return other === null ? { calls, opened } : { refused: "refused-opening", values: other };
  } catch (error) {
    if (error instanceof UnknownRegistryError) return { refused: "refused-registry" };
    if (error instanceof OpeningError) return { refused: "refused-opening" };
    if (error instanceof AbiError || error instanceof RangeError) return { refused: "refused-data" };
    throw error;
  }
}

/** What stands behind the commitments and was not asked for; null where all is as it was asked. */
function otherThanMeant(act: Act, opened: readonly Opened[]): Record<string, string> | null {
  const compared = [
    ["content", act.content, (each: Opened) => each.opens === "content" && each.fields],
    ["terms", act.terms, (each: Opened) => each.opens === "terms" && each.terms],
    ["mandate", act.mandate, (each: Opened) => each.opens === "mandate" && { mandate: each.words }],
  ] as const;
  for (const [kind, meant, valuesOf] of compared) {
    if (meant === undefined) continue;
    const found = opened.find((each) => each.opens === kind);
    if (found === undefined) return { what: kind, asked: "1", found: "0" };
    const asked = typeof meant === "string" ? { mandate: meant.normalize("NFC") } : meant;
    const [name] = otherThanAsked({ ...asked }, { ...(valuesOf(found) || {}) });
    if (name !== undefined) return { what: name, asked: shownOf(asked, name), found: shownOf(valuesOf(found) || {}, name) };
  }
  return null;
}

function shownOf(values: object, name: string): string {
  return JSON.stringify((values as Record<string, unknown>)[name]) ?? "–";
}

export function ActDialog({ act, onClose, onDone: told }: ActProperties) {
  const onDone = (submission: Submission) => {
    tellChanged();
    told?.(submission);
  };
  const { say } = useWords();
  const [prepared, setPrepared] = useState<Prepared | null>(null);
  const [submission, setSubmission] = useState<Submission | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    prepare(act.body)
      .then((answer) => {
        if ("done" in answer) setSubmission(answer.done);
        else setPrepared(answer);
      })
      .catch(setProblem);
  }, []);
  return (
    <Dialog title={act.title} onClose={onClose}>
      {problem !== null && (
        <>
          <ProblemNotice problem={problem} />
          <div class="controls">
            <button type="button" onClick={onClose}>
              {say("close")}
            </button>
          </div>
        </>
      )}
      {problem === null && prepared === null && (
        <p role="status" class="lead">
          {say("preparing")}
        </p>
      )}
      {problem === null && prepared !== null && submission === null && (
        <Signing
          prepared={prepared}
          act={act}
          onClose={onClose}
          onSigned={async (raw) => {
            try {
              const made = await handIn(prepared.id, raw);
              setSubmission(made);
              onDone(made);
            } catch (error) {
              setProblem(error);
            }
          }}
        />
      )}
      {problem === null && submission !== null && (
        <>
          <Following submission={submission} onStage={onDone} />
          <div class="controls">
            <button type="button" class="primary" onClick={onClose}>
              {say("close")}
            </button>
          </div>
        </>
      )}
    </Dialog>
  );
}

interface SigningProperties {
  readonly prepared: Prepared;
  readonly act: Act;
  readonly onClose: () => void;
  readonly onSigned: (raw: string) => Promise<void>;
}

function Signing({ prepared, act, onClose, onSigned }: SigningProperties) {
  const { say, time } = useWords();
  const session = useSession();
  const { names } = session;
  const judged = useMemo(() => judge(prepared, act, session, Date.now()), [prepared]);
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
  return (
    <>
      <p class="quiet">{say("read-from-data")}</p>
      {judged.calls.map((each, at) => (
        <CallInWords key={at} call={each} names={names} />
      ))}
      {judged.opened.map((each) => (
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
          <dd>{String(prepared.transaction.nonce)}</dd>
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
      <KeyForm prepared={prepared} onClose={onClose} onSigned={onSigned} />
    </>
  );
}

function KeyForm({ prepared, onClose, onSigned }: Omit<SigningProperties, "act">) {
  const { say, sayOf } = useWords();
  const [keystore, setKeystore] = useState(keystoreGiven());
  const [password, setPassword] = useState("");
  const [part, setPart] = useState<number | null>(null);
  const [fault, setFault] = useState<{ name: string; address?: string | undefined } | null>(null);

  async function take(file: File): Promise<void> {
    const text = await file.text();
    try {
      readKeystore(text);
      giveKeystore(file.name, text);
      setKeystore(keystoreGiven());
      setFault(null);
    } catch (error) {
      setFault({ name: error instanceof KeystoreError ? error.fault : "failed" });
    }
  }

  async function signNow(event: Event): Promise<void> {
    event.preventDefault();
    if (keystore === null) {
      setFault({ name: "no-keystore" });
      return;
    }
    setPart(0);
    setFault(null);
    const account = prepared.account.toLowerCase();
    const work = { keystore: keystore.text, password, account, transaction: prepared.transaction };
    try {
      const signed = await signInWorker(work, setPart);
      setPassword("");
      await onSigned(signed.raw);
    } catch (error) {
      setPart(null);
      if (!(error instanceof SigningError)) throw error;
      setFault({ name: error.fault, address: error.address });
    }
  }

  const isWorking = part !== null;
  return (
    <form onSubmit={signNow}>
      <div class="field">
        <span class="label">{say("keystore")}</span>
        {keystore === null ? (
          <Drop
            label={say("choose-keystore")}
            hint={say("keystore-hint")}
            accept=".json,application/json"
            file={null}
            id="keystore"
            onFile={take}
          />
        ) : (
          <p class="controls">
            <Glyph name="keys" />
            <span>{keystore.name}</span>
            <button type="button" class="link" onClick={() => setKeystore(null)}>
              {say("another-file")}
            </button>
          </p>
        )}
      </div>
      <Field label={say("keystore-password")} hint={say("never-leaves")} required>
        {(attributes) => (
          <input
            {...attributes}
            type="password"
            autocomplete="off"
            value={password}
            disabled={isWorking}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        )}
      </Field>
      {fault !== null && (
        <Notice tone="bad">
          <p>{sayOf(`keystore.${fault.name}`, fault.name)}</p>
          {fault.address !== undefined && (
            <p class="quiet">
              {say("keystore-is-of")} <Short value={checksummed(fault.address)} />
            </p>
          )}
        </Notice>
      )}
      {isWorking && (
        <div class="field" role="status">
          <span class="label">{part < 1 ? say("opening-keystore") : say("handing-in")}</span>
          <progress max={1} value={part} aria-label={say("opening-keystore")} />
        </div>
      )}
      <div class="controls">
        <button type="submit" class="primary" disabled={isWorking}>
          <Glyph name="sign" /> {say("sign")}
        </button>
        <button type="button" onClick={onClose} disabled={isWorking}>
          {say("cancel")}
        </button>
      </div>
    </form>
  );
}
