// SPDX-License-Identifier: Apache-2.0
/** Many rows at once, into the journal: the answer comes row by row while the rows are sent. */

import { NDJSON, postForLines, Problem } from "./client.ts";

export interface BulkRow {
  readonly row: number;
  readonly source_id?: string;
  readonly record?: string;
  readonly new?: boolean;
  readonly error?: Readonly<Record<string, any>>;
}

export interface BulkTotals {
  readonly rows: number;
  readonly registered: number;
  readonly unchanged: number;
  readonly refused: number;
}

export interface BulkTold {
  readonly onRow: (row: BulkRow) => void;
  readonly signal: AbortSignal;
}

/**
 * Sends NDJSON and tells of each row's answer. Raises `Problem`, for an answer too that ends before
 * its totals: what was answered until then stands.
 */
export async function importRows(type: string, rows: Blob, told: BulkTold): Promise<BulkTotals> {
  let totals: BulkTotals | null = null;
  const query = new URLSearchParams({ type });
  const headers = { "Content-Type": NDJSON };
  const options = { body: rows, headers, signal: told.signal };
  await postForLines(`/records:bulk?${query}`, options, (line) => {
    const value = JSON.parse(line);
    if ("rows" in value) totals = value;
    else told.onRow(value);
  });
  if (totals === null) throw new Problem(0, {});
  return totals;
}
