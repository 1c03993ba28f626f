# SPDX-License-Identifier: Apache-2.0
"""Idempotency keys: the same call again is the same call, and another under its key is refused.

A key is its caller's own, and of one resource. It is remembered in the transaction that does the
work, with the digest of the body, for a day; where the work cannot tell its answer again by itself,
the answer too.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from starlette.requests import Request

from muniment.gateway.callers.caller import Caller
from muniment.gateway.refusals import ReplayedKeyError, UnfitCallError
from muniment.record.canonical import canonical_text, parse_canonical
from muniment.store.database import Database
from muniment.store.gateway_tables import idempotent_calls
from muniment.store.rows import with_digest

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
KEPT_SECONDS: Final = 86_400
_form: Final = re.compile(r'"?[\x21\x23-\x7e]{1,128}"?').fullmatch
_MANY: Final = 500


@dataclass(frozen=True, slots=True)
class KeyedCall:
    """A call with a key: 32 bytes of caller, resource and key, and SHA-256 of its body."""

    key: bytes
    body_digest: bytes


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What was answered: its HTTP `status` and its body."""

    status: int
    body: Any


def keyed_call(request: Request, caller: Caller, body: bytes) -> KeyedCall | None:
    """Return a call's key, None where it has none. Raises `UnfitCallError`."""
    shown = request.headers.get(HEADER)
    if shown is None:
        return None
    if not _form(shown):
        expected = "1 to 128 visible characters of ASCII"
        raise UnfitCallError("the idempotency key cannot be used", expected, field=HEADER)
    resource = f"{request.method} {request.url.path}"
    text = "\0".join((caller.key, resource, shown.strip('"')))
    query = request.url.query.encode()
    return KeyedCall(
        hashlib.sha256(text.encode()).digest(), hashlib.sha256(query + b"\0" + body).digest()
    )


def used(connection: Connection, calls: Sequence[KeyedCall]) -> dict[bytes, bytes]:
    """Return the digests of the bodies that keys were used for."""
    found: dict[bytes, bytes] = {}
    table = idempotent_calls
    for start in range(0, len(calls), _MANY):
        keys = [each.key for each in calls[start : start + _MANY]]
        chosen = sa.select(table.c.call_key, table.c.body_digest).where(table.c.call_key.in_(keys))
        for row in connection.execute(chosen):
            found[bytes(row.call_key)] = bytes(row.body_digest)
    return found


def remember_keys(connection: Connection, calls: Sequence[KeyedCall]) -> None:
    """Remember keys of calls that tell their answers by themselves when they come again."""
    known = used(connection, calls)
    rows = {each.key: _row(each, 0, "") for each in calls if each.key not in known}
    if rows:
        connection.execute(sa.insert(idempotent_calls), list(rows.values()))


def remember_answer(connection: Connection, call: KeyedCall, status: int, body: Any) -> None:
    """Remember a call with its answer, in the transaction that did the work."""
    connection.execute(sa.insert(idempotent_calls), [_row(call, status, canonical_text(body))])


def answer_before(database: Database, call: KeyedCall | None) -> StoredAnswer | None:
    """Return what was answered to a call that came before. Raises `ReplayedKeyError`."""
    if call is None:
        return None
    with database.read() as connection:
        chosen = sa.select(idempotent_calls).where(idempotent_calls.c.call_key == call.key)
        row = connection.execute(chosen).mappings().one_or_none()
    if row is None:
        return None
    if bytes(row["body_digest"]) != call.body_digest:
        raise ReplayedKeyError
    answer = row["answer"].encode()
    return StoredAnswer(row["status"], parse_canonical(answer) if answer else None)


def forget_old(database: Database) -> None:
    """Forget what is older than a day."""
    before = int((time.time() - KEPT_SECONDS) * 1000)
    with database.write() as connection:
        connection.execute(
            sa.delete(idempotent_calls).where(idempotent_calls.c.created_ms < before)
        )


def _row(call: KeyedCall, status: int, answer: str) -> dict[str, Any]:
    row = {
        "call_key": call.key,
        "body_digest": call.body_digest,
        "status": status,
        "answer": answer,
        "created_ms": int(time.time() * 1000),
    }
    return with_digest(idempotent_calls, row)
