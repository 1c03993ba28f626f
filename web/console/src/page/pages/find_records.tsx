// SPDX-License-Identifier: Apache-2.0
/** Finding: by id, by the agency's own number, by searchable fields, or by how records stand. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { call } from "../../api/client.ts";
import { Glyph } from "../parts/glyphs.tsx";
import { Card, Empty, Field, PageHead, ProblemNotice, Short, StatusBadge } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { goTo } from "../router.ts";
import { typeName, useSession } from "../session.tsx";
import { secondsOf } from "../parts/instants.ts";
import { useWords } from "../words/language.tsx";

const STATUSES = ["in_force", "superseded", "revoked", "disposed"] as const;

export interface RecordRow {
  readonly record: string;
  readonly status: string;
  readonly version?: number | null;
  readonly issuer?: number | null;
  readonly custodian?: number | null;
  readonly type_id?: number | null;
  readonly holds?: number;
  readonly updated_at?: string | null;
  readonly entered_at?: string;
  readonly source_id?: string | null;
}

interface Asked {
  readonly text: string;
  readonly type: string;
  readonly status: string;
  readonly field: string;
  readonly where: string;
}

function askedOf(query: URLSearchParams): Asked {
  return {
    text: query.get("text") ?? "",
    type: query.get("type") ?? "",
    status: query.get("status") ?? "",
    field: query.get("field") ?? "",
    where: query.get("where") ?? "",
  };
}

/** The list that a question is asked of. */
function pathOf(asked: Asked): string {
  const text = asked.text.trim();
  const query = new URLSearchParams();
  if (asked.type !== "") query.set("type", asked.type);
  if (text === "") {
    // The journal is listed by its order alone.
    if (asked.where === "journal") query.set("where", "journal");
    else if (asked.status !== "") query.set("status", asked.status);
    query.set("limit", "50");
    return `/records?${query}`;
  }
  if (asked.field === "") query.set("source_id", text);
  else query.set(`field.${asked.field}`, text);
  return `/records/find?${query}`;
}

export function FindRecords({ query }: { query: URLSearchParams }) {
  const { say } = useWords();
  const { types } = useSession();
  const [asked, setAsked] = useState<Asked>(() => askedOf(query));
  const [rows, setRows] = useState<readonly RecordRow[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const searchable = types.find((each) => each.name === asked.type)?.searchable ?? [];
  const path = useMemo(() => pathOf(askedOf(query)), [query.toString()]);

  async function load(cursor: string | null, signal?: AbortSignal): Promise<void> {
    try {
      const page = await call(
        "GET",
        cursor === null ? path : `${path}&cursor=${encodeURIComponent(cursor)}`,
        signal === undefined ? {} : { signal },
      );
      setRows((before) => (cursor === null ? page.items : [...(before ?? []), ...page.items]));
      setNext(page.next ?? null);
      setProblem(null);
    } catch (error) {
      if (signal?.aborted !== true) setProblem(error);
    }
  }
  useEffect(() => {
    // What was asked before may be answered last.
    const stop = new AbortController();
    setRows(null);
    setNext(null);
    setAsked(askedOf(query));
    void load(null, stop.signal);
    return () => stop.abort();
  }, [path]);

  function submit(event: Event): void {
    event.preventDefault();
    const text = asked.text.trim();
    if (/^0x[0-9a-fA-F]{64}$/.test(text)) {
      goTo(`/records/${text.toLowerCase()}`);
      return;
    }
    const given = Object.entries({ ...asked, text }).filter(([, value]) => value !== "");
    goTo(`/find?${new URLSearchParams(given)}`);
  }

  const change = (name: keyof Asked) => (event: { currentTarget: { value: string } }) =>
    setAsked({ ...asked, [name]: event.currentTarget.value });
  return (
    <>
      <PageHead title={say("find")} lead={say("find-lead")} />
      <Card>
        <form onSubmit={submit} role="search">
          <div class="field-row">
            <Field label={say("search-text")} hint={say("search-hint")} isMarked={false}>
              {(attributes) => (
                <input {...attributes} type="search" value={asked.text} onInput={change("text")} />
              )}
            </Field>
            <Field label={say("record-type")} isMarked={false}>
              {(attributes) => (
                <select
                  {...attributes}
                  value={asked.type}
                  onChange={(event) =>
                    // A field is one of its type.
                    setAsked({ ...asked, type: event.currentTarget.value, field: "" })
                  }
                >
                  <option value="">{say("all")}</option>
                  {types.map((each) => (
                    <option key={each.id} value={each.name}>
                      {each.name}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            {asked.text.trim() === "" && (
              <Field label={say("search-where")} isMarked={false}>
                {(attributes) => (
                  <select {...attributes} value={asked.where} onChange={change("where")}>
                    <option value="">{say("where.chain")}</option>
                    <option value="journal">{say("where.journal")}</option>
                  </select>
                )}
              </Field>
            )}
            {asked.text.trim() !== "" && searchable.length > 0 && (
              <Field label={say("search-in")} isMarked={false}>
                {(attributes) => (
                  <select {...attributes} value={asked.field} onChange={change("field")}>
                    <option value="">{say("own-number")}</option>
                    {searchable.map((each) => (
                      <option key={each} value={each}>
                        {each}
                      </option>
                    ))}
                  </select>
                )}
              </Field>
            )}
            {asked.text.trim() === "" && asked.where !== "journal" && (
              <Field label={say("status")} isMarked={false}>
                {(attributes) => (
                  <select {...attributes} value={asked.status} onChange={change("status")}>
                    <option value="">{say("all")}</option>
                    {STATUSES.map((each) => (
                      <option key={each} value={each}>
                        {say(`status.${each}`)}
                      </option>
                    ))}
                  </select>
                )}
              </Field>
            )}
          </div>
          <div class="controls">
            <button type="submit" class="primary">
              <Glyph name="find" /> {say("search")}
            </button>
          </div>
        </form>
      </Card>
      <Card title={say("records")}>
        {problem !== null && <ProblemNotice problem={problem} />}
        {problem === null && rows === null && <p class="quiet">{say("loading")}</p>}
        {problem === null && rows !== null && <RecordTable rows={rows} />}
        {next !== null && (
          <div class="controls">
            <button type="button" onClick={() => load(next)}>
              {say("show-more")}
            </button>
          </div>
        )}
      </Card>
    </>
  );
}

export function RecordTable({ rows }: { rows: readonly RecordRow[] }) {
  const { say, day } = useWords();
  const session = useSession();
  const { names } = session;
  if (rows.length === 0) {
    return (
      <Empty glyph="find">
        <p>{say("nothing-found")}</p>
      </Empty>
    );
  }
  const typeOf = ({ type_id: type, issuer }: RecordRow): string => {
    if (type == null) return "–";
    const agency = issuer ?? names.agency;
    return typeName(session, agency, type) ?? say("type-of-other", { type, agency });
  };
  return (
    <TableOf
      caption={say("records")}
      columns={[
        { title: say("record") },
        { title: say("record-type") },
        { title: say("status") },
        { title: say("version"), number: true },
        { title: say("custodian") },
        { title: say("last-act") },
      ]}
      rows={rows.map((row) => ({
        key: row.record,
        cells: [
          <>
            <Short value={row.record} link={`#/records/${row.record}`} />
            {row.source_id && (
              <>
                <br />
                <span class="quiet">{row.source_id}</span>
              </>
            )}
          </>,
          typeOf(row),
          <>
            <StatusBadge status={row.status} />{" "}
            {(row.holds ?? 0) > 0 && <span class="badge warn">{say("held")}</span>}
          </>,
          row.version ?? "–",
          row.custodian == null
            ? "–"
            : (names.agencies.get(row.custodian) ?? say("agency-number", { number: row.custodian })),
          lastActOf(row) === null ? "–" : day(secondsOf(lastActOf(row) as string)),
        ],
      }))}
    />
  );
}

function lastActOf(row: RecordRow): string | null {
  return row.updated_at ?? row.entered_at ?? null;
}
