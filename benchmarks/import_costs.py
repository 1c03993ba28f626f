# SPDX-License-Identifier: Apache-2.0
"""What each step of an import costs a record, one process alone, on real flights."""

from __future__ import annotations

import gc
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.journal_agency import flight_type, flights, journal_agency
from benchmarks.local_registry import local_registry
from muniment.journal.tiles import GrowingEdge, RecomputedRoot, encode_bundle
from muniment.record.bulk import FirstVersions, source_text
from muniment.record.columns import RecordColumns
from muniment.record.identifiers import AgencyId, Lineage, RecordId
from muniment.record.objects import encrypt_in_memory
from muniment.registry.journal_writing import journal_writer, preparation
from muniment.registry.preparing import prepare_columns
from muniment.store.packs import ENTRY_OBJECT

_BATCHES = 4


def cost_table() -> dict[str, float]:
    """Return microseconds a record of each step."""
    gc.disable()  # as an import does
    record_type = flight_type()
    source, mapping = flights()
    found: dict[str, float] = {}
    next(source.batches())  # what is loaded once
    batches, seconds = _timed(lambda: list(islice(source.batches(), _BATCHES)))
    records = sum(len(batch.numbers) for batch in batches)

    def note(name: str, spent: float) -> None:
        found[f"cost_{name}_microseconds"] = round(1e6 * spent / records, 2)

    note("parse", seconds)
    plan = mapping.compile(record_type, source.folder)
    mapped, seconds = _timed(lambda: [plan.apply(batch) for batch in batches])
    note("map", seconds)
    known = RecordColumns(record_type)
    # Values that came before are known, as in all but the first batches of an import.
    for part in mapped:
        known.rows(part.columns, len(part.numbers))
    texts, seconds = _timed(
        lambda: [
            row for part in mapped for row in known.rows(part.columns, len(part.numbers)) if row
        ]
    )
    note("texts", seconds)
    header = record_type.header(RecordId(bytes(32)), AgencyId(1), 1)
    versions = FirstVersions(
        Lineage(bytes(32)), AgencyId(1), header, local_id_key=bytes(32), source_system="bts-flights"
    )
    ids, seconds = _timed(
        lambda: [
            versions.record_id(versions.local_id(source_text(str(number))))
            for number in range(len(texts))
        ]
    )
    note("ids", seconds)
    secret = os.urandom(32)
    note(
        "commit",
        _timed(
            lambda: [versions.commitment(i, t[0], secret) for i, t in zip(ids, texts, strict=True)]
        )[1],
    )
    plain = texts[0][1]
    note(
        "encrypt",
        _timed(
            lambda: [
                encrypt_in_memory(plain, each, 1, ENTRY_OBJECT, secret, secret[:16]) for each in ids
            ]
        )[1],
    )
    with local_registry() as local, tempfile.TemporaryDirectory() as name, ExitStack() as closing:
        registry = journal_agency(local, Path(name), closing)
        shared = preparation(registry.session, record_type, "bts-flights")
        prepared, seconds = _timed(
            lambda: [
                prepare_columns(shared, known, each.source_ids, each.columns) for each in mapped
            ]
        )
        note("prepare_all", seconds)
        with journal_writer(registry.session, 1) as writer:
            note("store", _timed(lambda: [writer.append(each) for each in prepared])[1])
    entries = [each for part in prepared for each in part.entries]
    edge = GrowingEdge()
    note("grow", _timed(lambda: edge.append(entries))[1])
    recomputed = RecomputedRoot()
    bundles = [encode_bundle(entries[at : at + 256]) for at in range(0, len(entries), 256)]

    def recompute() -> None:
        for each in bundles:
            recomputed.add_bundle(each)

    note("recompute", _timed(recompute)[1])
    return found


def _timed(doing: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.perf_counter()
    made = doing()
    return made, time.perf_counter() - begun
