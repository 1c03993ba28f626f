# SPDX-License-Identifier: Apache-2.0
"""The engines beneath: imports on each, and how quickly a great register answers on each database.

Servers are started for the run, by the code that starts them for the tests, and go with it.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from benchmarks.filled import (
    AGENCIES,
    FIRST_TIME,
    SECONDS_A_RECORD,
    SOURCE,
    fill_journal,
    fill_mirror,
)
from benchmarks.importing import timed_import
from benchmarks.journal_agency import journal_agency
from benchmarks.local_registry import local_registry
from devservers.hadoop import local_hadoop
from devservers.postgres import local_server
from muniment.analysis import frames
from muniment.record import AgencyId, derive_record_id
from muniment.record.identifiers import LocalId, RecordId
from muniment.registry import Registry
from muniment.store import journal_rows, mirror_search, versions
from muniment.store.mirror_search import Filters

_TABLE: Final = "muniment"
_QUERIES: Final = 100
_DAY: Final = 86_400
_FOUND: Final = 100


def measure(
    records: int, queried: int, leaves: int, *, with_frames: bool = True
) -> dict[str, float]:
    """Return flat figures: `records` flights imported on each engine, two registers of `queried`
    records asked and, `with_frames`, read whole, `leaves` entries audited on Spark. What is asked
    for 0 of is left out."""
    figures: dict[str, float] = {}
    if records:
        figures |= _imports(records)
    if queried:
        figures |= _register(queried, None, "", with_frames)
        with local_server() as server:
            figures |= _register(queried, server.url, "_postgresql", with_frames)
    if leaves:
        # Spark is an extra of an extra.
        from benchmarks import audit  # noqa: PLC0415

        figures |= audit.measure(leaves)
    return figures


def _imports(records: int) -> dict[str, float]:
    """Records a second, durable and sealed. SQLite and a folder are what the others are held
    against: in the first and the last run, for other work on the machine."""
    rates: dict[str, float] = {}
    first = _import(records)
    with local_server() as server:
        rates["postgresql"] = _import(records, database=server.url)
    with local_hadoop() as hadoop:
        hadoop.make_table(_TABLE)
        rates["hdfs"] = _import(records, vault=f"{hadoop.hdfs_url}/benchmark")
        rates["hbase"] = _import(records, vault=f"{hadoop.hbase_url}/{_TABLE}")
    last = _import(records)
    plain = (first + last) / 2
    return {
        "imported_records": records,
        "sqlite_and_folder": round(plain),
        "sqlite_and_folder_spread": round(max(first, last) / min(first, last), 2),
        **{name: round(rate) for name, rate in rates.items()},
        **{f"{name}_ratio": round(rate / plain, 2) for name, rate in rates.items()},
    }


def _import(records: int, database: str | None = None, vault: str | None = None) -> float:
    with _agency(database, vault) as registry:
        return timed_import(registry, records)["records_per_second"]


@contextmanager
def _agency(database: str | None, vault: str | None) -> Iterator[Registry]:
    with (
        local_registry() as local,
        tempfile.TemporaryDirectory(prefix="muniment-engines-") as name,
        ExitStack() as closing,
    ):
        yield journal_agency(local, Path(name), closing, database=database, vault=vault)


def _register(
    records: int, database: str | None, suffix: str, with_frames: bool
) -> dict[str, float]:
    """A register of so many records on chain and as many in a journal: queries, then frames."""
    with _agency(database, None) as registry:
        registry.sync()
        session = registry.session
        lineage, agency = session.lineage, AgencyId(session.profile.agency.id)

        def id_of(local_id: LocalId) -> RecordId:
            return derive_record_id(lineage, agency, local_id)

        begun = time.monotonic()
        fill_mirror(session.database, records)
        entered = fill_journal(session.database, records, id_of)
        if database is not None:
            with session.database.write() as connection:
                connection.exec_driver_sql("ANALYZE")
        filled = round(time.monotonic() - begun)
        figures: dict[str, float] = {"queried_records": records, "filled_in_seconds": filled}
        figures |= _queries(registry, records, entered)
        if with_frames:
            figures |= _frames(registry)
        return {f"{name}{suffix}": value for name, value in figures.items()}


def _queries(registry: Registry, records: int, entered: list[RecordId]) -> dict[str, float]:
    """Milliseconds a query, each of them another one."""
    session = registry.session
    agencies = range(1, AGENCIES + 1)
    window = records * SECONDS_A_RECORD // _QUERIES
    with session.database.read() as connection:
        some = mirror_search.search(connection, Filters(custodian=2), _QUERIES)
        ids = [each.record_id for each in some]

        def by_time(turn: int) -> object:
            since = FIRST_TIME + turn * window
            chosen = Filters(
                custodian=agencies[turn % AGENCIES], since=since, until=since + 30 * _DAY
            )
            return mirror_search.search(connection, chosen, _FOUND)

        def by_source(turn: int) -> object:
            # Every thirtieth record is this agency's.
            number = AGENCIES * (turn * (records // AGENCIES) // _QUERIES)
            return versions.by_sources(connection, SOURCE, [str(number)])

        asked: dict[str, Callable[[int], object]] = {
            "id": lambda turn: mirror_search.among(connection, [ids[turn % len(ids)]], Filters()),
            "id_in_journal": lambda turn: journal_rows.entry_of(
                connection, entered[turn * len(entered) // _QUERIES]
            ),
            "source_id": by_source,
            "agency_and_time": by_time,
        }
        return {name: value for each, ask in asked.items() for name, value in _waits(each, ask)}


def _waits(name: str, ask: Callable[[int], object]) -> Iterator[tuple[str, float]]:
    """The median and the 95th percentile, named."""
    waits = []
    for turn in range(_QUERIES):
        begun = time.perf_counter()
        found = ask(turn)
        waits.append(1000 * (time.perf_counter() - begun))
        assert found, turn
    waits.sort()
    yield f"query_by_{name}_milliseconds", round(statistics.median(waits), 2)
    yield f"query_by_{name}_p95_milliseconds", round(waits[int(0.95 * _QUERIES)], 2)


def _frames(registry: Registry) -> dict[str, float]:
    """Rows a second: `records()` as pandas has it, and as Arrow batches; `versions()`."""
    known = frames(registry)

    def batches() -> int:
        return sum(batch.num_rows for batch in known.record_batches())

    return {
        "frames_rows_per_second": _rate(lambda: len(known.records())),
        "frames_batches_rows_per_second": _rate(batches),
        "frames_versions_rows_per_second": _rate(lambda: len(known.versions())),
    }


def _rate(reading: Callable[[], int]) -> int:
    begun = time.perf_counter()
    rows = reading()
    return round(rows / (time.perf_counter() - begun))
