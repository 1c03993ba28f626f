// SPDX-License-Identifier: Apache-2.0
/** The console of a real gateway in Debian's Chromium, and what holds on each of its pages. */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { phrase, type Language, type Phrase, type Values } from "../../src/page/words/catalogue.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf-8");
const SCREENSHOTS = join(process.cwd(), ".build/screenshots");
const NARROW = 390;
/** This machine may be loaded. */
const PATIENCE = 60_000;

export type Officer = "registrar" | "steward" | "auditor" | "administrator";
export type Person = Officer | "registry_admin";

export interface Facts {
  readonly url: string;
  readonly accountPassword: string;
  readonly keystorePassword: string;
  readonly keystores: Readonly<Record<Person, string>>;
  readonly keys: Readonly<Record<Person, string>>;
  readonly records: Readonly<Record<string, string>>;
  readonly stranger: string;
  /** Where files lie that come from the other agency, and go to it. */
  readonly folder: string;
  /** Addresses for webhooks: one that takes what it is told, and one where nobody listens. */
  readonly receiver: string;
  readonly deaf: string;
}

export class Walk {
  /** What left the page: address, headers and body of each request. */
  readonly sent: string[] = [];
  /** What was done, by a name, for who then asks the chain. */
  readonly done: Record<string, string> = {};
  private shots = 0;

  private constructor(
    readonly facts: Facts,
    readonly page: Page,
    readonly language: Language,
    public person: Person,
    private readonly browser: Browser,
  ) {}

  static async begin(
    facts: Facts,
    person: Person,
    language: Language,
    options: BrowserContextOptions = {},
  ): Promise<Walk> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    const context = await browser.newContext({
      locale: language === "zh" ? "zh-CN" : "en-GB",
      viewport: { width: 1280, height: 860 },
      reducedMotion: "reduce",
      ...options,
    });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    const walk = new Walk(facts, page, language, person, browser);
    context.on("request", (request) => {
      walk.sent.push(
        [request.url(), JSON.stringify(request.headers()), request.postData() ?? ""].join("\n"),
      );
    });
    page.on("pageerror", (error) => assert.fail(error));
    page.on("console", (message) => {
      // A policy that is broken is only told here.
      if (/Content Security Policy/i.test(message.text())) assert.fail(message.text());
    });
    return walk;
  }

  say(name: Phrase, values?: Values): string {
    return phrase(this.language, name, values);
  }

  async signIn(): Promise<void> {
    const { page, facts } = this;
    await page.goto(`${facts.url}/`);
    await page.getByLabel(this.say("account-name"), { exact: true }).fill(this.person);
    await page.getByLabel(this.say("password"), { exact: true }).fill(facts.accountPassword);
    await page.getByRole("button", { name: this.say("sign-in"), exact: true }).click();
    await page.waitForSelector(".side nav");
  }

  /** Signs out, and in as another person, in the same browser. */
  async handOver(person: Person): Promise<void> {
    await this.button("sign-out").click();
    await this.page.waitForSelector('input[name="username"]');
    this.person = person;
    await this.signIn();
  }

  /** The id of the record whose page is shown. */
  record(): string {
    return /0x[0-9a-f]{64}/.exec(this.page.url())?.[0] ?? assert.fail(this.page.url());
  }

  /** Goes to a page, and waits until it shows what it asked the gateway for. */
  async goTo(hash: string): Promise<void> {
    await this.page.evaluate((to) => {
      location.hash = to;
    }, `#/${hash}`);
    await this.settled();
  }

  async settled(): Promise<void> {
    await this.page.waitForFunction(
      (loading) => !document.querySelector("main")?.textContent?.includes(loading),
      this.say("loading"),
    );
    await this.page.waitForFunction(() => Array.from(document.images).every((each) => each.complete));
  }

  button(name: Phrase) {
    return this.page.getByRole("button", { name: this.say(name), exact: true });
  }

  /** Axe, a narrow screen and a picture: what every page must stand. */
  async look(name: string): Promise<void> {
    const { page } = this;
    await page.evaluate(AXE);
    const found = await page.evaluate(async () => {
      const { violations } = await (globalThis as any).axe.run();
      return violations
        .filter((each: any) => each.impact === "serious" || each.impact === "critical")
        .map((each: any) => `${each.id}: ${each.nodes[0].html.slice(0, 200)}`);
    });
    assert.deepEqual(found, [], name);
    const title = `${this.language}-${this.person}-${String(++this.shots).padStart(2, "0")}-${name}`;
    const size = page.viewportSize() as { width: number; height: number };
    const isDialog = (await page.locator("dialog").count()) > 0;
    // A dialog is as high as the window at most, and is to be seen whole.
    if (isDialog) await page.setViewportSize({ ...size, height: 1400 });
    await page.screenshot({ path: join(SCREENSHOTS, `${title}.png`), fullPage: !isDialog });
    await page.setViewportSize({ width: NARROW, height: 800 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${name} is ${overflow} too wide for a narrow screen`);
    await page.setViewportSize(size);
  }

  /** Signs what the open dialog shows, and waits until it is final. */
  async sign(calls: readonly string[]): Promise<void> {
    const { page, facts } = this;
    await page.waitForSelector("[data-call]");
    const shown = await page.$$eval("[data-call]", (all) =>
      all.map((each) => each.getAttribute("data-call")),
    );
    assert.deepEqual(shown, calls);
    if ((await page.locator("#keystore").count()) > 0) {
      await page.setInputFiles("#keystore", facts.keystores[this.person]);
    }
    await page.getByLabel(this.say("keystore-password"), { exact: true }).fill(facts.keystorePassword);
    await this.button("sign").click();
    await page.waitForSelector('[data-stage="final"]');
  }

  async close(): Promise<void> {
    await this.page.locator("dialog").getByRole("button", { name: this.say("close"), exact: true }).click();
    await this.page.waitForSelector("dialog", { state: "detached" });
  }

  /** No key, no keystore and no password of one left the page, and nothing went elsewhere. */
  checkSent(): void {
    const { keystorePassword, keystores, keys } = this.facts;
    const secrets = [
      keystorePassword,
      encodeURIComponent(keystorePassword),
      Buffer.from(keystorePassword).toString("base64"),
      ...Object.values(keys).flatMap((each) => [
        each.slice(2),
        Buffer.from(each.slice(2), "hex").toString("base64"),
      ]),
      ...Object.values(keystores).flatMap((each) => {
        const { ciphertext, mac } = JSON.parse(readFileSync(each, "utf-8")).crypto;
        return [ciphertext, mac];
      }),
    ];
    assert.ok(this.sent.length > 0);
    for (const each of this.sent) {
      const [address] = each.split("\n");
      assert.ok(
        address?.startsWith(`${this.facts.url}/`) || address?.startsWith("blob:"),
        `a request went to ${address}`,
      );
      for (const secret of secrets) assert.ok(!each.includes(secret), `a secret went to ${address}`);
    }
  }

  async end(): Promise<void> {
    this.checkSent();
    await this.browser.close();
  }
}
