// SPDX-License-Identifier: Apache-2.0
/** The page for everybody: both languages and schemes, small screens, keyboards, paper. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { given, opened, recordIn, SCREENSHOTS, vector } from "./browser.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf-8");

const SCANNED = [
  ["bundle.json", "same"],
  ["revoked.json", "other"],
] as const;

for (const [locale, scheme, width] of [
  ["en-US", "light", 1000],
  ["en-US", "dark", 390],
  ["zh-CN", "light", 390],
  ["zh-CN", "dark", 1000],
] as const) {
  test(`axe finds nothing serious: ${locale}, ${scheme}, ${width} wide`, async () => {
    const { page } = await opened({
      locale,
      colorScheme: scheme,
      viewport: { width, height: 900 },
      reducedMotion: "reduce",
    });
    const shot = (name: string) =>
      page.screenshot({
        path: join(SCREENSHOTS, `${name}-${locale}-${scheme}-${width}.png`),
        fullPage: true,
      });
    await checkAccess(page, "empty");
    await shot("empty");
    const names = [
      "with-file.json",
      "bundle.json",
      "journal-held.json",
      "content-other-value_fail.json",
      "conflict-entries.json",
    ];
    for (const name of names) {
      await given(page, name);
      await page.$eval("details", (each) => each.setAttribute("open", ""));
      await checkAccess(page, name);
      await shot(name.replace(".json", ""));
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${name} is ${overflow} too wide`);
    }
    for (const [name, match] of SCANNED) {
      await page.evaluate(
        (fragment) => (location.hash = fragment),
        `#0x${recordIn("bundle.json")}`,
      );
      await given(page, name);
      assert.equal(await page.getAttribute("#scanned-note", "data-match"), match);
      await checkAccess(page, `scanned, ${name}`);
      await shot(`scanned-${match}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `scanned, ${name} is ${overflow} too wide`);
    }
    await page.context().close();
  });
}

test("by keyboard: language, files, result, steps, with a focus that is seen", async () => {
  const { page } = await opened();
  const reached: string[] = [];
  for (let presses = 0; presses < 5; presses++) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => document.activeElement?.id ?? ""));
    const isSeen = await page.evaluate(() => {
      const focused = document.activeElement as HTMLElement;
      const shown = focused.classList.contains("covered")
        ? (focused.parentElement as HTMLElement)
        : focused;
      return (
        getComputedStyle(shown).outlineStyle === "solid" &&
        parseFloat(getComputedStyle(shown).outlineWidth) >= 2
      );
    });
    assert.ok(isSeen, reached.at(-1));
  }
  assert.deepEqual(reached, [
    "language-en",
    "language-zh",
    "evidence-input",
    "document-input",
    "trust-input",
  ]);
  await page.focus("#language-zh");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "language-zh");
  await page.focus("#evidence-input");
  const chooser = page.waitForEvent("filechooser");
  await page.keyboard.press("Space");
  await (await chooser).setFiles(vector("plain.json"));
  await page.waitForSelector(".headline.valid");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "result");
  await page.focus("summary");
  await page.keyboard.press("Enter");
  assert.equal(await page.getAttribute("details", "open"), "");
  await page.context().close();
});

test("on paper: the verdict with all steps and the fingerprint, no controls", async () => {
  const { page } = await opened();
  await given(page, "plain.json");
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.isVisible("#print"), false);
  assert.equal(await page.isVisible("#live-button"), false);
  assert.equal(await page.isVisible(".headline"), true);
  assert.equal(await page.locator(".step:visible").count(), 13);
  assert.equal(await page.isVisible("#fingerprint"), true);
  await page.screenshot({ path: join(SCREENSHOTS, "print.png"), fullPage: true });
  await page.context().close();
});

async function checkAccess(page: Page, state: string): Promise<void> {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { violations } = await (globalThis as any).axe.run();
    return violations
      .filter((each: any) => each.impact === "serious" || each.impact === "critical")
      .map(
        (each: any) =>
          `${each.id}: ${each.nodes[0].html.slice(0, 120)} ${each.nodes[0].failureSummary}`,
      );
  });
  assert.deepEqual(found, [], state);
}
