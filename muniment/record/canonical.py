# SPDX-License-Identifier: Apache-2.0
"""Canonical JSON: RFC 8785 bytes over a strict profile that leaves one spelling for each value.

RFC 8785 alone writes ``1.0`` as ``1`` and keeps the two spellings of ``é`` apart. Both would let
two different sources commit to the same bytes, or one source to two. So the profile refuses
floating-point numbers, integers of 2**53 or more in magnitude, text that is not in Unicode
Normalization Form C, lone surrogates, repeated names and anything nested deeper than `MAX_DEPTH`.
`1`, `"1"`, `true`, `null` and an absent member always have different bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any, Final, TypeAlias
from unicodedata import is_normalized

import rfc8785

from muniment.errors import InvalidJsonError

JsonValue: TypeAlias = "bool | int | str | list[JsonValue] | dict[str, JsonValue] | None"
"""A value of the strict profile."""

Path: TypeAlias = tuple[str | int, ...]
"""Member names and array indices from the outermost value inwards."""

MAX_DEPTH: Final = 64
"""Objects and arrays inside each other, the outermost counted."""

MAX_INTEGER: Final = 2**53 - 1
"""Greatest magnitude that every JSON reader keeps exactly (RFC 8785 appendix D)."""

_HINTS: Final[Mapping[str, str]] = {
    "float": "write decimals as strings, with the format 'decimal' in the schema",
    "Decimal": "write decimals as strings, str(value), with the format 'decimal' in the schema",
    "datetime": "write instants as RFC 3339 strings in UTC, such as 2026-11-22T22:40:07Z",
    "date": "write dates as ISO 8601 strings, value.isoformat()",
    "time": "write times as strings",
    "bytes": "write binary values as lower-case hex, or make the value a file",
    "tuple": "use a list",
    "set": "use a sorted list",
}

_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False
)


def canonicalize(value: object) -> bytes:
    """Return the RFC 8785 bytes of `value`.

    `value` is made of `dict` (with `str` names), `list`, `str`, `int`, `bool` and `None`, of
    exactly these types. Raises `InvalidJsonError`, which names the JSON pointer of the place,
    for everything outside the profile.
    """
    return canonical_text(value).encode("utf-8")


def canonical_text(value: Any, path: Path = ()) -> str:
    """Return `canonicalize(value)` as text; raises as it does.

    `path` is where the value lies in a greater one; errors name their place from there.
    """
    # Most fields are scalars, which need no walk; the tests compare both ways.
    kind = type(value)
    if kind is str:
        _check_text(value, path, "text")
        return encode_basestring(value)
    if value is None or kind is bool:
        return "null" if value is None else "true" if value else "false"
    if kind is int and -MAX_INTEGER <= value <= MAX_INTEGER:
        return str(value)
    if _check(value, path, 0):
        # json sorts by code points, RFC 8785 by UTF-16 units: they differ beyond the BMP only.
        return rfc8785.dumps(value).decode("utf-8")
    return _ENCODER.encode(value)


def parse(source: bytes | str) -> JsonValue:
    """Return the value that the JSON text `source` holds, which need not be canonical.

    Bytes must be UTF-8 without byte order mark. Raises `InvalidJsonError`, with the JSON pointer
    of the place, for all that is not JSON (RFC 8259) or lies outside the profile.
    """
    if isinstance(source, bytes | bytearray):
        try:
            text = source.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidJsonError("", "UTF-8", f"not UTF-8 at byte {error.start}") from None
    elif isinstance(source, str):
        text = source
    else:
        raise InvalidJsonError("", "bytes or str", _kind_of(source))
    if text.startswith("\ufeff"):
        raise InvalidJsonError("", "text without byte order mark", "one that begins with it")
    try:
        tree = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise InvalidJsonError(
            "", "JSON (RFC 8259)", f"not JSON at line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise _too_deep("") from None
    return _admit(tree, (), 0)


def parse_canonical(source: bytes) -> JsonValue:
    """Return the value of `source`, which must be exactly its own canonical bytes.

    Raises `InvalidJsonError` as `parse` does, and where the bytes are spelled differently.
    """
    value = parse(source)
    # What `parse` lets through needs no second check, and ASCII no care for the order of names.
    plain = source.isascii() and b"\\u" not in source
    again = _ENCODER.encode(value).encode("ascii") if plain else canonicalize(value)
    if again != source:
        raise InvalidJsonError("", "canonical bytes (RFC 8785)", "spelled in another way")
    return value


def pointer_of(path: Path) -> str:
    """Return the JSON pointer (RFC 6901) of a path of member names and array indices."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


# --- values ---------------------------------------------------------------------------------------


def _check(value: Any, path: Path, depth: int) -> bool:
    """Raise unless `value` is of the profile; return whether a name lies beyond the BMP."""
    kind = type(value)
    if kind is str:
        _check_text(value, path, "text")
        return False
    if value is None or kind is bool:
        return False
    if kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise _too_big(path)
        return False
    if kind is dict:
        if depth >= MAX_DEPTH:
            raise _too_deep(pointer_of(path))
        beyond = False
        for name, member in value.items():
            if type(name) is not str:
                raise InvalidJsonError(pointer_of(path), "names that are str", _kind_of(name))
            _check_text(name, path, "a name")
            beyond |= not name.isascii() and max(name) > "\uffff"
            beyond |= _check(member, (*path, name), depth + 1)
        return beyond
    if kind is list:
        if depth >= MAX_DEPTH:
            raise _too_deep(pointer_of(path))
        beyond = False
        for index, item in enumerate(value):
            beyond |= _check(item, (*path, index), depth + 1)
        return beyond
    raise InvalidJsonError(
        pointer_of(path),
        "null, a boolean, an integer, text, a list or a dict",
        _kind_of(value),
        remedy=_HINTS.get(kind.__name__, ""),
    )


def _check_text(text: str, path: Path, what: str) -> None:
    if text.isascii():
        return
    where = pointer_of(path)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidJsonError(where, "Unicode scalar values", f"{what} with a lone surrogate")
    if not is_normalized("NFC", text):
        raise InvalidJsonError(
            where,
            "Unicode Normalization Form C",
            f"{what} that is not normalized",
            remedy="normalize the source: unicodedata.normalize('NFC', value)",
        )


def _kind_of(value: object) -> str:
    return f"a value of type {type(value).__name__}"


def _too_big(path: Path) -> InvalidJsonError:
    return InvalidJsonError(
        pointer_of(path),
        "an integer below 2**53 in magnitude",
        "a greater integer",
        remedy="write greater numbers as strings, with the format 'decimal' in the schema",
    )


def _too_deep(pointer: str) -> InvalidJsonError:
    return InvalidJsonError(pointer, f"at most {MAX_DEPTH} levels", "nested too deeply")


# --- reading --------------------------------------------------------------------------------------
# The decoder's hooks do not know where they are, so they only leave marks, and `_admit` walks the
# tree with the path in hand.


class _Members(list[tuple[str, object]]):
    """The members of an object in order, repeated names and all."""


class _Refused:
    """A number outside the profile; the number itself is dropped."""

    __slots__ = ("got",)

    def __init__(self, got: str) -> None:
        self.got = got


_PLAIN_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,15}").fullmatch


def _integer(text: str) -> object:
    if text == "-0":
        return _Refused("negative zero")
    # Longer ones are refused without converting them: int() takes quadratic time.
    return int(text) if _PLAIN_INTEGER(text) else _Refused("a greater integer")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_Members,
    parse_int=_integer,
    parse_float=lambda _: _Refused("a number with fraction or exponent"),
    parse_constant=lambda _: _Refused("NaN or Infinity"),
)


def _admit(node: object, path: Path, depth: int) -> JsonValue:
    """Return the value of what the decoder left at `path`, or raise."""
    if isinstance(node, _Members):
        if depth >= MAX_DEPTH:
            raise _too_deep(pointer_of(path))
        members: dict[str, JsonValue] = {}
        for name, member in node:
            if not name.isascii():
                _check_text(name, path, "a name")
            if name in members:
                raise InvalidJsonError(
                    pointer_of((*path, name)), "each name once", "there more than once"
                )
            members[name] = _admit(member, (*path, name), depth + 1)
        return members
    if isinstance(node, list):
        if depth >= MAX_DEPTH:
            raise _too_deep(pointer_of(path))
        return [_admit(item, (*path, index), depth + 1) for index, item in enumerate(node)]
    if isinstance(node, _Refused):
        raise InvalidJsonError(
            pointer_of(path),
            "an integer below 2**53 in magnitude",
            node.got,
            remedy="write decimals and greater numbers as strings, "
            "with the format 'decimal' in the schema",
        )
    if isinstance(node, str):
        if not node.isascii():
            _check_text(node, path, "text")
        return node
    if isinstance(node, int) and not -MAX_INTEGER <= node <= MAX_INTEGER:
        raise _too_big(path)
    assert node is None or isinstance(node, int)
    return node
