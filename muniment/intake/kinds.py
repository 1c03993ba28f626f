# SPDX-License-Identifier: Apache-2.0
"""Kinds of fields: what a cell's text, or a typed source's value, means as one.

Nothing is guessed: a comma that may be decimal or between thousands, a floating-point number, a
local time without zone are refused with the reason until the mapping says what they are.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from unicodedata import normalize
from zoneinfo import ZoneInfo

from muniment.errors import InvalidJsonError
from muniment.intake.instants import date_reader, instant_reader, instant_text
from muniment.intake.refusals import Refusal
from muniment.record.canonical import MAX_INTEGER, JsonValue, canonicalize
from muniment.record.schema import is_decimal

KINDS: Final = ("text", "integer", "decimal", "boolean", "date", "instant", "file")

Converted = Any
"""A `JsonValue`, a `Refusal`, `OMITTED`, or a `Path` of a file field."""
Texts = Callable[[str], Converted]
Values = Callable[[Any], Converted]

_is_integer: Final = re.compile(r"-?(?:0|[1-9][0-9]*)").fullmatch
_ALL_TEXT: Final = "text in Unicode, without lone surrogates"
_TOO_BIG: Final = Refusal(
    "an integer of 2**53 or more in magnitude",
    "a smaller integer; else text or decimal in the schema",
)
_NO_INTEGER: Final = Refusal("another text", "an integer: digits, perhaps a minus before them")
_FLOAT: Final = Refusal(
    "a floating-point number", 'an exact value; kind = "decimal" takes the shortest exact digits'
)
_NO_NUMBER: Final = Refusal("NaN or infinite", "a finite number")
_COMMA: Final = Refusal(
    "a number with a comma, which may be decimal or between thousands",
    'digits and a point; else say decimal = "," or thousands = ","',
)


@dataclass(frozen=True, slots=True)
class Form:
    """How values of a column are written: `formats` and `zone` of times, `decimal` point and
    `thousands` of numbers, the words `true` and `false`."""

    formats: tuple[str, ...] = ()
    zone: ZoneInfo | None = None
    decimal: str = "."
    thousands: str = ""
    true: frozenset[str] = field(default=frozenset({"true"}))
    false: frozenset[str] = field(default=frozenset({"false"}))


def text_reader(kind: str, form: Form) -> Texts:
    """Return what makes values of a kind of texts."""
    match kind:
        case "integer":
            return lambda text: _integer(_ungrouped(text, form))
        case "decimal":
            return lambda text: _decimal(text, form)
        case "boolean":
            return lambda text: _boolean(text, form)
        case "date":
            return date_reader(form.formats)
        case "instant":
            return instant_reader(form.formats, form.zone)
    return plain_text


def value_reader(kind: str, form: Form) -> Values:
    """Return what makes values of a kind of values that are no text."""
    match kind:
        case "integer":
            return _integer_value
        case "decimal":
            return _decimal_value
        case "boolean":
            return lambda value: _boolean_value(value, form)
        case "date":
            return _date_value
        case "instant":
            return lambda value: _instant_value(value, form)
        case "file":
            return lambda value: _other(value, "a path")
    return _text_value


def schema_text_reader(wanted: frozenset[str], format_: str | None, form: Form) -> Texts:
    """Return what `RecordType.value_of` does for types `wanted` of a property with `format_`.

    Texts that the format would refuse later are refused here, with a reason that helps.
    """
    readers: dict[str | None, Texts] = {
        "decimal": _schema_decimal,
        "date": date_reader(()),
        "date-time": instant_reader((), form.zone),
    }
    as_text = readers.get(format_, plain_text)

    def read(text: str) -> Converted:
        if "integer" in wanted and _is_integer(text):
            return _integer(text)
        if "boolean" in wanted and text in ("true", "false"):
            return text == "true"
        if "null" in wanted and text == "null" and "string" not in wanted:
            return None
        if "string" in wanted:
            return as_text(text)
        return Refusal("another text", " or ".join(sorted(wanted)))

    return read


def schema_value_reader(wanted: frozenset[str], format_: str | None, form: Form) -> Values:
    """Return what takes values that are no text as the schema has them; it judges later."""

    def read(value: Any) -> Converted:
        kind = type(value)
        if kind is int and format_ == "decimal" and not wanted & {"integer", "number"}:
            return str(value)
        if kind is int:
            return _integer_value(value)
        if value is None or kind is bool:
            return value
        if kind is list or kind is dict:
            return _nested(value)
        if kind is Decimal and format_ != "decimal":
            if "integer" in wanted:
                return _integer_value(value)
            return Refusal("a number with a fraction", "a property with the format decimal")
        if kind is datetime and format_ != "date":
            return _instant_value(value, form)
        if kind is datetime:
            return _date_value(value)
        return _FLOAT if kind is float else _text_value(value)

    return read


def plain_text(text: str) -> str | Refusal:
    """Return a text in Normalization Form C."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return Refusal("text with a lone surrogate", _ALL_TEXT)
    return normalize("NFC", text)


def exact_decimal(number: Decimal) -> str | Refusal:
    """Return a number's digits without exponent, as they are: zeros at the end stay."""
    if not number.is_finite():
        return _NO_NUMBER
    if abs(number.adjusted()) > 1_000:
        return Refusal("a number of too many digits", "at most 1,000 digits")
    text = format(number, "f")
    return text if is_decimal(text) else text.removeprefix("-")


# --- texts ----------------------------------------------------------------------------------------


def _integer(text: str | Refusal) -> int | Refusal:
    if isinstance(text, Refusal):
        return text
    if not _is_integer(text):
        return _COMMA if "," in text else _NO_INTEGER
    if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
        return _TOO_BIG
    return int(text)


def _ungrouped(text: str, form: Form) -> str | Refusal:
    """The text without what stands between thousands, where the groups are of three digits."""
    if not form.thousands or form.thousands not in text:
        return text
    whole, point, fraction = text.partition(form.decimal)
    first, *groups = whole.split(form.thousands)
    digits = first.lstrip("+-")
    if not 1 <= len(digits) <= 3 or any(len(group) != 3 for group in groups):
        return Refusal("digits that are not in groups of three", f"as 1{form.thousands}234")
    return first + "".join(groups) + point + fraction


def _decimal(text: str, form: Form) -> str | Refusal:
    ungrouped = _ungrouped(text, form)
    if isinstance(ungrouped, Refusal):
        return ungrouped
    if form.decimal == ",":
        if "." in ungrouped:
            return Refusal(
                "a number with a point, where the comma is decimal",
                'digits and a comma; else say thousands = "."',
            )
        ungrouped = ungrouped.replace(",", ".")
    ungrouped = ungrouped.removeprefix("+")
    if ungrouped.startswith((".", "-.")):
        ungrouped = ungrouped.replace(".", "0.", 1)
    if is_decimal(ungrouped):
        return ungrouped
    if ungrouped.startswith("-") and is_decimal(ungrouped[1:]):
        # It is zero, which has no sign.
        return ungrouped[1:]
    return _refused_decimal(ungrouped)


def _schema_decimal(text: str) -> str | Refusal:
    return text if is_decimal(text) else _refused_decimal(text)


def _refused_decimal(text: str) -> Refusal:
    if re.fullmatch(r"[-+0-9.,' ]*,[0-9.,]+", text):
        return _COMMA
    return Refusal("another text", "a decimal: digits, perhaps a minus before and a point between")


def _boolean(text: str, form: Form) -> bool | Refusal:
    if text in form.true:
        return True
    if text in form.false:
        return False
    words = ", ".join([*sorted(form.true), *sorted(form.false)])
    return Refusal("another word", f"one of {words}")


# --- values ---------------------------------------------------------------------------------------


def _other(value: Any, expected: str) -> Refusal:
    if isinstance(value, float):
        return _FLOAT
    return Refusal(f"of type {type(value).__name__}", expected)


def _text_value(value: Any) -> Converted:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | uuid.UUID():
            return str(value)
        case Decimal():
            return exact_decimal(value)
        case date() | time():
            return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return Refusal("of type bytes", "text; bytes go into files")
    return _other(value, "text")


def _integer_value(value: Any) -> Converted:
    if type(value) is Decimal and value.is_finite():
        if value.adjusted() > 20:
            return _TOO_BIG
        if value == int(value):
            value = int(value)
    if type(value) is int:
        return value if abs(value) <= MAX_INTEGER else _TOO_BIG
    return _other(value, "an integer")


def _decimal_value(value: Any) -> Converted:
    if type(value) is float:
        # repr is the shortest text that is this very number.
        return exact_decimal(Decimal(repr(value)))
    if type(value) is Decimal:
        return exact_decimal(value)
    return str(value) if type(value) is int else _other(value, "a number")


def _boolean_value(value: Any, form: Form) -> Converted:
    if type(value) is bool:
        return value
    # Databases without booleans have 0 and 1; the mapping says which is which.
    return _boolean(str(value), form) if type(value) is int else _other(value, "true or false")


def _date_value(value: Any) -> Converted:
    if isinstance(value, datetime):
        if value.tzinfo is not None or value.time() != time():
            return Refusal("a date with a time of day", 'a date alone; else kind = "instant"')
        value = value.date()
    return value.isoformat() if isinstance(value, date) else _other(value, "a date")


def _instant_value(value: Any, form: Form) -> Converted:
    if isinstance(value, datetime):
        return instant_text(value, form.zone)
    return _other(value, "a date with time of day")


def _nested(value: Any) -> JsonValue | Refusal:
    try:
        canonicalize(value)
    except InvalidJsonError as error:
        return Refusal(f"{error.got} at {error.pointer}", error.expected)
    except RecursionError:
        return Refusal("nested too deeply", "at most 64 levels")
    found: JsonValue = value
    return found
