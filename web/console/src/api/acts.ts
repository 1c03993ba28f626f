// SPDX-License-Identifier: Apache-2.0
/** Acts: prepared by the gateway, signed here, handed in, followed (docs/spec/rest.md). */

import type { UnsignedTransaction } from "../core/transactions.ts";
import { call } from "./client.ts";

/** What `POST /acts` takes. */
export type ActBody = Readonly<Record<string, unknown>> & { readonly act: string };

/** An unsigned transaction, as the gateway prepared it. Nothing of it is believed. */
export interface Prepared {
  readonly id: string;
  readonly account: string;
  readonly data: string;
  readonly transaction: UnsignedTransaction;
  /** Until when it can be signed, Unix seconds. */
  readonly expires: number;
  readonly openings: readonly unknown[];
}

export type Stage = "acknowledged" | "provable" | "final" | "refused";

export interface Submission {
  readonly stage: Stage;
  readonly record: string | null;
  /** Why the registry refused it. */
  readonly reason: string | null;
  /** Where it is looked after. */
  readonly watch: string;
}

export function preparedOf(body: any): Prepared {
  return {
    id: body.id,
    account: body.account,
    data: body.data,
    transaction: {
      chainId: BigInt(body.chain_id),
      nonce: BigInt(body.nonce),
      gas: BigInt(body.gas),
      gasPrice: BigInt(body.gas_price),
      to: body.to,
      data: body.data,
    },
    expires: body.expires_at,
    openings: body.openings,
  };
}

export function submissionFrom(body: any): Submission {
  return {
    stage: body.stage,
    record: body.record ?? null,
    reason: body.refusal ?? null,
    watch: body.watch,
  };
}

/** The transaction of an act; or what became of it, where it was done before. Raises `Problem`. */
export async function prepare(body: ActBody): Promise<Prepared | { readonly done: Submission }> {
  const answer = await call("POST", "/acts", { body });
  return "items" in answer ? { done: submissionFrom(answer.items[0]) } : preparedOf(answer);
}

/** Hands in a signed transaction. Raises `Problem`. */
export async function handIn(id: string, raw: string): Promise<Submission> {
  const body = { format: "muniment/signed/v1", id, raw };
  const answer = await call("POST", `/acts/${id}/signed`, { body });
  return submissionFrom(answer.items[0]);
}

export async function submissionAt(watch: string): Promise<Submission> {
  return submissionFrom(await call("GET", watch));
}
