// SPDX-License-Identifier: Apache-2.0
/**
 * One walk through the console of a running gateway. `tests/console` starts it:
 *
 *     node .build/tests/walks/walk.js FACTS tour|acts|service|keyboard|lies PERSON LANGUAGE [dark]
 */

import { readFileSync } from "node:fs";
import type { Language } from "../../src/page/words/catalogue.ts";
import { ACTS } from "./acts.ts";
import { Walk, type Facts, type Officer, type Person } from "./browser.ts";
import { keyboard } from "./keyboard.ts";
import { lyingGateway } from "./lying_gateway.ts";
import { SERVICE } from "./service.ts";
import { tour } from "./tour.ts";

const [file, what, person, language, scheme] = process.argv.slice(2) as [
  string,
  string,
  Person,
  Language,
  string?,
];
const facts: Facts = JSON.parse(readFileSync(file, "utf-8"));
const walk = await Walk.begin(facts, person, language, {
  colorScheme: scheme === "dark" ? "dark" : "light",
});
try {
  if (what === "tour") await tour(walk, person as Officer);
  else if (what === "keyboard") await keyboard(walk);
  else if (what === "lies") await lyingGateway(walk);
  else {
    await walk.signIn();
    await (what === "service" ? SERVICE[person] : ACTS[person as Officer])?.(walk);
  }
  await walk.end();
  console.log(JSON.stringify(walk.done));
} catch (error) {
  await walk.page.screenshot({ path: ".build/screenshots/failed.png" }).catch(() => {});
  console.error(error);
  process.exit(1);
}
