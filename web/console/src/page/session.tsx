// SPDX-License-Identifier: Apache-2.0
/** Who is signed in, and what the gateway calls things. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Registry } from "./acting/pinning.ts";
import type { Names } from "./acting/plain_words.tsx";

export interface Session {
  /** The account's name. */
  readonly name: string;
  /** The officer's account on chain. */
  readonly account: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly agency: number;
  readonly agencyName: string;
  readonly names: Names;
  readonly types: readonly RecordTypeRow[];
  readonly agencies: readonly AgencyRow[];
  /** As the gateway names it. */
  readonly registry: Registry;
}

export interface AgencyRow {
  readonly id: number;
  readonly name: string;
  /** Whether envelopes can go to its gateway, and be fetched there. */
  readonly hasGateway: boolean;
  readonly types: readonly { readonly id: number; readonly name: string; readonly sharing: string }[];
}

export interface RecordTypeRow {
  readonly id: number;
  readonly name: string;
  readonly version: number;
  /** Null: for ever. */
  readonly retentionDays: number | null;
  readonly sharing: string;
  readonly searchable: readonly string[];
  readonly files: readonly string[];
  readonly schemaDigest: string;
  readonly schema: Readonly<Record<string, any>>;
}

/** The type of statements about reads, which the gateway itself writes down. */
const OF_READS = "access-entry";

/** The types that officers register records of. */
export function typesToRegister(session: Session): readonly RecordTypeRow[] {
  return session.types.filter((each) => each.name !== OF_READS);
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("nobody is signed in");
  return session;
}

export function can(session: Session, ...roles: readonly string[]): boolean {
  return roles.some((each) => session.roles.includes(each));
}

/** The name of a record type of any agency, where it has published one. */
export function typeName({ agencies }: Session, agency: number, id: number): string | undefined {
  return agencies.find((each) => each.id === agency)?.types.find((each) => each.id === id)?.name;
}
