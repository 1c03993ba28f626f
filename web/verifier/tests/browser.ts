// SPDX-License-Identifier: Apache-2.0
/** The built page in Debian's Chromium, for the tests that import this. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

const VECTORS = join(process.cwd(), "../../tests/vectors/evidence");
export const SCREENSHOTS = join(process.cwd(), ".build/screenshots");
/** Nobody listens there. */
export const NODE = "http://127.0.0.1:9";

const folder = mkdtempSync(join(tmpdir(), "verifier-"));
export const vector = (name: string) => join(VECTORS, name);
/** The record of a vector, in hex; of a bundle the one at a place. */
export function recordIn(name: string, place = 0): string {
  const file = JSON.parse(readFileSync(vector(name), "utf-8"));
  return (file.record ?? file.records[place]).record_id;
}
let browser: Browser;
/** The page with the vectors' trust file, which names a node. */
export let html: string;

export function build(trust: string, name: string): string {
  const out = join(folder, `${name}.html`);
  execFileSync(process.execPath, ["making/build.mjs", "--trust", trust, "--out", out]);
  return out;
}

before(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const trust = join(folder, "trust.toml");
  const text = readFileSync(vector("trust.toml"), "utf-8");
  writeFileSync(trust, text.replace("nodes = []", `nodes = ["${NODE}"]`));
  html = build(trust, "verifier");
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});
after(async () => browser.close());

interface Opened {
  readonly page: Page;
  /** Addresses of all requests but for the page itself. */
  readonly requests: string[];
}

/** The page of a file, opened by a link with the fragment. */
export async function opened(
  options: BrowserContextOptions = {},
  file = html,
  fragment = "",
): Promise<Opened> {
  const context = await browser.newContext({ locale: "en-US", ...options });
  const page = await context.newPage();
  const requests: string[] = [];
  page.on("request", (each) => {
    if (each.url() !== `file://${file}`) requests.push(each.url());
  });
  page.on("pageerror", (error) => assert.fail(error));
  await page.goto(`file://${file}${fragment}`);
  return { page, requests };
}

export async function given(page: Page, evidence: string, compared?: string): Promise<void> {
  if (compared !== undefined) await page.setInputFiles("#document-input", vector(compared));
  await page.setInputFiles("#evidence-input", vector(evidence));
  // The file's name stands there from the checking on, a verdict only after it.
  await page.waitForFunction((name) => {
    const shown = document.querySelector("#evidence-hint bdi")?.textContent;
    return shown === name && document.querySelector(".headline") !== null;
  }, evidence);
}

export const outcome = (page: Page) => page.getAttribute(".headline", "data-outcome");
