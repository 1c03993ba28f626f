// SPDX-License-Identifier: Apache-2.0
/** No string of the page lacks in either language, and none is there for nothing. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { REASONS } from "../src/core/reasons.ts";
import { OUTCOMES, STEPS } from "../src/core/verdict.ts";
import { CATALOGUE, phrase, type Phrase } from "../src/page/catalogue.ts";

const placesIn = (text: string) => new Set(text.match(/\{[\w-]+\}/g) ?? []);
/** A count with a word that fits several alone; steps, and records that are not shown, are several. */
const COUNTED = /\{(?:count|days)\} (?!steps\b)[a-z]{2,}s\b/;
const CHINESE = /\p{Script=Han}/u;
const sources = readdirSync("src/page")
  .filter((each) => each.endsWith(".ts") && each !== "catalogue.ts")
  .map((each) => readFileSync(`src/page/${each}`, "utf-8"))
  .join("\n");

for (const [name, [english, chinese]] of Object.entries(CATALOGUE)) {
  test(`phrase ${name}: both languages, the same values`, () => {
    assert.ok(english.trim().length > 0 && !CHINESE.test(english));
    assert.match(chinese, CHINESE);
    assert.deepEqual(placesIn(chinese), placesIn(english));
    assert.doesNotMatch(english, COUNTED);
  });
}

test("each outcome, step and reason has words", () => {
  const names = [
    ...OUTCOMES.flatMap((each) => [`outcome.${each}`, `plain.${each}`]),
    ...STEPS.map((each) => `step.${each}`),
    ...REASONS.map((each) => `reason.${each}`),
  ];
  assert.deepEqual(
    names.filter((each) => !Object.hasOwn(CATALOGUE, each)),
    [],
  );
});

test("each phrase is used", () => {
  // Those with a dot, and of steps' states and slots, are put together of a name and a part.
  const composed =
    /^(outcome|plain|step|reason|act|revocation)\.|^step-|^(evidence|document)-(slot|hint)$/;
  const unused = Object.keys(CATALOGUE).filter(
    (each) => !composed.test(each) && !sources.includes(`"${each}"`),
  );
  // Stands in the page itself, for where no script runs.
  assert.deepEqual(unused, ["no-script"]);
  const [english, chinese] = CATALOGUE["no-script"];
  const html = readFileSync("src/page/index.html", "utf-8");
  assert.ok(html.includes(english) && html.includes(chinese));
});

test("each reason is given somewhere in the verifier", () => {
  const core = readdirSync("src/core")
    .filter((each) => each !== "reasons.ts")
    .map((each) => readFileSync(`src/core/${each}`, "utf-8"))
    .join("\n");
  assert.deepEqual(
    REASONS.filter((each) => !core.includes(`"${each}"`)),
    [],
  );
});

test("values stand in their places", () => {
  const values = { block: 7, chain: 31_337 };
  assert.equal(phrase("en", "as-of-block" satisfies Phrase, values), "block 7 of chain 31337");
  assert.equal(phrase("zh", "as-of-block", values), "链 31337 的第 7 区块");
  assert.equal(phrase("en", "reason.too-old", { days: 1 }), "The block is 1 day old.");
  assert.equal(phrase("en", "reason.too-old", { days: 31 }), "The block is 31 days old.");
  assert.equal(phrase("zh", "reason.too-old", { days: 1 }), "该区块已有 1 天。");
});
