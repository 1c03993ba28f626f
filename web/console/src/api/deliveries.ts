// SPDX-License-Identifier: Apache-2.0
/** Envelopes between agencies: made, pushed, fetched, handed in (docs/spec/rest.md). */

import { NDJSON, postForLines, Problem, sendFile } from "./client.ts";

export interface Envelope {
  /** The envelope's digest. */
  readonly delivery: string;
  readonly direction: "sent" | "received";
  readonly kind: string;
  /** The other agency. */
  readonly agency: number;
  /** A share, a record or a hand-over, as the kind says. */
  readonly subject: string;
  /** Whether the vault keeps the file: it is not only left to be fetched. */
  readonly kept: boolean;
  readonly made_at: string;
  readonly kept_at: string;
  /** Whether a delivery's receipt stands on chain; null for other kinds. */
  readonly acknowledged: boolean | null;
}

export interface EnvelopeInside extends Envelope {
  /** Of the file; null where there is none to fetch. */
  readonly size: number | null;
  readonly records: readonly { readonly record: string; readonly version: number | null }[];
}

export interface Made {
  readonly delivery: string;
  readonly records: number;
}

export interface TakenIn extends Envelope {
  readonly records: number;
  /** How many evidence files were in it and held. */
  readonly evidence: number;
}

export interface Fetched {
  readonly delivery: string;
  readonly kind: string;
  readonly records: number;
  /** Why it was not taken in. */
  readonly fault: string | null;
}

type Told = (line: any) => void;

/** Posts what takes a while, and returns the last line of the answer. Raises `Problem`. */
async function worked(path: string, body: unknown, told: Told): Promise<any> {
  let last: any = null;
  const options = { headers: { Accept: NDJSON }, ...(body === undefined ? {} : { body }) };
  await postForLines(path, options, (line) => {
    last = JSON.parse(line);
    told(last);
  });
  if (last === null) throw new Problem(0, {});
  if ("error" in last) throw new Problem(last.error.status, last.error);
  return last;
}

export interface DeliveryAsked {
  /** Null: all that the share covers. */
  readonly records: readonly string[] | null;
  /** Null: as many as is usual. */
  readonly evidence: boolean | null;
}

/** Writes a delivery under a share; tells how many records are in it. Raises `Problem`. */
export async function deliver(
  share: string,
  asked: DeliveryAsked,
  told: (records: number) => void,
): Promise<Made> {
  const body = {
    ...(asked.records === null ? {} : { records: asked.records }),
    ...(asked.evidence === null ? {} : { with_evidence: asked.evidence }),
  };
  return worked(`/shares/${share}/deliveries`, body, ({ delivered }) => {
    if (delivered !== undefined) told(delivered);
  });
}

/** Has the other agency's gateway take an envelope; tells which part of it is there. Raises `Problem`. */
export async function push(delivery: string, told: (part: number) => void): Promise<void> {
  await worked(`/deliveries/${delivery}/push`, undefined, ({ sent, size }) => {
    if (sent !== undefined) told(sent / (size || 1));
  });
}

/** Fetches what another agency's gateway has; tells how many bytes of each. Raises `Problem`. */
export async function fetchFrom(
  agency: number,
  told: (bytes: number) => void,
): Promise<readonly Fetched[]> {
  const last = await worked("/deliveries:fetch", { agency }, ({ fetched }) => {
    if (fetched !== undefined) told(fetched);
  });
  return last.items;
}

/** Hands in an envelope that came as a file. Raises `Problem`. */
export async function handInEnvelope(
  file: File,
  progress: (part: number) => void,
): Promise<TakenIn> {
  const headers = { "Content-Type": "application/octet-stream" };
  return JSON.parse(await sendFile("POST", "/deliveries", file, { headers, progress }));
}
