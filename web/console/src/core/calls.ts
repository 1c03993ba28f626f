// SPDX-License-Identifier: Apache-2.0
/** What a transaction of an officer does, by its call data alone: nobody's description is believed. */

import { AbiError, decodeCall, signature, type Signature, type Value } from "./abi.ts";
import { fromHex, toHex } from "./bytes.ts";

export const CONTRACTS = ["records", "agencies", "shares"] as const;
export type ContractName = (typeof CONTRACTS)[number];

const ENTRY =
  "(uint8 kind,uint8 algorithm,uint16 typeId,uint16 typeVersion,uint64 time,bytes32 localId,bytes32 commitment)";
const SEAL = "(bytes32 root,uint64 size,uint64 previousSize,uint48 sealedAt)";

/** All that an officer may be asked to sign. What is not here is refused. */
export const FUNCTIONS = {
  records: [
    "register(uint32 agencyId,uint16 typeId,uint16 typeVersion,uint8 algorithm,bytes32 localId,bytes32 commitment)",
    "registerMany(uint32 agencyId,uint16 typeId,uint16 typeVersion,uint8 algorithm,bytes32[] localIds,bytes32[] commitments)",
    "amend(bytes32 recordId,uint16 expectedVersion,uint16 typeVersion,uint8 algorithm,bytes32 commitment)",
    "supersede(bytes32 recordId,uint16 expectedVersion,bytes32 replacementId)",
    "revoke(bytes32 recordId,uint16 expectedVersion,uint16 reason)",
    "placeHold(bytes32 recordId,bytes32 caseCommitment)",
    "releaseHold(bytes32 recordId,bytes32 caseCommitment)",
    "holdType(uint32 agencyId,uint16 typeId,bytes32 caseCommitment)",
    "releaseType(uint32 agencyId,uint16 typeId,bytes32 caseCommitment)",
    "offerCustody(bytes32 recordId,uint16 expectedVersion,uint32 toAgency,uint48 expiresAt)",
    "acceptCustody(bytes32 recordId,uint16 expectedVersion,bytes32 expectedCommitment,bytes32 expectedTraceHead)",
    "declineCustody(bytes32 recordId)",
    "withdrawCustody(bytes32 recordId)",
    "proposeDisposition(bytes32 recordId,uint16 expectedVersion,bytes32 mandate,uint48 expiresAt)",
    "confirmDisposition(bytes32 recordId,uint16 expectedVersion)",
    `enrol((uint32 agencyId,uint32 journal,uint64 index) place,${ENTRY} entry,${SEAL} named,bytes32[] proof)`,
    "openJournal(uint32 agencyId)",
    "closeJournal(uint32 agencyId,uint32 journal)",
    "repudiateJournal(uint32 agencyId,uint32 journal,uint64 fromIndex,uint16 reason)",
  ],
  agencies: [
    "grantRole(bytes32 role,address account)",
    "revokeRole(bytes32 role,address account)",
    "setAgencyKey(uint32 agencyId,uint8 purpose,bytes32 key)",
    "retireAgencyKey(uint32 agencyId,uint8 purpose,uint32 epoch)",
    "createRecordType(uint32 agencyId,string name,bytes32 schemaDigest,uint24 retentionDays,uint8 sharing)",
    "publishRecordType(uint32 agencyId,uint16 typeId,string name,bytes32 schemaDigest,uint24 retentionDays,uint8 sharing)",
    "scheduleAdminReplacement(uint32 agencyId,address newAdmin)",
    "cancelAdminReplacement(uint32 agencyId)",
    "executeAdminReplacement(uint32 agencyId)",
  ],
  shares: [
    "requestShare(uint32 requester,uint32 granter,uint16 typeId,bytes32 scope,bytes32 terms,uint48 respondBy,uint48 expiresAt)",
    "grantShare(bytes32 shareId,bytes32 terms,uint48 expiresAt)",
    "denyShare(bytes32 shareId,uint16 reason)",
    "revokeShare(bytes32 shareId,uint16 reason)",
    "acknowledgeDelivery(bytes32 shareId,bytes32 deliveryDigest)",
  ],
} as const satisfies Record<ContractName, readonly string[]>;

type NameIn<Text> = Text extends `${infer Name}(${string}` ? Name : never;
export type FunctionName = NameIn<(typeof FUNCTIONS)[ContractName][number]>;

const MULTICALL = signature("multicall(bytes[] data)");

interface Known {
  readonly contract: ContractName;
  readonly signature: Signature;
}

const BY_SELECTOR: ReadonlyMap<string, Known> = new Map(
  CONTRACTS.flatMap((contract) =>
    FUNCTIONS[contract].map((text): [string, Known] => {
      const made = signature(text);
      return [made.selector, { contract, signature: made }];
    }),
  ),
);

/** One call of a transaction, read from its data. */
export interface DecodedCall {
  readonly contract: ContractName;
  readonly name: FunctionName;
  readonly values: Readonly<Record<string, Value>>;
}

/**
 * The calls of call data, in order; of several, if they go together in one transaction.
 *
 * Raises `AbiError` for a call that is not of `FUNCTIONS`, calls of different contracts, and data
 * that is not written as the ABI writes it.
 */
export function decodeCalls(data: Uint8Array): readonly DecodedCall[] {
  const selector = toHex(data.subarray(0, 4));
  if (selector === MULTICALL.selector) {
    const inner = decodeCall(MULTICALL, data)["data"] as readonly string[];
    const calls = inner.map((each) => decodeOne(fromHex(each)));
    if (calls.length === 0) throw new AbiError("no call");
    if (calls.some((each) => each.contract !== calls[0]?.contract)) {
      throw new AbiError("calls of different contracts");
    }
    return calls;
  }
  return [decodeOne(data)];
}

function decodeOne(data: Uint8Array): DecodedCall {
  const known = BY_SELECTOR.get(toHex(data.subarray(0, 4)));
  if (known === undefined) throw new AbiError("a call that no officer makes here");
  const values = decodeCall(known.signature, data);
  return { contract: known.contract, name: known.signature.name as FunctionName, values };
}

/** What an officer asked for: a call, and those of its arguments that the officer chose. */
export interface Asked {
  readonly name: FunctionName;
  readonly values: Readonly<Record<string, Value>>;
}

export interface Difference {
  readonly what: string;
  readonly asked: Value;
  readonly found: Value;
}

/**
 * What differs between a transaction and what was asked: nothing, where it may be signed.
 *
 * Records that stand in a journal alone are enrolled by the same transaction, before what was asked
 * (SPEC § 8): that changes nothing of them, the contract lets none in without its proof, and it is
 * shown. Anything else that was not asked is a difference.
 */
export function differences(
  calls: readonly DecodedCall[],
  asked: readonly Asked[],
): readonly Difference[] {
  const acts = calls.filter((each) => each.name !== "enrol");
  const isEnrolmentAsked = asked.some((each) => each.name === "enrol");
  const compared = isEnrolmentAsked ? calls : acts;
  const found = compared.map((each) => each.name).join(", ");
  const wanted = asked.map((each) => each.name).join(", ");
  if (found !== wanted) return [{ what: "call", asked: wanted, found }];
  return asked.flatMap((each, at) =>
    Object.entries(each.values).flatMap(([what, value]) => {
      const there = (compared[at] as DecodedCall).values[what] as Value;
      return same(there, value) ? [] : [{ what, asked: value, found: there }];
    }),
  );
}

/**
 * What was asked of several records, once each, in the order in which calls do it: that order is the
 * gateway's to choose. What no call does comes last, and `differences` tells it.
 */
export function inOrderOf(
  calls: readonly DecodedCall[],
  asked: readonly Asked[],
): readonly Asked[] {
  const left = new Map(asked.map((each) => [recordOf(each), each]));
  const found = calls.flatMap((call) => {
    const each = left.get(recordOf(call));
    left.delete(recordOf(call));
    return each === undefined ? [] : [each];
  });
  return [...found, ...left.values()];
}

function recordOf({ values }: Asked): string {
  return String(values["recordId"]).toLowerCase();
}

function same(a: Value | undefined, b: Value): boolean {
  if (typeof a === "string" && typeof b === "string" && a.startsWith("0x")) {
    return a.toLowerCase() === b.toLowerCase();
  }
  return a === b;
}
