// SPDX-License-Identifier: Apache-2.0
/** Rows of a file for import: CSV or NDJSON becomes the rows that the gateway takes. */

import { controlsOf, readTyped, type Fault } from "./schema_form.ts";

export interface BadRow {
  readonly row: number;
  readonly sourceId: string;
  readonly field: string;
  readonly fault: Fault;
}

export interface ReadRows {
  /** Lines of `{"source_id", "content"}`. */
  readonly lines: readonly string[];
  /** By line: which row of the file it was, from 1. */
  readonly numbers: readonly number[];
  readonly bad: readonly BadRow[];
}

/** The cells of CSV text (RFC 4180), row by row. Raises `RangeError` where a quote does not end. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let isQuoted = false;
  const source = text.replace(/^\ufeff/, "");
  for (let at = 0; at < source.length; at++) {
    const mark = source[at] as string;
    if (isQuoted) {
      if (mark !== '"') cell += mark;
      else if (source[at + 1] === '"') {
        cell += '"';
        at++;
      } else isQuoted = false;
      continue;
    }
    if (mark === '"' && cell === "") isQuoted = true;
    else if (mark === ",") {
      row.push(cell);
      cell = "";
    } else if (mark === "\n" || mark === "\r") {
      if (mark === "\r" && source[at + 1] === "\n") at++;
      rows.push([...row, cell]);
      row = [];
      cell = "";
    } else cell += mark;
  }
  if (isQuoted) throw new RangeError("a quote does not end");
  if (cell !== "" || row.length > 0) rows.push([...row, cell]);
  return rows.filter((each) => each.some((value) => value !== ""));
}

/** Rows of CSV: `key` names the column of the agency's own number, fields have their own names. */
export function rowsOfCsv(
  text: string,
  schema: Readonly<Record<string, any>>,
  key: string,
): ReadRows {
  const [head, ...body] = parseCsv(text);
  const names = (head ?? []).map((each) => each.trim());
  const controls = controlsOf(schema).filter((each) => each.kind !== "file");
  const keyAt = names.indexOf(key);
  const lines: string[] = [];
  const numbers: number[] = [];
  const bad: BadRow[] = [];
  body.forEach((cells, at) => {
    const row = at + 1;
    const sourceId = (cells[keyAt] ?? "").trim();
    const content: Record<string, unknown> = {};
    const found: BadRow[] = [];
    const note = (field: string, fault: Fault) => found.push({ row, sourceId, field, fault });
    if (cells.length !== names.length) {
      // A comma without quotes moves all that follows to other fields.
      note("", { name: "cells", values: { found: cells.length, expected: names.length } });
      bad.push(...found);
      return;
    }
    if (sourceId === "") note(key, { name: "required", values: {} });
    for (const control of controls) {
      const text = cells[names.indexOf(control.name)] ?? "";
      const isYes = /^(true|yes|1)$/i.test(text.trim());
      const isNo = /^(false|no|0)$/i.test(text.trim());
      // An empty cell says neither: it is left out, as of every other kind.
      if (control.kind === "boolean" && text.trim() !== "") {
        if (isYes || isNo) content[control.name] = isYes;
        else note(control.name, { name: "boolean", values: {} });
        continue;
      }
      const read = readTyped(control, text);
      if ("fault" in read) note(control.name, read.fault);
      else if ("value" in read) {
        if (read.value === undefined) note(control.name, { name: "choice", values: {} });
        else content[control.name] = read.value;
      }
    }
    bad.push(...found);
    if (found.length > 0) return;
    lines.push(JSON.stringify({ source_id: sourceId, content }));
    numbers.push(row);
  });
  return { lines, numbers, bad };
}

/** Rows of NDJSON: each line is `{"source_id", "content"}` already. */
export function rowsOfNdjson(text: string): ReadRows {
  const lines: string[] = [];
  const numbers: number[] = [];
  const bad: BadRow[] = [];
  text.split(/\r?\n/).forEach((line, at) => {
    if (line.trim() === "") return;
    try {
      const value = JSON.parse(line);
      if (typeof value.source_id !== "string" || typeof value.content !== "object") {
        throw new RangeError("another form");
      }
      lines.push(line);
      numbers.push(at + 1);
    } catch {
      bad.push({ row: at + 1, sourceId: "", field: "", fault: { name: "json", values: {} } });
    }
  });
  return { lines, numbers, bad };
}

/** Columns that hold neither the agency's own number nor a field that a cell can hold. */
export function strangersIn(
  columns: readonly string[],
  schema: Readonly<Record<string, any>>,
  key: string,
): string[] {
  const taken = controlsOf(schema).filter((each) => each.kind !== "file").map((each) => each.name);
  return columns.filter((each) => each !== key && !taken.includes(each));
}

/** The columns of CSV text. Raises `RangeError` where a quote does not end. */
export function columnsOf(text: string): string[] {
  const end = text.search(/[\r\n]/);
  return (parseCsv(end < 0 ? text : text.slice(0, end))[0] ?? []).map((each) => each.trim());
}
