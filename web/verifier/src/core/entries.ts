// SPDX-License-Identifier: Apache-2.0
/** A journal's entry with its seal, as evidence holds it (docs/spec/journals.md, § 2). */

import { toHex, toNumber } from "./bytes.ts";
import {
  hexBytes,
  integer,
  items,
  members,
  refused,
  text,
  UINT32,
  UINT48,
  type Path,
} from "./form.ts";

const ENTRY_LENGTH = 78;
const GREATEST_NOTE = 2 ** 20;
/** Times have the 36 bits that they have in a state. */
const GREATEST_TIME = 2n ** 36n - 1n;

export interface Seal {
  readonly root: Uint8Array;
  readonly size: number;
  readonly previousSize: number;
  /** Unix seconds. */
  readonly sealedAt: number;
}

export interface Entry {
  readonly agency: number;
  readonly journal: number;
  readonly index: number;
  /** The 78 bytes. */
  readonly bytes: Uint8Array;
  readonly isRegistration: boolean;
  readonly algorithm: number;
  readonly type: number;
  readonly typeVersion: number;
  /** The agency's word, Unix seconds. */
  readonly time: number;
  readonly localId: Uint8Array;
  readonly commitment: Uint8Array;
  readonly path: readonly Uint8Array[];
  readonly seal: Seal;
  readonly checkpoint: string | null;
}

export function readEntry(value: unknown, path: Path, mayHaveCheckpoint: boolean): Entry {
  const optional = mayHaveCheckpoint ? ["checkpoint"] : [];
  const object = members(
    value,
    path,
    ["agency", "entry", "index", "journal", "path", "seal"],
    optional,
  );
  const sealed = members(object["seal"], `${path}.seal`, [
    "previous_size",
    "root",
    "sealed_at",
    "size",
  ]);
  const bytes = hexBytes(object["entry"], `${path}.entry`, ENTRY_LENGTH);
  const number = (from: number, to: number) => Number(toNumber(bytes.slice(from, to)));
  const [kind, algorithm, type, typeVersion] = [
    number(0, 1),
    number(1, 2),
    number(2, 4),
    number(4, 6),
  ];
  if ((kind !== 1 && kind !== 2) || algorithm === 0 || type === 0) throw refused(`${path}.entry`);
  if (typeVersion === 0 || typeVersion > 4095) throw refused(`${path}.entry`);
  const time = toNumber(bytes.slice(6, 14));
  if (time > GREATEST_TIME) throw refused(`${path}.entry`);
  let checkpoint: string | null = null;
  if (object["checkpoint"] !== undefined) {
    checkpoint = text(object["checkpoint"], `${path}.checkpoint`);
    if (new TextEncoder().encode(checkpoint).length > GREATEST_NOTE)
      throw refused(`${path}.checkpoint`);
  }
  return {
    agency: integer(object["agency"], `${path}.agency`, 1, UINT32),
    journal: integer(object["journal"], `${path}.journal`, 1, UINT32),
    index: integer(object["index"], `${path}.index`, 0),
    bytes,
    isRegistration: kind === 1,
    algorithm,
    type,
    typeVersion,
    time: Number(time),
    localId: bytes.slice(14, 46),
    commitment: bytes.slice(46, 78),
    path: items(object["path"], `${path}.path`, 0, 63).map((each, at) =>
      hexBytes(each, `${path}.path[${at}]`, 32),
    ),
    seal: {
      root: hexBytes(sealed["root"], `${path}.seal.root`, 32),
      size: integer(sealed["size"], `${path}.seal.size`, 1),
      previousSize: integer(sealed["previous_size"], `${path}.seal.previous_size`, 0),
      sealedAt: integer(sealed["sealed_at"], `${path}.seal.sealed_at`, 0, UINT48),
    },
    checkpoint,
  };
}

/** The name of a journal in checkpoints. */
export function originOf(lineage: Uint8Array, entry: Entry): string {
  return `muniment/${toHex(lineage)}/${entry.agency}/${entry.journal}`;
}
