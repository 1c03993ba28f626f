# SPDX-License-Identifier: Apache-2.0
"""Envelopes that lie ready for another agency to fetch.

Requests, grants and the like are kept in the vault anyway. Deliveries and packages are not: they
are as long as what is in them, and go when they are carried. One that is to be fetched is left
here, as encrypted as it goes, until its recipient says that it has it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from muniment.errors import InvalidInputError
from muniment.exchange.envelope import read_opening, verify_envelope
from muniment.registry.exchange.carried import reading
from muniment.registry.exchange.keeping import file_name
from muniment.registry.exchange.parties import published_key
from muniment.registry.session import Session
from muniment.store import envelopes
from muniment.store.envelopes import SENT, EnvelopeRow
from muniment.store.keys import KeyPurpose
from muniment.store.vault.contract import ObjectMissingError

_PREFIX: Final = "tray/"


def leave(session: Session, path: Path) -> EnvelopeRow:
    """Leave an envelope that was written here for its recipient to fetch; again it is the same one.

    Raises `InvalidInputError` for another file, `EnvelopeError` for one that was changed.
    """
    with reading(path) as reader:
        header = read_opening(reader).header
    own = session.profile.agency.id
    row = None
    if header.sender == own:
        key = published_key(session, own, KeyPurpose.MESSAGES, header.sender_epoch)
        with reading(path) as reader:
            digest = verify_envelope(reader, key.public).envelope_digest
        with session.database.read() as connection:
            row = envelopes.of_digest(connection, digest)
    if row is None or row.direction != SENT:
        raise InvalidInputError("envelope", "one that was written here", "another")
    if not row.is_kept:
        with path.open("rb") as reader:
            session.vault.put_if_absent(_PREFIX + row.digest.hex(), reader)
    return row


def take_away(session: Session, digest: bytes) -> None:
    """Take an envelope away that its recipient has; one that is not there is no error."""
    session.vault.delete(_PREFIX + digest.hex())


def place_of(session: Session, row: EnvelopeRow) -> str | None:
    """Return the name in the vault of an envelope's file, None where there is none to fetch."""
    if row.is_kept:
        return file_name(row.digest)
    name = _PREFIX + row.digest.hex()
    try:
        session.vault.size(name)
    except ObjectMissingError:
        return None
    return name
