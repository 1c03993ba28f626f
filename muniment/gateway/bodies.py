# SPDX-License-Identifier: Apache-2.0
"""Reading bodies: of the right media type, strict JSON, no unknown field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request

from muniment.gateway.refusals import MediaTypeError, TruncatedBodyError, UnfitCallError
from muniment.record.canonical import parse

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a body: of which kind, in words, whether it must be there, and not be empty."""

    kind: type | tuple[type, ...]
    expected: str
    needed: bool = True
    filled: bool = False


def require_media_type(request: Request, expected: str) -> None:
    """Raise `MediaTypeError` unless the body is of a media type."""
    got = request.headers.get("content-type", "")
    if got.partition(";")[0].strip().lower() != expected:
        raise MediaTypeError(expected, got)


async def whole_body(request: Request) -> bytes:
    """Return a body. Raises `TruncatedBodyError`, `BodyTooLargeError`."""
    try:
        return await request.body()
    except ClientDisconnect:
        raise TruncatedBodyError("as many bytes as Content-Length says") from None


def members_of(body: bytes, members: Mapping[str, Member]) -> dict[str, Any]:
    """Return the members of a body that is a JSON object of these and no others.

    Raises `InvalidJsonError` for what is no strict JSON, `UnfitCallError` that names a member.
    """
    return members_in(parse(body), members)


def members_in(value: Any, members: Mapping[str, Member], place: str = "") -> dict[str, Any]:
    """Return the members of a value; see `members_of`."""
    if not isinstance(value, dict):
        raise UnfitCallError("the body is no object", "a JSON object", field=place or "body")
    for name in value:
        if name not in members:
            known = ", ".join(members)
            raise UnfitCallError(f"unknown field {name[:64]!r}", f"of {known}", field=place + name)
    for name, member in members.items():
        if name not in value:
            if member.needed:
                what = f"the field {name!r} is missing"
                raise UnfitCallError(what, member.expected, field=place + name)
            continue
        found = value[name]
        # True is a number to Python, and not to whoever reads JSON.
        wrong = isinstance(found, bool) and member.kind is int
        if wrong or not isinstance(found, member.kind):
            what = f"the field {name!r} is of another kind"
            raise UnfitCallError(what, member.expected, field=place + name)
        if member.filled and not found:
            raise UnfitCallError(
                f"the field {name!r} is empty", member.expected, field=place + name
            )
    return value
