# SPDX-License-Identifier: Apache-2.0
"""One spelling for each thing: what is read is written to the same bytes, or is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.exchange.delivered import DeliveredVersion
from muniment.exchange.envelope import read_opening
from muniment.exchange.envelope_header import EnvelopeHeader, EnvelopeKind
from muniment.exchange.envelope_parts import MAX_BODY, NO_RECORD, Label, PartKind, PartOrder
from muniment.exchange.errors import EnvelopeError
from muniment.exchange.messages import DELIVERY, GrantMessage, RequestMessage

FOLDER = Path(__file__).parents[2] / "vectors" / "exchange"
BODIES = json.loads((FOLDER / "bodies.json").read_text(encoding="utf-8"))
ENVELOPES = json.loads((FOLDER / "envelopes.json").read_text(encoding="utf-8"))

Reader = Callable[[bytes], Any]
READERS: dict[str, Reader] = {
    "header": EnvelopeHeader.from_bytes,
    "request": RequestMessage.from_bytes,
    "grant": GrantMessage.from_bytes,
    "delivery": lambda data: GrantMessage.from_bytes(data, DELIVERY),
    "delivered": DeliveredVersion.from_bytes,
}
GOOD: dict[str, bytes] = {
    case["form"]: case["body"].encode()
    for case in (*BODIES["messages"], *BODIES["delivered"])
    if not case["name"].endswith("_fail")
} | {
    "header": read_opening(
        io.BytesIO(bytes.fromhex(ENVELOPES["cases"][0]["envelope"]))
    ).header.to_bytes()
}


def read_or_refused(form: str, data: bytes) -> None:
    try:
        found = READERS[form](data)
    except EnvelopeError:
        return
    assert found.to_bytes() == data


@pytest.mark.parametrize("form", READERS)
def test_every_change_of_a_byte__is_refused_or_another_thing(form: str) -> None:
    data = GOOD[form]
    READERS[form](data)
    for place in range(len(data)):
        for bit in (1, 4, 32, 128):
            read_or_refused(form, data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :])
        read_or_refused(form, data[:place])
        read_or_refused(form, data[:place] + b" " + data[place:])


@settings(max_examples=300)
@given(st.sampled_from(list(READERS)), st.binary(max_size=200))
def test_bytes_of_anybody__raise_one_kind_of_error(form: str, data: bytes) -> None:
    read_or_refused(form, data)


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(max_examples=300)
@given(st.data())
def test_any_value_in_any_member__raises_one_kind_of_error(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(list(READERS)))
    value = json.loads(GOOD[form])
    place = value
    while True:
        name = data.draw(st.sampled_from(sorted(place)))
        if isinstance(place[name], dict) and data.draw(st.booleans()):
            place = place[name]
            continue
        place[name] = data.draw(JSONS)
        break
    spelled = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    read_or_refused(form, spelled.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("form", READERS)
def test_nested_without_end__is_refused(form: str) -> None:
    for data in (b"[" * 500_000, b'{"terms":' * 200_000, b'{"format":[[' * 100_000):
        with pytest.raises(EnvelopeError):
            READERS[form](data)


LABELS = st.builds(
    Label,
    st.sampled_from(PartKind),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.booleans(),
    st.binary(min_size=16, max_size=16),
)


@given(LABELS)
def test_label__comes_out_as_it_went_in(label: Label) -> None:
    data = label.to_bytes()
    assert len(data) == 62
    assert Label.from_bytes(data) == label


@given(st.binary(min_size=60, max_size=64))
def test_label__of_any_bytes__is_one_thing_or_refused(data: bytes) -> None:
    try:
        assert Label.from_bytes(data).to_bytes() == data
    except EnvelopeError:
        assert len(data) != 62 or data[0] > max(PartKind) or data[1] > 1


THINGS = st.lists(
    st.tuples(
        st.sampled_from([each for each in PartKind if each is not PartKind.END]),
        st.sampled_from([NO_RECORD, b"\1" * 32]),
        st.integers(0, 1),
        st.integers(0, 1),
        st.integers(1, 4),
    ),
    max_size=4,
)


def labelled(things: list[tuple[PartKind, bytes, int, int, int]]) -> list[tuple[Label, int]]:
    found = [
        (Label(kind, record, version, index, place, place + 1 == count, bytes(16)), MAX_BODY)
        for kind, record, version, index, count in things
        for place in range(count)
    ]
    return [*found, (Label(PartKind.END, NO_RECORD, 0, 0, 0, True, bytes(16)), 0)]


def in_order(labels: list[tuple[Label, int]]) -> bool:
    order = PartOrder()
    try:
        for label, size in labels:
            order.take(label, size)
    except EnvelopeError:
        return False
    return order.is_ended


@given(THINGS, st.data())
def test_order_of_parts__is_the_only_one(
    things: list[tuple[PartKind, bytes, int, int, int]], data: st.DataObject
) -> None:
    labels = labelled(things)
    assert in_order(labels)
    assert not in_order(labels[:-1])
    assert not in_order([*labels, labels[-1]])
    if any(count > 1 for *_, count in things):
        at = data.draw(
            st.sampled_from([place for place, (label, _) in enumerate(labels) if label.place])
        )
        assert not in_order([*labels[:at], *labels[at + 1 :]])
        assert not in_order([*labels[: at - 1], labels[at], labels[at - 1], *labels[at + 1 :]])
        short = [*labels[: at - 1], (labels[at - 1][0], MAX_BODY - 1), *labels[at:]]
        assert not in_order(short)


@pytest.mark.parametrize("kind", EnvelopeKind)
def test_header__of_each_kind__comes_out_as_it_went_in(kind: EnvelopeKind) -> None:
    header = EnvelopeHeader(kind, 1, b"\1" * 20, 1, 1, 2, 1, b"\2" * 32, 0)
    assert EnvelopeHeader.from_bytes(header.to_bytes()) == header
