// SPDX-License-Identifier: Apache-2.0
/** Signing in the worker, and the keystore file that this page was given, as encrypted as it lies. */

import type { SignedTransaction } from "../../core/transactions.ts";
import type { Told, Work } from "./worker.ts";

/** The file of this visit, until the page is left: encrypted, never stored, never sent. */
let given: { readonly name: string; readonly text: string } | null = null;

export function keystoreGiven(): { readonly name: string; readonly text: string } | null {
  return given;
}

export function giveKeystore(name: string, text: string): void {
  given = { name, text };
}

export function forgetKeystore(): void {
  given = null;
}

export class SigningError extends Error {
  constructor(
    readonly fault: string,
    readonly address: string | undefined,
  ) {
    super(fault);
  }
}

/** The signed transactions, in order. Raises `SigningError`. */
export function signInWorker(
  work: Work,
  progress: (part: number) => void,
): Promise<readonly SignedTransaction[]> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  return new Promise<readonly SignedTransaction[]>((done, failed) => {
    worker.onmessage = ({ data }: MessageEvent<Told>) => {
      if ("progress" in data) progress(data.progress);
      else if ("signed" in data) done(data.signed);
      else failed(new SigningError(data.fault, data.address));
    };
    worker.onerror = () => failed(new SigningError("failed", undefined));
    worker.postMessage(work);
  }).finally(() => worker.terminate());
}
