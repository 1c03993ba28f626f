// SPDX-License-Identifier: Apache-2.0
/** A gateway in other hands: what it prepares otherwise than it was asked is not signed. */

import assert from "node:assert/strict";
import { encodeCall, signature } from "../../src/core/abi.ts";
import { toHex } from "../../src/core/bytes.ts";
import type { Walk } from "./browser.ts";

const CONFIRM = signature("confirmDisposition(bytes32 recordId,uint16 expectedVersion)");

type Lie = (prepared: any, walk: Walk) => void;

const other = (walk: Walk) => (walk.facts.records["amended"] as string).slice(2);
const asked = (walk: Walk) => (walk.facts.records["deed"] as string).slice(2);

/** By what the page says when it is told each. */
const LIES: readonly (readonly [refusal: string, lie: Lie])[] = [
  [
    "refused-difference",
    (prepared, walk) => {
      prepared.data = prepared.data.replace(asked(walk), other(walk));
    },
  ],
  [
    // Of the same record and version, but it destroys.
    "refused-difference",
    (prepared, walk) => {
      const values = { recordId: `0x${asked(walk)}`, expectedVersion: 1n };
      prepared.data = toHex(encodeCall(CONFIRM, values));
    },
  ],
  [
    "refused-data",
    (prepared) => {
      prepared.data += "00".repeat(32);
    },
  ],
  [
    "refused-account",
    (prepared, walk) => {
      prepared.account = walk.facts.stranger;
    },
  ],
  [
    "refused-registry",
    (prepared, walk) => {
      prepared.to = walk.facts.stranger;
    },
  ],
  [
    "refused-registry",
    (prepared) => {
      prepared.chain_id = 1;
    },
  ],
  [
    "refused-over",
    (prepared) => {
      prepared.expires_at = 1;
    },
  ],
];

export async function lyingGateway(walk: Walk): Promise<void> {
  await walk.signIn();
  for (const [refusal, lie] of LIES) {
    await walk.page.route("**/acts", async (route) => {
      const answer = await route.fetch();
      const prepared = await answer.json();
      lie(prepared, walk);
      await route.fulfill({ response: answer, json: prepared });
    });
    await walk.goTo(`records/${walk.facts.records["deed"]}`);
    await walk.button("do.revoke").click();
    await walk.button("check-and-sign").click();
    const shown = await walk.page.waitForSelector("#refusal");
    assert.equal(await shown.getAttribute("data-refused"), refusal);
    assert.equal(await walk.page.locator("#keystore").count(), 0, "nothing can be signed");
    await walk.look(`lie-${refusal}`);
    await walk.close();
    await walk.page.unroute("**/acts");
  }
  await otherContent(walk);
}

/** It has other content registered than was typed: its commitment opens, and to that. */
async function otherContent(walk: Walk): Promise<void> {
  const { page } = walk;
  await page.route("**/acts", async (route) => {
    const body = JSON.parse(route.request().postData() as string);
    body.content.applicant = "Somebody Else";
    await route.continue({ postData: JSON.stringify(body) });
  });
  await walk.goTo("register/building-permit");
  await page.getByLabel(walk.say("own-number"), { exact: true }).fill(`L-${Date.now()}`);
  await page.getByLabel("Applicant").fill("Lise Meitner");
  await page.getByLabel("Site").fill("Mill Lane 100");
  await page.getByLabel("Floors").fill("2");
  await walk.button("check-and-sign").click();
  const shown = await page.waitForSelector("#refusal");
  assert.equal(await shown.getAttribute("data-refused"), "refused-opening");
  assert.match(await page.innerText("dialog"), /applicant[\s\S]*Lise Meitner[\s\S]*Somebody Else/);
  await walk.look("lie-content");
  await walk.close();
  await page.unroute("**/acts");
}
