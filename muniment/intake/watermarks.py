# SPDX-License-Identifier: Apache-2.0
"""Watermarks: values of a column that only grows, kept as text, and how far to go back from one."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from muniment.errors import InvalidInputError

OVERLAP_SECONDS: Final = 300
OVERLAP_NUMBERS: Final = 1_000
_WHAT: Final = "a number, a date, a time, or text of one in ISO 8601"


def to_json(value: Any) -> str:
    """Return a watermark as it is kept. Raises `InvalidInputError` for a value that is none."""
    match value:
        case bool() | None:
            pass
        case int():
            return json.dumps(["integer", str(value)])
        case Decimal() | float():
            return json.dumps(["decimal", str(Decimal(repr(value) if value is float else value))])
        case datetime():
            return json.dumps(["instant", value.isoformat()])
        case date():
            return json.dumps(["date", value.isoformat()])
        case str():
            _time_in(value)
            return json.dumps(["text", value])
    raise InvalidInputError("sync watermark", _WHAT, f"of type {type(value).__name__}")


def from_json(text: str) -> Any:
    """Return a watermark that was kept."""
    kind, value = json.loads(text)
    match kind:
        case "integer":
            return int(value)
        case "decimal":
            return Decimal(value)
        case "instant":
            return datetime.fromisoformat(value)
        case "date":
            return date.fromisoformat(value)
    return value


def before(value: Any, overlap: int | None) -> Any:
    """Return the watermark that lies `overlap` before one: seconds of times, else numbers."""
    if isinstance(value, int | float | Decimal):
        return value - (OVERLAP_NUMBERS if overlap is None else overlap)
    back = timedelta(seconds=OVERLAP_SECONDS if overlap is None else overlap)
    try:
        if isinstance(value, str):
            return _text_before(value, back)
        if isinstance(value, datetime):
            return value - back
        # The whole of a day may still come.
        return value - max(back, timedelta(days=1))
    except OverflowError:
        return value


def _text_before(text: str, back: timedelta) -> str:
    """An earlier time, written as the given one as far as that goes: texts are compared."""
    time = _time_in(text) - back
    if len(text) == len("2000-01-01"):
        return (time - timedelta(days=1)).date().isoformat()
    return time.replace(tzinfo=None).isoformat(text[10], timespec="seconds")


def _time_in(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError("sync watermark", _WHAT, "another text") from error
