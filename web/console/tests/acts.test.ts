// SPDX-License-Identifier: Apache-2.0
/** Acts whose every argument the officer chose: a transaction that differs in any is not theirs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCall, signature, type Value } from "../src/core/abi.ts";
import { toHex } from "../src/core/bytes.ts";
import { CONTRACTS, decodeCalls, differences, FUNCTIONS, inOrderOf } from "../src/core/calls.ts";
import {
  acceptPackageAct,
  acknowledgeAct,
  cancelReplacementAct,
  closeJournalAct,
  declinePackageAct,
  executeReplacementAct,
  openJournalAct,
  repudiateJournalAct,
  scheduleReplacementAct,
} from "../src/page/acting/acts.ts";

const ACCOUNT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const word = (digit: string) => `0x${digit.repeat(64)}`;
const ACTS = [
  openJournalAct("", 1),
  closeJournalAct("", 1, 3),
  repudiateJournalAct("", 1, 3, 40_231, "fraud"),
  scheduleReplacementAct("", 3, ACCOUNT),
  executeReplacementAct("", 3),
  cancelReplacementAct("", 3),
  acknowledgeAct("", word("5"), word("d")),
];

function other(value: Value): Value {
  if (typeof value === "bigint") return value + 1n;
  return String(value).replace(/.$/, (last) => (last === "1" ? "2" : "1"));
}

for (const { asked } of ACTS) {
  const [call] = asked ?? [];
  assert.ok(call !== undefined);
  const written = CONTRACTS.flatMap((each) => [...FUNCTIONS[each]] as string[]);
  const form = signature(written.find((each) => each.startsWith(`${call.name}(`)) as string);

  test(`${call.name}: all that it says is compared with what was asked`, () => {
    assert.deepEqual(
      form.parameters.map((each) => each.name),
      Object.keys(call.values),
    );
    const values = { ...call.values };
    assert.deepEqual(differences(decodeCalls(encodeCall(form, values)), [call]), []);
    for (const [name, value] of Object.entries(values)) {
      const changed = encodeCall(form, { ...values, [name]: other(value) });
      const found = differences(decodeCalls(changed), [call]);
      assert.deepEqual(
        found.map((each) => each.what),
        [name],
      );
    }
  });
}

const MULTICALL = signature("multicall(bytes[] data)");
const RECORDS = [word("7"), word("8"), word("9")] as const;
const PACKAGE = RECORDS.map((record, at) => ({
  record,
  version: at + 1,
  commitment: word("c"),
  traceHead: word("e"),
}));
for (const { body, ofRecords } of [
  acceptPackageAct("", word("5"), null, PACKAGE),
  declinePackageAct("", word("5"), RECORDS),
] as any[]) {
  const name: string = ofRecords[0].name;
  const form = signature(FUNCTIONS.records.find((each) => each.startsWith(`${name}(`)) as string);
  const found = (...values: Record<string, Value>[]) => {
    const data = values.map((each) => toHex(encodeCall(form, each)));
    const calls = decodeCalls(encodeCall(MULTICALL, { data }));
    return differences(calls, inOrderOf(calls, ofRecords)).map((each) => each.what);
  };
  const [first, second, third] = ofRecords.map((each: any) => each.values);

  test(`${body.act}: each of its records once and as it was checked, in any order`, () => {
    assert.deepEqual(found(first, second, third), []);
    assert.deepEqual(found(third, first, second), []);
    for (const few of [[first, second], [first, second, third, third], [third]]) {
      assert.deepEqual(found(...few), ["call"]);
    }
    for (const record of [second["recordId"], word("a")]) {
      assert.ok(found(first, { ...third, recordId: record }, second).includes("recordId"));
    }
    for (const argument of Object.keys(second).filter((each) => each !== "recordId")) {
      const changed = { ...second, [argument]: other(second[argument]) };
      assert.deepEqual(found(third, changed, first), [argument]);
    }
  });

  test(`${body.act}: a call of another kind is none that was asked for`, () => {
    const confirm = signature("confirmDisposition(bytes32 recordId,uint16 expectedVersion)");
    const values = { recordId: RECORDS[0], expectedVersion: 1n };
    const calls = [
      ...decodeCalls(encodeCall(confirm, values)),
      ...[second, third].flatMap((each) => decodeCalls(encodeCall(form, each))),
    ];
    assert.deepEqual(
      differences(calls, inOrderOf(calls, ofRecords)).map((each) => each.what),
      ["call"],
    );
  });
}
