# SPDX-License-Identifier: Apache-2.0
"""Cursors: where a list goes on. Opaque, signed, and of one query alone."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from typing import Any, Final

from muniment.gateway.refusals import UnfitCallError

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


def _mac(key: bytes, query: object, text: bytes) -> bytes:
    said = json.dumps(query, sort_keys=True, default=str).encode()
    return hmac.digest(key, len(said).to_bytes(4, "big") + said + text, "sha256")[:_MAC]
