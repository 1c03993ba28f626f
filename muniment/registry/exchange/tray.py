# SPDX-License-Identifier: Apache-2.0
"""Envelopes that lie ready to be carried: for another agency to fetch, or for whoever carries them.

Requests, grants and the like are kept in the vault anyway. Deliveries and packages are not: they
are as long as what is in them, and go when they are carried. One that is to be fetched is left
here, as encrypted as it goes, until its recipient says that it has it.

A package has contents that no act has let go yet: nobody gets it before every one of its offers,
which a steward signs, stands on chain.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from muniment.errors import InvalidInputError
from muniment.exchange.envelope import read_opening, verify_envelope
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.record.identifiers import RecordId
from muniment.registry.exchange.carried import reading
from muniment.registry.exchange.keeping import file_name
from muniment.registry.exchange.parties import published_key
from muniment.registry.session import Session
from muniment.store import envelopes, handovers
from muniment.store.envelopes import SENT, EnvelopeRow
from muniment.store.keys import KeyPurpose
from muniment.store.vault.contract import ObjectMissingError

_PREFIX: Final = "tray/"


def written_into(session: Session, write: Callable[[Path], EnvelopeRow]) -> EnvelopeRow:
    """Have `write` write an envelope to a file that is not there yet, and leave it here. Raises
    what it raises: then nothing is here."""
    with tempfile.TemporaryDirectory(prefix="muniment-envelope-") as folder:
        path = Path(folder) / "envelope"
        row = write(path)
        _put(session, row, path)
    return row


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
        _put(session, row, path)
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
    return None if row.kind == EnvelopeKind.CUSTODY and not _is_offered(session, row) else name


def left(session: Session) -> Iterator[bytes]:
    """Yield the digests of all envelopes that lie here, fetched or not."""
    for name in session.vault.list(_PREFIX):
        yield bytes.fromhex(name.removeprefix(_PREFIX))


def _put(session: Session, row: EnvelopeRow, path: Path) -> None:
    with path.open("rb") as reader:
        session.vault.put_if_absent(_PREFIX + row.digest.hex(), reader)


def _is_offered(session: Session, row: EnvelopeRow) -> bool:
    """Whether all that is in a package is on offer to its recipient, by the mirror."""
    own = session.profile.agency.id
    with session.database.read() as connection:
        named = {RecordId(each.record_id) for each in envelopes.records_in(connection, row.digest)}
        offered = handovers.offered(connection, own, row.agency_id, sorted(named))
    return bool(named) and set(offered) == named
