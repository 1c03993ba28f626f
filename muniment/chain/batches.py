# SPDX-License-Identifier: Apache-2.0
"""Registering many records: as many calls of `registerMany` as they need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from muniment.chain.bindings import RecordRegistry
from muniment.chain.contract import Call
from muniment.errors import InvalidInputError

MAX_BATCH = 256
"""Most records in one call (`RecordRegistry.MAX_BATCH`)."""


def registrations(
    records: RecordRegistry,
    agency_id: int,
    type_id: int,
    type_version: int,
    algorithm: int,
    named: Sequence[tuple[bytes, bytes]],
    *,
    batch: int = 100,
) -> Iterator[Call]:
    """Yield calls that register `named`, pairs of local id and commitment, 32 bytes each, in order.

    At most `batch` records a call: each call is a transaction of its own, all or none. Send them
    with `Sender.send_many`. Raises `InvalidInputError` for a batch the registry would refuse, and
    for a local id that comes twice, before anything is sent.
    """
    if not 1 <= batch <= MAX_BATCH:
        raise InvalidInputError("batch", f"1 to {MAX_BATCH} records a call", str(batch))
    places: dict[bytes, int] = {}
    for place, (local_id, _) in enumerate(named):
        first = places.setdefault(local_id, place)
        if first != place:
            what = f"0x{local_id.hex()}, as at {first}"
            raise InvalidInputError(f"local id at {place}", "an id that comes once", what)
    for start in range(0, len(named), batch):
        part = named[start : start + batch]
        yield records.register_many(
            agency_id,
            type_id,
            type_version,
            algorithm,
            [local_id for local_id, _ in part],
            [commitment for _, commitment in part],
        )
