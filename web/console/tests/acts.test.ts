// SPDX-License-Identifier: Apache-2.0
/** Acts whose every argument the officer chose: a transaction that differs in any is not theirs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCall, signature, type Value } from "../src/core/abi.ts";
import { CONTRACTS, decodeCalls, differences, FUNCTIONS } from "../src/core/calls.ts";
import {
  acknowledgeAct,
  cancelReplacementAct,
  closeJournalAct,
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
