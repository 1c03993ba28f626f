// SPDX-License-Identifier: Apache-2.0
/** The acts that officers ask for: what the gateway is told, and what the transaction must be. */

import { sha256 } from "@noble/hashes/sha2.js";
import { toHex, utf8 } from "../../core/bytes.ts";
import type { Asked } from "../../core/calls.ts";
import { canonicalText } from "../../core/canonical.ts";
import type { Terms } from "../../core/openings.ts";
import type { ActBody } from "../../api/acts.ts";
import type { RecordTypeRow } from "../session.tsx";

/** An act as it is asked for: by its body, or by the id of one that waits for its signature. */
export type Act = Meant & ({ readonly body: ActBody } | { readonly waiting: string });

interface Meant {
  readonly title: string;
  /** What the transaction must be: nothing else is signed. */
  readonly asked?: readonly Asked[];
  /** Where it is not known how many calls and transactions there are: what each call must be. */
  readonly every?: Asked;
  /** Of many records, however they are divided among transactions: a call for each, and no other. */
  readonly ofRecords?: readonly Asked[];
  /** What must be behind its commitments. */
  readonly content?: Readonly<Record<string, unknown>>;
  readonly terms?: Terms;
  readonly mandate?: string;
}

/** A record as the officer saw it: the version is that which the act expects. */
export interface SeenRecord {
  readonly record: string;
  readonly version: number;
}

export const REASONS = ["unspecified", "error", "fraud", "ended", "court", "replaced"] as const;
export type Reason = (typeof REASONS)[number];

/** Why a share is denied or revoked. */
export const DENIALS = [
  "unspecified",
  "no-legal-basis",
  "purpose-not-sufficient",
  "not-held-here",
  "purpose-ended",
  "terms-broken",
  "closed-type",
] as const;
export type Denial = (typeof DENIALS)[number];

function act(
  name: string,
  title: string,
  values: Record<string, unknown>,
  asked: Asked,
  more: Partial<Meant> = {},
): Act {
  return { title, body: { act: name, ...values }, asked: [asked], ...more };
}

const seen = ({ record, version }: SeenRecord) => ({
  recordId: record,
  expectedVersion: BigInt(version),
});
const told = ({ record, version }: SeenRecord) => ({ record, expected_version: version });

export function registerAct(
  title: string,
  type: RecordTypeRow,
  body: Record<string, unknown>,
  content: Readonly<Record<string, unknown>>,
  agency: number,
): Act {
  const values = {
    agencyId: BigInt(agency),
    typeId: BigInt(type.id),
    typeVersion: BigInt(type.version),
  };
  return act("register", title, body, { name: "register", values }, { content });
}

export function amendAct(
  title: string,
  record: SeenRecord,
  body: Record<string, unknown>,
  content: Readonly<Record<string, unknown>>,
): Act {
  const asked: Asked = { name: "amend", values: seen(record) };
  return act("amend", title, { ...told(record), ...body }, asked, { content });
}

export function supersedeAct(title: string, record: SeenRecord, replacement: string): Act {
  const values = { ...seen(record), replacementId: replacement };
  return act("supersede", title, { ...told(record), replacement }, { name: "supersede", values });
}

export function revokeAct(title: string, record: SeenRecord, reason: Reason): Act {
  const values = { ...seen(record), reason: BigInt(REASONS.indexOf(reason)) };
  return act("revoke", title, { ...told(record), reason }, { name: "revoke", values });
}

export function holdAct(title: string, record: string, caseName: string): Act {
  const asked: Asked = { name: "placeHold", values: { recordId: record } };
  return act("hold", title, { record, case: caseName }, asked);
}

export function releaseAct(title: string, record: string, caseName: string): Act {
  const asked: Asked = { name: "releaseHold", values: { recordId: record } };
  return act("release", title, { record, case: caseName }, asked);
}

export function offerAct(title: string, record: SeenRecord, agency: number, days: number): Act {
  const values = { ...seen(record), toAgency: BigInt(agency) };
  return act("offer", title, { ...told(record), to_agency: agency, days }, { name: "offerCustody", values });
}

/** A record whose custody is accepted as it was seen: content and trace, not the version alone. */
export interface AcceptedRecord extends SeenRecord {
  readonly commitment: string;
  readonly traceHead: string;
}

function accepted(record: AcceptedRecord): Asked {
  const { commitment, traceHead } = record;
  const values = { ...seen(record), expectedCommitment: commitment, expectedTraceHead: traceHead };
  return { name: "acceptCustody", values };
}

const declined = (record: string): Asked => ({
  name: "declineCustody",
  values: { recordId: record },
});

export function acceptAct(title: string, record: AcceptedRecord): Act {
  return act("accept", title, { record: record.record }, accepted(record));
}

export function declineAct(title: string, record: string): Act {
  return act("decline", title, { record }, declined(record));
}

/** Accepts the records of a package, of `only` some; `records` are those that it signs for. */
export function acceptPackageAct(
  title: string,
  handover: string,
  only: readonly string[] | null,
  records: readonly AcceptedRecord[],
): Act {
  const named = only === null ? {} : { only };
  const body = { act: "accept_package", handover, ...named };
  return { title, body, ofRecords: records.map(accepted) };
}

/** Declines all of a package that is on offer. */
export function declinePackageAct(
  title: string,
  handover: string,
  offered: readonly string[],
): Act {
  return { title, body: { act: "decline_package", handover }, ofRecords: offered.map(declined) };
}

export function withdrawAct(title: string, record: string): Act {
  return act("withdraw", title, { record }, { name: "withdrawCustody", values: { recordId: record } });
}

export function proposeAct(title: string, record: SeenRecord, mandate: string, days: number): Act {
  const asked: Asked = { name: "proposeDisposition", values: seen(record) };
  const values = { ...told(record), mandate, days };
  return act("propose_disposition", title, values, asked, { mandate });
}

export function confirmAct(title: string, record: SeenRecord): Act {
  const asked: Asked = { name: "confirmDisposition", values: seen(record) };
  return act("confirm_disposition", title, told(record), asked);
}

export interface ShareAsked {
  readonly granter: number;
  readonly typeId: number;
  readonly type?: string;
  readonly record?: string;
  readonly terms: Terms;
  readonly days: number;
}

export function requestShareAct(title: string, share: ShareAsked, agency: number): Act {
  const { granter, typeId, type, record, terms, days } = share;
  const values = {
    granter,
    ...(type === undefined ? {} : { type }),
    ...(record === undefined ? {} : { record }),
    ...terms,
    days,
  };
  const asked: Asked = {
    name: "requestShare",
    values: { requester: BigInt(agency), granter: BigInt(granter), typeId: BigInt(typeId) },
  };
  return act("request_share", title, values, asked, { terms });
}

export function grantShareAct(title: string, share: string, terms: Terms): Act {
  const values = { share, fields: terms.fields, onward: terms.onward };
  const asked: Asked = { name: "grantShare", values: { shareId: share } };
  return act("grant_share", title, values, asked, { terms });
}

export function denyShareAct(title: string, share: string, reason: Denial): Act {
  const values = { shareId: share, reason: BigInt(DENIALS.indexOf(reason)) };
  return act("deny_share", title, { share, reason }, { name: "denyShare", values });
}

export function revokeShareAct(title: string, share: string, reason: Denial): Act {
  const values = { shareId: share, reason: BigInt(DENIALS.indexOf(reason)) };
  return act("revoke_share", title, { share, reason }, { name: "revokeShare", values });
}

export type Role = "admin" | "registrar" | "steward" | "operator";

export function officerAct(
  title: string,
  kind: "add" | "remove",
  role: Role,
  account: string,
  roleId: string,
): Act {
  const name = kind === "add" ? "grantRole" : "revokeRole";
  const values = { role: roleId, account };
  return act(`${kind}_officer`, title, { role, account }, { name, values });
}

/** Publishes those keys of the agency that the chain does not have yet: one, two or three. */
export function publishKeysAct(title: string, agency: number): Act {
  const every: Asked = { name: "setAgencyKey", values: { agencyId: BigInt(agency) } };
  return { title, body: { act: "publish_keys" }, every };
}

/** As the contract numbers them. */
export const KEY_PURPOSES = ["encryption", "messages", "checkpoints"] as const;

export function retireKeyAct(title: string, agency: number, purpose: string, epoch: number): Act {
  const values = {
    agencyId: BigInt(agency),
    purpose: BigInt(KEY_PURPOSES.indexOf(purpose as "messages")),
    epoch: BigInt(epoch),
  };
  return act("retire_key", title, { purpose, epoch }, { name: "retireAgencyKey", values });
}

export function openJournalAct(title: string, agency: number): Act {
  return act("open_journal", title, {}, { name: "openJournal", values: { agencyId: BigInt(agency) } });
}

export function closeJournalAct(title: string, agency: number, journal: number): Act {
  const values = { agencyId: BigInt(agency), journal: BigInt(journal) };
  return act("close_journal", title, { journal }, { name: "closeJournal", values });
}

export function repudiateJournalAct(
  title: string,
  agency: number,
  journal: number,
  fromIndex: number,
  reason: Reason,
): Act {
  const code = REASONS.indexOf(reason);
  const values = {
    agencyId: BigInt(agency),
    journal: BigInt(journal),
    fromIndex: BigInt(fromIndex),
    reason: BigInt(code),
  };
  const told = { journal, from_index: fromIndex, reason: code };
  return act("repudiate_journal", title, told, { name: "repudiateJournal", values });
}

export function scheduleReplacementAct(title: string, agency: number, account: string): Act {
  const values = { agencyId: BigInt(agency), newAdmin: account };
  const asked: Asked = { name: "scheduleAdminReplacement", values };
  return act("schedule_admin_replacement", title, { agency, account }, asked);
}

export function executeReplacementAct(title: string, agency: number): Act {
  const asked: Asked = { name: "executeAdminReplacement", values: { agencyId: BigInt(agency) } };
  return act("execute_admin_replacement", title, { agency }, asked);
}

export function cancelReplacementAct(title: string, agency: number): Act {
  const asked: Asked = { name: "cancelAdminReplacement", values: { agencyId: BigInt(agency) } };
  return act("cancel_admin_replacement", title, { agency }, asked);
}

export function acknowledgeAct(title: string, share: string, delivery: string): Act {
  const values = { shareId: share, deliveryDigest: delivery };
  return act("acknowledge_delivery", title, { delivery }, { name: "acknowledgeDelivery", values });
}

export const SHARINGS = ["open", "conditional", "closed"] as const;
/** Retention days of what is never destroyed, as on chain. */
export const FOR_EVER = 2 ** 20 - 1;

export interface NewType {
  readonly name: string;
  readonly typeId: number;
  readonly version: number;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly retentionDays: number;
  readonly sharing: (typeof SHARINGS)[number];
  readonly searchable: readonly string[];
}

export function publishTypeAct(title: string, type: NewType, agency: number): Act {
  const { name, typeId, version, schema, retentionDays, sharing, searchable } = type;
  const told = {
    name,
    type_id: typeId,
    version,
    schema,
    retention_days: retentionDays,
    sharing,
    searchable,
  };
  const shared = {
    agencyId: BigInt(agency),
    name,
    // The schema stands on chain as the digest of its canonical bytes.
    schemaDigest: toHex(sha256(utf8(canonicalText(schema)))),
    retentionDays: BigInt(retentionDays),
    sharing: BigInt(SHARINGS.indexOf(sharing)),
  };
  const asked: Asked =
    version === 1
      ? { name: "createRecordType", values: shared }
      : { name: "publishRecordType", values: { ...shared, typeId: BigInt(typeId) } };
  return act("publish_type", title, told, asked);
}

export function holdTypeAct(title: string, agency: number, typeId: number, caseName: string): Act {
  const values = { agencyId: BigInt(agency), typeId: BigInt(typeId) };
  const told = { agency, type_id: typeId, case: caseName };
  return act("hold_type", title, told, { name: "holdType", values });
}

export function releaseTypeAct(title: string, agency: number, typeId: number, caseName: string): Act {
  const values = { agencyId: BigInt(agency), typeId: BigInt(typeId) };
  const told = { agency, type_id: typeId, case: caseName };
  return act("release_type", title, told, { name: "releaseType", values });
}

/** 32 zero bytes. */
export const NONE = `0x${"00".repeat(32)}`;
