# SPDX-License-Identifier: Apache-2.0
"""What kind of values a column has, as far as a sample shows. What a sample cannot decide is not
guessed: such a column is text, with a note."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from muniment.intake.instants import date_reader, iso_date, iso_instant
from muniment.intake.kinds import Form, text_reader
from muniment.intake.refusals import Refusal
from muniment.record.canonical import MAX_INTEGER

_DATE_FORMATS: Final = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d"),
    *("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y"),
)
_DECIMAL_FORMS: Final = (
    *((".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (".", " "), (".", "'")),
    *((",", "\u00a0"), (",", "\u202f")),
)
_WORDS: Final = (
    *(("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("ja", "nein"), ("ja", "nei")),
    *(("oui", "non"), ("si", "no"), ("sí", "no"), ("sim", "não")),
)
_UTC: Final = ZoneInfo("UTC")
_ARROW_KINDS: Final = (
    *(("bool", "boolean"), ("int", "integer"), ("uint", "integer"), ("decimal", "decimal")),
    *(("float", "decimal"), ("double", "decimal"), ("halffloat", "decimal"), ("date", "date")),
)


@dataclass(frozen=True, slots=True)
class Guess:
    """A `kind` (None: cannot be stored), the mapping's other `entries` for it, and a `note`."""

    kind: str | None
    entries: dict[str, str | list[str]] = field(default_factory=dict)
    note: str = ""


def guess_kind(values: Sequence[Any], arrow_type: str | None = None) -> Guess:
    """Return the kind of values that are neither empty, null nor missing; of `arrow_type`, if the
    source has types, where there are none."""
    types = set(map(type, values))
    if not types:
        for start, kind in _ARROW_KINDS:
            if (arrow_type or "").startswith(start):
                return Guess(kind, note="no value in the sample; by the column's type")
        return Guess("text", note="no value in the sample")
    if types == {str}:
        return _of_texts(list(dict.fromkeys(values)))
    if types == {bool}:
        return Guess("boolean")
    if types == {int}:
        small = all(abs(value) <= MAX_INTEGER for value in values)
        return Guess("integer") if small else Guess("decimal", note="beyond 2**53 - 1")
    if types <= {int, float, Decimal}:
        if not all(Decimal(value).is_finite() for value in values):
            return Guess("decimal", note="has NaN or infinite numbers, which are refused")
        note = "floating-point: the shortest exact digits" if float in types else ""
        return Guess("decimal", note=note)
    if types == {date}:
        return Guess("date")
    if types == {datetime}:
        return _of_moments(values)
    if types in ({list}, {dict}):
        return Guess("array" if types == {list} else "object")
    if types <= {str, int, bool, Decimal, date, time, UUID}:
        return Guess("text", note="of more than one type" if len(types) > 1 else "")
    return Guess(None, note=f"of type {', '.join(sorted(each.__name__ for each in types))}")


def _of_moments(values: Iterable[datetime]) -> Guess:
    moments = list(values)
    if all(each.tzinfo is not None for each in moments):
        return Guess("instant")
    if all(each.tzinfo is None and each.time() == time() for each in moments):
        return Guess("date")
    return Guess("text", note='local times: kind = "instant" and a time_zone make instants of them')


def _of_texts(texts: list[str]) -> Guess:
    """The first kind that takes all texts, which are not empty and each there once."""
    if _takes(text_reader("integer", Form()), texts):
        return Guess("integer")
    for find in (_decimals, _booleans, _dates):
        found = find(texts)
        if found is not None:
            return found
    if _takes(lambda text: iso_instant(text, None), texts):
        return Guess("instant")
    if _takes(lambda text: iso_instant(text, _UTC), texts):
        note = 'local times: kind = "instant" and a time_zone make instants of them'
        return Guess("text", note=note)
    return Guess("text")


def _decimals(texts: list[str]) -> Guess | None:
    for decimal, thousands in _DECIMAL_FORMS:
        form = Form(decimal=decimal, thousands=thousands)
        if not _takes(text_reader("decimal", form), texts):
            continue
        marked = [text for text in texts if decimal in text]
        if decimal == "," and not thousands and all(_last(text, ",") == 3 for text in marked):
            return Guess("text", note='numbers whose comma may be decimal = "," or thousands = ","')
        entries: dict[str, str | list[str]] = {} if decimal == "." else {"decimal": decimal}
        if thousands:
            entries["thousands"] = thousands
        if not marked and thousands:
            return Guess("integer", {"thousands": thousands})
        # An integer too great for one has no mark at all.
        return Guess("decimal", entries if marked else {})
    return None


def _booleans(texts: list[str]) -> Guess | None:
    for true, false in _WORDS:
        lower = {text.lower() for text in texts}
        # One letter alone may be a code of anything.
        if lower <= {true, false} and (len(true) > 1 or len(lower) == 2):
            if texts in (["true"], ["false"]) or set(texts) == {"true", "false"}:
                return Guess("boolean")
            words: dict[str, str | list[str]] = {
                "true": sorted(text for text in texts if text.lower() == true) or [true],
                "false": sorted(text for text in texts if text.lower() == false) or [false],
            }
            return Guess("boolean", words)
    return None


def _dates(texts: list[str]) -> Guess | None:
    if _takes(iso_date, texts):
        return Guess("date")
    fitting = {
        each: list(map(date_reader((each,)), texts))
        for each in _DATE_FORMATS
        if _takes(date_reader((each,)), texts)
    }
    if not fitting:
        return None
    (first, meaning), *others = fitting.items()
    if any(other != meaning for _, other in others):
        forms = " or ".join(fitting)
        return Guess("text", note=f'dates; kind = "date" with format = {forms}?')
    return Guess("date", {"format": first})


def _takes(reader: Callable[[str], Any], texts: Sequence[str]) -> bool:
    return not any(isinstance(reader(text), Refusal) for text in texts)


def _last(text: str, mark: str) -> int:
    return len(text) - text.rfind(mark) - 1
