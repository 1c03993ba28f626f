// SPDX-License-Identifier: Apache-2.0
/** Every page that a person can go to, seen once. */

import assert from "node:assert/strict";
import type { Officer, Walk } from "./browser.ts";

const PAGES = ["overview", "find", "find?where=journal", "holds", "retention"] as const;
const OF_PERSON = {
  registrar: ["register/land-deed", "import", "inbox", "shares", "officers", "keys", "types"],
  steward: ["inbox", "shares", "deliveries", "officers"],
  auditor: ["inbox", "officers", "types"],
  administrator: ["inbox", "shares", "officers", "keys", "types", "journals/1", "tokens", "webhooks"],
} as const;
const RECORDS = {
  registrar: ["deed", "amended", "revoked"],
  steward: ["proposed", "offered"],
  auditor: ["held", "amended"],
  administrator: ["superseded"],
} as const;

export async function tour(walk: Walk, person: Officer): Promise<void> {
  await walk.page.goto(`${walk.facts.url}/`);
  await walk.page.waitForSelector("form");
  await walk.look("sign-in");
  await walk.signIn();
  for (const each of [...PAGES, ...OF_PERSON[person]]) {
    await walk.goTo(each);
    await walk.look(each.replace(/\W+/g, "-"));
  }
  for (const each of RECORDS[person]) {
    await walk.goTo(`records/${walk.facts.records[each]}`);
    await walk.page.waitForSelector(".record-title");
    await walk.look(`record-${each}`);
    if (each === "superseded") {
      await walk.page.locator(`.act a[href="#/records/${walk.facts.records["deed"]}"]`).waitFor();
    }
    await walk.button("show").click();
    await walk.settled();
    await walk.look(`history-${each}`);
    // What proves a line, and who it was, is in the page's language.
    assert.doesNotMatch(await walk.page.innerText("main"), /entry \d+ of journal|agency \d/);
  }
  await walk.goTo(person === "administrator" ? "register" : "tokens");
  await walk.look("not-for-you");
  await walk.goTo("nowhere");
  await walk.look("not-found");
  // A session that is over is said to be, and whoever signs in again is where they were.
  await walk.page.context().clearCookies();
  await walk.page.evaluate(() => (location.hash = "holds"));
  await walk.page.getByText(walk.say("session-ended")).waitFor();
  await walk.look("session-ended");
}
