// SPDX-License-Identifier: Apache-2.0
/**
 * Opens a keystore and signs with it. The key is in this worker alone, which makes no request and is
 * ended when it has signed.
 */

import { KeystoreError, openKeystore, readKeystore, type KeystoreFault } from "../../core/keystore.ts";
import {
  addressOf,
  sign,
  type SignedTransaction,
  type UnsignedTransaction,
} from "../../core/transactions.ts";

export interface Work {
  readonly keystore: string;
  readonly password: string;
  /** Who is to sign, lower-case hex with 0x. */
  readonly account: string;
  readonly transactions: readonly UnsignedTransaction[];
}

export type Told =
  | { readonly progress: number }
  | { readonly signed: readonly SignedTransaction[] }
  | { readonly fault: KeystoreFault | "other-account" | "failed"; readonly address?: string };

const tell = (told: Told): void => (postMessage as (message: Told) => void)(told);

onmessage = async (event: MessageEvent<Work>) => {
  const { keystore, password, account, transactions } = event.data;
  try {
    const opened = readKeystore(keystore);
    const key = await openKeystore(opened, password, (progress) => tell({ progress }));
    const address = addressOf(key);
    if (address === account) tell({ signed: transactions.map((each) => sign(each, key)) });
    else tell({ fault: "other-account", address });
    key.fill(0);
  } catch (error) {
    tell({ fault: error instanceof KeystoreError ? error.fault : "failed" });
  }
};
