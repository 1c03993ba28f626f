# SPDX-License-Identifier: Apache-2.0
"""Acts as Arrow batches, decoded from the mirror's events whole columns at once.

All that an act's event tells are single words (`chain/decoding.py`), so that a batch of events of
one name is a matrix of words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from muniment.analysis import arrow_columns as columns
from muniment.analysis.arrow_columns import Numbers, Words
from muniment.analysis.arrow_reading import read_batches
from muniment.analysis.frame_tables import schema_of, type_names
from muniment.chain.decoding import WORD
from muniment.chain.traces import ACTS
from muniment.record.trace import ActKind
from muniment.registry import Registry
from muniment.store.subjects import placed_events
from muniment.store.tables import events

KINDS: Final = [each.name.lower() for each in ActKind]
SCHEMA: Final = schema_of(
    {
        "record_id": pa.string(),
        "act": columns.CATEGORY,
        "time": columns.SECONDS,
        "agency": pa.int64(),
        "account": columns.CATEGORY,
        "type": columns.CATEGORY,
        "version": pa.int64(),
        "status": columns.CATEGORY,
        "custodian": pa.int64(),
        "reason": pa.int64(),
        "from_agency": pa.int64(),
        "block": pa.int64(),
        "sequence": pa.int64(),
        "transaction": pa.string(),
    }
)


def act_batches(
    registry: Registry,
    kinds: Sequence[ActKind],
    record_ids: Sequence[bytes] | None,
    since: int | None,
    until: int | None,
) -> Iterator[Any]:
    """Yield acts in the order of the chain; see `Frames.acts`."""
    names = [ACTS[int(each) - 1] for each in kinds]
    statement = (
        sa.select(
            events.c.name,
            events.c.topics,
            events.c.data,
            events.c.block_number,
            events.c.sequence,
            events.c.transaction_hash,
        )
        .where(events.c.contract == "records", events.c.name.in_(names))
        .order_by(events.c.block_number, events.c.log_index)
    )
    if record_ids is not None:
        statement = statement.where(events.c.subject.in_([bytes(each) for each in record_ids]))
    of_types = type_names(registry)
    for batch in read_batches(registry.session.database, statement):
        if batch.num_rows:
            yield from _decoded(batch, of_types, since, until)


def _decoded(
    batch: Any, of_types: columns.TypeNames, since: int | None, until: int | None
) -> Iterator[Any]:
    count = batch.num_rows
    states, accounts = np.zeros((count, WORD), np.uint8), np.zeros((count, 20), np.uint8)
    subjects = np.zeros((count, WORD), np.uint8)
    kinds, agencies = np.zeros(count, np.int64), np.zeros(count, np.int64)
    reasons, froms = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    named = batch.column("name")
    for kind in ActKind:
        places = np.flatnonzero(np.asarray(pc.equal(named, ACTS[int(kind) - 1])))
        if not len(places):
            continue
        words = _Words(batch.take(pa.array(places)), ACTS[int(kind) - 1])
        kinds[places] = int(kind) - 1
        subjects[places] = words["recordId"]
        states[places] = words["state"]
        held = kind in (ActKind.HELD, ActKind.RELEASED)
        accounts[places] = words["authority" if held else "account"][:, 12:]
        if kind is ActKind.REGISTERED:
            # The event leaves its agency to the state.
            agencies[places] = columns.bits(words["state"], "issuer")
        elif not held:
            agencies[places] = words.number("agencyId")
        if kind is ActKind.REVOKED:
            reasons[places] = words.number("reason")
        if kind is ActKind.TRANSFERRED:
            froms[places] = words.number("fromAgency")
    times = columns.bits(states, "updated_at")
    kept = times >= (0 if since is None else since)
    kept &= times < (1 << 62 if until is None else until)
    found = pa.RecordBatch.from_pydict(
        {
            "record_id": columns.hex_text(subjects),
            "act": columns.category(kinds, KINDS),
            "time": columns.seconds(times),
            "agency": _or_null(agencies, agencies == 0),
            "account": columns.hex_text(accounts).dictionary_encode(),
            "type": of_types.of(
                *(columns.bits(states, each) for each in ("issuer", "type_id", "type_version"))
            ),
            "version": pa.array(columns.bits(states, "version")),
            "status": columns.category(columns.bits(states, "status"), columns.STATUSES),
            "custodian": pa.array(columns.bits(states, "custodian")),
            "reason": _or_null(reasons, reasons < 0),
            "from_agency": _or_null(froms, froms < 0),
            "block": batch.column("block_number"),
            "sequence": batch.column("sequence"),
            "transaction": columns.ids(batch.column("transaction_hash")),
        },
        schema=SCHEMA,
    )
    yield found if kept.all() else found.filter(pa.array(kept))


def _or_null(values: Numbers, missing: Any) -> Any:
    return pa.array(values, mask=missing)


class _Words:
    """The arguments of events of one name, each as rows of 32 bytes."""

    def __init__(self, batch: Any, name: str) -> None:
        [plan] = [each.plan for each in placed_events("records").values() if each.plan.name == name]
        topics = columns.raw(batch.column("topics"), plan.topics_size)
        data = columns.raw(batch.column("data"), plan.data_size)
        self._found: dict[str, Words] = {}
        topic, word = WORD, 0
        for item in plan.inputs:
            source, at = (topics, topic) if item["indexed"] else (data, word)
            self._found[str(item["name"])] = source[:, at : at + WORD]
            topic, word = (topic + WORD, word) if item["indexed"] else (topic, word + WORD)

    def __getitem__(self, name: str) -> Words:
        return self._found[name]

    def number(self, name: str) -> Numbers:
        """An argument below 2^63 as numbers."""
        last = np.ascontiguousarray(self._found[name][:, 24:])
        return last.view(">u8").reshape(-1).astype(np.int64)
