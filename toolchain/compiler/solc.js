// SPDX-License-Identifier: Apache-2.0
// solc as py-solc-x, Ape, Forge and Slither call it: `--version`, and `--standard-json [--base-path DIR] [FILE]`.
// Outputs are kept outside the tree by compiler version and the whole resolved input, so that nothing compiles twice.
"use strict";
const crypto = require("crypto");
const fs = require("fs");
const os = require("os");
const path = require("path");

const VERSION = "0.8.30";

function findModule(name) {
  // The wrapper may be reached from any folder; node_modules lies at the project's root.
  return require.resolve(name, { paths: [path.resolve(__dirname, "..", ".."), process.cwd()] });
}

const packagePath = findModule("solc/package.json");
const installed = JSON.parse(fs.readFileSync(packagePath, "utf8")).version;
if (installed !== VERSION) {
  process.stderr.write(`solc wrapper: expected solc ${VERSION} in node_modules, found ${installed}; run make env\n`);
  process.exit(1);
}

const args = process.argv.slice(2);
if (args.includes("--version")) {
  process.stdout.write("solc, the solidity compiler commandline interface\n");
  process.stdout.write(`Version: ${VERSION}+commit.73712a01.Emscripten.clang\n`);
  process.exit(0);
}
if (!args.includes("--standard-json")) {
  process.stderr.write("solc wrapper: only --version and --standard-json are supported\n");
  process.exit(1);
}

function option(name, otherwise) {
  const i = args.indexOf(name);
  return i >= 0 && i + 1 < args.length ? args[i + 1] : otherwise;
}

const base = path.resolve(option("--base-path", process.cwd()));
const includes = args.flatMap((a, i) => (args[i - 1] === "--include-path" ? [path.resolve(base, a)] : []));
const valued = new Set(["--base-path", "--include-path", "--allow-paths"]);
const file = args.find((a, i) => !a.startsWith("--") && !valued.has(args[i - 1]) && a !== "-");

// Ape compiles a copy of the sources elsewhere, without node_modules: imports then come from the project itself.
const project = path.resolve(__dirname, "..", "..");

function readSource(name) {
  for (const folder of [base, ...includes, project]) {
    const candidate = path.resolve(folder, name);
    if (fs.existsSync(candidate)) return fs.readFileSync(candidate, "utf8");
  }
  return undefined;
}

const sha256 = (text) => crypto.createHash("sha256").update(text).digest("hex");

const input = JSON.parse(fs.readFileSync(file === undefined ? 0 : file, "utf8"));
for (const source of Object.values(input.sources)) {
  if (source.content === undefined) {
    for (const url of source.urls || []) {
      const content = readSource(url.replace(/^file:\/\//, ""));
      if (content !== undefined) {
        source.content = content;
        delete source.urls;
        break;
      }
    }
  }
}

const cacheRoot = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
const cache = path.join(cacheRoot, "muniment", "solc", VERSION);
const entry = path.join(cache, `${sha256(JSON.stringify(input))}.json`);

function cached() {
  if (!fs.existsSync(entry)) return undefined;
  const kept = JSON.parse(fs.readFileSync(entry, "utf8"));
  // What was read by import is not part of the key: it must still be the same.
  for (const [name, digest] of Object.entries(kept.imports)) {
    const now = readSource(name);
    if (now === undefined || sha256(now) !== digest) return undefined;
  }
  return kept.output;
}

let output = cached();
if (output === undefined) {
  const imports = {};
  const solc = require(findModule("solc"));
  output = solc.compile(JSON.stringify(input), {
    import: (name) => {
      const contents = readSource(name);
      if (contents === undefined) return { error: `file not found: ${name}` };
      imports[name] = sha256(contents);
      return { contents };
    },
  });
  const failed = (JSON.parse(output).errors || []).some((e) => e.severity === "error");
  // A failure may be cured outside of the input (a missing import): only successes are kept.
  if (!failed) {
    fs.mkdirSync(cache, { recursive: true });
    const partial = `${entry}.${process.pid}`;
    fs.writeFileSync(partial, JSON.stringify({ imports, output }));
    fs.renameSync(partial, entry);
  }
}
// A pipe takes what it can: write synchronously to the end.
let bytes = Buffer.from(output, "utf8");
while (bytes.length > 0) {
  try {
    bytes = bytes.subarray(fs.writeSync(1, bytes));
  } catch (error) {
    if (error.code !== "EAGAIN") throw error;
  }
}
