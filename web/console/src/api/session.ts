// SPDX-License-Identifier: Apache-2.0
/** Signing in, and what a session needs to know from the start. */

import type { AgencyRow, RecordTypeRow, Session } from "../page/session.tsx";
import { call, Problem, useCsrf } from "./client.ts";

export interface Ways {
  readonly password: boolean;
  readonly openid: boolean;
}

export async function waysToSignIn(): Promise<Ways> {
  return call("GET", "/session/ways");
}

export async function signIn(name: string, password: string): Promise<Session> {
  return loaded(await call("POST", "/session", { body: { name, password } }));
}

/** The session that the cookie names; null where nobody is signed in. */
export async function currentSession(): Promise<Session | null> {
  try {
    return await loaded(await call("GET", "/session"));
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}

export async function signOut(): Promise<void> {
  await call("DELETE", "/session");
  useCsrf(null);
}

async function loaded(body: any): Promise<Session> {
  useCsrf(body.csrf);
  const [agencies, types] = await Promise.all([everyItem("/agencies"), everyItem("/types")]);
  const rows: AgencyRow[] = agencies.map((each) => ({
    id: each.agency,
    name: each.name,
    hasGateway: each.gateway,
    types: each.types.map((type: any) => ({
      id: type.type_id,
      name: type.name,
      sharing: type.sharing,
    })),
  }));
  const own: number = body.agency;
  const typeRows = types.map(typeOf);
  return {
    name: body.name,
    account: body.address,
    // On chain it is AGENCY_ADMIN; acts and pages call it admin.
    roles: body.roles.map((each: string) => (each === "agency_admin" ? "admin" : each)),
    scopes: body.scopes,
    agency: own,
    agencyName: rows.find((each) => each.id === own)?.name ?? "",
    names: {
      agency: own,
      agencies: new Map(rows.map((each) => [each.id, each.name])),
      types: new Map(typeRows.map((each) => [each.id, each.name])),
    },
    types: typeRows,
    agencies: rows,
    registry: { chainId: body.chain_id, records: body.registry, shares: body.shares },
  };
}

export function typeOf(body: any): RecordTypeRow {
  return {
    id: body.type_id,
    name: body.name,
    version: body.version,
    retentionDays: body.retention_days,
    sharing: body.sharing,
    searchable: body.searchable,
    files: body.files,
    schemaDigest: body.schema_digest,
    schema: body.schema,
  };
}

/** All items of a list, page by page. */
export async function everyItem(path: string): Promise<any[]> {
  const found: any[] = [];
  let cursor: string | null = null;
  do {
    const mark = path.includes("?") ? "&" : "?";
    const page: any = await call(
      "GET",
      cursor === null ? path : `${path}${mark}cursor=${encodeURIComponent(cursor)}`,
    );
    found.push(...page.items);
    cursor = page.next ?? null;
  } while (cursor !== null && found.length < 5000);
  return found;
}
