// SPDX-License-Identifier: Apache-2.0
/** The page as it is opened by a code that was scanned: `#0x` and a record's id. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { given, html, NODE, opened, outcome, recordIn, vector } from "./browser.ts";

const link = (record: string) => `#0x${record}`;
const match = (page: Page) => page.getAttribute("#scanned-note", "data-match");
const PLAIN = recordIn("plain.json");
const THIRD = recordIn("bundle.json", 2);

test("the code's record is told in both languages, and nothing is asked", async () => {
  const { page, requests } = await opened({}, html, link(PLAIN));
  const told = (await page.textContent("#scanned")) ?? "";
  assert.match(told, /The code you scanned is for this record/);
  assert.ok(told.includes(`0x${PLAIN}`));
  assert.match(told, /Drop or choose its evidence file here/);
  assert.equal(await page.locator("#scanned-note").count(), 0);
  await page.click("#language-zh");
  assert.match((await page.textContent("#scanned")) ?? "", /二维码对应这条记录.*凭证文件/s);
  await given(page, "plain.json");
  await page.waitForTimeout(300);
  assert.deepEqual(requests, []);
  await page.context().close();
});

for (const [name, fragment] of Object.entries({
  "upper case": link(PLAIN.toUpperCase()),
  "too short": link(PLAIN.slice(1)),
  "too long": link(`${PLAIN}0`),
  "no prefix": `#${PLAIN}`,
  "something before": `#a0x${PLAIN}`,
  "something after": `${link(PLAIN)}/`,
  markup: "#<img src=x onerror=alert(1)>",
  empty: "#",
})) {
  test(`a fragment that is no record's is ignored: ${name}`, async () => {
    const { page } = await opened({}, html, fragment);
    assert.equal(await page.locator("#scanned").count(), 0);
    await given(page, "plain.json");
    assert.equal(await outcome(page), "valid");
    assert.equal(await page.locator("#scanned-note").count(), 0);
    await page.context().close();
  });
}

test("the evidence of the code's record", async () => {
  const { page } = await opened({}, html, link(PLAIN));
  await given(page, "plain.json");
  assert.equal(await outcome(page), "valid");
  assert.equal(await match(page), "same");
  assert.match((await page.textContent("#scanned-note")) ?? "", /^This is about the record/);
  await page.context().close();
});

test("another record's evidence: a warning beside a verdict that stays what it is", async () => {
  const { page } = await opened({}, html, link(THIRD));
  await given(page, "plain.json");
  assert.equal(await outcome(page), "valid");
  assert.equal(await match(page), "other");
  const warning = page.locator("#scanned-note.bad");
  assert.match((await warning.textContent()) ?? "", /not about the record whose code you scanned/);
  // It is read out where the focus goes when a file was given.
  assert.equal(await page.getAttribute("#result:focus", "aria-describedby"), "scanned-note");
  await page.click("#language-zh");
  assert.match((await warning.textContent()) ?? "", /注意：.*无关/);
  await page.emulateMedia({ media: "print" });
  assert.ok(await warning.isVisible());
  await page.context().close();
});

test("what proves nothing only claims to be about the record; what names none is not", async () => {
  const name = "content-other-value_fail.json";
  const { page } = await opened({}, html, link(recordIn(name)));
  await given(page, name);
  assert.equal(await outcome(page), "invalid");
  assert.equal(await match(page), "same");
  assert.match((await page.textContent("#scanned-note")) ?? "", /but proves nothing of it/);
  await page.setInputFiles("#evidence-input", vector("deed.pdf"));
  await page.waitForSelector('.headline[data-step="1"]');
  assert.equal(await match(page), "other");
  await page.context().close();
});

test("of a bundle the code's record comes first; another one of it is marked", async () => {
  const { page } = await opened({}, html, link(THIRD));
  await given(page, "bundle.json");
  assert.equal(await outcome(page), "revoked");
  assert.equal(await match(page), "same");
  const ids = () => page.$$eval(".records li button", (all) => all.map((each) => each.id));
  assert.deepEqual(await ids(), ["record-2", "record-0", "record-1", "record-3"]);
  assert.equal(await page.getAttribute("#record-2", "aria-pressed"), "true");
  const about = (await page.textContent("[aria-labelledby=about-title]")) ?? "";
  assert.ok(about.includes(`0x${THIRD}`));
  await page.click("#record-0");
  assert.equal(await outcome(page), "valid");
  assert.equal(await match(page), "elsewhere");
  await page.context().close();
});

test("another code while the page is open", async () => {
  const { page, requests } = await opened({}, html, link(PLAIN));
  await given(page, "bundle.json");
  const follow = async (fragment: string) => {
    await page.evaluate((to) => (location.hash = to), fragment);
    await page.waitForFunction(
      (id) => (document.querySelector("#scanned code")?.textContent ?? null) === id,
      /^#0x[0-9a-f]{64}$/.test(fragment) ? fragment.slice(1) : null,
    );
  };
  await follow(link(THIRD));
  assert.equal(await outcome(page), "revoked");
  assert.equal(await match(page), "same");
  await follow(link("00".repeat(32)));
  assert.equal(await match(page), "other");
  await follow("#elsewhere");
  assert.equal(await page.locator("#scanned-note").count(), 0);
  await page.goBack();
  await page.waitForSelector("#scanned-note");
  assert.equal(await match(page), "other");
  // The page was never loaded again: what was given is still there.
  assert.equal(await page.textContent("#evidence-hint bdi"), "bundle.json");
  assert.deepEqual(requests, []);
  await page.context().close();
});

test("a live answer that comes after another code says nothing of the other record", async () => {
  const { page, requests } = await opened({}, html, link(recordIn("bundle.json")));
  await given(page, "bundle.json");
  let answer = () => {};
  const isLate = new Promise<void>((resolve) => (answer = resolve));
  await page.route(`${NODE}/**`, async (route) => {
    await isLate;
    await route.abort();
  });
  const asked = page.waitForRequest(`${NODE}/**`);
  await page.click("#live-button");
  await asked;
  await page.evaluate((to) => (location.hash = to), link(THIRD));
  await page.waitForSelector(".headline.revoked");
  const failed = page.waitForEvent("requestfailed");
  answer();
  await failed;
  await page.waitForTimeout(300);
  assert.equal(await page.locator("#live-result .answer").count(), 0);
  assert.ok(requests.every((each) => each.startsWith(NODE)));
  await page.context().close();
});
