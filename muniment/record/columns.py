# SPDX-License-Identifier: Apache-2.0
"""Content that comes in columns: what each record's fields are hashed and written as, quicker.

Most columns of a register have few values, and each comes again and again: it is checked against
the schema and made canonical once, and a record is put together of what came of it. What cannot be
told of a column alone (a schema that judges fields by each other, a value that is refused) is left
to `FieldTexts` and `RecordType.check`, which say why; the tests compare both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, Final

from muniment.errors import InvalidInputError, InvalidJsonError
from muniment.record.canonical import JsonValue, canonical_text
from muniment.record.commitment import MAX_DIGESTS, canonical_field
from muniment.record.schema import field_check, required_fields
from muniment.record.types import RecordType

_KEPT: Final = 4_096
"""Values of a column whose texts are kept, and the longest text: some hundred bytes each."""
_LONGEST: Final = 256
_END_OF_BMP: Final = "\uffff"


class _Absent:
    """The record has no such field."""

    __slots__ = ()


ABSENT: Final = _Absent()
"""The cell of a record without the field."""

FieldText = tuple[bytes, bytes]
"""The RFC 8785 bytes of ``[name, value]``, and those of the member in its object."""
RowText = tuple[Sequence[bytes], bytes]
"""The bytes of each ``[name, value]`` in the order of their names, and of the whole content."""

_NOTHING: Final = (b"", b"")
_TOGETHER: Final = frozenset((str, int, type(None), _Absent))
"""Types no two of which have equal values; of `bool` and `int` some are."""
_TRUTHS: Final = frozenset((bool, type(None), _Absent))


class RecordColumns:
    """The columns of content of one record type; it remembers texts from batch to batch."""

    def __init__(self, record_type: RecordType) -> None:
        """Take the type. Nothing is compiled before the first row."""
        self._check = field_check(record_type.name, record_type.schema)
        self._required = required_fields(record_type.schema)
        self._columns: dict[str, _Column] = {}

    def rows(self, columns: Mapping[str, Sequence[Any]], count: int) -> Iterator[RowText | None]:
        """Yield `count` rows of columns of that length, by the names of fields; `ABSENT` stands
        where a record has no such field.

        None for what is no content of the type, or cannot be told here: `FieldTexts` and
        `RecordType.check` tell of it.
        """
        # Beyond the BMP the order of members is another than that of digests.
        plain = all(type(name) is str and max(name, default="") <= _END_OF_BMP for name in columns)
        if (
            self._check is None
            or not plain
            or not 1 <= len(columns) <= MAX_DIGESTS
            or not self._required <= columns.keys()
        ):
            return repeat(None, count)
        made = [self._column(name, self._check) for name in sorted(columns)]
        texts = [column.texts(columns[column.name]) for column in made]
        if any(column.has_gaps for column in made):
            return map(_with_gaps, zip(*texts, strict=True))
        return map(_whole, zip(*texts, strict=True))

    def _column(self, name: str, check: Callable[[str, JsonValue], bool]) -> _Column:
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = _Column(name, check, name in self._required)
        return found


class _Column:
    """The texts of one field's values. `has_gaps` says that some may be absent or refused."""

    def __init__(self, name: str, check: Callable[[str, JsonValue], bool], required: bool) -> None:
        self.name = name
        self.has_gaps = False
        self._check = check
        self._absent = None if required else _NOTHING
        try:
            self._opening = canonical_field(name, None).removesuffix("null]")
            self._member = f"{canonical_text(name)}:"
        except InvalidJsonError:
            self._check = lambda _field, _value: False
            self._opening = self._member = ""
        self._texts, self._truths = _Kept(self._made), _Kept(self._made)

    def texts(self, cells: Sequence[Any]) -> list[FieldText | None]:
        """Return the texts of the cells, None for values that are refused."""
        types = set(map(type, cells))
        if types <= _TOGETHER:
            return list(map(self._texts.__getitem__, cells))
        if types <= _TRUTHS:
            return list(map(self._truths.__getitem__, cells))
        return list(map(self._made, cells))

    def _made(self, cell: Any) -> FieldText | None:
        if cell is ABSENT:
            self.has_gaps = True
            return self._absent
        try:
            text = canonical_text(cell, (self.name,))
        except InvalidInputError:
            text = None
        if text is None or not self._check(self.name, cell):
            self.has_gaps = True
            return None
        return f"{self._opening}{text}]".encode(), f"{self._member}{text}".encode()


class _Kept(dict[Any, FieldText | None]):
    """What values became, for those that come again."""

    def __init__(self, made: Callable[[Any], FieldText | None]) -> None:
        super().__init__()
        self._made = made

    def __missing__(self, cell: Any) -> FieldText | None:
        if len(self) >= _KEPT:
            self.clear()
        found = self._made(cell)
        if type(cell) is not str or len(cell) <= _LONGEST:
            self[cell] = found
        return found


def _whole(row: tuple[Any, ...]) -> RowText:
    fields, members = zip(*row)  # noqa: B905  (pairs)
    return fields, b"{" + b",".join(members) + b"}"


def _with_gaps(row: tuple[FieldText | None, ...]) -> RowText | None:
    if None in row:
        return None
    there = tuple(each for each in row if each is not None and each[0])
    return _whole(there) if there else None
