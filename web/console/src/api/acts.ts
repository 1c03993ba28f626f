// SPDX-License-Identifier: Apache-2.0
/** Acts: prepared by the gateway, signed here, handed in, followed (docs/spec/rest.md). */

import type { UnsignedTransaction } from "../core/transactions.ts";
import { call, callWithNext } from "./client.ts";

const POLL_MS = 700;

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

/** What is being discarded: the same act is not prepared before that is through. */
let discarding: Promise<unknown> = Promise.resolve();

/**
 * The transactions of an act, in order; or what became of it, where nothing of it is left to be
 * signed. Raises `Problem`.
 */
export async function prepare(
  body: ActBody,
): Promise<readonly Prepared[] | { readonly done: readonly Submission[] }> {
  await discarding;
  const { body: answer, next } = await callWithNext("POST", "/acts", { body });
  if ("items" in answer) return { done: answer.items.map(submissionFrom) };
  const others = next.map(async (path) => preparedOf(await call("GET", path)));
  return [preparedOf(answer), ...(await Promise.all(others))];
}

/** An act that waits for its signature. Raises `Problem`. */
export async function preparedAt(id: string): Promise<Prepared> {
  return preparedOf(await call("GET", `/acts/${id}`));
}

/** Lets acts not be signed any more. What was signed all the same stays as it is. */
export function discard(ids: readonly string[]): Promise<unknown> {
  const calls = ids.map((id) => call("DELETE", `/acts/${id}`));
  discarding = Promise.allSettled([discarding, ...calls]);
  return discarding;
}

/** Hands in a signed transaction. Raises `Problem`. */
export async function handIn(id: string, raw: string): Promise<Submission> {
  const body = { format: "muniment/signed/v1", id, raw };
  const answer = await call("POST", `/acts/${id}/signed`, { body });
  return submissionFrom(answer.items[0]);
}

/**
 * Tells how far a submission is, each time that it is further, until it is final or refused: by
 * server-sent events, and by asking again and again where these break. Returns how to stop it.
 */
export function follow(watch: string, told: (submission: Submission) => void): () => void {
  let isOver = false;
  let timer: ReturnType<typeof setTimeout>;
  const stream = new EventSource(watch);
  const stop = (): void => {
    isOver = true;
    stream.close();
    clearTimeout(timer);
  };
  const tell = (found: Submission): void => {
    if (isOver) return;
    if (found.stage === "final" || found.stage === "refused") stop();
    told(found);
  };
  const look = async (): Promise<void> => {
    try {
      tell(submissionFrom(await call("GET", watch)));
    } catch {
      // The gateway may be away for a moment: what was handed in stands there.
    }
    if (!isOver) timer = setTimeout(look, POLL_MS);
  };
  stream.addEventListener("stage", ({ data }) => tell(submissionFrom(JSON.parse(data))));
  stream.onerror = () => {
    stream.close();
    if (!isOver) void look();
  };
  return stop;
}
