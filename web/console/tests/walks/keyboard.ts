// SPDX-License-Identifier: Apache-2.0
/** Everything by keyboard alone: in, about, an act prepared and signed, out. */

import assert from "node:assert/strict";
import type { Walk } from "./browser.ts";

/** Presses Tab until an element has the focus, and that it is seen. */
async function tabTo(walk: Walk, wanted: string, most = 80): Promise<void> {
  for (let presses = 0; presses < most; presses++) {
    await walk.page.keyboard.press("Tab");
    const found = await walk.page.evaluate((selector) => {
      const focused = document.activeElement;
      if (!(focused instanceof HTMLElement) || !focused.matches(selector)) return null;
      const shown = focused.matches('input[type="file"]') ? focused.parentElement : focused;
      const style = getComputedStyle(shown as HTMLElement);
      return style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 2;
    }, wanted);
    if (found !== null) {
      assert.ok(found, `the focus on ${wanted} is not seen`);
      return;
    }
  }
  assert.fail(`${wanted} is not reached by Tab`);
}

export async function keyboard(walk: Walk): Promise<void> {
  const { page, facts } = walk;
  await page.goto(`${facts.url}/`);
  await page.waitForSelector("form");
  await tabTo(walk, 'input[name="username"]');
  await page.keyboard.type(walk.person);
  await tabTo(walk, 'input[name="password"]');
  await page.keyboard.type(facts.accountPassword);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".side nav");
  await tabTo(walk, ".skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.focus(".brand");
  await tabTo(walk, 'a[href="#/find"]');
  await page.keyboard.press("Enter");
  await page.waitForSelector('a[href="#/find"][aria-current="page"]');
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
  await tabTo(walk, 'input[type="search"]');
  await page.keyboard.type(facts.records["deed"] as string);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".act-menu");
  await tabTo(walk, ".act-menu button:nth-child(2)");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog");
  // The dialog keeps the focus: the page behind it is not reached.
  for (let presses = 0; presses < 12; presses++) {
    await page.keyboard.press("Tab");
    const isInside = await page.evaluate(
      () => document.activeElement === document.body || document.activeElement?.closest("dialog"),
    );
    assert.ok(isInside, "the focus left the dialog");
  }
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  // The focus comes back to what opened the dialog.
  await page.waitForSelector(".act-menu button:nth-child(2):focus");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog");
  await tabTo(walk, "dialog input");
  await page.keyboard.type(facts.records["amended"] as string);
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-call]");
  await tabTo(walk, "#keystore");
  const chooser = page.waitForEvent("filechooser");
  await page.keyboard.press("Space");
  await (await chooser).setFiles(facts.keystores[walk.person]);
  await tabTo(walk, 'dialog input[type="password"]');
  await page.keyboard.type(facts.keystorePassword);
  await page.keyboard.press("Enter");
  await page.waitForSelector('[data-stage="final"]');
  await tabTo(walk, "dialog button");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog", { state: "detached" });
  await page.focus(".brand");
  await tabTo(walk, ".side-foot > button");
  await page.keyboard.press("Enter");
  await page.waitForSelector('input[name="username"]');
  assert.equal((await page.context().cookies()).length, 0);
}
