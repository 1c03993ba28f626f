// SPDX-License-Identifier: Apache-2.0
/** What a call does, in words. All of it is read from the call data; names stand beside numbers. */

import type { Value } from "../../core/abi.ts";
import type { DecodedCall } from "../../core/calls.ts";
import type { Opened } from "../../core/openings.ts";
import { toHex, utf8 } from "../../core/bytes.ts";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { checksummed } from "../../core/transactions.ts";
import { DENIALS, KEY_PURPOSES, REASONS, SHARINGS } from "./acts.ts";
import { shortened } from "../parts/parts.tsx";
import { useWords, type Words } from "../words/language.tsx";

/** What the gateway calls things that have numbers on chain. */
export interface Names {
  readonly agencies: ReadonlyMap<number, string>;
  /** Of this agency. */
  readonly types: ReadonlyMap<number, string>;
  readonly agency: number;
}

/** After these nothing brings back what was. */
const FINAL = new Set([
  "supersede",
  "revoke",
  "acceptCustody",
  "confirmDisposition",
  "closeJournal",
  "repudiateJournal",
  "executeAdminReplacement",
]);

export const ROLES = ["AGENCY_ADMIN", "REGISTRAR", "STEWARD", "OPERATOR"] as const;

/** The id of an agency's role: keccak256(abi.encode(ROLE, agencyId)), ROLE being keccak256 of its name. */
export function roleId(role: string, agency: number): string {
  const packed = new Uint8Array(64);
  packed.set(keccak_256(utf8(role)));
  new DataView(packed.buffer).setUint32(60, agency);
  return toHex(keccak_256(packed));
}

export function CallInWords({ call, names }: { call: DecodedCall; names: Names }) {
  const words = useWords();
  const { say, sayOf } = words;
  const facts = Object.entries(call.values)
    .filter(([name]) => call.name !== "enrol" || name === "place" || name === "entry")
    .flatMap(([name, value]) => factsOf(name, value, call, names, words));
  return (
    <div class={`sentence ${FINAL.has(call.name) ? "final" : ""}`} data-call={call.name}>
      <p>{sayOf(`call.${call.name}`, call.name)}</p>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <>
            <dt>{sayOf(`argument.${name}`, name)}</dt>
            <dd class={value.startsWith("0x") ? "mono" : ""}>{value}</dd>
          </>
        ))}
      </dl>
      {FINAL.has(call.name) && <p class="quiet">{say("cannot-be-undone")}</p>}
    </div>
  );
}

function factsOf(
  name: string,
  value: Value,
  call: DecodedCall,
  names: Names,
  words: Words,
): [string, string][] {
  if (Array.isArray(value)) {
    return [[name, value.map((each) => shortened(String(each))).join(", ")]];
  }
  if (typeof value === "object") {
    return Object.entries(value).flatMap(([inner, each]) =>
      inner === "kind" ? [] : factsOf(inner, each, call, names, words),
    );
  }
  return [[name, shown(name, value as string | bigint | boolean, call, names, words)]];
}

function shown(
  name: string,
  value: string | bigint | boolean,
  call: DecodedCall,
  names: Names,
  words: Words,
): string {
  const { say, sayOf, time } = words;
  const named = (map: ReadonlyMap<number, string>) => {
    const found = map.get(Number(value));
    return found === undefined ? String(value) : `${value} · ${found}`;
  };
  switch (name) {
    case "agencyId":
    case "toAgency":
    case "requester":
    case "granter":
      return named(names.agencies);
    case "typeId":
      if (value === 0n) return say("one-record");
      // Types of other agencies have numbers of their own.
      return Number(call.values["agencyId"] ?? names.agency) === names.agency
        ? named(names.types)
        : String(value);
    case "expiresAt":
    case "respondBy":
    case "time":
      return time(Number(value));
    case "reason":
      return reasonOf(Number(value), call, sayOf);
    case "sharing":
      return sayOf(`sharing.${SHARINGS[Number(value)]}`, String(value));
    case "purpose":
      return sayOf(`purpose.${KEY_PURPOSES[Number(value)]}`, String(value));
    case "role": {
      const found = ROLES.find((each) => roleId(each, names.agency) === value);
      return found === undefined
        ? say("role-elsewhere", { role: shortened(String(value)) })
        : sayOf(`role.${found.toLowerCase()}`, found);
    }
    case "account":
    case "newAdmin":
      return checksummed(String(value));
    case "algorithm":
      return value === 1n ? "SHA-256" : value === 2n ? "SM3" : String(value);
    default:
      return String(value);
  }
}

/** Codes of records and of shares have words of their own. */
function reasonOf(code: number, call: DecodedCall, sayOf: Words["sayOf"]): string {
  const [kind, words] =
    call.contract === "shares" ? ["denial", DENIALS] : (["reason", REASONS] as const);
  const found = sayOf(`${kind}.${words[code]}`, "");
  return found === "" ? String(code) : `${code} · ${found}`;
}

/** What is behind a commitment: it was made anew in this browser, and is that of the call. */
export function OpenedInWords({ opened }: { opened: Opened }) {
  const { say, bytes } = useWords();
  const facts: [string, string][] = [];
  if (opened.opens === "content") {
    for (const [name, value] of Object.entries(opened.fields)) {
      const file = value as { digest?: string; length?: number } | null;
      const isFile = typeof file === "object" && typeof file?.length === "number";
      facts.push([
        name,
        isFile
          ? `${bytes(file.length as number)} · ${shortened(String(file.digest))}`
          : typeof value === "string"
            ? value
            : JSON.stringify(value),
      ]);
    }
  } else if (opened.opens === "terms") {
    const { purpose, legal_basis, fields, onward } = opened.terms;
    facts.push([say("share-purpose"), purpose], [say("share-basis"), legal_basis]);
    facts.push([say("share-fields"), fields === null ? say("all-fields") : fields.join(", ")]);
    facts.push([say("share-onward"), onward ? say("yes") : say("no")]);
  } else {
    facts.push([say("question.mandate"), opened.words]);
  }
  return (
    <div class="sentence opened">
      <p>{say(`opened.${opened.opens}`)}</p>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
      <p class="quiet">{say("opened-note")}</p>
    </div>
  );
}
