// SPDX-License-Identifier: Apache-2.0
/**
 * Builds the console into the package's pages, and tells how large it is.
 *
 *     npm run build -- [--out FOLDER]
 */

import { readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values } = parseArgs({ options: { out: { type: "string" } } });
const out = resolve(values.out ?? join(ROOT, "../../muniment/gateway/pages"));

// The public verifier may lie beside it.
rmSync(join(out, "assets"), { recursive: true, force: true });
await build({
  root: ROOT,
  configFile: false,
  logLevel: "warn",
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: out,
    target: "es2022",
    emptyOutDir: false,
    modulePreload: { polyfill: false },
    // What is small would stand in the page as data: URLs, which the policy refuses for scripts.
    assetsInlineLimit: 0,
  },
  worker: { format: "es" },
});

const files = [
  ...["index.html", "icon.svg"].map((each) => join(out, each)),
  ...readdirSync(join(out, "assets")).map((each) => join(out, "assets", each)),
];
const sizes = files.map((each) => gzipSync(readFileSync(each), { level: 9 }).length);
const total = sizes.reduce((sum, each) => sum + each, 0);
console.log(`${out}: ${files.length} files, ${total} bytes compressed`);
