// SPDX-License-Identifier: Apache-2.0
/** Why a step does not hold. Words are the page's (in each language); here are their names. */

export const REASONS = [
  // 1: the form
  "not-utf-8",
  "not-json",
  "not-canonical",
  "not-in-profile",
  "form",
  "too-large",
  // 2: trust
  "other-chain",
  "other-registry",
  "unsigned-kind",
  "signed-kind",
  "trust-expired",
  // 3: header
  "header-no-rlp",
  "header-fields",
  "header-value",
  "header-extra",
  "header-round",
  // 4, 5: state
  "node-missing",
  "node-form",
  "account-missing",
  "account-form",
  "other-code",
  "slot-form",
  // 6: trace
  "trace-state",
  "trace-head",
  "trace-commitment",
  "trace-none",
  // 7: entry
  "entry-on-chain",
  "entry-kind",
  "entry-other-record",
  "seal-unknown",
  "index-past-end",
  "proof-too-long",
  "proof-too-short",
  "proof-other-root",
  "entry-after-seal",
  "entry-disowned",
  "checkpoint-other",
  "conflict-same",
  // 7, 12: notes
  "note-form",
  "note-signature",
  // 8 to 10: content
  "version-missing",
  "algorithm-not-accepted",
  "digest-count",
  "digests-order",
  "commitment-other",
  "field-text",
  "field-order",
  "field-unknown",
  "document-other",
  // 11
  "nodes-unused",
  // 12: block
  "block-other",
  "block-not-trusted",
  "block-before-set",
  "note-other-block",
  "handover-chain",
  "handover-order",
  "handover-signer",
  "handover-signers-order",
  "handover-quorum",
  "handover-new-member",
  "handover-old-set",
  "handover-twice",
  "handover-after-block",
  "handover-needless",
  "seal-form",
  "seal-proposer",
  "seal-stranger",
  "seal-twice",
  "seal-quorum",
  "witnesses-for-handover",
  "witnesses-for-expiry",
  // outcomes
  "never-registered",
  "by-version",
  "by-record",
  "by-another-record",
  "with-reason",
  "revoked-since",
  "secrets-destroyed",
  "too-old",
  "has-successor",
  "registered-twice",
  "registered-otherwise",
  // the live check
  "no-nodes",
  "unreachable",
  "node-answer",
  "node-behind",
  "node-block",
] as const;

export type ReasonName = (typeof REASONS)[number];

/** A reason with the values that its words name. */
export interface Reason {
  readonly name: ReasonName;
  readonly values: Readonly<Record<string, string | number>>;
}

/** Something does not hold: the step is INVALID. */
export class Refusal extends Error {
  readonly reason: Reason;

  constructor(name: ReasonName, values: Reason["values"] = {}) {
    super(name);
    this.reason = { name, values };
  }
}

/** Something cannot be known from here: the step is UNKNOWN. */
export class NotKnown extends Refusal {}
