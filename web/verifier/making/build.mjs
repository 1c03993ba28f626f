// SPDX-License-Identifier: Apache-2.0
/**
 * Builds the verifier: one HTML file with everything in it, a trust file too.
 *
 *     npm run build -- --trust FILE [--out FILE]
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build, runnerImport } from "vite";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values } = parseArgs({ options: { trust: { type: "string" }, out: { type: "string" } } });
const trustPath = values.trust ?? process.env["VERIFIER_TRUST"];
if (trustPath === undefined) {
  throw new Error("no trust file to build in; expected --trust FILE or VERIFIER_TRUST");
}
const out = resolve(values.out ?? join(ROOT, "dist", "verifier.html"));

const { module: trustModule } = await runnerImport(join(ROOT, "src/core/trust.ts"));
const trustBytes = new Uint8Array(readFileSync(trustPath));
const trust = trustModule.readTrust(trustBytes);
const signature = `${trustPath}.sig`;
if (existsSync(signature)) {
  const isSigned = trustModule.isSignedByOperator(
    trustBytes,
    trust,
    readFileSync(signature, "utf-8"),
  );
  if (!isSigned) throw new Error(`${signature} is not the operator's signature of ${trustPath}`);
}

const script = await scriptOf(trustBytes);
const style = ["../look.css", "src/page/style.css"]
  .map((each) => readFileSync(join(ROOT, each), "utf-8"))
  .join("")
  .replace(/\s*\n\s*/g, "\n");
const hashOf = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
// Nothing but these two texts runs or dresses the page, and it can speak to the trust file's nodes alone.
const policy = [
  "default-src 'none'",
  `script-src ${hashOf(script)}`,
  `style-src ${hashOf(style)}`,
  `connect-src ${trust.nodes.length > 0 ? trust.nodes.map(sourceOf).join(" ") : "'none'"}`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
const parts = { POLICY: policy, STYLE: style, SCRIPT: script };
const html = readFileSync(join(ROOT, "src/page/index.html"), "utf-8").replace(
  /\b(POLICY|STYLE|SCRIPT)\b/g,
  (name) => parts[name],
);
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, html);
const size = gzipSync(html, { level: 9 }).length;
console.log(`${out}: ${html.length} bytes, ${size} compressed; trust file ${trust.fingerprint}`);

/** The page's modules and libraries as one script. */
async function scriptOf(trustFile) {
  const result = await build({
    root: ROOT,
    configFile: false,
    logLevel: "warn",
    define: { BUILT_IN_TRUST: JSON.stringify(Buffer.from(trustFile).toString("base64")) },
    build: {
      write: false,
      target: "es2022",
      rolldownOptions: {
        input: join(ROOT, "src/page/main.ts"),
        output: { codeSplitting: false },
      },
    },
  });
  const { output } = Array.isArray(result) ? result[0] : result;
  if (output.length !== 1 || output[0].type !== "chunk")
    throw new Error("more than one script was made");
  const { code } = output[0];
  // It stands within a script element, which must not end early.
  if (/<\/script|<!--/i.test(code)) throw new Error("the script holds what ends its element");
  return code.trim();
}

/** Where a page may connect: a node's origin, and with its path where it has one. */
function sourceOf(node) {
  const url = new URL(node);
  if (/[;,\s']/.test(url.href))
    throw new Error(`a node's address cannot stand in a policy: ${url.href}`);
  return url.pathname === "/" ? url.origin : `${url.origin}${url.pathname}`;
}
