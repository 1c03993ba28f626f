# SPDX-License-Identifier: Apache-2.0
"""Registrations of many records become calls that the registry takes."""

from __future__ import annotations

import pytest
from eth_abi.abi import decode

from muniment.chain import Connection, RecordRegistry, registrations
from muniment.chain.batches import MAX_BATCH
from muniment.errors import InvalidInputError

RECORDS = RecordRegistry(Connection.__new__(Connection), "0x" + "12" * 20)
KINDS = ["uint32", "uint16", "uint16", "uint8", "bytes32[]", "bytes32[]"]


def named(count: int) -> list[tuple[bytes, bytes]]:
    return [(i.to_bytes(32, "big"), (i + 10**6).to_bytes(32, "big")) for i in range(count)]


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(0, []), (1, [1]), (256, [256]), (257, [256, 1]), (600, [256, 256, 88])],
)
def test_registrations__fill_batches_and_keep_order(count: int, sizes: list[int]) -> None:
    calls = list(registrations(RECORDS, 1, 2, 3, 1, named(count), batch=MAX_BATCH))
    decoded = [decode(KINDS, call.data[4:]) for call in calls]
    assert [len(values[4]) for values in decoded] == sizes
    assert {values[:4] for values in decoded} <= {(1, 2, 3, 1)}
    pairs = [pair for values in decoded for pair in zip(values[4], values[5], strict=True)]
    assert pairs == named(count)


@pytest.mark.parametrize("batch", [0, -1, MAX_BATCH + 1])
def test_batch__that_the_registry_would_refuse__is_named(batch: int) -> None:
    with pytest.raises(InvalidInputError, match="1 to 256"):
        list(registrations(RECORDS, 1, 1, 1, 1, named(3), batch=batch))


def test_local_id__that_comes_twice__is_refused_before_any_call() -> None:
    twice = [*named(300), named(300)[7]]
    calls = registrations(RECORDS, 1, 1, 1, 1, twice)
    with pytest.raises(InvalidInputError, match=r"local id at 300 is 0x0+7, as at 7"):
        next(calls)
