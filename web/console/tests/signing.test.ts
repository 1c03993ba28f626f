// SPDX-License-Identifier: Apache-2.0
/** Keystores, transactions and calls against those of eth-account and eth-abi. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { AbiError, decodeCall, encodeCall, signature } from "../src/core/abi.ts";
import { concat, fromHex, toHex } from "../src/core/bytes.ts";
import { CONTRACTS, decodeCalls, differences, FUNCTIONS, type Asked } from "../src/core/calls.ts";
import { KeystoreError, openKeystore, readKeystore } from "../src/core/keystore.ts";
import { addressOf, checksummed, sign } from "../src/core/transactions.ts";
import { valueOf, vectors } from "./vectors.ts";

const { password, keystores } = vectors("keystores.json");
const calls: any[] = vectors("calls.json");
const MULTICALL = signature("multicall(bytes[] data)");
const ENROL = "enrol";

const dataOf = (name: string) => fromHex(calls.find((each) => each.name === name).data);
const together = (...names: string[]) =>
  encodeCall(MULTICALL, { data: names.map((each) => toHex(dataOf(each))) });

for (const [at, { keystore, address }] of keystores.entries()) {
  test(`keystore ${at} of eth-account opens with its password alone`, async () => {
    const read = readKeystore(JSON.stringify(keystore));
    const told: number[] = [];
    const key = await openKeystore(read, password, (part) => told.push(part));
    assert.equal(addressOf(key), address);
    assert.equal(read.address, address);
    assert.ok(keystore.crypto.kdf !== "scrypt" || told.at(-1) === 1);
    if (at === 2) return;
    const wrong = openKeystore(read, `${password} `);
    await assert.rejects(wrong, { fault: "wrong-password" });
  });
}

test("what is no keystore, or asks for more than any tool does, is refused", () => {
  const good = keystores[0].keystore;
  const changed = (change: (file: any) => void) => {
    const file = structuredClone(good);
    change(file);
    return JSON.stringify(file);
  };
  const bad = [
    "",
    "{}",
    "null",
    "[1]",
    changed((file) => (file.version = 1)),
    changed((file) => (file.crypto.cipher = "aes-256-cbc")),
    changed((file) => (file.crypto.kdf = "md5")),
    changed((file) => (file.crypto.kdfparams.n = 2 ** 28)),
    changed((file) => (file.crypto.kdfparams.n = 1000)),
    changed((file) => (file.crypto.kdfparams.dklen = 16)),
    changed((file) => (file.crypto.mac = "00")),
    changed((file) => (file.crypto.ciphertext += "00")),
  ];
  for (const text of bad) {
    assert.throws(() => readKeystore(text), KeystoreError, text.slice(0, 80));
  }
});

test("transactions are those of eth-account, byte for byte", () => {
  const found: any[] = vectors("transactions.json");
  assert.equal(found.length, 60);
  for (const { key, transaction, raw, hash, sender } of found) {
    const signed = sign(
      {
        chainId: BigInt(transaction.chainId),
        nonce: BigInt(transaction.nonce),
        gas: BigInt(transaction.gas),
        gasPrice: BigInt(transaction.gasPrice),
        to: transaction.to,
        data: transaction.data,
      },
      fromHex(key),
    );
    assert.deepEqual(signed, { raw, hash });
    assert.equal(checksummed(addressOf(fromHex(key))), sender);
  }
});

test("each function that an officer signs is decoded as eth-abi wrote it", () => {
  const ours = CONTRACTS.flatMap((contract) =>
    FUNCTIONS[contract].map((text) => `${contract} ${signature(text).name}`),
  );
  const there = new Set(calls.map((each) => `${each.contract} ${each.name}`));
  assert.deepEqual(
    ours.filter((each) => !there.has(each)),
    [],
  );
  for (const { contract, name, values, data } of calls) {
    if (!ours.includes(`${contract} ${name}`)) continue;
    assert.deepEqual(decodeCalls(fromHex(data)), [
      { contract, name, values: valueOf(values) },
    ]);
  }
});

test("a function that is not an officer's is refused", () => {
  const others = calls.filter(
    ({ contract, name }) =>
      !FUNCTIONS[contract as "records"].some((each: string) => each.startsWith(`${name}(`)),
  );
  assert.ok(others.length > 10);
  for (const { name, data } of others) {
    assert.throws(() => decodeCalls(fromHex(data)), AbiError, name);
  }
  assert.throws(() => decodeCalls(new Uint8Array()), AbiError);
});

test("no byte more, none less, none other than the ABI writes", () => {
  const form = signature(FUNCTIONS.agencies[4]);
  assert.equal(form.name, "createRecordType");
  const data = dataOf("createRecordType");
  assert.throws(() => decodeCalls(concat(data, new Uint8Array(32))), AbiError);
  for (let length = 0; length < data.length; length++) {
    assert.throws(() => decodeCalls(data.subarray(0, length)), AbiError, String(length));
  }
  const values = decodeCall(form, data);
  for (let at = 4; at < data.length; at++) {
    const changed = data.slice();
    changed[at] = (changed[at] as number) ^ 0x80;
    try {
      // What decodes at all shows the change.
      assert.notDeepEqual(decodeCall(form, changed), values, String(at));
    } catch (error) {
      assert.ok(error instanceof AbiError, String(error));
    }
  }
});

test("several calls of one contract go together; a call within them is as strict", () => {
  const both = decodeCalls(together(ENROL, "revoke"));
  assert.deepEqual(
    both.map((each) => each.name),
    [ENROL, "revoke"],
  );
  assert.throws(() => decodeCalls(together("revoke", "grantRole")), AbiError);
  assert.throws(() => decodeCalls(together("revoke", "sealJournal")), AbiError);
  assert.throws(() => decodeCalls(encodeCall(MULTICALL, { data: [] })), AbiError);
  const nested = encodeCall(MULTICALL, { data: [toHex(together("revoke"))] });
  assert.throws(() => decodeCalls(nested), AbiError);
});

test("what differs from what was asked is found, and an enrolment before it is not", () => {
  const values = valueOf(calls.find((each) => each.name === "revoke").values) as any;
  const asked: Asked = { name: "revoke", values };
  assert.deepEqual(differences(decodeCalls(dataOf("revoke")), [asked]), []);
  assert.deepEqual(differences(decodeCalls(together(ENROL, "revoke")), [asked]), []);
  const upper = { ...values, recordId: `0x${values.recordId.slice(2).toUpperCase()}` };
  assert.deepEqual(differences(decodeCalls(dataOf("revoke")), [{ ...asked, values: upper }]), []);
  for (const [name, other] of [
    ["recordId", `0x${"11".repeat(32)}`],
    ["expectedVersion", values.expectedVersion + 1n],
    ["reason", values.reason + 1n],
  ] as const) {
    const changed = { ...asked, values: { ...values, [name]: other } };
    const found = differences(decodeCalls(dataOf("revoke")), [changed]);
    assert.deepEqual(
      found.map((each) => each.what),
      [name],
    );
  }
  const added = differences(decodeCalls(together("revoke", "confirmDisposition")), [asked]);
  assert.deepEqual(added, [{ what: "call", asked: "revoke", found: "revoke, confirmDisposition" }]);
  assert.equal(differences(decodeCalls(dataOf(ENROL)), [asked]).length, 1);
  assert.equal(differences(decodeCalls(dataOf("confirmDisposition")), [asked]).length, 1);
});
