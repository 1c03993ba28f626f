# SPDX-License-Identifier: Apache-2.0
"""Envelopes on their way out and in: made, checked, kept, and opened again.

Kept is the file as it was sealed, in the vault, and beside it, in the database, the file key
wrapped for this agency's own key for encryption: so a message that was sent can be read here too,
and what was received stays readable until the epoch of that key is retired. A rotation costs 80
bytes an envelope, wrapped anew when it is next opened.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from muniment.errors import (
    ContractError,
    ExchangeError,
    KeystoreError,
    ProofError,
    RecordError,
)
from muniment.exchange.envelope import (
    Opening,
    Outgoing,
    Statement,
    frame_size,
    open_part,
    open_parts,
    read_opening,
    seal_envelope,
    unwrap_key,
    verify_envelope,
    wrap_key,
)
from muniment.exchange.envelope_header import EnvelopeHeader, EnvelopeKind
from muniment.exchange.envelope_parts import Label, Part, PartKind
from muniment.exchange.errors import EnvelopeError, NotAddressedError
from muniment.record.objects import Writable
from muniment.registry.exchange.carried import (
    Copying,
    half_of,
    open_new,
    put_at,
    reading,
    target_exists,
)
from muniment.registry.exchange.parties import own_key, published_key
from muniment.registry.session import Session
from muniment.store import envelopes
from muniment.store.envelopes import RECEIVED, SENT, Attempt, EnvelopedRecord, EnvelopeRow
from muniment.store.keys import KeyPurpose

PREFIX: Final = "exchange/"
_REASON: Final = 1024


@dataclass(frozen=True, slots=True)
class Arrived:
    """An envelope that passed: signed by its sender, for this agency, and opened."""

    header: EnvelopeHeader
    statement: Statement
    file_key: bytes
    path: Path

    @property
    def digest(self) -> bytes:
        """What it is known by."""
        return self.statement.envelope_digest

    @contextmanager
    def parts(self) -> Iterator[Iterator[Part]]:
        """Its parts, in order; see `open_parts`. Those that are not asked for are read at the end,
        where alone it shows that they are all of what was signed. Raises `EnvelopeError`."""
        with reading(self.path) as reader:
            parts = open_parts(reader, self.file_key, self.digest)
            yield parts
            for _ in parts:
                pass

    def message(self) -> tuple[Part, bytes]:
        """The one message that is all of it: its first part, and its bytes. Raises
        `EnvelopeError`."""
        first, body = None, b""
        with self.parts() as parts:
            for part in parts:
                if part.label.kind is not PartKind.MESSAGE or (first and part.label.place == 0):
                    raise EnvelopeError("more is in it than its message", "one message alone")
                first = first or part
                body += part.body
        if first is None:
            raise EnvelopeError("no message is in it", "one message alone")
        return first, body


def file_name(digest: bytes) -> str:
    """Return the name of an envelope's file in the vault."""
    return f"{PREFIX}{digest.hex()}"


def send(
    session: Session,
    kind: EnvelopeKind,
    recipient: int,
    subject: bytes,
    contents: Iterable[Outgoing],
    target: Path | None,
    *,
    keep: bool = True,
    versions: Callable[[Label], int | None] = lambda label: label.version,
) -> EnvelopeRow:
    """Make an envelope for another agency, keep it, and write it to `target`, which must be new.

    `versions` says of a part's label under which version its record is put down, None not to. It is
    on disk here before the target has its name. With `keep=False` the vault gets no copy: only what
    was in it is put down. Raises `AgencyKeyError`, `InvalidInputError`, the stores' errors.
    """
    if target is not None and target.exists():
        raise target_exists()
    signer = own_key(session, KeyPurpose.MESSAGES)
    own = own_key(session, KeyPurpose.ENCRYPTION)
    theirs = published_key(session, recipient, KeyPurpose.ENCRYPTION).require_in_use()
    chain = session.profile.chain
    header = EnvelopeHeader(
        kind,
        chain.id,
        bytes.fromhex(chain.registry[2:]),
        session.profile.agency.id,
        signer.epoch,
        recipient,
        theirs.epoch,
        subject,
        int(time.time()),
    )
    half = half_of(Path(tempfile.gettempdir()) / secrets.token_hex(8) if target is None else target)
    try:
        with open_new(half) as writer:
            sealed = seal_envelope(writer, header, contents, theirs.public, signer.ed25519())
            writer.flush()
            os.fsync(writer.fileno())
        row = EnvelopeRow(
            digest=sealed.statement.envelope_digest,
            direction=SENT,
            kind=str(kind),
            agency_id=recipient,
            subject=subject,
            epoch=own.epoch,
            wrapped=wrap_key(own.public, header, sealed.file_key) if keep else b"",
            is_kept=keep,
            made_at=header.made_at,
            kept_ms=_now_ms(),
        )
        if keep:
            with half.open("rb") as reader:
                session.vault.put_if_absent(file_name(row.digest), reader)
        with session.database.write() as connection:
            envelopes.add(connection, row, _records(row.digest, sealed.places, versions))
        if target is not None:
            put_at(half, target)
    finally:
        half.unlink(missing_ok=True)
    return row


def arrived(session: Session, path: Path) -> Arrived:
    """Check an envelope that came as a file, and open it.

    In this order: it is for this agency, chain and registry; its sender signed it; our key opens
    it. Nothing of its contents is looked at before. Raises `EnvelopeError`, `NotAddressedError`,
    `AgencyKeyError`.
    """
    with reading(path) as reader:
        opening = read_opening(reader)
    header = opening.header
    _require_addressed(session, header)
    sender = published_key(session, header.sender, KeyPurpose.MESSAGES, header.sender_epoch)
    sender.require_in_use()
    with reading(path) as reader:
        statement = verify_envelope(reader, sender.public, opening)
    return Arrived(header, statement, _opened(session, opening), path)


def keep_arrived(
    session: Session, envelope: Arrived, records: Sequence[EnvelopedRecord] = (), state: str = ""
) -> EnvelopeRow:
    """Keep an envelope whose contents were found good. Once kept it is left as it is."""
    with session.database.read() as connection:
        known = envelopes.of_digest(connection, envelope.digest)
    if known is not None:
        return known
    own = own_key(session, KeyPurpose.ENCRYPTION)
    header = envelope.header
    sender = published_key(session, header.sender, KeyPurpose.MESSAGES, header.sender_epoch)
    row = EnvelopeRow(
        digest=envelope.digest,
        direction=RECEIVED,
        kind=str(header.kind),
        agency_id=header.sender,
        subject=header.subject,
        epoch=own.epoch,
        wrapped=wrap_key(own.public, header, envelope.file_key),
        is_kept=True,
        made_at=header.made_at,
        kept_ms=_now_ms(),
        state=state or envelopes.KEPT,
    )

    def copied(writer: Writable) -> None:
        # The file may have been changed since it was checked: what is kept is checked again.
        with reading(envelope.path) as reader:
            copying = Copying(reader, writer)
            statement = verify_envelope(copying, sender.public)
        if statement != envelope.statement:
            raise EnvelopeError("it was changed while it was taken in", "a file that holds still")

    session.vault.put_if_absent(file_name(row.digest), copied)
    with session.database.write() as connection:
        # Another process may have taken it in meanwhile.
        known = envelopes.of_digest(connection, row.digest)
        if known is None:
            envelopes.add(connection, row, records)
    return known or row


def kept_parts(session: Session, row: EnvelopeRow) -> Iterator[Part]:
    """Yield the parts of a kept envelope. Raises `EnvelopeError`, `NotAddressedError` where the
    epoch of our key is retired."""
    name = file_name(row.digest)
    with session.vault.open(name) as reader:
        header = read_opening(reader).header
    file_key = kept_key(session, row, header)
    with session.vault.open(name) as reader:
        yield from open_parts(reader, file_key, row.digest)


def kept_part(
    session: Session, row: EnvelopeRow, part: int, offset: int, file_key: bytes
) -> tuple[Part, int]:
    """Return one part of a kept envelope, of its number and the offset of its frame, and how many
    bytes the frame has."""
    name = file_name(row.digest)
    size = frame_size(session.vault.get_range(name, offset, 4))
    return open_part(session.vault.get_range(name, offset, size), part, file_key), size


def kept_header(session: Session, row: EnvelopeRow) -> EnvelopeHeader:
    """Return the header of a kept envelope."""
    with session.vault.open(file_name(row.digest)) as reader:
        return read_opening(reader).header


def opened_key(session: Session, row: EnvelopeRow, header: EnvelopeHeader) -> bytes:
    """Return the file key of a kept envelope, and change nothing. Raises as `kept_key`."""
    return unwrap_key(_private(session, row.epoch), header, row.wrapped)


def kept_key(session: Session, row: EnvelopeRow, header: EnvelopeHeader) -> bytes:
    """Return the file key of a kept envelope; one of an older epoch is wrapped anew.

    Raises `NotAddressedError` where the epoch is retired: nobody here can open it any more.
    """
    file_key = opened_key(session, row, header)
    latest = own_key(session, KeyPurpose.ENCRYPTION)
    if latest.epoch != row.epoch:
        anew = wrap_key(latest.public, header, file_key)
        with session.database.write() as connection:
            envelopes.rewrap(connection, row.digest, latest.epoch, anew)
    return file_key


@contextmanager
def noting(
    session: Session,
    what: str,
    *,
    agency_id: int | None = None,
    record_id: bytes | None = None,
    share_id: bytes | None = None,
) -> Iterator[None]:
    """Put down in the history what is refused inside; the error goes on."""
    try:
        yield
    except (ContractError, ExchangeError, ProofError, RecordError) as error:
        share = share_id or getattr(error, "share_id", None)
        # Names in it may be another agency's: of any length.
        reason = error.what[:_REASON]
        attempt = Attempt(_now_ms(), what, agency_id, record_id, share, reason)
        with session.database.write() as connection:
            envelopes.add_attempt(connection, attempt)
        raise


def _require_addressed(session: Session, header: EnvelopeHeader) -> None:
    chain, own = session.profile.chain, session.profile.agency.id
    registry = bytes.fromhex(chain.registry[2:])
    if (header.chain_id, header.registry) != (chain.id, registry):
        raise NotAddressedError(
            f"it is of registry 0x{header.registry.hex()} on chain {header.chain_id}",
            f"registry {chain.registry} on chain {chain.id}",
        )
    if header.recipient != own:
        raise NotAddressedError(f"it is for agency {header.recipient}", f"agency {own}, this one")


def _opened(session: Session, opening: Opening) -> bytes:
    private = _private(session, opening.header.recipient_epoch)
    return unwrap_key(private, opening.header, opening.wrapped)


def _private(session: Session, epoch: int) -> X25519PrivateKey:
    try:
        return session.keys.agency_key(KeyPurpose.ENCRYPTION, epoch).x25519()
    except KeystoreError as error:
        raise NotAddressedError(
            f"epoch {epoch} of this agency's key for encryption is not here: {error.what}",
            "an epoch that the key store has, and that is not retired",
        ) from error


def _records(
    digest: bytes,
    places: Sequence[tuple[Label, int, int]],
    versions: Callable[[Label], int | None],
) -> Iterator[EnvelopedRecord]:
    """The records in an envelope that was made, each version once."""
    seen = set()
    for label, part, offset in places:
        if not any(label.record_id):
            continue
        version = versions(label)
        if version is None or (label.record_id, version) in seen:
            continue
        seen.add((label.record_id, version))
        yield EnvelopedRecord(digest, label.record_id, version, part, offset)


def _now_ms() -> int:
    return int(time.time() * 1000)
