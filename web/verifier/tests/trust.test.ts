// SPDX-License-Identifier: Apache-2.0
/** Trust files: entries, the operator's signature, what the build does with it. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { concat, toHex, utf8 } from "../src/core/bytes.ts";
import { sha256 } from "../src/core/digests.ts";
import { isSignedByOperator, readTrust, TrustFileError } from "../src/core/trust.ts";
import { dayOf, timeOf, visible } from "../src/page/shown.ts";
import { vectorBytes } from "./vectors.ts";

const TEXT = new TextDecoder().decode(vectorBytes("evidence/trust.toml"));
const KEY = new Uint8Array(32).fill(7);
const OPERATOR = ed25519.getPublicKey(KEY);
const SIGNED = utf8(TEXT.replace("nodes = []", `nodes = []\noperator = "${toHex(OPERATOR)}"`));
const signatureOf = (bytes: Uint8Array) =>
  toHex(ed25519.sign(concat(utf8("muniment/trust-signature/v1\0"), bytes), KEY));

test("fingerprint, and what the vectors' file says", () => {
  const trust = readTrust(vectorBytes("evidence/trust.toml"));
  assert.equal(trust.fingerprint, toHex(sha256(vectorBytes("evidence/trust.toml"))));
  assert.deepEqual([trust.chainId, trust.witnessesNeeded, trust.validators], [31_337, 2, null]);
  assert.equal(trust.expires, Date.UTC(2036, 10, 20, 16, 42, 5) / 1000);
  assert.equal(trust.agencies.get(1), "Aviation");
});

test("what is not known, or has another form, is refused by its name", () => {
  const refusals: [string, string, string][] = [
    ["nodes = []", "nodes = []\nnote = 1", "note"],
    ["id = 31337", "id = 0", "chain.id"],
    ["id = 31337", "id = 1.0", "chain.id"],
    ["algorithms = [1, 2]", "algorithms = [9]", "algorithms"],
    ["nodes = []", 'nodes = ["javascript:alert(1)"]', "nodes"],
    ["2036-11-20T16:42:05Z", "2036-11-20T16:42:05", "expires"],
    ["muniment/storage/v1", "muniment/storage/v2", "registry.layout"],
    ["witnesses_needed = 2", "witnesses_needed = 3", "witnesses_needed"],
    ["073a218b", "073a218c", "witnesses.key"],
  ];
  for (const [from, to, entry] of refusals) {
    assert.ok(TEXT.includes(from));
    const changed = utf8(TEXT.replace(from, to));
    assert.throws(
      () => readTrust(changed),
      (error) => error instanceof TrustFileError && error.entry === entry,
      `${to}: ${entry}`,
    );
  }
  assert.throws(() => readTrust(Uint8Array.of(0xff)), TrustFileError);
});

test("the operator's signature, another's, and one of other bytes", () => {
  const trust = readTrust(SIGNED);
  assert.ok(isSignedByOperator(SIGNED, trust, `${signatureOf(SIGNED)}\n`));
  assert.ok(!isSignedByOperator(SIGNED, trust, signatureOf(concat(SIGNED, utf8("\n")))));
  assert.ok(!isSignedByOperator(SIGNED, trust, "00".repeat(64)));
  assert.ok(!isSignedByOperator(SIGNED, { ...trust, operator: null }, signatureOf(SIGNED)));
});

test("the build takes a signature that is the operator's, and no other", () => {
  const folder = mkdtempSync(join(tmpdir(), "verifier-trust-"));
  const path = join(folder, "trust.toml");
  const build = () =>
    execFileSync(
      process.execPath,
      ["making/build.mjs", "--trust", path, "--out", join(folder, "page.html")],
      { stdio: "pipe" },
    ).toString();
  writeFileSync(path, SIGNED);
  writeFileSync(`${path}.sig`, signatureOf(SIGNED));
  assert.match(build(), new RegExp(readTrust(SIGNED).fingerprint));
  writeFileSync(`${path}.sig`, "00".repeat(64));
  assert.throws(build, /not the operator's signature/);
});

test("what would be invisible is shown, and so are times", () => {
  assert.equal(visible("a\u202eb\u0000c\u200bd\nü中"), "a⟨U+202E⟩b⟨U+0000⟩c⟨U+200B⟩d\nü中");
  assert.equal(timeOf(1_795_624_924, "en"), "2026-11-25 16:42:04 UTC");
  assert.equal(timeOf(1_795_624_924, "zh"), "2026年11月25日 16:42:04 UTC");
  assert.equal(timeOf(2 ** 53, "en"), "9007199254740992");
  assert.equal(dayOf(24_432, "en"), "2036-11-22");
});
