# SPDX-License-Identifier: Apache-2.0
"""Cursors: where a list goes on. Opaque, signed, and of one query alone."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from typing import Any, Final, TypeVar

from muniment.gateway.refusals import UnfitCallError

Found = TypeVar("Found")
MAX_LIMIT: Final = 500
_MAC: Final = 16


def make_cursor(key: bytes, query: object, place: object) -> str:
    """Return the cursor of a place in a query's list; both are what JSON can say."""
    text = json.dumps(place, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mac(key, query, text) + text).decode().rstrip("=")


def place_of(key: bytes, query: object, cursor: str | None) -> Any:
    """Return the place that a cursor names, None for the beginning. Raises `UnfitCallError`."""
    if cursor is None:
        return None
    try:
        data = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        data = b""
    mac, text = data[:_MAC], data[_MAC:]
    if not text or not hmac.compare_digest(mac, _mac(key, query, text)):
        raise UnfitCallError(
            "the cursor is none of this list",
            "`next` of an answer to the same query",
            remedy="begin again without a cursor",
            field="cursor",
        )
    return json.loads(text)


def start_of(key: bytes, query: object, cursor: str | None) -> int:
    """Return where a list that is cut by numbers goes on. Raises `UnfitCallError`."""
    return int(place_of(key, query, cursor) or 0)


def page_of(
    key: bytes, query: object, found: Sequence[Found], start: int, limit: int
) -> tuple[Sequence[Found], str | None]:
    """Return the part of `found` from `start` on, and the cursor of the next, None at the end."""
    end = start + limit
    return found[start:end], make_cursor(key, query, end) if end < len(found) else None


def _mac(key: bytes, query: object, text: bytes) -> bytes:
    said = json.dumps(query, sort_keys=True, default=str).encode()
    return hmac.digest(key, len(said).to_bytes(4, "big") + said + text, "sha256")[:_MAC]
