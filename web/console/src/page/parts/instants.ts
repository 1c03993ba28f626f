// SPDX-License-Identifier: Apache-2.0
/** Instants as the gateway writes them, RFC 3339 in UTC. */

/** Unix seconds. */
export function secondsOf(instant: string): number {
  return Date.parse(instant) / 1000;
}

/** The date after `days` from now, as an input of type date has it. */
export function dateIn(days: number, now = Date.now()): string {
  return new Date(now + days * 86_400_000).toISOString().slice(0, 10);
}

/** The end of a day, as the gateway takes it. */
export function endOfDay(date: string): string {
  return `${date}T23:59:59Z`;
}
