// SPDX-License-Identifier: Apache-2.0
/** Evidence files: bytes to their parts (docs/spec/evidence.md, § 2 and § 5). Step 1. */

import { readAct, type Act } from "./acts.ts";
import { compareBytes } from "./bytes.ts";
import { parseCanonical } from "./canonical.ts";
import type { Disclosure } from "./disclosure.ts";
import { readEntry, type Entry } from "./entries.ts";
import { hexBytes, integer, items, members, refused, text, UINT16, type Path } from "./form.ts";
import { readHandOver, type HandOver } from "./handovers.ts";
import { Refusal } from "./reasons.ts";

export const GREATEST_FILE = 256 * 2 ** 20;
const GREATEST_NOTE = 2 ** 20;
const MOST_NODES = 4_000_000;
const MOST_RECORDS = 100_000;
const MOST_ACTS = 10_000;
const MOST_DIGESTS = 1024;

export interface Anchor {
  readonly chainId: number;
  readonly registry: Uint8Array;
  readonly header: Uint8Array;
  readonly nodes: readonly Uint8Array[];
  readonly engine: "istanbul" | null;
  readonly handovers: readonly HandOver[];
  readonly witnessed: string | null;
}

export interface Content extends Disclosure {
  readonly version: number;
  readonly schemaDigest: Uint8Array;
}

export interface EvidentRecord {
  readonly recordId: Uint8Array;
  readonly trace: readonly Act[];
  readonly content: Content | null;
  readonly entry: Entry | null;
}

export interface Conflict {
  readonly recordId: Uint8Array;
  readonly entries: readonly Entry[];
  /** Null where there are two entries. */
  readonly trace: readonly Act[] | null;
}

export type EvidenceFile =
  | { readonly anchor: Anchor; readonly records: readonly EvidentRecord[] }
  | { readonly anchor: Anchor; readonly conflict: Conflict };

export function readEvidence(bytes: Uint8Array): EvidenceFile {
  if (bytes.length > GREATEST_FILE) throw new Refusal("too-large");
  const value = parseCanonical(bytes);
  const format = (value as { format?: unknown } | null)?.format;
  switch (format) {
    case "muniment/evidence/v1": {
      const file = members(value, "file", ["anchor", "format", "record"]);
      return {
        anchor: readAnchor(file["anchor"]),
        records: [readRecord(file["record"], "record")],
      };
    }
    case "muniment/evidence-bundle/v1": {
      const file = members(value, "file", ["anchor", "format", "records"]);
      const records = items(file["records"], "records", 1, MOST_RECORDS).map((each, at) =>
        readRecord(each, `records[${at}]`),
      );
      requireAscending(
        records.map((each) => each.recordId),
        "records",
      );
      return { anchor: readAnchor(file["anchor"]), records };
    }
    case "muniment/conflict/v1":
      return readConflict(value);
    default:
      throw refused("file.format");
  }
}

function readConflict(value: unknown): EvidenceFile {
  const names = ["anchor", "entries", "format", "record_id"];
  const file = members(value, "file", names, ["trace"]);
  const entries = items(file["entries"], "entries", 1, 2).map((each, at) =>
    readEntry(each, `entries[${at}]`, false),
  );
  const [first, second] = entries as [Entry, Entry | undefined];
  // One entry stands against a trace, two against one another.
  if (Object.hasOwn(file, "trace") !== (second === undefined)) throw refused("file.trace");
  if (second !== undefined) {
    const isAfter =
      first.journal < second.journal ||
      (first.journal === second.journal && first.index < second.index);
    if (first.agency !== second.agency || !isAfter) throw refused("entries");
  }
  const conflict = {
    recordId: hexBytes(file["record_id"], "record_id", 32),
    entries,
    trace: second === undefined ? readTrace(file["trace"], "trace", 1) : null,
  };
  return { anchor: readAnchor(file["anchor"]), conflict };
}

function readAnchor(value: unknown): Anchor {
  const required = ["chain_id", "header", "nodes", "registry"];
  const object = members(value, "anchor", required, ["engine", "handovers", "witnessed"]);
  const engine = object["engine"];
  if (engine !== undefined && engine !== "istanbul") throw refused("anchor.engine");
  for (const name of ["handovers", "witnessed"]) {
    if (engine === undefined && Object.hasOwn(object, name)) throw refused(`anchor.${name}`);
  }
  const nodes = items(object["nodes"], "anchor.nodes", 1, MOST_NODES).map((each, at) =>
    hexBytes(each, `anchor.nodes[${at}]`, { most: 1024 }),
  );
  requireAscending(nodes, "anchor.nodes");
  const { handovers, witnessed } = object;
  if (witnessed !== undefined) {
    const note = text(witnessed, "anchor.witnessed");
    if (new TextEncoder().encode(note).length > GREATEST_NOTE) throw refused("anchor.witnessed");
  }
  return {
    chainId: integer(object["chain_id"], "anchor.chain_id", 1),
    registry: hexBytes(object["registry"], "anchor.registry", 20),
    header: hexBytes(object["header"], "anchor.header", { most: 4096 }),
    nodes,
    engine: engine ?? null,
    handovers:
      handovers === undefined
        ? []
        : items(handovers, "anchor.handovers", 1, 100).map((each, at) =>
            readHandOver(each, `anchor.handovers[${at}]`),
          ),
    witnessed: (witnessed as string | undefined) ?? null,
  };
}

function readRecord(value: unknown, path: Path): EvidentRecord {
  const object = members(value, path, ["content", "record_id", "trace"], ["entry"]);
  const { content, entry } = object;
  return {
    recordId: hexBytes(object["record_id"], `${path}.record_id`, 32),
    trace: readTrace(object["trace"], `${path}.trace`, 0),
    content: content === null ? null : readContent(content, `${path}.content`),
    entry: entry === undefined ? null : readEntry(entry, `${path}.entry`, true),
  };
}

function readTrace(value: unknown, path: Path, least: number): Act[] {
  return items(value, path, least, MOST_ACTS).map((each, at) =>
    readAct(each, `${path}[${at}]`, at === 0),
  );
}

function readContent(value: unknown, path: Path): Content {
  const object = members(value, path, ["digests", "fields", "schema_digest", "version"]);
  return {
    version: integer(object["version"], `${path}.version`, 1, UINT16),
    schemaDigest: hexBytes(object["schema_digest"], `${path}.schema_digest`, 32),
    digests: items(object["digests"], `${path}.digests`, 0, MOST_DIGESTS).map((each, at) =>
      hexBytes(each, `${path}.digests[${at}]`, 32),
    ),
    fields: items(object["fields"], `${path}.fields`, 0, MOST_DIGESTS).map((each, at) => {
      const field = members(each, `${path}.fields[${at}]`, ["field", "salt"]);
      return {
        text: text(field["field"], `${path}.fields[${at}].field`),
        salt: hexBytes(field["salt"], `${path}.fields[${at}].salt`, 32),
      };
    }),
  };
}

function requireAscending(values: readonly Uint8Array[], path: Path): void {
  values.forEach((each, at) => {
    if (at > 0 && compareBytes(values[at - 1] as Uint8Array, each) >= 0)
      throw refused(`${path}[${at}]`);
  });
}
