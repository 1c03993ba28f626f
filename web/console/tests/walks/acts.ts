// SPDX-License-Identifier: Apache-2.0
/** What each person does in the console, on a real chain. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Officer, Walk } from "./browser.ts";

type Done = (walk: Walk) => Promise<void>;

const CSV = `source_id,applicant,site,floors
P-9001,Ada Lovelace,"Mill Lane 1, left",3
P-9002,Grace Hopper,Mill Lane 2,many
P-9003,"Mary ""M."" Somerville",Mill Lane 3,2
P-0001,Somebody Else,Mill Lane 4,1
P-9004,Emmy Noether,Mill Lane 5,none
`;

const registrar: Done = async (walk) => {
  const { page } = walk;
  const number = `99/${Date.now()}`;
  await walk.goTo("register/land-deed");
  await walk.button("check-and-sign").click();
  assert.ok((await page.locator(".fault").count()) >= 5, "what is needed is said beside the fields");
  await walk.look("register-faults");
  const own = page.getByLabel(walk.say("own-number"), { exact: true });
  assert.ok(await own.evaluate((input) => input === document.activeElement), "the first fault has the focus");
  await own.fill(number);
  await page.getByLabel("Holder").fill("Rosalind Franklin");
  await page.getByLabel("Parcel").fill("99/1");
  await page.getByLabel("Use").selectOption("forest");
  await page.getByLabel("Area in m²").fill("1250");
  await page.getByLabel("Price").fill("1250.50");
  await page.getByLabel("Signed on").fill("2026-02-28");
  const scan = { name: "scan.pdf", mimeType: "application/pdf", buffer: Buffer.alloc(300_000, 7) };
  await page.locator('input[type="file"]').setInputFiles(scan);
  await walk.button("check-and-sign").click();
  await page.waitForSelector("[data-call]");
  assert.match(await page.innerText(".sentence.opened"), /Rosalind Franklin/);
  await page.setInputFiles("#keystore", walk.facts.keystores.registrar);
  await page.getByLabel(walk.say("keystore-password"), { exact: true }).fill("wrong");
  await walk.button("sign").click();
  await page.getByText(walk.say("keystore.wrong-password")).waitFor();
  await walk.look("register-sign");
  await walk.sign(["register"]);
  await walk.look("register-final");
  await walk.close();
  await page.locator('main a[href^="#/records/"]').first().click();
  await page.waitForSelector(".record-title");
  await walk.settled();

  // Evidence with one field shown, and a file that comes back whole.
  await walk.button("evidence").click();
  await page.locator('input[name="field"][value="parcel"]').check();
  const download = page.waitForEvent("download");
  await walk.button("make-evidence").click();
  const evidence = JSON.parse(readFileSync(await (await download).path(), "utf-8"));
  const fields = evidence.record.content.fields.map((each: any) => JSON.parse(each.field));
  assert.deepEqual(fields, [["parcel", "99/1"]]);
  assert.equal(await page.locator('.qr svg[role="img"] path').count(), 1);
  await walk.look("evidence");
  await walk.close();
  await page.getByLabel(walk.say("read-for")).fill("a test of the console");
  await walk.button("show-content").click();
  await page.getByText("Rosalind Franklin").waitFor();
  const whole = page.waitForEvent("download");
  await page.locator("main").getByRole("button", { name: walk.say("download") }).click();
  assert.ok(readFileSync(await (await whole).path()).equals(scan.buffer));

  // Amended with a file of its own, which comes back with the new version.
  walk.done["amended"] = walk.record();
  await walk.button("do.amend").click();
  await page.locator("dialog").getByLabel("Holder").fill("R. Franklin");
  const better = { ...scan, name: "better.pdf", buffer: Buffer.alloc(200_000, 9) };
  await page.locator('dialog input[type="file"]').setInputFiles(better);
  await walk.button("check-and-sign").click();
  await walk.sign(["amend"]);
  await walk.close();
  await page.getByText(walk.say("version-number", { version: 2 })).first().waitFor();
  await walk.button("show-content").click();
  await page.getByText("R. Franklin").first().waitFor();
  const amended = page.waitForEvent("download");
  await page.locator("main").getByRole("button", { name: walk.say("download") }).click();
  assert.ok(readFileSync(await (await amended).path()).equals(better.buffer));
  // What was asked for and left is not kept to be signed.
  await walk.button("do.revoke").click();
  await walk.button("check-and-sign").click();
  await page.waitForSelector("#keystore, dialog .link");
  await page.locator("dialog").getByRole("button", { name: walk.say("cancel"), exact: true }).click();
  const address = new URL(page.url()).hash.slice(2);
  await walk.goTo("inbox");
  await page.getByText(walk.say("no-unsigned-acts")).waitFor();
  await walk.goTo(address);
  await walk.button("do.revoke").click();
  await page.locator("dialog select").selectOption("fraud");
  await walk.look("revoke");
  await walk.button("check-and-sign").click();
  await walk.sign(["revoke"]);
  await walk.close();
  await page.locator(".record-title .badge.bad").waitFor();
  await walk.look("revoked");

  // Its stages were told by the gateway's stream, and not asked for.
  const asked = walk.sent.filter((each) => /\/submissions\/\d+\n/.test(each));
  assert.ok(asked.length >= 3 && asked.every((each) => each.includes("text/event-stream")));

  await walk.goTo(`records/${walk.facts.records["replaced"]}`);
  await walk.button("do.supersede").click();
  await page.locator("dialog input").fill(walk.facts.records["replacement"] as string);
  await walk.button("check-and-sign").click();
  await walk.sign(["supersede"]);
  await walk.close();
  await page.locator(".record-title .badge.blue").waitFor();

  // What retention is over for is proposed to be destroyed, by its list.
  await walk.goTo("retention");
  const due = walk.facts.records["due"] as string;
  const row = page.locator("main tr", { has: page.locator(`a[href="#/records/${due}"]`) });
  await row.getByRole("button", { name: walk.say("do.propose") }).click();
  await page.locator("dialog input").first().fill("schedule 7, item 1");
  await walk.button("check-and-sign").click();
  await page.waitForSelector(".sentence.opened");
  assert.match(await page.innerText(".sentence.opened"), /schedule 7, item 1/);
  await walk.look("propose-disposition");
  await walk.sign(["proposeDisposition"]);
  await walk.close();

  // Found by a searchable field.
  await walk.goTo("find");
  await page.getByLabel(walk.say("record-type")).selectOption("land-deed");
  await page.getByLabel(walk.say("search-text")).fill("R. Franklin");
  await page.getByLabel(walk.say("search-in"), { exact: true }).selectOption("holder");
  assert.equal(await page.getByLabel(walk.say("status"), { exact: true }).count(), 0, "it is not asked for");
  await page.getByRole("main").getByRole("button", { name: walk.say("search") }).click();
  await page.getByRole("cell", { name: number }).waitFor();

  // A journal's record, by the agency's machine key.
  await walk.goTo("register/building-permit");
  await page.getByLabel(walk.say("own-number"), { exact: true }).fill(`P-${Date.now()}`);
  await page.getByLabel("Applicant").fill("Lise Meitner");
  await page.getByLabel("Site").fill("Mill Lane 99");
  await page.getByLabel("Floors").fill("4");
  await page.locator('input[name="way"][value="journal"]').check();
  await page.getByRole("main").getByRole("button", { name: walk.say("register"), exact: true }).click();
  await page.waitForSelector('[data-stage="final"]');
  await walk.look("registered-by-journal");

  await walk.goTo("import");
  await page.getByLabel(walk.say("record-type")).selectOption("building-permit");
  const rows = (buffer: Buffer) =>
    page.setInputFiles("#rows", { name: "permits.csv", mimeType: "text/csv", buffer });
  // As a spreadsheet of a Chinese office saves it by default (GBK): it would be read as other letters.
  await rows(Buffer.concat([Buffer.from("source_id,applicant\nP-1,"), Buffer.from("c0eebbaa", "hex")]));
  await page.getByText(walk.say("rows-not-utf8")).waitFor();
  assert.ok(await walk.button("start-import").isDisabled());
  await rows(Buffer.from("source_id,aplicant\nP-1,Ada\n"));
  await page.getByText(walk.say("rows-strangers", { columns: "aplicant" })).waitFor();
  await walk.look("import-strangers");
  await rows(Buffer.from('source_id,applicant\nP-1,"Ada\n'));
  await walk.button("start-import").click();
  await page.getByText(walk.say("rows-open-quote")).waitFor();
  await rows(Buffer.from(CSV));
  await walk.button("start-import").click();
  await page.getByRole("heading", { name: walk.say("import-done") }).waitFor();
  const figures = await page.locator("main .figure dd").allInnerTexts();
  assert.deepEqual(figures, ["2", "0", "3"]);
  assert.match(await page.innerText("main table"), /P-9002[\s\S]*floors[\s\S]*P-0001[\s\S]*P-9004/);
  await walk.look("import-done");
};

const steward: Done = async (walk) => {
  const { page } = walk;
  await walk.goTo("inbox");
  const rows = page.locator("main tr", { hasText: "property tax of 2026" });
  await rows.getByRole("button", { name: walk.say("do.grant") }).click();
  await page.locator("dialog .check", { hasText: "holder" }).locator("input").uncheck();
  await walk.look("grant");
  await walk.button("check-and-sign").click();
  await page.waitForSelector(".sentence.opened");
  assert.match(await page.innerText(".sentence.opened"), /area, parcel/);
  // The stream of its stages breaks: the page asks again and again.
  await page.route("**/submissions/*", (route) =>
    route.request().headers()["accept"] === "text/event-stream" ? route.abort() : route.continue(),
  );
  await walk.sign(["grantShare"]);
  await page.unroute("**/submissions/*");
  await walk.look("granted");
  await walk.close();
  const others = page.locator("main tr", { hasText: "statistics of forests" });
  await others.getByRole("button", { name: walk.say("do.deny") }).click();
  await page.locator("dialog select").selectOption("purpose-not-sufficient");
  await walk.button("check-and-sign").click();
  await walk.sign(["denyShare"]);
  await walk.close();
  await page.getByText(walk.say("no-requests")).waitFor();
  await walk.goTo("shares");
  await page.locator(".badge.good").first().waitFor();
  await walk.look("shares-decided");
  await rows.getByRole("button", { name: walk.say("do.revoke-share") }).click();
  await page.locator("dialog select").selectOption("purpose-ended");
  await walk.button("check-and-sign").click();
  await walk.sign(["revokeShare"]);
  await walk.close();
  await rows.getByText(walk.say("share.revoked")).waitFor();

  await walk.goTo(`records/${walk.facts.records["offered"]}`);
  await walk.button("do.accept").click();
  await walk.sign(["acceptCustody"]);
  await walk.close();
  await walk.goTo(`records/${walk.facts.records["declined"]}`);
  await walk.button("do.decline").click();
  await walk.sign(["declineCustody"]);
  await walk.close();
  await page.getByText(walk.say("offered", { agency: "Land Registry" })).waitFor({ state: "detached" });
  await walk.goTo(`records/${walk.facts.records["free"]}`);
  await walk.button("do.offer").click();
  await page.locator("dialog select").selectOption("2");
  await walk.look("offer");
  await walk.button("check-and-sign").click();
  await walk.sign(["offerCustody"]);
  await walk.close();
  await walk.button("do.withdraw").click();
  await walk.sign(["withdrawCustody"]);
  await walk.close();

  // What nobody has proposed is not there to be confirmed, in the list and on its page.
  const { proposed, free } = walk.facts.records;
  await walk.goTo("retention");
  const confirmable = page.locator("main tr", { has: walk.button("do.confirm") });
  await page.locator(`main a[href="#/records/${free}"]`).waitFor();
  assert.equal(await confirmable.locator(`a[href="#/records/${proposed}"]`).count(), 1);
  assert.equal(await confirmable.locator(`a[href="#/records/${free}"]`).count(), 0);
  await walk.goTo(`records/${free}`);
  await walk.button("do.offer").waitFor();
  assert.equal(await walk.button("do.confirm").count(), 0);
  await walk.goTo(`records/${proposed}`);
  await walk.button("do.confirm").click();
  await page.waitForSelector(".sentence.final");
  await walk.look("confirm-disposition");
  await walk.sign(["confirmDisposition"]);
  await walk.close();
  await page.locator(".record-title", { hasText: walk.say("status.disposed") }).waitFor();
  await walk.look("disposed");

  await walk.goTo("shares");
  await walk.button("ask-for-share").click();
  const dialog = page.locator("dialog");
  await dialog.getByLabel(walk.say("asked-agency")).selectOption("2");
  await dialog.getByLabel(walk.say("share-scope")).selectOption({ label: walk.say("all-of-type", { type: "tax-return" }) });
  await dialog.getByLabel(walk.say("share-purpose")).fill("valuation of parcels");
  await dialog.getByLabel(walk.say("share-basis")).fill("Land Act § 4");
  await dialog.getByLabel(walk.say("share-fields")).first().fill("payer");
  await walk.look("ask-for-share");
  await walk.button("check-and-sign").click();
  await walk.sign(["requestShare"]);
  await walk.close();
};

const auditor: Done = async (walk) => {
  const { page } = walk;
  await walk.goTo(`records/${walk.facts.records["deed"]}`);
  await walk.button("do.hold").click();
  await page.locator("dialog input").fill("case 2026/44");
  await walk.look("hold");
  await walk.button("check-and-sign").click();
  await walk.sign(["placeHold"]);
  await walk.close();
  await page.locator(".record-title .badge.warn").waitFor();
  await walk.button("show").click();
  await walk.settled();
  await page.locator("main table tbody tr").first().waitFor();
  await walk.look("history");
  await walk.button("do.release").click();
  await page.locator("dialog input").fill("case 2026/44");
  await walk.button("check-and-sign").click();
  await walk.sign(["releaseHold"]);
  await walk.close();
  await page.locator(".record-title .badge.warn").waitFor({ state: "detached" });

  await walk.goTo("holds");
  await walk.button("do.hold-type").click();
  await page.locator("dialog select").selectOption({ label: "Tax Authority: tax-return" });
  await page.locator("dialog input").fill("case 2026/45");
  await walk.look("hold-type");
  await walk.button("check-and-sign").click();
  await walk.sign(["holdType"]);
  await walk.close();
  await page.locator("main tr", { hasText: "Tax Authority" }).getByRole("button").click();
  await page.locator("dialog input").fill("case 2026/45");
  await walk.button("check-and-sign").click();
  await walk.sign(["releaseType"]);
  await walk.close();
  await page.getByText(walk.say("no-type-holds")).waitFor();
};

const administrator: Done = async (walk) => {
  const { page } = walk;
  await walk.goTo("officers");
  await walk.button("do.add-officer").click();
  await page.locator("dialog select").selectOption("steward");
  await page.locator("dialog input").fill(walk.facts.stranger);
  await walk.look("add-officer");
  await walk.button("check-and-sign").click();
  await walk.sign(["grantRole"]);
  await walk.close();
  const stranger = page.locator("main tr", { hasText: walk.facts.stranger });
  await stranger.getByRole("button", { name: walk.say("remove") }).click();
  await walk.sign(["revokeRole"]);
  await walk.close();
  await walk.button("add-account").click();
  await page.locator("dialog").getByLabel(walk.say("account-name")).fill(`officer-${Date.now()}`);
  await page.locator("dialog").getByLabel(walk.say("argument.account"), { exact: true }).fill(walk.facts.stranger);
  await page.locator("dialog").getByLabel(walk.say("password")).fill("a password of twelve");
  await walk.look("add-account");
  await page.locator("dialog").getByRole("button", { name: walk.say("add-account") }).click();
  await page.waitForSelector("dialog", { state: "detached" });

  await walk.goTo("types");
  await walk.button("next-version").first().click();
  await walk.look("next-version");
  await walk.button("check-and-sign").click();
  await walk.sign(["publishRecordType"]);
  await walk.close();
  await walk.button("new-type").click();
  const type = page.locator("dialog");
  await type.getByLabel(walk.say("argument.name")).fill("tree-felling");
  await type.getByLabel(walk.say("argument.retentionDays")).fill("30");
  await type.getByLabel(walk.say("searchable")).fill("title");
  await walk.button("check-and-sign").click();
  await walk.sign(["createRecordType"]);
  await walk.look("type-created");
  await walk.close();
  await page.getByRole("heading", { name: "tree-felling" }).waitFor();
  await walk.goTo("tokens");
  await walk.button("make-token").click();
  await page.locator("dialog").getByLabel(walk.say("token-name")).fill("records of the console’s test");
  await page.locator('dialog input[name="scope"][value="register"]').check();
  await walk.look("make-token");
  await page.locator("dialog").getByRole("button", { name: walk.say("make-token") }).click();
  assert.match(await page.innerText("dialog code"), /^mun_/);
  await walk.look("token-made");
  await walk.close();
  const made = page.locator("main tr", { hasText: "records of the console’s test" });
  await made.getByRole("button", { name: walk.say("revoke-token") }).click();
  await made.getByText(walk.say("revoked")).waitFor();
  await walk.look("token-revoked");

  await keysOfAgency(walk);
  await firstOfItsType(walk);
};

/** Two new keys are two transactions: the second waits where the first alone got through. */
async function keysOfAgency(walk: Walk): Promise<void> {
  const { page } = walk;
  await walk.goTo("keys");
  await walk.button("publish-keys").click();
  await page.waitForSelector("[data-call]");
  await page.getByText(walk.say("several-lead", { all: 2 })).waitFor();
  await walk.look("publish-keys");
  let through = 0;
  await page.route("**/acts/*/signed", (route) => (++through > 1 ? route.abort() : route.continue()));
  await walk.sign(["setAgencyKey", "setAgencyKey"]);
  await page.getByText(walk.say("handed-in-part", { done: 1, all: 2, page: walk.say("inbox") })).waitFor();
  await walk.look("keys-in-part");
  await page.unroute("**/acts/*/signed");
  await page.reload();
  await page.waitForSelector(".side nav .count");
  await walk.goTo("inbox");
  await page.getByRole("cell", { name: walk.say("call.setAgencyKey") }).waitFor();
  await walk.look("unsigned");
  // What was asked for in this browser is still known to it, and nothing else is signed in its place.
  await page.route("**/acts/0x*", async (route) => {
    const answer = await route.fetch();
    const prepared = await answer.json();
    prepared.data = prepared.data.replace(/.$/, (last: string) => (last === "1" ? "2" : "1"));
    await route.fulfill({ response: answer, json: prepared });
  });
  await walk.button("read-and-sign").click();
  const refusal = await page.waitForSelector("#refusal");
  assert.equal(await refusal.getAttribute("data-refused"), "refused-difference");
  await walk.close();
  await page.unroute("**/acts/0x*");
  await walk.button("read-and-sign").click();
  await page.getByText(walk.say("asked-here")).waitFor();
  await walk.sign(["setAgencyKey"]);
  await walk.close();
  await page.getByText(walk.say("no-unsigned-acts")).waitFor();
  await walk.goTo("keys");
  const first = page.locator("main tr", { hasText: walk.say("purpose.messages") }).filter({ has: page.getByRole("cell", { name: "1", exact: true }) });
  await first.getByRole("button", { name: walk.say("retire-key") }).click();
  await walk.sign(["retireAgencyKey"]);
  await walk.close();
  await first.getByText(walk.say("retired")).waitFor();
  await walk.look("keys-retired");
}

/** A record of the type that was made a moment ago, by the registrar, in the same browser. */
async function firstOfItsType(walk: Walk): Promise<void> {
  const { page } = walk;
  await walk.handOver("registrar");
  await walk.goTo("register/tree-felling");
  await page.getByLabel(walk.say("own-number"), { exact: true }).fill("T-1");
  await page.getByLabel("title").fill("Oak at the mill");
  await walk.button("check-and-sign").click();
  await walk.sign(["register"]);
  await walk.close();
  await page.locator('main a[href^="#/records/"]').first().click();
  await page.waitForSelector(".record-title");
  walk.done["first"] = walk.record();
}

export const ACTS: Readonly<Record<Officer, Done>> = { registrar, steward, auditor, administrator };
