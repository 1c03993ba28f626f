// SPDX-License-Identifier: Apache-2.0
/** Compares which trust files are taken with what Python takes (tests/verifier/test_agreement.py). */

import { readFileSync } from "node:fs";
import { utf8 } from "../src/core/bytes.ts";
import { readTrust, TrustFileError } from "../src/core/trust.ts";

let compared = 0;
let differing = 0;
for (const line of readFileSync(process.argv[2] as string, "utf-8").split("\n")) {
  if (line === "") continue;
  const { text, taken } = JSON.parse(line) as { text: string; taken: boolean };
  let entry: string | null = null;
  try {
    readTrust(utf8(text));
  } catch (error) {
    if (!(error instanceof TrustFileError)) throw error;
    entry = error.entry;
  }
  compared += 1;
  if ((entry === null) !== taken) {
    differing += 1;
    if (differing <= 15)
      console.log(`--- python ${taken ? "takes" : "refuses"}, we refuse at ${entry}\n${text}`);
  }
}
console.log(JSON.stringify({ compared, differing }));
process.exitCode = compared === 0 || differing > 0 ? 1 : 0;
