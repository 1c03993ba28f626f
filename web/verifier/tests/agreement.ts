// SPDX-License-Identifier: Apache-2.0
/**
 * Compares this verifier with what Python's said of the same files (tests/verifier/agreement.py).
 *
 *     node .build/tests/agreement.js CASES.ndjson
 */

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import type { Json } from "../src/core/canonical.ts";
import { readTrust, type Trust } from "../src/core/trust.ts";
import type { Verdict } from "../src/core/verdict.ts";
import { verify } from "../src/core/verifier.ts";

interface Case {
  readonly name: string;
  readonly data: string;
  readonly trust: string;
  readonly now: number;
  readonly pinned: [number, string] | null;
  readonly verdicts: Record<string, unknown>[];
}

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "base64"));

/** The same shape as Python's; what it does not tell of a refused record is left out of both. */
function judged(verdict: Verdict): Record<string, unknown> {
  const { record, blockTrust, reason } = verdict;
  const told: Record<string, unknown> = {
    record: verdict.recordId,
    outcome: verdict.outcome,
    step: verdict.step,
    done: verdict.done,
  };
  if (record === null) return told;
  const isSigned = blockTrust?.by === "signatures";
  return {
    ...told,
    fields: record.fields === null ? null : (Object.fromEntries(record.fields) as Json),
    holds: record.holds,
    type_holds: record.typeHolds,
    version: record.shownVersion,
    latest_version: record.latestVersion,
    committers: isSigned ? blockTrust.signers.map((each) => `0x${each}`) : null,
    block_witnesses: blockTrust?.witnesses.length ? blockTrust.witnesses : null,
    revocation_reason: verdict.outcome === "revoked" ? reason?.values["reason"] : null,
    superseded_by: reason?.name === "by-record" ? reason.values["record"] : null,
    witnesses: record.entry?.witnesses.length ? record.entry.witnesses : null,
  };
}

let trusts: Map<string, Trust> | null = null;
let compared = 0;
let differing = 0;
const steps = new Map<string, number>();
for await (const line of createInterface({ input: createReadStream(process.argv[2] as string) })) {
  const value = JSON.parse(line) as Case & Record<string, string>;
  if (trusts === null) {
    trusts = new Map(Object.entries(value).map(([name, data]) => [name, readTrust(bytesOf(data))]));
    continue;
  }
  const named = trusts.get(value.trust) as Trust;
  const trust = value.pinned === null ? named : { ...named, blocks: new Map([value.pinned]) };
  const ours = verify(bytesOf(value.data), trust, { now: value.now }).map(judged);
  const theirs = value.verdicts.map((each, at) => {
    const names = Object.keys(ours[at] ?? {});
    return Object.fromEntries(Object.entries(each).filter(([name]) => names.includes(name)));
  });
  const same = isDeepStrictEqual(ours, theirs);
  compared += 1;
  for (const each of ours) {
    const name = `${String(each["outcome"])} ${String(each["step"])}`;
    steps.set(name, (steps.get(name) ?? 0) + 1);
  }
  if (!same) {
    differing += 1;
    if (differing <= 20)
      console.log(
        `${value.name}\n  ours   ${JSON.stringify(ours)}\n  python ${JSON.stringify(theirs)}`,
      );
  }
}
console.log(JSON.stringify({ compared, differing, steps: Object.fromEntries(steps) }));
process.exitCode = compared === 0 || differing > 0 ? 1 : 0;
