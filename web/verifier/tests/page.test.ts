// SPDX-License-Identifier: Apache-2.0
/** The page as people use it, in Debian's Chromium, from a file on a disk. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { build, given, html, NODE, opened, outcome, recordIn, vector } from "./browser.ts";

const GREATEST_SIZE = 150_000;

test("one file, small, with everything in it", () => {
  const text = readFileSync(html, "utf-8");
  const size = gzipSync(text, { level: 9 }).length;
  assert.ok(size < GREATEST_SIZE, `${size} bytes compressed`);
  assert.doesNotMatch(text, /<(script|link|img|iframe)[^>]+(src|href)=/);
});

describe("verdicts", () => {
  const cases = [
    ["plain.json", "valid", "Valid", "有效"],
    ["amended-first.json", "superseded", "Superseded", "已被取代"],
    ["revoked.json", "revoked", "Revoked", "已撤销"],
    ["disposed.json", "disposed", "Disposed", "已处置"],
    ["conflict-entries.json", "conflict", "Conflict", "冲突"],
    ["absent.json", "unknown", "Unknown", "无法判定"],
    ["journal-witnessed.json", "valid", "Valid", "有效"],
    ["held.json", "valid", "Valid", "有效"],
    ["content-other-value_fail.json", "invalid", "Invalid", "无效"],
  ] as const;
  for (const [name, expected, english, chinese] of cases) {
    test(`${name} is ${expected}, in words of both languages`, async () => {
      const { page, requests } = await opened();
      await given(page, name);
      assert.equal(await outcome(page), expected);
      assert.equal(await page.textContent(".headline .outcome"), english);
      await page.click("#language-zh");
      assert.equal(await page.textContent(".headline .outcome"), chinese);
      assert.equal(await page.getAttribute("html", "lang"), "zh-CN");
      assert.deepEqual(requests, []);
      await page.context().close();
    });
  }

  test("each numbered step is marked done or not", async () => {
    const { page } = await opened();
    await given(page, "content-other-value_fail.json");
    const steps = await page.$$eval(".step", (all) =>
      all.map((each) => [each.getAttribute("data-step"), each.classList[1]].join(" ")),
    );
    const expected = [1, 2, 3, 4, 5, 6].map((each) => `${each} done`);
    expected.push("7 not-needed", "8 done", "9 failed");
    expected.push(...[10, 11, 12, 13].map((each) => `${each} not-reached`));
    assert.deepEqual(steps, expected);
    const told = (await page.textContent(".headline")) ?? "";
    assert.match(told, /Field “holder” was changed/);
    // What was not proven as of the block is not told as of it, and no value is shown.
    assert.match(told, /Nothing is proven as of it/);
    assert.equal(await page.$(".fields"), null);
    await page.context().close();
  });

  test("fields, timeline, who vouches, record", async () => {
    const { page } = await opened();
    await given(page, "bundle.json");
    assert.equal(await page.locator(".records li").count(), 4);
    await page.click("#record-2");
    assert.equal(await outcome(page), "revoked");
    assert.match((await page.textContent(".headline")) ?? "", /obtained by fraud/);
    assert.equal(await page.locator(".timeline .dot").count(), 2);
    assert.deepEqual(await page.locator(".act strong").allTextContents(), [
      "Registered",
      "Revoked",
    ]);
    await page.click("#record-0");
    assert.deepEqual(await page.locator(".fields tbody th").allTextContents(), [
      "holder",
      "parcel",
    ]);
    assert.match((await page.textContent("[aria-labelledby=vouch-title]")) ?? "", /names/);
    assert.match(
      (await page.textContent("[aria-labelledby=about-title]")) ?? "",
      /Aviation \(agency 1\)/,
    );
    await page.context().close();
  });

  test("who signed the block, and who saw it", async () => {
    const { page } = await opened({}, build(vector("consensus-trust.toml"), "signed"));
    await given(page, "consensus-between.json");
    const told = (await page.textContent("[aria-labelledby=vouch-title]")) ?? "";
    assert.match(told, /Signed by 4 of 5 validators/);
    assert.match(told, /changed 1 time since/);
    assert.match(told, /0x[0-9a-f]{40}/);
    assert.match(told, /court\.example\/witness/);
    await page.context().close();
  });
});

describe("documents", () => {
  test("the one that the record names, and another", async () => {
    const { page, requests } = await opened();
    await given(page, "with-file.json", "deed.pdf");
    assert.equal(await outcome(page), "valid");
    assert.match((await page.textContent(".note.good")) ?? "", /deed\.pdf.*scan/);
    const other = { name: "deed.pdf", mimeType: "application/pdf", buffer: Buffer.from("another") };
    await page.setInputFiles("#document-input", other);
    await page.waitForSelector(".headline.invalid");
    assert.equal(await page.getAttribute(".headline", "data-step"), "10");
    await page.click("#document-remove");
    await page.waitForSelector(".headline.valid");
    assert.deepEqual(requests, []);
    await page.context().close();
  });

  test("both dropped at once, in the wrong order", async () => {
    const { page } = await opened();
    const files = [vector("deed.pdf"), vector("with-file.json")].map((path) =>
      readFileSync(path).toString("base64"),
    );
    const transfer = await page.evaluateHandle(([document, evidence]) => {
      const bytes = (text: string) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
      const dropped = new DataTransfer();
      dropped.items.add(new File([bytes(document as string)], "deed.pdf"));
      dropped.items.add(new File([bytes(evidence as string)], "deed.json"));
      return dropped;
    }, files);
    await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
    await page.waitForSelector(".note.good");
    assert.equal(await outcome(page), "valid");
    await page.context().close();
  });

  test("what is no evidence is told so; its name is never markup", async () => {
    const { page } = await opened();
    const name = "<img src=x onerror=alert(1)>\u202etxt.json";
    await page.setInputFiles("#evidence-input", {
      name,
      mimeType: "text/plain",
      buffer: Buffer.from("hello"),
    });
    await page.waitForSelector(".headline.invalid");
    assert.equal(await page.getAttribute(".headline", "data-step"), "1");
    assert.equal(await page.locator("img").count(), 0);
    assert.match(
      (await page.textContent(".given")) ?? "",
      /<img src=x onerror=alert\(1\)>⟨U\+202E⟩txt\.json/,
    );
    await page.context().close();
  });
});

describe("nothing leaves", () => {
  test("no request before the live check's button is pressed; then only to the trust file's node", async () => {
    // Not even of the record that a scanned code names is anything asked.
    const { page, requests } = await opened({}, html, `#0x${recordIn("with-file.json")}`);
    await given(page, "with-file.json", "deed.pdf");
    for (const id of ["language-zh", "language-en", "document-remove"]) await page.click(`#${id}`);
    await page.click(".steps summary");
    await page.waitForTimeout(300);
    assert.equal(requests.length, 0, requests.join());
    await page.click("#live-button");
    await page.waitForSelector("#live-result .answer");
    assert.ok(requests.length > 0);
    assert.ok(requests.every((each) => each.startsWith(NODE)));
    // An outage is unknown, and what the file proves stays proven.
    assert.equal(await page.getAttribute("#live-result .answer", "data-outcome"), "unknown");
    assert.match(
      (await page.textContent("#live-result")) ?? "",
      /could not be reached.*still stands/s,
    );
    assert.equal(await outcome(page), "valid");
    await page.context().close();
  });

  test("the policy lets the page speak to nobody else, and runs nothing else", async () => {
    const { page } = await opened();
    const blocked = await page.evaluate(async () => {
      const violations: string[] = [];
      addEventListener("securitypolicyviolation", (event) =>
        violations.push(event.effectiveDirective),
      );
      await fetch("http://127.0.0.1:10/").catch(() => null);
      const script = document.createElement("script");
      script.textContent = "globalThis.wasRun = true";
      document.body.append(script);
      const image = document.createElement("img");
      image.src = "http://127.0.0.1:10/x.png";
      document.body.append(image);
      await new Promise((resolve) => setTimeout(resolve, 200));
      return { violations, wasRun: "wasRun" in globalThis };
    });
    assert.deepEqual(blocked.violations.sort(), ["connect-src", "img-src", "script-src-elem"]);
    assert.equal(blocked.wasRun, false);
    await page.context().close();
  });

  test("without nodes in the trust file there is no button, and the policy has no address", async () => {
    const alone = build(vector("trust.toml"), "alone");
    assert.match(readFileSync(alone, "utf-8"), /connect-src 'none'/);
    const { page } = await opened({}, alone);
    await given(page, "plain.json");
    assert.equal(await page.locator("#live-button").count(), 0);
    await page.context().close();
  });
});

describe("trust", () => {
  test("the built-in trust file's fingerprint; another one is marked, and can be put away", async () => {
    const { page } = await opened();
    const fingerprint = await page.textContent("#fingerprint");
    assert.match(fingerprint ?? "", /^[0-9a-f]{64}$/);
    assert.match((await page.textContent("#trust-origin")) ?? "", /Built into this page/);
    await page.setInputFiles("#trust-input", vector("consensus-trust.toml"));
    await page.waitForSelector(".trust.by-hand");
    assert.notEqual(await page.textContent("#fingerprint"), fingerprint);
    await given(page, "consensus.json");
    assert.equal(await outcome(page), "valid");
    assert.match((await page.textContent("article .note.bad")) ?? "", /Loaded by hand/);
    // The policy knows the built-in file's nodes alone.
    assert.equal(await page.locator("#live-button").count(), 0);
    await page.click("#trust-back");
    await page.waitForSelector(".headline.unknown");
    assert.equal(await page.textContent("#fingerprint"), fingerprint);
    await page.context().close();
  });

  test("no trust file, and one with another's signature, are refused", async () => {
    const { page } = await opened();
    await page.setInputFiles("#trust-input", vector("plain.json"));
    await page.waitForSelector("[role=alert]");
    const signature = {
      name: "trust.toml.sig",
      mimeType: "text/plain",
      buffer: Buffer.from("00".repeat(64)),
    };
    const file = {
      name: "trust.toml",
      mimeType: "text/plain",
      buffer: readFileSync(vector("consensus-trust.toml")),
    };
    await page.setInputFiles("#trust-input", [file, signature]);
    await page.waitForFunction(() =>
      /signature/.test(document.querySelector("[role=alert]")?.textContent ?? ""),
    );
    assert.equal(await page.locator(".trust.built-in").count(), 1);
    await page.context().close();
  });
});
