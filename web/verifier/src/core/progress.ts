// SPDX-License-Identifier: Apache-2.0
/** How far the numbered steps went for a record, and what stopped them. */

import { toHex } from "./bytes.ts";
import { NotKnown, Refusal, type Reason } from "./reasons.ts";
import type { BlockTrust, Outcome, ProvenBlock, ProvenRecord, Step, Verdict } from "./verdict.ts";

interface Stop {
  readonly outcome: Outcome;
  readonly step: Step;
  readonly reason: Reason;
}

/**
 * How far the steps went for a record. The first that does not hold stops all after it. But an
 * algorithm that is not accepted leaves only the content unknown: the file can still be INVALID.
 */
export class Progress {
  readonly recordId: string;
  readonly done: Step[];
  block: ProvenBlock | null = null;
  blockTrust: BlockTrust | null = null;
  record: ProvenRecord | null = null;
  #stop: Stop | null = null;
  #contentUnknown: Stop | null = null;

  constructor(recordId: string, done: readonly Step[] = []) {
    this.recordId = recordId;
    this.done = [...done];
  }

  get isStopped(): boolean {
    return this.#stop !== null;
  }

  /** The same progress for one record of the file. */
  for(recordId: Uint8Array): Progress {
    const own = new Progress(toHex(recordId), this.done);
    own.block = this.block;
    own.#stop = this.#stop;
    return own;
  }

  /** Do a step unless one before it has stopped; null where it did not hold or was not done. */
  at<T>(step: Step, work: () => T): T | null {
    if (this.#stop !== null) return null;
    try {
      const result = work();
      this.done.push(step);
      return result;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const outcome = error instanceof NotKnown ? "unknown" : "invalid";
      const stop: Stop = { outcome, step, reason: error.reason };
      if (step === 8 && outcome === "unknown") this.#contentUnknown = stop;
      else this.#stop = stop;
      return null;
    }
  }

  /** A part of a step that is done for the whole file, before the records' own part of it. */
  within<T>(step: Step, work: () => T): T | null {
    const before = this.done.length;
    const result = this.at(step, work);
    this.done.length = before;
    return result;
  }

  /** Take over a step that was done for the whole file. */
  take(other: Progress): void {
    if (this.#stop !== null) return;
    this.#stop = other.#stop;
    this.done.push(...other.done);
  }

  verdict(): Verdict {
    const { outcome, step, reason } = this.#stop ??
      this.#contentUnknown ?? { outcome: "unknown", step: null, reason: null };
    return this.#verdict(outcome, step, reason);
  }

  conclude(
    outcome: Outcome,
    name: Reason["name"] | null,
    values: Reason["values"] = {},
    step: Step | null = null,
  ): Verdict {
    return this.#verdict(outcome, step, name === null ? null : { name, values });
  }

  #verdict(outcome: Outcome, step: Step | null, reason: Reason | null): Verdict {
    const { recordId, done, block, blockTrust, record } = this;
    return { recordId, outcome, step, reason, done, block, blockTrust, record };
  }
}
