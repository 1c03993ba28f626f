// SPDX-License-Identifier: Apache-2.0
/** Instants as the gateway writes them, RFC 3339 in UTC. */

/** Unix seconds. */
export function secondsOf(instant: string): number {
  return Date.parse(instant) / 1000;
}

/** What stands in an instant's place where retention has no end. */
export const FOR_EVER = "for ever";
