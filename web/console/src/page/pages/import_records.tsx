// SPDX-License-Identifier: Apache-2.0
/** Import: a file of rows into the agency's journal, with its progress and the rows that were refused. */

import { useMemo, useRef, useState } from "preact/hooks";
import { importRows, type BulkTotals } from "../../api/bulk.ts";
import { columnsOf, rowsOfCsv, rowsOfNdjson, strangersIn, type ReadRows } from "../../core/rows.ts";
import { Glyph } from "../parts/glyphs.tsx";
import { Card, Drop, Empty, Field, Notice, PageHead, ProblemNotice, save } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { typesToRegister, useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";
import type { Phrase } from "../words/catalogue.ts";

/** What is larger goes by `muniment import`, which reads as it sends. */
const MOST_BYTES = 200 * 1000 * 1000;
const MOST_SHOWN = 200;

interface Fault {
  readonly row: number;
  readonly sourceId: string;
  readonly field: string;
  readonly what: string;
}

function isNdjson(file: File): boolean {
  return /\.(ndjson|jsonl)$/i.test(file.name);
}

interface Running {
  readonly done: number;
  readonly all: number;
}

export function ImportRecords() {
  const { say, number } = useWords();
  const types = typesToRegister(useSession());
  const [typeName, setTypeName] = useState(types[0]?.name ?? "");
  const [file, setFile] = useState<File | null>(null);
  const [text, setText] = useState<string | null>(null);
  const [key, setKey] = useState("");
  const [running, setRunning] = useState<Running | null>(null);
  const [totals, setTotals] = useState<BulkTotals | null>(null);
  const [faults, setFaults] = useState<readonly Fault[]>([]);
  const [problem, setProblem] = useState<unknown>(null);
  const [unread, setUnread] = useState<Phrase | null>(null);
  const stop = useRef<AbortController | null>(null);
  const type = types.find((each) => each.name === typeName);
  const isCsv = file !== null && !isNdjson(file);
  const columns = useMemo(() => (text !== null && isCsv ? columnsOf(text) : []), [text, isCsv]);
  const strangers = type === undefined ? [] : strangersIn(columns, type.schema, key);

  async function take(chosen: File): Promise<void> {
    setTotals(null);
    setFaults([]);
    setProblem(null);
    setFile(chosen);
    setText(null);
    setUnread(chosen.size > MOST_BYTES ? "rows-too-large" : null);
    if (chosen.size > MOST_BYTES) return;
    try {
      const read = new TextDecoder("utf-8", { fatal: true }).decode(await chosen.arrayBuffer());
      const found = isNdjson(chosen) ? [] : columnsOf(read);
      setText(read);
      setKey(found.find((each) => /^(source_?id|id|number|nr|no)$/i.test(each)) ?? found[0] ?? "");
    } catch (error) {
      setUnread(error instanceof RangeError ? "rows-open-quote" : "rows-not-utf8");
    }
  }

  async function start(event: Event): Promise<void> {
    event.preventDefault();
    if (text === null || type === undefined) return;
    setTotals(null);
    setProblem(null);
    let read: ReadRows;
    try {
      read = isCsv ? rowsOfCsv(text, type.schema, key) : rowsOfNdjson(text);
    } catch {
      setUnread("rows-open-quote");
      return;
    }
    const found: Fault[] = read.bad.map((each) => ({
      row: each.row,
      sourceId: each.sourceId,
      field: each.field,
      what: say(`fault.${each.fault.name}` as Phrase, each.fault.values),
    }));
    setFaults([...found]);
    const all = read.lines.length;
    if (all === 0) {
      setTotals({ rows: 0, registered: 0, unchanged: 0, refused: 0 });
      return;
    }
    stop.current = new AbortController();
    setRunning({ done: 0, all });
    let done = 0;
    let drawn = 0;
    try {
      const rows = new Blob([read.lines.join("\n"), "\n"]);
      const made = await importRows(type.name, rows, {
        signal: stop.current.signal,
        onRow: (row) => {
          done++;
          if (row.error !== undefined) {
            found.push({
              row: read.numbers[row.row - 1] ?? row.row,
              sourceId: row.source_id ?? "",
              field: String(row.error["field"] ?? ""),
              what: String(row.error["detail"] ?? row.error["title"] ?? ""),
            });
          }
          if (performance.now() - drawn > 100) {
            drawn = performance.now();
            setRunning({ done, all });
          }
        },
      });
      setTotals(made);
    } catch (error) {
      if (!stop.current.signal.aborted) setProblem(error);
    }
    // Those that the gateway refused stand among those that were not sent, as in the file.
    setFaults(found.toSorted((one, other) => one.row - other.row));
    setRunning(null);
  }

  return (
    <>
      <PageHead title={say("import")} lead={say("import-lead")} />
      <form onSubmit={start}>
        <Card>
          <div class="field-row">
            <Field label={say("record-type")} required>
              {(attributes) => (
                <select
                  {...attributes}
                  value={typeName}
                  onChange={(event) => setTypeName(event.currentTarget.value)}
                >
                  {types.map((each) => (
                    <option key={each.id} value={each.name}>
                      {each.name}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            {columns.length > 0 && (
              <Field label={say("key-column")} hint={say("key-column-hint")} required>
                {(attributes) => (
                  <select
                    {...attributes}
                    value={key}
                    onChange={(event) => setKey(event.currentTarget.value)}
                  >
                    {columns.map((each) => (
                      <option key={each} value={each}>
                        {each}
                      </option>
                    ))}
                  </select>
                )}
              </Field>
            )}
          </div>
          <div class="field">
            <span class="label">{say("file-of-rows")}</span>
            <Drop
              label={say("choose-rows")}
              hint={say("rows-hint")}
              accept=".csv,.ndjson,.jsonl,text/csv"
              file={file}
              id="rows"
              onFile={take}
            />
          </div>
          {unread !== null && (
            <Notice tone="warn">
              <p>{say(unread)}</p>
            </Notice>
          )}
          {strangers.length > 0 && (
            <Notice tone="warn">
              <p>{say("rows-strangers", { columns: strangers.join(", ") })}</p>
            </Notice>
          )}
          {running !== null && (
            <div class="field" role="status">
              <span class="label">
                {say("rows-done", { done: number(running.done), all: number(running.all) })}
              </span>
              <progress max={running.all} value={running.done} aria-label={say("import")} />
            </div>
          )}
          {problem !== null && <ProblemNotice problem={problem} />}
          {problem !== null && running === null && <p class="quiet">{say("import-again")}</p>}
          <div class="controls">
            <button type="submit" class="primary" disabled={text === null || running !== null}>
              <Glyph name="import" /> {say("start-import")}
            </button>
            {running !== null && (
              <button type="button" onClick={() => stop.current?.abort()}>
                {say("stop")}
              </button>
            )}
          </div>
        </Card>
      </form>
      {totals !== null && (
        <Card title={say("import-done")}>
          <dl class="figures" aria-live="polite">
            {(["registered", "unchanged"] as const).map((each) => (
              <div key={each} class="figure">
                <dt>{say(`rows-${each}`)}</dt>
                <dd>{number(totals[each])}</dd>
              </div>
            ))}
            <div class="figure">
              <dt>{say("rows-refused")}</dt>
              <dd>{number(new Set(faults.map((each) => each.row)).size)}</dd>
            </div>
          </dl>
          {totals.registered > 0 && <p class="quiet">{say("import-sealed-soon")}</p>}
        </Card>
      )}
      {faults.length > 0 && <Faults faults={faults} />}
      {types.length === 0 && (
        <Empty glyph="types">
          <p>{say("no-types")}</p>
        </Empty>
      )}
    </>
  );
}

function Faults({ faults }: { faults: readonly Fault[] }) {
  const { say } = useWords();
  function download(): void {
    const quoted = (text: string | number) => `"${String(text).replaceAll('"', '""')}"`;
    const lines = faults.map((each) =>
      [each.row, each.sourceId, each.field, each.what].map(quoted).join(","),
    );
    save(new Blob([["row,source_id,field,error", ...lines, ""].join("\r\n")]), "refused-rows.csv");
  }
  return (
    <Card
      title={say("rows-refused")}
      actions={
        <button type="button" class="small" onClick={download}>
          <Glyph name="download" /> {say("download")}
        </button>
      }
    >
      <TableOf
        caption={say("rows-refused")}
        columns={[
          { title: say("row"), number: true },
          { title: say("own-number") },
          { title: say("field") },
          { title: say("what-is-wrong") },
        ]}
        rows={faults.slice(0, MOST_SHOWN).map((each, at) => ({
          key: String(at),
          cells: [each.row, each.sourceId, each.field, each.what],
        }))}
      />
      {faults.length > MOST_SHOWN && (
        <p class="quiet">{say("first-of-many", { count: MOST_SHOWN })}</p>
      )}
    </Card>
  );
}
