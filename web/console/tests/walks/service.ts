// SPDX-License-Identifier: Apache-2.0
/** What goes to other agencies; and what is seldom done, and much hangs on. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { Person, Walk } from "./browser.ts";

/** Types what an irreversible act asks for, after it has refused another word. */
async function mean(walk: Walk, word: string): Promise<void> {
  const typed = walk.page.getByLabel(walk.say("type-it", { word }));
  await typed.fill(`${word}0`);
  await walk.button("check-and-sign").click();
  await walk.page.getByText(walk.say("type-it-fault", { word })).waitFor();
  await typed.fill(word);
  await walk.button("check-and-sign").click();
}

function rowOf(walk: Walk, text: string) {
  return walk.page.locator("main tr", { hasText: text });
}

/** A journal is opened and closed; one that was sealed is disowned from an entry on. */
async function journals(walk: Walk): Promise<void> {
  const { page } = walk;
  await walk.goTo("journals/1");
  const seals = page.getByRole("region", { name: walk.say("seals"), exact: true });
  await seals.locator("tbody tr").first().waitFor();
  const before = await page.locator("main table").first().locator("tbody tr").count();
  await page.locator("main").getByRole("button", { name: walk.say("do.open-journal") }).click();
  await walk.sign(["openJournal"]);
  await walk.close();
  const opened = rowOf(walk, walk.say("journal-number", { number: before + 1 }));
  await opened.getByText(walk.say("journal-open"), { exact: true }).waitFor();
  await opened.getByRole("button", { name: walk.say("do.close-journal") }).click();
  await mean(walk, String(before + 1));
  await page.waitForSelector(".sentence.final");
  await walk.sign(["closeJournal"]);
  await walk.close();
  await opened.getByText(walk.say("journal-closed"), { exact: true }).waitFor();

  // The one that a thief has sealed.
  const stolen = rowOf(walk, walk.say("journal-number", { number: 3 }));
  await stolen.getByRole("button", { name: walk.say("do.repudiate-journal") }).click();
  const from = page.locator("dialog").getByLabel(walk.say("argument.fromIndex"));
  await from.fill("40");
  await mean(walk, "3");
  await page.getByText(walk.say("fault.from-entry", { most: 39 })).waitFor();
  await from.fill("2");
  await walk.look("repudiate-journal");
  await walk.button("check-and-sign").click();
  await page.waitForSelector(".sentence.final");
  await walk.sign(["repudiateJournal"]);
  await walk.close();
  await stolen.getByText(walk.say("repudiated-from", { index: 2 })).waitFor();
  await walk.look("journals");
}

async function webhooks(walk: Walk): Promise<void> {
  const { page, facts } = walk;
  await walk.goTo("webhooks");
  for (const address of [facts.receiver, facts.deaf]) {
    await page.locator("main").getByRole("button", { name: walk.say("do.add-webhook") }).click();
    const dialog = page.locator("dialog");
    await dialog.getByLabel(walk.say("webhook-address")).fill(address);
    await dialog.locator('input[name="from"][value="start"]').check();
    if (address === facts.deaf) {
      await dialog.locator('input[name="type"][value="muniment.records.registered"]').check();
      await walk.look("add-webhook");
    }
    await dialog.getByRole("button", { name: walk.say("do.add-webhook") }).click();
    await page.waitForSelector("dialog", { state: "detached" });
  }
  const told = rowOf(walk, facts.receiver);
  const deaf = rowOf(walk, facts.deaf);
  await deaf.getByText(walk.say("webhook-state.failing")).waitFor();
  await deaf.getByText("nothing listens there").waitFor();
  const count = async () => Number((await told.locator("td").nth(3).innerText()).replace(/\D/g, ""));
  await page.waitForFunction(
    (address) =>
      Array.from(document.querySelectorAll("main tr")).some(
        (each) => each.textContent?.includes(address) && Number(each.children[3]?.textContent) > 10,
      ),
    facts.receiver,
  );
  await walk.look("webhooks");
  const before = await count();
  await told.getByRole("button", { name: walk.say("do.replay-webhook") }).click();
  await page.locator('dialog input[name="from"][value="event"]').check();
  await page.locator("dialog").getByLabel(walk.say("event-id")).fill("nonsense");
  await page.locator("dialog").getByRole("button", { name: walk.say("do.replay-webhook") }).click();
  await page.locator('dialog [role="alert"]').waitFor();
  await page.locator("dialog").getByLabel(walk.say("event-id")).fill("1-0");
  await page.locator("dialog").getByRole("button", { name: walk.say("do.replay-webhook") }).click();
  await page.waitForSelector("dialog", { state: "detached" });
  await page.waitForFunction(
    ([address, most]) =>
      Array.from(document.querySelectorAll("main tr")).some(
        (each) =>
          each.textContent?.includes(address as string) &&
          Number(each.children[3]?.textContent) > (most as number) + 10,
      ),
    [facts.receiver, before],
  );
  for (const each of [told, deaf]) {
    await each.getByRole("button", { name: walk.say("do.remove-webhook") }).click();
    await page.locator("dialog").getByRole("button", { name: walk.say("do.remove-webhook") }).click();
    await page.waitForSelector("dialog", { state: "detached" });
  }
  await page.getByText(walk.say("no-webhooks")).waitFor();
}

const administrator = async (walk: Walk): Promise<void> => {
  const { page } = walk;
  await journals(walk);
  await webhooks(walk);
  // Nobody of the agency asked for it.
  await walk.goTo("officers");
  await page.getByText(walk.say("replacement-announced")).waitFor();
  assert.equal(await page.getByRole("button", { name: walk.say("do.execute-replacement") }).count(), 0);
  await walk.look("replacement-announced");
  await walk.button("do.cancel-replacement").click();
  await walk.sign(["cancelAdminReplacement"]);
  await walk.close();
  await page.getByText(walk.say("no-replacement")).waitFor();
};

const registryAdmin = async (walk: Walk): Promise<void> => {
  const { page } = walk;
  await walk.settled();
  // Nothing of the agency's records is for them.
  const links = await page.locator(".side nav a").evaluateAll((all) => all.map((each) => each.getAttribute("href")));
  assert.deepEqual(links, ["#/inbox", "#/officers", "#/keys", "#/types"]);
  await walk.goTo("find");
  await page.getByText(walk.say("not-your-role")).waitFor();
  await walk.goTo("officers");
  const agency = page.locator('main select[name="agency"]');
  await agency.selectOption("2");
  await page.getByText(walk.say("no-replacement")).waitFor();
  await walk.button("do.schedule-replacement").click();
  await page.locator("dialog input").fill("0x12");
  await walk.button("check-and-sign").click();
  await page.locator("dialog .fault").waitFor();
  await page.locator("dialog input").fill(walk.facts.stranger);
  await walk.button("check-and-sign").click();
  await walk.sign(["scheduleAdminReplacement"]);
  await walk.close();
  await page.getByText(walk.say("replacement-waits")).waitFor();
  assert.equal(await walk.button("do.execute-replacement").count(), 0, "not before its time");
  await walk.look("replacement-scheduled");
  await walk.button("do.cancel-replacement").click();
  await walk.sign(["cancelAdminReplacement"]);
  await walk.close();
  await page.getByText(walk.say("no-replacement")).waitFor();
  await agency.selectOption("3");
  await page.getByText(walk.say("replacement-ready")).waitFor();
  await walk.button("do.execute-replacement").click();
  await walk.look("execute-replacement");
  await mean(walk, "3");
  await page.waitForSelector(".sentence.final");
  await walk.sign(["executeAdminReplacement"]);
  await walk.close();
  await page.getByText(walk.say("no-replacement")).waitFor();
};

/** Hands in a file that came, and goes to what it was. */
async function takeIn(walk: Walk, name: string): Promise<void> {
  const { page, facts } = walk;
  await walk.goTo("deliveries");
  await walk.button("do.take-in").click();
  await page.setInputFiles("#envelope", join(facts.folder, name));
  await page.locator("dialog").getByRole("button", { name: walk.say("do.take-in") }).click();
  await page.getByRole("link", { name: walk.say("show-envelope") }).click();
}

/** Two packages that came: one is accepted, with its content, the other declined. */
async function packages(walk: Walk): Promise<void> {
  const { page, facts } = walk;
  const held = (count: number) => page.locator("main .badge.good", { hasText: walk.say("holds-as-chain") }).nth(count - 1).waitFor();
  await takeIn(walk, "accepted.custody");
  await page.getByRole("link", { name: walk.say("show-handover") }).click();
  await held(2);
  await page.getByRole("cell", { name: "tax-return" }).first().waitFor();
  await walk.look("package");
  // A gateway that has less of it accepted than the officer saw gets no signature.
  await page.route("**/acts", async (route) => {
    const body = JSON.parse(route.request().postData() as string);
    await route.continue({ postData: JSON.stringify({ ...body, only: [facts.records["packed"]] }) });
  });
  await walk.button("do.accept-package").click();
  const refusal = await page.waitForSelector("#refusal");
  assert.equal(await refusal.getAttribute("data-refused"), "refused-difference");
  await walk.close();
  await page.unroute("**/acts");
  await walk.button("do.accept-package").click();
  await page.waitForSelector(".sentence.final");
  await walk.look("accept-package");
  await walk.sign(["acceptCustody", "acceptCustody"]);
  await walk.close();
  await page.locator("main .badge.good", { hasText: walk.say("handover.outstanding") }).nth(1).waitFor();
  assert.equal(await walk.button("do.accept-package").count(), 0);
  await walk.look("package-accepted");

  await takeIn(walk, "declined.custody");
  await walk.goTo("inbox");
  const waiting = page.getByRole("region", { name: walk.say("packages"), exact: true });
  await waiting.getByRole("link").click();
  await held(1);
  await walk.button("do.decline-package").click();
  await walk.sign(["declineCustody"]);
  await walk.close();
  await page.getByText(walk.say("handover-gone")).waitFor();
  await walk.goTo("inbox");
  await page.getByText(walk.say("no-packages")).waitFor();
  await walk.look("inbox-decided");
}

/** A delivery made here and carried there, and one that came from there: both ways. */
const steward = async (walk: Walk): Promise<void> => {
  const { page, facts } = walk;
  await walk.goTo("shares");
  const granted = rowOf(walk, "boundaries of 2026");
  await granted.getByRole("link", { name: walk.say("do.deliver") }).click();
  const dialog = page.locator("dialog");
  const share = dialog.locator('select[name="share"]');
  assert.match(await share.locator("option:checked").innerText(), /boundaries of 2026/);
  const named = dialog.getByLabel(walk.say("records"));
  await named.fill("0x12");
  await dialog.getByRole("button", { name: walk.say("do.deliver") }).click();
  await dialog.locator(".fault").waitFor();
  await named.fill(`${facts.records["deed"]}\n${facts.records["free"]}`);
  await walk.look("deliver");
  await dialog.getByRole("button", { name: walk.say("do.deliver") }).click();
  await page.getByText(walk.say("delivery-made", { count: 2 })).waitFor();
  await page.getByRole("link", { name: walk.say("show-envelope") }).click();
  await page.getByText(walk.say("file-waits")).waitFor();
  assert.equal(await page.locator("main table tbody tr").count(), 2);
  const download = page.waitForEvent("download");
  await page.locator("main").getByRole("button", { name: walk.say("download") }).click();
  const file = join(facts.folder, "deeds.envelope");
  await (await download).saveAs(file);
  await walk.look("envelope-sent");
  await walk.button("do.let-go").click();
  await page.getByText(walk.say("no-file-here")).waitFor();

  // What is for another agency is refused, and told.
  await walk.goTo("deliveries");
  await walk.button("do.take-in").click();
  await page.setInputFiles("#envelope", file);
  await dialog.getByRole("button", { name: walk.say("do.take-in") }).click();
  await dialog.locator('[role="alert"]').waitFor();
  await page.setInputFiles("#envelope", join(facts.folder, "returns.delivery"));
  await dialog.getByRole("button", { name: walk.say("do.take-in") }).click();
  await page.getByText(walk.say("taken-in-records", { count: 1, evidence: 1 })).waitFor();
  await page.getByRole("link", { name: walk.say("show-envelope") }).click();
  await page.getByText(walk.say("check.records", { count: 1 })).waitFor();
  await page.getByLabel(walk.say("read-for")).fill("a test of the console");
  await walk.button("show-content").click();
  await page.getByText("Lise Meitner").waitFor();
  await walk.look("envelope-received");
  await walk.button("do.acknowledge").click();
  await walk.sign(["acknowledgeDelivery"]);
  await walk.close();
  await page.locator("main").getByText(walk.say("acknowledged"), { exact: true }).waitFor();
  await walk.goTo("deliveries");
  await page.locator('main select[name="direction"]').selectOption("received");
  await walk.settled();
  await page.locator("main .badge.good").first().waitFor();
  await page.getByRole("cell", { name: "receive", exact: true }).waitFor();
  await walk.look("deliveries");
  await packages(walk);
};

export const SERVICE: Readonly<Partial<Record<Person, (walk: Walk) => Promise<void>>>> = {
  administrator,
  steward,
  registry_admin: registryAdmin,
};
