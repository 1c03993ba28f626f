# SPDX-License-Identifier: Apache-2.0
"""The indexer's backfill against fetching the same logs and doing nothing with them.

Both read the same Anvil in the same run, alternately, and the median of each counts: the machine's
other work slows one run or another.
"""

from __future__ import annotations

import tempfile
import time
from statistics import median
from typing import Final

from benchmarks.local_registry import LocalRegistry, local_registry
from muniment.chain import Connection
from muniment.chain.batches import registrations
from muniment.chain.log_reader import log_ranges
from muniment.chain.nodes import Nodes
from muniment.pipeline.indexer import Indexer
from muniment.store.database import Database
from muniment.store.mirror import MirroredRegistry
from toolchain.local_chain import CHAIN_ID

_AMENDED_EVERY: Final = 100


def measure(count: int, rounds: int) -> dict[str, float]:
    """Return flat figures of the backfill of `count` records, every hundredth amended."""
    with local_registry() as local:
        _fill(local, count)
        head = local.connection.block()
        fetch, index = [], []
        for _ in range(rounds):
            start = time.perf_counter()
            _fetch(local, head.number)
            fetch.append(time.perf_counter() - start)
            with (
                tempfile.TemporaryDirectory() as folder,
                Database.open(f"sqlite:///{folder}/mirror.db") as database,
            ):
                start = time.perf_counter()
                _index(local, database)
                index.append(time.perf_counter() - start)
        events = _fetch(local, head.number)
    fetch_seconds, index_seconds = median(fetch), median(index)
    return {
        "events": events,
        "blocks": head.number,
        "fetch_events_per_second": round(events / fetch_seconds),
        "index_events_per_second": round(events / index_seconds),
        "of_fetch": round(fetch_seconds / index_seconds, 2),
    }


def _fill(local: LocalRegistry, count: int) -> None:
    records = local.registries.records
    named = [(local.word(f"id {i}"), local.word(f"content {i}")) for i in range(count)]
    registrar = local.sender("registrar")
    for _ in registrar.send_many(registrations(records, 1, 1, 1, 1, named)):
        pass
    block = local.connection.block()
    amended = [
        records.amend(records.record_id_of(1, local_id, block=block), 1, 1, 1, local.word("next"))
        for local_id, _ in named[::_AMENDED_EVERY]
    ]
    for _ in registrar.send_many(amended):
        pass


def _fetch(local: LocalRegistry, last: int) -> int:
    connection = Connection(local.connection.url, CHAIN_ID)
    found = local.registries
    contracts = [found.records, found.agencies]
    if found.shares is not None:
        contracts.append(found.shares)
    addresses = [contract.address for contract in contracts]
    return sum(len(logs) for _, logs in log_ranges(connection, addresses, found.first_block, last))


def _index(local: LocalRegistry, database: Database) -> None:
    found = local.registries
    registry = MirroredRegistry(
        CHAIN_ID,
        found.records.address,
        found.agencies.address,
        None if found.shares is None else found.shares.address,
        found.first_block,
    )
    nodes = Nodes([local.connection.url], CHAIN_ID)
    Indexer(database, nodes, registry, finality_depth=0).catch_up()
