# SPDX-License-Identifier: Apache-2.0
"""Which agency calls: by the signature of its key on chain, once, and now."""

from __future__ import annotations

import time
from typing import Final

import sqlalchemy as sa
from starlette.requests import Request

from muniment.gateway.between.signatures import (
    CLOCKS,
    ReadSignature,
    UnsignedCallError,
    authority_of,
    read_signature,
)
from muniment.gateway.settings import GatewaySettings
from muniment.registry.session import Session
from muniment.store.peer_tables import seen_nonces
from muniment.store.tables import agency_keys

_MESSAGES: Final = "MESSAGES"
_KEPT_MS: Final = 2 * CLOCKS * 1000


def calling_agency(session: Session, settings: GatewaySettings, request: Request) -> ReadSignature:
    """Return the signature of a call by another agency, verified, which did not come before.

    The body is not looked at: compare its digest. The key is looked up in the mirror. Raises
    `UnsignedCallError`.
    """
    authority = request.headers.get("host", "")
    if settings.origin is not None:
        authority = authority_of(settings.origin)
    found = read_signature(
        request.headers,
        request.method,
        authority,
        request.scope.get("raw_path", request.url.path.encode()).partition(b"?")[0].decode("ascii"),
        request.scope["query_string"].decode("ascii"),
    )
    chain = session.profile.chain
    if (found.key.chain_id, found.key.registry) != (chain.id, chain.registry.lower()):
        what = "the call is of an agency of another registry"
        raise UnsignedCallError(what, f"{chain.id}:{chain.registry.lower()}")
    if found.key.agency_id == session.profile.agency.id:
        raise UnsignedCallError("the call is this agency's own", "one of another agency")
    now = int(time.time())
    if abs(now - found.created) > CLOCKS:
        what = "the call was signed at another time"
        raise UnsignedCallError(what, f"within {CLOCKS} seconds of this gateway's clock")
    found.verify(_key(session, found))
    _remember(session, found)
    return found


def _key(session: Session, found: ReadSignature) -> bytes:
    table = agency_keys
    chosen = sa.select(table.c.key).where(
        table.c.agency_id == found.key.agency_id,
        table.c.purpose == _MESSAGES,
        table.c.epoch == found.key.epoch,
        table.c.retired.is_(False),
    )
    with session.database.read() as connection:
        key = connection.execute(chosen).scalar()
    if key is None:
        what = f"agency {found.key.agency_id} has no key of epoch {found.key.epoch} in use"
        raise UnsignedCallError(what, "its key for messages, on chain and not retired")
    return bytes(key)


def _remember(session: Session, found: ReadSignature) -> None:
    """Take the nonce, once for all processes and over restarts. Raises `UnsignedCallError`."""
    now_ms = int(time.time() * 1000)
    row = {
        "agency_id": found.key.agency_id,
        "nonce": found.nonce,
        "expires_ms": now_ms + _KEPT_MS,
    }
    try:
        with session.database.write() as connection:
            connection.execute(sa.delete(seen_nonces).where(seen_nonces.c.expires_ms < now_ms))
            connection.execute(sa.insert(seen_nonces), [row])
    except sa.exc.IntegrityError:
        raise UnsignedCallError("the call came before", "a nonce of its own for each") from None
