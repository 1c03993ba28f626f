// SPDX-License-Identifier: Apache-2.0
/** The officer's keystore and its password, which sign transactions in a worker of this page. */

import { useState } from "preact/hooks";
import { KeystoreError, readKeystore } from "../../core/keystore.ts";
import { checksummed, type UnsignedTransaction } from "../../core/transactions.ts";
import { Drop, Field, Notice, Short } from "../parts/parts.tsx";
import { Glyph } from "../parts/glyphs.tsx";
import { useWords } from "../words/language.tsx";
import { giveKeystore, keystoreGiven, SigningError, signInWorker } from "./signing.ts";

interface KeyFormProperties {
  /** Who signs. */
  readonly account: string;
  /** Signed all, in order, by one password. */
  readonly transactions: readonly UnsignedTransaction[];
  readonly onClose: () => void;
  /** While it signs and hands in, nothing may take the form away. */
  readonly onWorking: (isWorking: boolean) => void;
  /** Hands them in, and tells how many are. */
  readonly onSigned: (raw: readonly string[], progress: (done: number) => void) => Promise<void>;
}

export function KeyForm({ account, transactions, onClose, onWorking, onSigned }: KeyFormProperties) {
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
    onWorking(true);
    const work = { keystore: keystore.text, password, account: account.toLowerCase(), transactions };
    try {
      const signed = await signInWorker(work, setPart);
      setPassword("");
      setPart(1);
      await onSigned(signed.map((each) => each.raw), (done) => setPart(1 + done / signed.length));
    } catch (error) {
      setPart(null);
      if (!(error instanceof SigningError)) throw error;
      setFault({ name: error.fault, address: error.address });
    } finally {
      onWorking(false);
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
          <progress max={2} value={part} aria-label={say("opening-keystore")} />
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
