# SPDX-License-Identifier: Apache-2.0
"""Older epochs of the agency's keys: what still needs them, and how they are retired.

A rotation changes nothing that is kept. File keys of envelopes come under the present epoch when
they are opened, or all together; an epoch that nothing needs is retired on chain, so that nobody
uses it any more, and then its private part is destroyed.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from muniment.chain.connection import Connection
from muniment.chain.values import KeyPurpose as ChainPurpose
from muniment.errors import InvalidInputError
from muniment.registry import acts
from muniment.registry.exchange.keeping import kept_header, kept_key
from muniment.registry.exchange.parties import published_key
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.store import envelopes
from muniment.store.envelopes import EnvelopeRow
from muniment.store.exchange_tables import envelopes as envelopes_table
from muniment.store.keys import KeyPurpose, PublicKey


def envelopes_under(session: Session, epoch: int) -> int:
    """Return how many kept envelopes can be opened by an epoch of the key for encryption alone."""
    with session.database.read() as connection:
        return int(
            connection.execute(
                sa.select(sa.func.count())
                .select_from(envelopes_table)
                .where(envelopes_table.c.epoch == epoch, envelopes_table.c.is_kept.is_(True))
            ).scalar_one()
        )


def rewrap_envelopes(session: Session, tell: Callable[[int], None] = lambda _: None) -> int:
    """Wrap the file keys of kept envelopes for the present key for encryption; return how many.

    May be ended and begun again. Raises `UnreachableError` where there are some and no node says
    which key is the present one, `NotAddressedError` for one whose epoch is retired.
    """
    rows = _of_older_epochs(session)
    if not rows:
        return 0
    latest = published_key(session, session.profile.agency.id, KeyPurpose.ENCRYPTION).epoch
    waiting = [row for row in rows if row.epoch != latest]
    for count, row in enumerate(waiting, start=1):
        kept_key(session, row, kept_header(session, row))
        tell(count)
    return len(waiting)


def retire_on_chain(session: Session, purpose: KeyPurpose, epoch: int) -> Submission | None:
    """Say on chain that an epoch is no longer to be used, by the agency's admin; None where it is
    said. Raises `InvalidInputError` for an epoch that no later one follows on chain."""
    agency_id, number = session.profile.agency.id, ChainPurpose(purpose.number)

    def read(node: Connection) -> tuple[int, int, int]:
        block = node.block()
        agencies = session.registries(node, block).agencies
        key = agencies.agency_key(agency_id, number, epoch, block=block)
        current = agencies.agency_key_epoch(agency_id, number, block=block)
        return current, key.valid_from, key.retired_at

    current, valid_from, retired_at = session.nodes.read(read)
    if current <= epoch or not valid_from:
        raise InvalidInputError(
            f"epoch of the key for {purpose}",
            f"one that a later one follows on chain, where {current} is the present one",
            str(epoch),
            remedy="rotate the key and publish the new one: `muniment keys rotate`, `muniment keys "
            "publish`",
        )
    if retired_at:
        return None
    call = session.agencies.retire_agency_key(agency_id, number, epoch)
    return acts.submit(session, "retire key", call)


def destroy_private(session: Session, purpose: KeyPurpose, epoch: int) -> PublicKey:
    """Destroy the private part of an epoch that is retired on chain; again changes nothing.

    Raises `KeystoreError`.
    """
    return session.keys.retire_agency_key(purpose, epoch)


def _of_older_epochs(session: Session) -> list[EnvelopeRow]:
    public = session.keys.public_keys()
    newest = max(each.epoch for each in public if each.purpose is KeyPurpose.ENCRYPTION)
    with session.database.read() as connection:
        rows = envelopes.find(connection)
    return [row for row in rows if row.is_kept and row.wrapped and row.epoch < newest]
