// SPDX-License-Identifier: Apache-2.0
/**
 * Checks an evidence file in a built page, presses the live check's button, and prints what it says.
 *
 *     node .build/tests/live_page.js PAGE EVIDENCE [SCREENSHOT]
 */

import { chromium } from "playwright-core";

const [html, evidence, screenshot] = process.argv.slice(2) as [string, string, string?];
const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ locale: "en-US" });
let requests = 0;
page.on("request", (each) => {
  if (!each.url().startsWith("file://")) requests += 1;
});
await page.goto(`file://${html}`);
await page.setInputFiles("#evidence-input", evidence);
await page.waitForSelector(".headline");
const before = await page.getAttribute(".headline", "data-outcome");
const requestsBefore = requests;
await page.click("#live-button");
await page.waitForSelector("#live-result .answer", { timeout: 60_000 });
const live = await page.getAttribute("#live-result .answer", "data-outcome");
const words = await page.textContent("#live-result");
const after = await page.getAttribute(".headline", "data-outcome");
if (screenshot !== undefined) await page.screenshot({ path: screenshot, fullPage: true });
console.log(JSON.stringify({ before, requestsBefore, after, live, words, requests }));
await browser.close();
