# SPDX-License-Identifier: Apache-2.0
"""Events by plan and by eth_abi give equal values, and refuse the same bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from muniment.chain.decoding import WORD, EventPlan, MalformedLogError, event_plans, kind_of

PLANS = [
    plan
    for contract in ("RecordRegistry", "AgencyRegistry", "ShareRegistry")
    for plan in event_plans(contract).values()
]
PLAIN = [plan for plan in PLANS if plan.readers]


def log_of(plan: EventPlan, values: list[Any]) -> tuple[bytes, bytes]:
    pairs = list(zip(plan.inputs, values, strict=True))
    topics = b"".join(encode([kind_of(item)], [value]) for item, value in pairs if item["indexed"])
    plain = [(kind_of(item), value) for item, value in pairs if not item["indexed"]]
    return bytes(WORD) + topics, encode([kind for kind, _ in plain], [each for _, each in plain])


def values_of(plan: EventPlan) -> st.SearchStrategy[list[Any]]:
    def one(kind: str) -> st.SearchStrategy[Any]:
        if kind == "address":
            return st.binary(min_size=20, max_size=20).map(to_checksum_address)
        if kind == "bool":
            return st.booleans()
        if kind == "bytes32":
            return st.binary(min_size=32, max_size=32)
        return st.integers(0, (1 << int(kind[4:])) - 1)

    return st.tuples(*(one(kind_of(item)) for item in plan.inputs)).map(list)


def test_nearly_all_events_are_decoded_by_plan() -> None:
    assert len(PLAIN) >= 30
    assert {plan.name for plan in PLANS if not plan.readers and plan.inputs} == {
        "AgencyCreated",
        "JournalAdopted",
        "RecordAdopted",
        "RecordTypePublished",
        "RegistryPaused",
    }


@given(st.data())
def test_both_ways_give_what_was_logged(data: st.DataObject) -> None:
    plan = data.draw(st.sampled_from(PLAIN))
    values = data.draw(values_of(plan))
    topics, body = log_of(plan, values)
    assert plan.values(topics, body) == values
    slow = [
        to_checksum_address(value) if kind_of(item) == "address" else value
        for item, value in zip(
            plan.inputs, replace(plan, readers=()).values(topics, body), strict=True
        )
    ]
    assert slow == values


@given(st.data())
def test_both_ways_refuse_the_same_bytes(data: st.DataObject) -> None:
    plan = data.draw(st.sampled_from(PLAIN))
    topics = bytes(WORD) + data.draw(
        st.binary(min_size=plan.topics_size - WORD, max_size=plan.topics_size - WORD)
    )
    body = data.draw(st.binary(min_size=max(0, plan.data_size - 1), max_size=plan.data_size + 1))
    outcomes = []
    for each in (plan, replace(plan, readers=())):
        try:
            each.values(topics, body)
            outcomes.append(True)
        except MalformedLogError:
            outcomes.append(False)
    assert outcomes[0] == outcomes[1]


def test_another_number_of_topics__is_refused() -> None:
    plan = PLAIN[0]
    with pytest.raises(MalformedLogError):
        plan.values(bytes(plan.topics_size + WORD), bytes(plan.data_size))
