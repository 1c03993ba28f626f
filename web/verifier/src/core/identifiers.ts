// SPDX-License-Identifier: Apache-2.0
/** Lineage and record ids (docs/SPEC.md, § 3). */

import { hashOf, tag } from "./digests.ts";

const LINEAGE = tag("muniment.lineage.v1");

export function lineageOf(chainId: number, firstRegistry: Uint8Array): Uint8Array {
  return hashOf(LINEAGE, chainId, firstRegistry);
}

export function recordIdOf(lineage: Uint8Array, agency: number, localId: Uint8Array): Uint8Array {
  return hashOf(lineage, agency, localId);
}
