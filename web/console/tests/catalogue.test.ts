// SPDX-License-Identifier: Apache-2.0
/** No string of the pages lacks in either language, and none is there for nothing. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { FUNCTIONS, CONTRACTS } from "../src/core/calls.ts";
import { signature } from "../src/core/abi.ts";
import { CATALOGUE, phrase, type Phrase } from "../src/page/words/catalogue.ts";

const CHINESE = /\p{Script=Han}/u;
/** A count with a word that fits several alone. Days and transactions are never one where they are counted. */
const COUNTED = /\{(?:count|all)\} (?!days\b|transactions\b)(?:of \{all\} )?[a-z]{2,}s\b/;
const placesIn = (text: string) => new Set(text.match(/\{[\w-]+\}/g) ?? []);
const sources = readdirSync("src", { recursive: true, encoding: "utf-8" })
  .filter((each) => /\.tsx?$/.test(each) && !each.endsWith("_words.ts"))
  .map((each) => readFileSync(`src/${each}`, "utf-8"))
  .join("\n");
/** Put together of a name and a part: each is looked for by its first part. */
const COMPOSED = [...sources.matchAll(/`([\w.-]+)\$\{/g)].map((each) => each[1] as string);

for (const [name, [english, chinese]] of Object.entries(CATALOGUE)) {
  test(`phrase ${name}: both languages, the same values`, () => {
    assert.ok(english.trim().length > 0 && !CHINESE.test(english));
    assert.match(chinese, CHINESE);
    assert.deepEqual(placesIn(chinese), placesIn(english));
    assert.doesNotMatch(english, COUNTED);
  });
}

test("each phrase is used", () => {
  const unused = Object.keys(CATALOGUE).filter(
    (each) =>
      !sources.includes(`"${each}"`) &&
      !COMPOSED.some((start) => start.length > 2 && each.startsWith(start)),
  );
  assert.deepEqual(unused, []);
});

test("each phrase that the pages name is there", () => {
  const named = [...sources.matchAll(/\bsay\(\s*"([^"]+)"/g)].map((each) => each[1] as string);
  assert.ok(named.length > 100);
  assert.deepEqual(
    named.filter((each) => !Object.hasOwn(CATALOGUE, each)),
    [],
  );
});

test("no page says anything outside of the catalogue", () => {
  const pages = readdirSync("src/page", { recursive: true, encoding: "utf-8" }).filter((each) =>
    each.endsWith(".tsx"),
  );
  // Text between tags, but for the product's name and the languages' own.
  const plain = pages.flatMap((each) =>
    [...readFileSync(`src/page/${each}`, "utf-8").matchAll(/>\s*([A-Za-z][A-Za-z ,.]{2,})\s*<\//g)]
      .map((match) => (match[1] as string).trim())
      .filter((text) => text !== "Muniment"),
  );
  assert.deepEqual(plain, []);
});

test("each call that can be signed, and each argument of one, has words", () => {
  const names = CONTRACTS.flatMap((contract) =>
    FUNCTIONS[contract].flatMap((text) => {
      const { name, parameters } = signature(text);
      const inner = parameters
        .flatMap((each) => (each.type.kind === "tuple" ? each.type.members : [each]))
        .map((each) => each.name);
      // Of an enrolment place and entry are shown.
      const hidden = ["kind", "root", "size", "previousSize", "sealedAt", "proof"];
      return [`call.${name}`, ...inner.filter((each) => !hidden.includes(each)).map((each) => `argument.${each}`)];
    }),
  );
  assert.deepEqual(
    names.filter((each) => !Object.hasOwn(CATALOGUE, each)),
    [],
  );
});

test("values stand in their places", () => {
  assert.equal(phrase("en", "block" satisfies Phrase, { block: 7 }), "block 7");
  assert.equal(phrase("zh", "block", { block: 7 }), "区块 7");
  assert.equal(phrase("en", "records-delivered", { count: "1" }), "1 record is in it…");
  assert.equal(phrase("en", "records-delivered", { count: "1,204" }), "1,204 records are in it…");
  assert.equal(phrase("zh", "records-delivered", { count: "1" }), "已写入 1 条记录……");
});
