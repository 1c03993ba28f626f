# SPDX-License-Identifier: Apache-2.0
"""The jobs of an audit. Executors read, hash and compare; roots of ranges and faults come back."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final

from muniment.analysis.audit.cache import Cache
from muniment.analysis.audit.coverage import of_columns, uncovered
from muniment.analysis.audit.duplicates import IDENTIFIED, SUSPECTS, identify, repeated, suspects_in
from muniment.analysis.audit.entry_table import ENTRIES, entry_rows
from muniment.analysis.audit.faults import FINDINGS, Fault, Kind
from muniment.analysis.audit.folding import Folded, RangeRoots, fold, high_tiles, suspects
from muniment.analysis.audit.hashing import (
    HASHED,
    faults_batch,
    hash_ranges,
    judge_ranges,
)
from muniment.analysis.audit.packed import (
    CLAIMED,
    HELD,
    NAMES,
    UNREADABLE,
    compare_packs,
    list_packs,
)
from muniment.analysis.audit.places import absolute
from muniment.analysis.audit.plan import RANGE_BITS, AuditPlan

_IDS_TOGETHER: Final = 1 << 21
"""Ids that are sorted at once: 32 MiB."""
_FAULTS_TOGETHER: Final = 10_000
_FAULTS_IN_FILE: Final = 1_000_000
_RANGES_IN_TASK: Final = 16


@dataclass(slots=True)
class Tree:
    """What came of the entries and the tree: roots folded, and the tables that hold the rest."""

    folded: Folded
    faults: list[Fault]
    hashed: Any
    findings: list[Any] = field(default_factory=list)
    seconds: float = 0.0


def audit_tree(spark: Any, plan: AuditPlan, cache: Cache) -> Tree:
    """Hash every entry, fold the roots to every seal, look for ids that come twice.

    `findings` are tables of Spark, which nothing has computed yet where there is no fault.
    """
    begun = time.perf_counter()
    spread = max(0, (-(-plan.size // _IDS_TOGETHER) - 1).bit_length())
    spread = max(spread, (spark.sparkContext.defaultParallelism - 1).bit_length())
    factor = secrets.randbits(64) | 1

    def hashing(batches: Iterable[Any]) -> Iterator[Any]:
        for batch in batches:
            yield from hash_ranges(plan, batch.column(0).to_pylist(), spread, factor)

    hashed = cache.keep(_ranges(spark, plan).mapInArrow(hashing, HASHED))
    rows = hashed.filter("bucket < 0").drop("bucket", "ids").collect()
    ranges = [
        RangeRoots(
            bytes(row.entry_root),
            bytes(row.tile_root),
            bytes(row.node_root),
            bytes(row.entry_prefixes),
            bytes(row.tile_prefixes),
            row.suspect,
        )
        for row in sorted(rows, key=lambda each: each.number)
    ]
    folded = fold(plan, ranges)
    tree = Tree(folded, list(folded.faults), hashed)
    tree.faults += high_tiles(plan, folded.proven, plan.place.reader())
    wrong = list(suspects(ranges, folded))
    if wrong:
        tree.findings.append(cache.keep(_judged(spark, plan, wrong)))
    twice = _repeated(spark, plan, hashed, 1 << spread, cache)
    if twice is not None:
        tree.findings.append(twice)
    tree.seconds = time.perf_counter() - begun
    return tree


def held_by_packs(spark: Any, plan: AuditPlan, vault: str, cache: Cache) -> Any:
    """Return the table of what the vault's packs hold of the journal (`packed.HELD`), kept."""
    url = absolute(vault)

    def listing(batches: Iterable[Any]) -> Iterator[Any]:
        for _ in batches:
            yield from list_packs(url)

    def comparing(batches: Iterable[Any]) -> Iterator[Any]:
        for batch in batches:
            yield from compare_packs(plan, url, batch.column(0).to_pylist())

    names = spark.range(0, 1, 1, 1).mapInArrow(listing, NAMES)
    tasks = 4 * spark.sparkContext.defaultParallelism
    return cache.keep(names.repartition(tasks).mapInArrow(comparing, HELD))


def uncovered_by_packs(spark: Any, plan: AuditPlan, held: Any) -> list[Any]:
    """Return the tables of findings of packs."""
    size = plan.size
    parts = -(-size >> RANGE_BITS)
    empty = spark.range(0, parts).selectExpr(
        "id part", "0L first_index", "0L end_index", "'' pack", "'' what", "'' expected", "'' found"
    )

    def covering(batches: Iterable[Any]) -> Iterator[Any]:
        rows = (row for batch in batches for row in of_columns(batch.to_pydict().values()))
        yield from _in_batches(plan, uncovered(size, rows))

    tasks = min(parts, 4 * spark.sparkContext.defaultParallelism)
    by_part = held.filter("part >= 0").unionByName(empty).repartition(tasks, "part")
    ordered = by_part.sortWithinPartitions("part", "first_index")
    unreadable = held.filter(f"part = {UNREADABLE}").selectExpr(
        f"{plan.agency} agency",
        f"{plan.journal} journal",
        "-1L first_index",
        "-1L last_index",
        f"'{Kind.PACK}' kind",
        "what",
        "expected",
        "found",
        "pack file",
    )
    return [ordered.mapInArrow(covering, FINDINGS), unreadable]


def claims_of(held: Any) -> Iterator[tuple[int, int, str]]:
    """Yield what packs claim to hold, in the order of the journal: first, end, and the pack."""
    claimed = held.filter(f"part = {CLAIMED}").orderBy("first_index", "pack")
    for row in claimed.select("first_index", "end_index", "pack").toLocalIterator():
        yield row.first_index, row.end_index, row.pack


def all_findings(
    spark: Any,
    plan: AuditPlan,
    tree: Tree,
    others: Iterable[Any],
    faults: Iterable[Fault],
    cache: Cache,
) -> Any:
    """Return one table of all findings, kept.

    What an entry's pack or content is said to be wrong in counts only where the entry is the one
    that was sealed.
    """
    ours = _table(spark, plan, tree.faults)
    of_tree = reduce(lambda one, other: one.unionByName(other), tree.findings, ours)
    rest = reduce(
        lambda one, other: one.unionByName(other), others, _table(spark, plan, list(faults))
    )
    broken = of_tree.filter(f"kind in ('{Kind.ENTRY}', '{Kind.GAP}')").selectExpr(
        "first_index broken_first", "last_index broken_last"
    )
    same = "first_index >= broken_first and last_index <= broken_last"
    functions = _functions()
    rest = rest.join(functions.broadcast(broken), functions.expr(same), "left_anti")
    return cache.keep(of_tree.unionByName(rest).orderBy("first_index", "kind", "file"))


def write_tables(
    spark: Any, plan: AuditPlan, tree: Tree, findings: Any, output: str, *, entries: bool
) -> None:
    """Write `findings`, `ranges` and, where it is wanted, `entries` as Parquet below `output`."""
    files = 1 + findings.count() // _FAULTS_IN_FILE
    findings.coalesce(files).write.parquet(f"{output}/findings")
    ranges = tree.hashed.filter("bucket < 0").selectExpr(
        f"{plan.agency} agency",
        f"{plan.journal} journal",
        "number",
        "first_index",
        "entries",
        "entry_root root",
        "suspect",
        "seconds",
        "worker",
    )
    ranges.coalesce(1).write.parquet(f"{output}/ranges")
    if entries:

        def telling(batches: Iterable[Any]) -> Iterator[Any]:
            for batch in batches:
                yield from entry_rows(plan, batch.column(0).to_pylist())

        table = _ranges(spark, plan).mapInArrow(telling, ENTRIES)
        table.write.parquet(f"{output}/entries")


def _ranges(spark: Any, plan: AuditPlan) -> Any:
    """The numbers of all ranges, in as many tasks as keep everybody busy to the end."""
    parallel = spark.sparkContext.defaultParallelism
    tasks = min(plan.ranges, max(4 * parallel, plan.ranges // _RANGES_IN_TASK))
    return spark.range(0, plan.ranges, 1, tasks)


def _judged(spark: Any, plan: AuditPlan, wrong: list[tuple[int, bytes]]) -> Any:
    def judging(batches: Iterable[Any]) -> Iterator[Any]:
        for batch in batches:
            pairs = zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True)
            yield from judge_ranges(plan, pairs)

    table = spark.createDataFrame(wrong, "number long, proven binary")
    tasks = min(len(wrong), 4 * spark.sparkContext.defaultParallelism)
    return table.repartition(tasks).mapInArrow(judging, FINDINGS)


def _repeated(spark: Any, plan: AuditPlan, hashed: Any, buckets: int, cache: Cache) -> Any | None:
    """The table of findings of ids that come again; None where none is suspect."""
    import pyarrow as pa  # noqa: PLC0415  (an extra)

    def suspecting(batches: Iterable[Any]) -> Iterator[Any]:
        blobs = (blob for batch in batches for blob in batch.column(0).to_pylist())
        yield pa.record_batch([pa.array(suspects_in(blobs), pa.int64())], names=["index"])

    def identifying(batches: Iterable[Any]) -> Iterator[Any]:
        indexes = (index for batch in batches for index in batch.column(0).to_pylist())
        yield from identify(plan, indexes)

    def naming(batches: Iterable[Any]) -> Iterator[Any]:
        for batch in batches:
            rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            yield from _in_batches(plan, repeated(plan, rows))

    ids = hashed.filter("bucket >= 0").repartition(buckets, "bucket").select("ids")
    found = cache.keep(ids.mapInArrow(suspecting, SUSPECTS))
    if not found.count():
        return None
    tasks = spark.sparkContext.defaultParallelism
    whole = cache.keep(found.repartition(tasks).mapInArrow(identifying, IDENTIFIED))
    functions = _functions()
    first = whole.groupBy("local_id").agg(functions.min("index").alias("first_index"))
    again = whole.join(first, "local_id").filter("index > first_index")
    return again.select("local_id", "first_index", "index").mapInArrow(naming, FINDINGS)


def _table(spark: Any, plan: AuditPlan, faults: list[Fault]) -> Any:
    return spark.createDataFrame([each.row(plan.agency, plan.journal) for each in faults], FINDINGS)


def _in_batches(plan: AuditPlan, faults: Iterable[Fault]) -> Iterator[Any]:
    together: list[Fault] = []
    for each in faults:
        together.append(each)
        if len(together) == _FAULTS_TOGETHER:
            yield faults_batch(plan, together)
            together = []
    yield faults_batch(plan, together)


def _functions() -> Any:
    from pyspark.sql import functions  # noqa: PLC0415  (an extra)

    return functions
