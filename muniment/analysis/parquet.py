# SPDX-License-Identifier: Apache-2.0
"""Frames as Parquet: a folder a table, split by year, as DuckDB, polars and Spark read them."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from muniment.analysis.act_batches import SCHEMA as ACTS
from muniment.analysis.frame_tables import RECORDS, SEALS, VERSIONS
from muniment.analysis.share_table import READS, SHARES, read_table, share_table
from muniment.errors import InvalidInputError
from muniment.store.durable_files import sync_folder

if TYPE_CHECKING:
    from muniment.analysis.framing import Frames


@dataclass(frozen=True, slots=True)
class _Source:
    """A table's schema, the time that it is split by, and where its batches come from."""

    schema: Any
    time: str
    batches: Callable[[Frames], Iterator[Any]]


_SOURCES: Final[Mapping[str, _Source]] = {
    "records": _Source(RECORDS, "updated_at", lambda known: known.record_batches()),
    "versions": _Source(VERSIONS, "created_at", lambda known: known.version_batches()),
    "acts": _Source(ACTS, "time", lambda known: known.act_batches()),
    "shares": _Source(
        SHARES,
        "requested_at",
        lambda known: iter(share_table(known.registry, None, None).to_batches()),
    ),
    "reads": _Source(
        READS, "read_at", lambda known: iter(read_table(known.registry, None, None).to_batches())
    ),
    "seals": _Source(SEALS, "sealed_at", lambda known: known.seal_batches()),
}
TABLES: Final = tuple(_SOURCES)


def write_parquet(
    known: Frames,
    target: Path,
    tables: Sequence[str] = TABLES,
    *,
    progress: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Write tables below `target`, which must not be there, and return their rows by name.

    `target/records/year=2026/part-0.parquet` and so on, read batch by batch: memory does not grow
    with a table but for shares and reads. All or nothing is there in the end. `progress` is told
    how many rows are written. Raises `InvalidInputError`, `UnreachableError` where shares are
    wanted and no node answers.
    """
    for name in tables:
        if name not in _SOURCES:
            raise InvalidInputError("table", f"one of {', '.join(TABLES)}", repr(name))
    target = Path(os.path.abspath(target))  # noqa: PTH100  (a link stays the name it is)
    if os.path.lexists(target):
        raise InvalidInputError("export", "a folder that is not there yet", f"{target}, there")
    if not target.parent.is_dir():
        raise InvalidInputError("export", "a place in a folder that exists", str(target))
    half = target.with_name(f".{target.name}.{secrets.token_hex(8)}.partial")
    half.mkdir(mode=0o700)
    rows: dict[str, int] = {}

    def counted(name: str, source: _Source) -> Iterator[Any]:
        rows[name] = 0
        for batch in source.batches(known):
            yield _with_year(batch, source.time)
            rows[name] += batch.num_rows
            if progress is not None:
                progress(sum(rows.values()))

    try:
        for name in dict.fromkeys(tables):
            source = _SOURCES[name]
            schema = source.schema.append(pa.field("year", pa.int32()))
            ds.write_dataset(
                counted(name, source),
                half / name,
                schema=schema,
                format="parquet",
                partitioning=ds.partitioning(pa.schema([("year", pa.int32())]), flavor="hive"),
                basename_template="part-{i}.parquet",
                preserve_order=True,
            )
            if not rows[name]:
                # A table without rows is there too, with its columns.
                (half / name).mkdir(exist_ok=True)
                pq.write_table(source.schema.empty_table(), half / name / "empty.parquet")
        os.sync()
        half.rename(target)
        sync_folder(target.parent)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    return rows


def _with_year(batch: Any, time: str) -> Any:
    year = pc.cast(pc.year(batch.column(time)), pa.int32())
    return batch.append_column(pa.field("year", pa.int32()), year)
