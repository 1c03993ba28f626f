# SPDX-License-Identifier: Apache-2.0
"""State words and trace heads, against the vectors that the contracts are tested with."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import InvalidInputError
from muniment.record import AgencyId, Commitment, RecordId
from muniment.record.state import RecordState, Status
from muniment.record.trace import (
    Act,
    ActKind,
    Adopted,
    TraceMismatchError,
    trace_head,
    verify_trace,
)

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "vectors" / "chain.json").read_text())


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def act_of(case: dict[str, Any], number: int) -> Act:
    act = case["acts"][number]
    kind = ActKind(act["kind"])
    state = RecordState.from_word(int(act["state"], 16))
    commits = kind in {ActKind.REGISTERED, ActKind.AMENDED}
    arguments = {
        ActKind.REGISTERED: lambda: unhex(act["commitment"]),
        ActKind.AMENDED: lambda: unhex(act["commitment"]),
        ActKind.REVOKED: lambda: act["reason"].to_bytes(32, "big"),
        ActKind.HELD: lambda: unhex(act["caseCommitment"]),
        ActKind.RELEASED: lambda: unhex(act["caseCommitment"]),
        ActKind.TRANSFERRED: lambda: act["fromAgency"].to_bytes(32, "big"),
    }
    held = kind in {ActKind.HELD, ActKind.RELEASED}
    return Act(
        kind=kind,
        record_id=RecordId(unhex(case["recordId"])),
        agency_id=AgencyId(0) if held else state.custodian,
        account=unhex(act["account"]),
        state=state,
        argument=arguments[kind](),
        sequence=number + 1,
        commitment=Commitment(unhex(act["commitment"])) if commits else None,
    )


def acts_of(case: dict[str, Any]) -> list[Act]:
    return [act_of(case, number) for number in range(len(case["acts"]))]


traces = pytest.mark.parametrize("case", VECTORS["traces"], ids=lambda case: case["name"])


@traces
def test_trace_head__after_every_act__is_the_vectors(case: dict[str, Any]) -> None:
    acts = acts_of(case)
    for number, act in enumerate(case["acts"], start=1):
        assert trace_head(acts[:number]) == unhex(act["traceHead"])


@traces
def test_verify_trace__accepts_the_vectors_at_every_act(case: dict[str, Any]) -> None:
    acts = acts_of(case)
    for number, act in enumerate(case["acts"], start=1):
        verify_trace(
            unhex(case["recordId"]),
            acts[:number],
            unhex(act["commitment"]),
            acts[number - 1].state,
            unhex(act["traceHeadSlot"]),
        )


@traces
def test_verify_trace__with_an_act_left_out_or_changed__is_refused(case: dict[str, Any]) -> None:
    acts = acts_of(case)
    last = case["acts"][-1]
    slots = (unhex(last["commitment"]), acts[-1].state, unhex(last["traceHeadSlot"]))
    record_id = unhex(case["recordId"])
    for number, act in enumerate(acts):
        forged = [
            acts[:number] + acts[number + 1 :],
            [*acts[:number], replace(act, account=b"\x01" * 20), *acts[number + 1 :]],
            [*acts[:number], replace(act, argument=b"\x01" * 32), *acts[number + 1 :]],
            [*acts[:number], replace(act, agency_id=AgencyId(9)), *acts[number + 1 :]],
            [*acts[:number], act, act, *acts[number + 1 :]],
        ]
        for wrong in forged:
            by_receipt = number == 0 and act.kind is ActKind.REGISTERED and len(wrong) == len(acts)
            if by_receipt and wrong[0].argument == act.argument:
                # Who registered directly, and for whom, is proved by the receipt, not by the head.
                continue
            with pytest.raises(TraceMismatchError):
                verify_trace(record_id, wrong, *slots)
    with pytest.raises(TraceMismatchError):
        verify_trace(record_id, acts[::-1], *slots)


@traces
def test_verify_trace__against_other_slots__names_what_differs(case: dict[str, Any]) -> None:
    acts = acts_of(case)
    last = case["acts"][-1]
    record_id = unhex(case["recordId"])
    commitment, head = unhex(last["commitment"]), unhex(last["traceHeadSlot"])
    with pytest.raises(TraceMismatchError, match="trace head"):
        verify_trace(record_id, acts, commitment, acts[-1].state, b"\1" * 32)
    other = replace(acts[-1].state, hold_count=7)
    with pytest.raises(TraceMismatchError, match="state"):
        verify_trace(record_id, acts, commitment, other, head)
    with pytest.raises(TraceMismatchError, match="commitment"):
        verify_trace(record_id, acts, b"\1" * 32, acts[-1].state, head)


@traces
def test_verify_trace__of_a_record_taken_over__goes_on_from_what_was_adopted(
    case: dict[str, Any],
) -> None:
    """As a successor has it that adopted the record after any of its acts."""
    acts = acts_of(case)
    last = case["acts"][-1]
    record_id = unhex(case["recordId"])
    slots = (unhex(last["commitment"]), acts[-1].state, unhex(last["traceHeadSlot"]))
    for number, before in enumerate(case["acts"], start=1):
        head = unhex(before["traceHeadSlot"])
        adopted = Adopted(acts[number - 1].state, unhex(before["commitment"]), head)
        since = acts[number:]
        assert verify_trace(record_id, since, *slots, adopted) == trace_head(acts)
        wrong = [replace(adopted, trace_head=b"\1" * 32)]
        if not since or head == bytes(32):
            # A head that was not stored is made of these two.
            wrong.append(replace(adopted, commitment=b"\1" * 32))
            wrong.append(replace(adopted, state=replace(adopted.state, hold_count=7)))
        for each in wrong:
            with pytest.raises(TraceMismatchError):
                verify_trace(record_id, since, *slots, each)
        if since:
            with pytest.raises(TraceMismatchError):
                verify_trace(record_id, since[:-1], *slots, adopted)
        with pytest.raises(TraceMismatchError):
            verify_trace(record_id, since, *slots)


def test_verify_trace__with_an_open_offer__is_accepted() -> None:
    case = VECTORS["traces"][0]
    act = act_of(case, 0)
    offered = replace(act.state, offered_to=AgencyId(2), offer_expires_at=1_800_000_000)
    commitment = unhex(case["acts"][0]["commitment"])
    verify_trace(act.record_id, [act], commitment, offered, bytes(32))


states = st.builds(
    RecordState,
    issuer=st.integers(0, 2**32 - 1).map(AgencyId),
    custodian=st.integers(0, 2**32 - 1).map(AgencyId),
    offered_to=st.integers(0, 2**32 - 1).map(AgencyId),
    offer_expires_at=st.integers(0, 2**36 - 1),
    type_id=st.integers(0, 2**16 - 1),
    type_version=st.integers(0, 2**12 - 1),
    version=st.integers(0, 2**16 - 1),
    algorithm=st.integers(0, 255),
    status=st.sampled_from(Status),
    hold_count=st.integers(0, 2**12 - 1),
    updated_at=st.integers(0, 2**36 - 1),
    retain_until=st.integers(0, 2**20 - 1),
)


@given(states)
def test_state__comes_back_as_it_was(state: RecordState) -> None:
    assert RecordState.from_word(state.to_word()) == state


@given(st.integers(0, 2**256 - 1))
def test_state__of_any_word__comes_back_or_is_refused(word: int) -> None:
    try:
        state = RecordState.from_word(word)
    except InvalidInputError as error:
        assert "status" in str(error)  # noqa: PT017
        return
    assert state.to_word() == word


@pytest.mark.parametrize(
    "change", [{"issuer": 2**32}, {"retain_until": -1}, {"hold_count": 4096}, {"version": 2**16}]
)
def test_state__with_a_value_that_does_not_fit__names_it(change: dict[str, int]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(change))):
        replace(RecordState(), **change)


def test_state__empty__is_the_zero_word() -> None:
    assert RecordState().is_empty
    assert RecordState.from_word(0).is_empty
    assert not RecordState(updated_at=1).is_empty
