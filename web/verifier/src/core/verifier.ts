// SPDX-License-Identifier: Apache-2.0
/** The verifier: numbered steps from a file's bytes to verdicts (docs/spec/evidence.md, § 3). */

import { requireTrace, type RecordSlots } from "./acts.ts";
import { requireTrustedBlock, type NodesHash } from "./block_trust.ts";
import { equal, fromNumber, toHex } from "./bytes.ts";
import type { Json } from "./canonical.ts";
import { hashOf } from "./digests.ts";
import {
  fieldOfDocument,
  verifyDisclosure,
  type Document,
  type RecordHeader,
} from "./disclosure.ts";
import { originOf, type Entry } from "./entries.ts";
import { readEvidence, type Anchor, type Conflict, type EvidentRecord } from "./evidence_file.ts";
import { readEthereumHeader, readIstanbulHeader, type Header } from "./headers.ts";
import { recordIdOf } from "./identifiers.ts";
import { leafHash, requireIncluded } from "./merkle.ts";
import { cosigners, readNote } from "./notes.ts";
import { Progress } from "./progress.ts";
import { NotKnown, Refusal, type Reason } from "./reasons.ts";
import { journalHeadSlot, recordSlot, sealSlot, SUCCESSION, typeHeadSlot } from "./slots.ts";
import { readState, type RecordState } from "./state.ts";
import { requireCode, StateProof, type Account } from "./state_proof.ts";
import type { Trust } from "./trust.ts";
import type { BlockTrust, Outcome, ProvenRecord, Verdict } from "./verdict.ts";

export interface Options {
  /** Unix seconds. */
  readonly now: number;
  readonly document?: Document | null;
  readonly nodesHash?: NodesHash | null;
}

/** Whatever bytes come in, verdicts come out and nothing is raised. */
export function verify(bytes: Uint8Array, trust: Trust, options: Options): Verdict[] {
  const shared = new Progress("");
  const file = shared.at(1, () => readEvidence(bytes));
  if (file === null) return [shared.verdict()];
  const ids =
    "conflict" in file ? [file.conflict.recordId] : file.records.map((each) => each.recordId);
  const anchored = openAnchor(shared, file.anchor, trust, options.now);
  if (anchored === null) return ids.map((each) => shared.for(each).verdict());
  if ("conflict" in file) {
    const progress = shared.for(file.conflict.recordId);
    checkConflict(progress, file.conflict, anchored, trust);
    closeAnchor([progress], anchored, trust, options);
    if (progress.isStopped) return [progress.verdict()];
    return [progress.conclude("conflict", ...twice(file.conflict.entries))];
  }
  const checked = file.records.map((record) => {
    const progress = shared.for(record.recordId);
    return {
      progress,
      found: checkRecord(progress, record, anchored, trust, options.document ?? null),
    };
  });
  closeAnchor(
    checked.map((each) => each.progress),
    anchored,
    trust,
    options,
  );
  return checked.map(({ progress, found }) =>
    progress.isStopped || found === null
      ? progress.verdict()
      : conclude(progress, found, anchored, trust, options.now),
  );
}

/** What the anchor proves, for all records of a file. */
export interface Anchored {
  readonly anchor: Anchor;
  readonly header: Header;
  readonly storageRoot: Uint8Array;
  readonly successor: bigint;
  readonly proof: StateProof;
}

/** Steps 2 to 4. */
function openAnchor(
  progress: Progress,
  anchor: Anchor,
  trust: Trust,
  now: number,
): Anchored | null {
  progress.at(2, () => requireCovered(anchor, trust, now));
  const header = progress.at(3, () =>
    anchor.engine === "istanbul"
      ? readIstanbulHeader(anchor.header)
      : readEthereumHeader(anchor.header),
  );
  if (header === null) return null;
  progress.block = { number: header.number, hash: toHex(header.hash), time: header.time };
  const proof = new StateProof(anchor.nodes);
  const account = progress.at(4, () => {
    const found = proof.account(header.stateRoot, anchor.registry, anchor.engine);
    requireCode(found, trust.codeHash);
    return found;
  });
  // A slot of the registry and not of a record: proven for each file, whatever is in it.
  const successor = progress.within(5, () =>
    proof.word((account as Account).storageRoot, SUCCESSION),
  );
  if (account === null || successor === null) return null;
  return { anchor, header, storageRoot: account.storageRoot, successor, proof };
}

function requireCovered(anchor: Anchor, trust: Trust, now: number): void {
  if (anchor.chainId !== trust.chainId)
    throw new NotKnown("other-chain", { chain: anchor.chainId });
  if (!equal(anchor.registry, trust.registry)) throw new NotKnown("other-registry");
  if (anchor.engine === null && trust.validators !== null) throw new Refusal("unsigned-kind");
  if (anchor.engine !== null && trust.validators === null) throw new NotKnown("signed-kind");
  if (now > trust.expires && anchor.witnessed === null) throw new NotKnown("trust-expired");
}

/** Steps 11 and 12, which are the file's and so each record's. */
function closeAnchor(all: Progress[], anchored: Anchored, trust: Trust, options: Options): void {
  const nodes = new Progress("");
  // What a record that was stopped would have asked for is not known, so then nothing is without use.
  const areAllAsked = all.every((each) => !each.isStopped);
  nodes.at(11, () => {
    if (areAllAsked && anchored.proof.unused > 0)
      throw new Refusal("nodes-unused", { count: anchored.proof.unused });
  });
  let blockTrust: BlockTrust | null = null;
  const { anchor, header } = anchored;
  const block = new Progress("");
  block.at(12, () => {
    blockTrust = requireTrustedBlock(anchor, header, trust, options.now, options.nodesHash ?? null);
  });
  for (const progress of all) {
    progress.take(nodes);
    progress.take(block);
    if (!progress.isStopped) progress.blockTrust = blockTrust;
  }
}

function checkRecord(
  progress: Progress,
  evident: EvidentRecord,
  anchored: Anchored,
  trust: Trust,
  document: Document | null,
): ProvenRecord | null {
  const { proof, storageRoot } = anchored;
  const { entry, content, recordId, trace } = evident;
  const read = progress.at(5, () => {
    const slots = readRecordSlots(recordId, anchored);
    const state = readState(slots.state);
    if (state === null) throw new Refusal("slot-form");
    const { agency, type } = entry ?? { agency: state.issuer, type: state.type };
    const typeHead = type === 0 ? 0n : proof.word(storageRoot, typeHeadSlot(agency, type));
    return { slots, state, typeHead };
  });
  if (read === null) return null;
  const { slots, state } = read;
  progress.at(6, () => requireTrace(recordId, trace, slots));
  let witnesses: string[] = [];
  if (entry !== null) {
    progress.at(7, () => {
      if (state.status !== "none") throw new Refusal("entry-on-chain");
      requireEntry(entry, recordId, anchored, trust);
      witnesses = entryWitnesses(entry, trust);
    });
  }
  let fields: Map<string, Json> | null = null;
  if (content !== null) {
    const version = progress.at(8, () =>
      versionOf(evident, content.version, content.schemaDigest, trust),
    );
    if (version === null) return null;
    fields = progress.at(9, () => verifyDisclosure(content, version.header, version.commitment));
  }
  let field: string | null = null;
  if (document !== null) {
    progress.at(10, () => {
      field = fieldOfDocument(fields ?? new Map(), document);
      if (field === null) throw new Refusal("document-other", { name: document.name });
    });
  }
  if (progress.isStopped) return null;
  return {
    state,
    word: slots.state,
    traceHead: slots.traceHead,
    issuer: entry?.agency ?? state.issuer,
    custodian: entry?.agency ?? state.custodian,
    type: entry?.type ?? state.type,
    shownVersion: content?.version ?? null,
    latestVersion: entry === null ? state.version : 1,
    holds: state.holds,
    typeHolds: Number((read.typeHead >> 40n) & 0xffffn),
    acts: trace,
    entry:
      entry === null
        ? null
        : {
            agency: entry.agency,
            journal: entry.journal,
            index: entry.index,
            time: entry.time,
            sealedAt: entry.seal.sealedAt,
            witnesses,
          },
    fields,
    document: field,
  };
}

/** The three slots of a record. Raises `Refusal` where the nodes do not lead there. */
export function readRecordSlots(
  recordId: Uint8Array,
  { proof, storageRoot }: Pick<Anchored, "proof" | "storageRoot">,
): RecordSlots {
  const slot = recordSlot(recordId);
  return {
    commitment: proof.word(storageRoot, slot),
    state: proof.word(storageRoot, slot + 1n),
    traceHead: proof.word(storageRoot, slot + 2n),
  };
}

/** Step 7 but for the checkpoint: the entry registers the record under a seal of the registry. */
export function requireEntry(
  entry: Entry,
  recordId: Uint8Array,
  { proof, storageRoot }: Pick<Anchored, "proof" | "storageRoot">,
  trust: Trust,
): void {
  if (!entry.isRegistration) throw new Refusal("entry-kind");
  if (!equal(recordIdOf(trust.lineage, entry.agency, entry.localId), recordId)) {
    throw new Refusal("entry-other-record");
  }
  const { root, size, previousSize, sealedAt } = entry.seal;
  const word = proof.word(storageRoot, sealSlot(entry.agency, entry.journal, size));
  if (!equal(fromNumber(word, 32), hashOf(root, size, previousSize, sealedAt))) {
    throw new Refusal("seal-unknown");
  }
  requireIncluded(leafHash(entry.bytes), entry.index, size, entry.path, root);
  if (entry.time > sealedAt) throw new Refusal("entry-after-seal");
  const head = proof.word(storageRoot, journalHeadSlot(entry.agency, entry.journal));
  const repudiatedFrom = (head >> 64n) & (2n ** 64n - 1n);
  if (BigInt(entry.index) >= repudiatedFrom) throw new Refusal("entry-disowned");
}

/** Who vouch that the journal registers no id twice; nobody where they are too few. */
function entryWitnesses(entry: Entry, trust: Trust): string[] {
  if (entry.checkpoint === null) return [];
  const note = readNote(entry.checkpoint);
  const isOfSeal =
    note.origin === originOf(trust.lineage, entry) &&
    note.size === BigInt(entry.seal.size) &&
    equal(note.root, entry.seal.root);
  if (!isOfSeal) throw new Refusal("checkpoint-other");
  const found = [...cosigners(note, trust.witnesses).keys()].sort();
  return found.length >= (trust.witnessesNeeded ?? Number.POSITIVE_INFINITY) ? found : [];
}

/** Step 8: what the act or the entry says that set the shown version. */
function versionOf(
  { recordId, trace, entry }: EvidentRecord,
  version: number,
  schemaDigest: Uint8Array,
  trust: Trust,
): { header: RecordHeader; commitment: Uint8Array } {
  const act = trace.findLast((each) => each.commitment !== null && each.state.version === version);
  const of = act
    ? { ...act.state, commitment: act.commitment as Uint8Array }
    : entry !== null && version === 1
      ? {
          algorithm: entry.algorithm,
          issuer: entry.agency,
          type: entry.type,
          commitment: entry.commitment,
        }
      : null;
  if (of === null) throw new Refusal("version-missing", { version });
  if (!trust.algorithms.includes(of.algorithm)) {
    throw new NotKnown("algorithm-not-accepted", { algorithm: of.algorithm });
  }
  const { algorithm, issuer, type, commitment } = of;
  return { header: { algorithm, recordId, issuer, type, schemaDigest, version }, commitment };
}

function checkConflict(
  progress: Progress,
  conflict: Conflict,
  anchored: Anchored,
  trust: Trust,
): void {
  const { entries, recordId, trace } = conflict;
  progress.at(7, () => {
    for (const entry of entries) requireEntry(entry, recordId, anchored, trust);
  });
  if (trace === null) return;
  const slots = progress.at(5, () => readRecordSlots(recordId, anchored));
  progress.at(6, () => {
    requireTrace(recordId, trace, slots as RecordSlots);
    const [entry] = entries as [Entry];
    const registration = trace.find(
      (each) => each.kind === "registered" || each.kind === "enrolled",
    );
    if (registration === undefined) throw new Refusal("trace-none");
    const isSame =
      registration.kind === "enrolled" &&
      registration.agency === entry.agency &&
      registration.journal === entry.journal &&
      registration.index === entry.index;
    if (isSame) throw new Refusal("conflict-same");
  });
}

/** Where an agency has registered the record, for a person to look there. */
function twice(entries: readonly Entry[]): [Reason["name"], Reason["values"]] {
  const [first, second] = entries as [Entry, Entry | undefined];
  const { agency, journal, index } = first;
  if (second === undefined) return ["registered-otherwise", { agency, journal, index }];
  const other = { "other-journal": second.journal, "other-index": second.index };
  return ["registered-twice", { agency, journal, index, ...other }];
}

function conclude(
  progress: Progress,
  record: ProvenRecord,
  { header, successor }: Anchored,
  trust: Trust,
  now: number,
): Verdict {
  progress.done.push(13);
  progress.record = record;
  const { state, entry } = record;
  if (state.status === "none" && entry === null) {
    progress.record = null;
    return progress.conclude("unknown", "never-registered", { block: header.number }, 5);
  }
  const [outcome, reason, values] = outcomeOf(record, state, successor, now - header.time, trust);
  return progress.conclude(outcome, reason, values);
}

/**
 * What holds of a record whose steps have all held. `age` of the block in seconds. Without the acts
 * that led to the state (the live check has none) it is not told by which record, or why.
 */
export function outcomeOf(
  record: Pick<ProvenRecord, "shownVersion" | "latestVersion"> & { acts: ProvenRecord["acts"] },
  state: RecordState,
  successor: bigint,
  age: number,
  trust: Trust,
): [Outcome, Reason["name"] | null, Reason["values"]] {
  const last = (kind: string) => record.acts.findLast((each) => each.kind === kind);
  switch (state.status) {
    case "disposed":
      return ["disposed", "secrets-destroyed", {}];
    case "revoked": {
      const reason = last("revoked")?.reason ?? null;
      return reason === null
        ? ["revoked", "revoked-since", {}]
        : ["revoked", "with-reason", { reason }];
    }
    case "superseded": {
      const replacement = last("superseded")?.replacement ?? null;
      if (replacement === null) return ["superseded", "by-another-record", {}];
      return ["superseded", "by-record", { record: `0x${toHex(replacement)}` }];
    }
    default:
  }
  if (record.shownVersion !== null && record.shownVersion !== record.latestVersion) {
    return ["superseded", "by-version", { version: record.latestVersion }];
  }
  if (successor !== 0n) {
    return [
      "stale",
      "has-successor",
      { registry: `0x${successor.toString(16).padStart(40, "0")}` },
    ];
  }
  if (age > trust.greatestAgeSeconds) {
    return ["stale", "too-old", { days: Math.floor(age / 86_400) }];
  }
  return ["valid", null, {}];
}
