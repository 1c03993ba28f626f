# SPDX-License-Identifier: Apache-2.0
"""Sources: where a register's rows come from, whatever its format, in batches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from muniment.errors import InvalidInputError
from muniment.intake import columnar, databases, delimited, ndjson
from muniment.intake.batches import BATCH_ROWS, MISSING, Batch, RowFault, SourceUnreachableError
from muniment.intake.batches import after as _after
from muniment.intake.text_blocks import open_bytes

__all__ = [
    "BATCH_ROWS",
    "FORMATS",
    "MISSING",
    "Batch",
    "RowFault",
    "Source",
    "SourceIdentity",
    "SourceUnreachableError",
    "open_source",
]

FORMATS: Final = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".ipc": "arrow",
    ".feather": "arrow",
}
"""Formats by the endings of files."""
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class SourceIdentity:
    """What a source was when it was read: its `name`, `size` in bytes (None of a query) and the
    `sha256` of the file, or of the query and the database's place."""

    name: str
    size: int | None
    sha256: str


@dataclass(frozen=True, slots=True)
class Source:
    """Rows in order: of a file at `path` in `format`, or of a `query` to the database `url`."""

    format: str
    path: Path | None = None
    url: str | None = None
    query: str | None = None

    @property
    def name(self) -> str:
        """The path, or where the database is, without credentials."""
        if self.path is not None:
            return str(self.path)
        return databases.place_of(databases.database_url(self.url or ""))

    @property
    def folder(self) -> Path | None:
        """The folder of the file; None of a database."""
        return None if self.path is None else self.path.parent

    @property
    def is_table(self) -> bool:
        """Whether all rows have the same columns; else each JSON object has members of its own."""
        return self.format != "ndjson"

    def batches(self, skip: int = 0) -> Iterator[Batch]:
        """Yield the rows after the first `skip`, with their numbers and lines in the whole.

        Rows that cannot be read are faults of their batches. Raises `InvalidInputError` for a
        source that cannot be read at all or breaks off, `SourceUnreachableError` for a database
        that does not answer; batches given before stand.
        """
        if self.path is None:
            url = databases.database_url(self.url or "")
            return databases.read_query(url, self.query or "", skip)
        match self.format:
            case "parquet":
                return columnar.read_parquet(self.path, skip)
            case "arrow":
                return columnar.read_arrow(self.path, skip)
            case "ndjson":
                return _after(ndjson.read_ndjson(self.path), skip)
        return _after(delimited.read_delimited(self.path, delimited.DELIMITERS[self.format]), skip)

    def count(self) -> int | None:
        """Return how many rows there are, for a progress bar; None where that is not cheap."""
        match self.path, self.format:
            case Path() as path, "csv" | "tsv":
                return delimited.count_delimited(path, delimited.DELIMITERS[self.format])
            case Path() as path, "ndjson":
                return ndjson.count_ndjson(path)
            case Path() as path, "parquet":
                return columnar.count_parquet(path)
        return None

    def identity(self) -> SourceIdentity:
        """Return what the source is now; a file is read once for it."""
        digest = hashlib.sha256()
        if self.path is None:
            digest.update(f"{self.name}\n{self.query}".encode())
            return SourceIdentity(self.name, None, digest.hexdigest())
        size = 0
        with open_bytes(self.path) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                size += len(piece)
        return SourceIdentity(self.name, size, digest.hexdigest())


def open_source(place: str | Path, *, named: str | None = None, query: str | None = None) -> Source:
    """Return the source at a path or a database URL; a file's format is as `named`, else by its
    ending. Raises `InvalidInputError`."""
    if isinstance(place, str) and "://" in place:
        databases.database_url(place)
        if query is None:
            raise InvalidInputError("query", "a query beside the database's URL", "missing")
        if named is not None:
            raise InvalidInputError("format", "none beside a database's URL", repr(named))
        return Source("sql", url=place, query=query)
    if query is not None:
        raise InvalidInputError("query", "a database's URL to go with it", "beside a file")
    path = Path(place)
    return Source(format_of(path, named), path)


def format_of(path: Path, named: str | None = None) -> str:
    """Return the format of a file: as named, else by its ending. Raises `InvalidInputError`."""
    found = named or FORMATS.get(path.suffix.lower())
    known = sorted(set(FORMATS.values()))
    if found not in known:
        expected = f"one of {', '.join(known)}"
        raise InvalidInputError("format", expected, repr(named or path.suffix))
    return found
