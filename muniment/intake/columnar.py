# SPDX-License-Identifier: Apache-2.0
"""Parquet and Arrow IPC, through pyarrow, which is an extra: `muniment[parquet]`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from muniment.errors import InvalidInputError
from muniment.intake.batches import BATCH_ROWS, Batch, from_columns
from muniment.intake.text_blocks import open_bytes

_ARROW_FILE: Final = b"ARROW1"


def read_parquet(path: Path, skip: int = 0) -> Iterator[Batch]:
    """Yield the batches of a Parquet file after its first `skip` rows; row groups before are not
    read.

    Raises `InvalidInputError` for a file that is cut short or damaged (batches given before stand),
    and without pyarrow.
    """
    parquet = _pyarrow(path).parquet
    with _readable(path, "a whole Parquet file"), parquet.ParquetFile(path) as file:
        _refuse_doubles(file.schema_arrow.names)
        before, groups = 0, list[int]()
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if groups or before + rows > skip:
                groups.append(group)
            else:
                before += rows
        if groups:
            found = file.iter_batches(BATCH_ROWS, row_groups=groups, use_threads=False)
            yield from _batches(found, before, skip)


def read_arrow(path: Path, skip: int = 0) -> Iterator[Batch]:
    """Yield the batches of an Arrow IPC file or stream after its first `skip` rows.

    Raises as `read_parquet` does.
    """
    arrow = _pyarrow(path)
    with _readable(path, "a whole Arrow file or stream"), arrow.memory_map(str(path)) as mapped:
        if _is_arrow_file(path):
            reader = arrow.ipc.open_file(mapped)
            found = (reader.get_batch(place) for place in range(reader.num_record_batches))
        else:
            reader = arrow.ipc.open_stream(mapped)
            found = iter(reader)
        _refuse_doubles(reader.schema.names)
        yield from _batches(found, 0, skip)


def count_parquet(path: Path) -> int:
    """Return how many rows a Parquet file says it has. Raises as `read_parquet` does."""
    parquet = _pyarrow(path).parquet
    with _readable(path, "a whole Parquet file"), parquet.ParquetFile(path) as file:
        return int(file.metadata.num_rows)


def column_types(path: Path, kind: str) -> dict[str, Any]:
    """Return the Arrow types of the columns of a `parquet` or `arrow` file, for a draft."""
    arrow = _pyarrow(path)
    with _readable(path, f"a whole {kind} file"):
        if kind == "parquet":
            schema = arrow.parquet.read_schema(path)
        else:
            with arrow.memory_map(str(path)) as mapped:
                is_file = _is_arrow_file(path)
                opened = arrow.ipc.open_file if is_file else arrow.ipc.open_stream
                schema = opened(mapped).schema
        return dict(zip(schema.names, schema.types, strict=True))


def _pyarrow(path: Path) -> Any:
    try:
        arrow = import_module("pyarrow")
        # Both become attributes of the package.
        import_module("pyarrow.ipc")
        import_module("pyarrow.parquet")
    except ImportError as error:
        raise InvalidInputError(
            f"file {path}",
            "CSV, TSV or NDJSON, or pyarrow installed",
            "one of Parquet or Arrow, which pyarrow reads",
            remedy="install the extra: pip install 'muniment[parquet]'",
        ) from error
    return arrow


@contextmanager
def _readable(path: Path, expected: str) -> Iterator[None]:
    arrow = _pyarrow(path)
    with open_bytes(path):
        pass
    try:
        yield
    except (arrow.ArrowException, OSError, EOFError) as error:
        raise InvalidInputError(
            f"file {path}", expected, "cut short, damaged or of another format"
        ) from error


def _is_arrow_file(path: Path) -> bool:
    with open_bytes(path) as file:
        return file.read(len(_ARROW_FILE)) == _ARROW_FILE


def _refuse_doubles(names: list[str]) -> None:
    if not names:
        raise InvalidInputError("columns of the file", "at least one", "none")
    if len(set(names)) != len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise InvalidInputError("columns of the file", "each once", f"{double!r} twice")


def _batches(found: Iterator[Any], before: int, skip: int) -> Iterator[Batch]:
    for whole in found:
        ended = before + whole.num_rows
        first = max(skip - before, 0)
        for start in range(first, whole.num_rows, BATCH_ROWS):
            part = whole.slice(start, BATCH_ROWS)
            yield from_columns(ArrowColumns(part), before + start, part.num_rows)
        before = ended


class ArrowColumns(Mapping[str, list[Any]]):
    """The columns of an Arrow record batch, each made Python values when it is asked for.

    It travels between processes as Arrow's own bytes: the reader makes no Python value, the workers
    make those of the columns that they want.
    """

    def __init__(self, batch: Any) -> None:
        """Take a record batch."""
        self._batch = batch
        self._made: dict[str, list[Any]] = {}

    def __getitem__(self, name: str) -> list[Any]:
        """Return the values of a column."""
        if name not in self._made:
            self._made[name] = _values(self._batch.column(name))
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        """Whether there is such a column; no value is made for the answer."""
        return name in self._batch.schema.names

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self._batch.schema.names)

    def __len__(self) -> int:
        """How many columns there are."""
        return int(self._batch.num_columns)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as an IPC stream: a slice's own rows, not all of what it was cut from."""
        arrow = import_module("pyarrow")
        sink = arrow.BufferOutputStream()
        with arrow.ipc.new_stream(sink, self._batch.schema) as writer:
            writer.write_batch(self._batch)
        return _arrived, (sink.getvalue().to_pybytes(),)


def _arrived(stream: bytes) -> ArrowColumns:
    return ArrowColumns(import_module("pyarrow.ipc").open_stream(stream).read_next_batch())


def _values(column: Any) -> list[Any]:
    arrow = import_module("pyarrow")
    if arrow.types.is_timestamp(column.type) and column.type.unit == "ns":
        # Python's datetime ends at microseconds; the text keeps what is beyond.
        zone = column.type.tz
        try:
            column = column.cast(arrow.timestamp("us", tz=zone))
        except arrow.ArrowInvalid:
            utc = column.cast(arrow.timestamp("ns", tz="UTC")) if zone else column
            column = utc.cast(arrow.string())
    elif arrow.types.is_time64(column.type) or arrow.types.is_duration(column.type):
        column = column.cast(arrow.string())
    if column.null_count == 0 and column.type in _plain_integers():
        # At once; `to_pylist` makes an object of Arrow's for each value on the way.
        return list(_numbers(column, _plain_integers()[column.type]))
    if _is_repeated(column.type):
        return _each_once(column)
    return _python_values(column)


def _python_values(column: Any) -> list[Any]:
    arrow = import_module("pyarrow")
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        # Years beyond Python's; their text is refused with its reason, row by row.
        values = column.cast(arrow.string()).to_pylist()
    return values


def _each_once(column: Any) -> list[Any]:
    """The values of a column; where one comes again it is the same object."""
    encoded = column.dictionary_encode()
    values = _python_values(encoded.dictionary)
    places = encoded.indices
    if places.null_count:
        places = places.fill_null(len(values))
        values.append(None)
    return list(map(values.__getitem__, _numbers(places, "i")))


def _numbers(column: Any, letter: Any) -> memoryview[int]:
    """The numbers of a column without nulls, as they lie in memory."""
    whole: memoryview[int] = memoryview(column.buffers()[1]).cast(letter)
    return whole[column.offset : column.offset + len(column)]


@cache
def _plain_integers() -> Mapping[Any, str]:
    """The types of integers with their letters in `memoryview`."""
    arrow = import_module("pyarrow")
    letters = {
        "b": arrow.int8(),
        "h": arrow.int16(),
        "i": arrow.int32(),
        "q": arrow.int64(),
        "B": arrow.uint8(),
        "H": arrow.uint16(),
        "I": arrow.uint32(),
        "Q": arrow.uint64(),
    }
    return {kind: letter for letter, kind in letters.items()}


def _is_repeated(kind: Any) -> bool:
    """Whether a type's values are dear to make, and equal ones are the same in every respect."""
    types = import_module("pyarrow").types
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_timestamp(kind)
        or types.is_date(kind)
    )
