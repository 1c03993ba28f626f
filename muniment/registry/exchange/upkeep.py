# SPDX-License-Identifier: Apache-2.0
"""Envelopes in `fsck` and `rebuild`: the files that are kept, and the rows that say what they are.

A kept file proves itself: its sender signed it, under a key that stands on chain. A row of a
received envelope is made anew of its file. What this agency has sent is in its database alone, but
for receipts on chain: a delivery's file is not kept, and of a kept message the row has the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import sqlalchemy as sa

from muniment.errors import ExchangeError, MunimentError
from muniment.exchange.envelope import open_parts, read_opening, unwrap_key, verify_envelope
from muniment.exchange.envelope_header import EnvelopeHeader, EnvelopeKind
from muniment.exchange.envelope_parts import Part, PartKind
from muniment.registry.exchange.keeping import PREFIX, file_name, opened_key
from muniment.registry.exchange.parties import published_key
from muniment.registry.findings import Finding, Tell
from muniment.registry.session import Session
from muniment.store import envelopes
from muniment.store.envelopes import RECEIVED, SENT, EnvelopedRecord, EnvelopeRow
from muniment.store.exchange_tables import enveloped_records
from muniment.store.exchange_tables import envelopes as envelopes_table
from muniment.store.keys import KeyPurpose
from muniment.store.rows import is_intact
from muniment.store.vault.contract import ObjectMissingError

_SHOWING: Final = {PartKind.MESSAGE, PartKind.RECORD, PartKind.VERSION}


def check_envelopes(session: Session, tell: Tell) -> Iterator[Finding]:
    """Yield what is wrong with kept envelopes: files missing or changed, and rows that say
    something else than they."""
    with session.database.read() as connection:
        rows = envelopes.find(connection)
    for count, row in enumerate(rows, start=1):
        tell("envelopes", count)
        if row.is_kept:
            yield from _check(session, row)


def _check(session: Session, row: EnvelopeRow) -> Iterator[Finding]:
    where = f"file {file_name(row.digest)}"
    named = f"table envelopes, digest 0x{row.digest.hex()}"
    try:
        header = _verified(session, row.digest)
    except ObjectMissingError:
        yield Finding(where, "it is missing")
        return
    except ExchangeError as error:
        yield Finding(where, error.what)
        return
    if _said(session, header) != (row.direction, row.kind, row.agency_id, row.subject):
        yield Finding(named, "it says something else than the envelope's header")
        return
    if row.made_at != header.made_at:
        yield Finding(named, "it says another time than the envelope's header")
    retired = {
        key.epoch
        for key in session.keys.public_keys()
        if key.purpose is KeyPurpose.ENCRYPTION and key.retired_at is not None
    }
    if row.epoch in retired:
        # Nobody can open it any more, which is what retiring is for.
        return
    try:
        file_key = opened_key(session, row, header)
        with session.vault.open(file_name(row.digest)) as reader:
            found = _records(row.digest, open_parts(reader, file_key, row.digest), header)
    except MunimentError as error:
        yield Finding(named, error.what)
        return
    if row.direction == SENT or row.kind == EnvelopeKind.CUSTODY_CLOSING:
        # What was put down of them is said by whoever made them.
        return
    with session.database.read() as connection:
        stored = envelopes.records_in(connection, row.digest)
    # Of a custody package are put down the records that were accepted, or can be.
    is_part = row.kind == EnvelopeKind.CUSTODY and set(stored) <= set(found)
    if stored != found and not is_part:
        yield Finding(f"table enveloped_records, digest 0x{row.digest.hex()}", "other records")


def restore_envelopes(session: Session, tell: Tell = lambda _, __: None) -> int:
    """Make the rows of received envelopes anew where they are missing or damaged; return how many.

    Those whose key is retired stay out: nobody can open them.
    """
    restored = 0
    for count, name in enumerate(sorted(session.vault.list(PREFIX)), start=1):
        tell("envelopes", count)
        digest = _digest_in(name)
        if digest is None:
            continue
        with session.database.read() as connection:
            if _is_intact(connection, digest):
                continue
        try:
            row, records = _made_anew(session, digest)
        except MunimentError:
            # It is damaged, or cannot be opened: `fsck` says so.
            continue
        if row is None:
            continue
        with session.database.write() as connection:
            envelopes.remove(connection, digest)
            envelopes.add(connection, row, records)
        restored += 1
    return restored


def _digest_in(name: str) -> bytes | None:
    """The digest that a file is named for, None for a name that is none."""
    try:
        digest = bytes.fromhex(name.removeprefix(PREFIX))
    except ValueError:
        return None
    return digest if file_name(digest) == name else None


def _made_anew(session: Session, digest: bytes) -> tuple[EnvelopeRow | None, list[EnvelopedRecord]]:
    header = _verified(session, digest)
    direction, kind, agency_id, subject = _said(session, header)
    if direction != RECEIVED:
        return None, []
    name = file_name(digest)
    with session.vault.open(name) as reader:
        opening = read_opening(reader)
    own = session.keys.agency_key(KeyPurpose.ENCRYPTION, header.recipient_epoch)
    file_key = unwrap_key(own.x25519(), header, opening.wrapped)
    with session.vault.open(name) as reader:
        records = _records(digest, open_parts(reader, file_key, digest), header)
    row = EnvelopeRow(
        digest=digest,
        direction=direction,
        kind=kind,
        agency_id=agency_id,
        subject=subject,
        epoch=header.recipient_epoch,
        wrapped=opening.wrapped,
        is_kept=True,
        made_at=header.made_at,
        kept_ms=1000 * header.made_at,
    )
    return row, records


def _verified(session: Session, digest: bytes) -> EnvelopeHeader:
    """The header of a kept file, which its sender signed and which is the one of its name."""
    name = file_name(digest)
    with session.vault.open(name) as reader:
        opening = read_opening(reader)
    header = opening.header
    sender = published_key(session, header.sender, KeyPurpose.MESSAGES, header.sender_epoch)
    with session.vault.open(name) as reader:
        statement = verify_envelope(reader, sender.public, opening)
    if statement.envelope_digest != digest:
        raise ExchangeError(f"{name} is another envelope", expected="the one that it is named for")
    return header


def _said(session: Session, header: EnvelopeHeader) -> tuple[str, str, int, bytes]:
    own = session.profile.agency.id
    sent = header.sender == own
    other = header.recipient if sent else header.sender
    return SENT if sent else RECEIVED, str(header.kind), other, header.subject


def _records(digest: bytes, parts: Iterable[Part], header: EnvelopeHeader) -> list[EnvelopedRecord]:
    """The records in an envelope, as taking it in puts them down."""
    found: dict[tuple[bytes, int], EnvelopedRecord] = {}
    of_record = {EnvelopeKind.CORRECTION_REQUEST, EnvelopeKind.CORRECTION_ANSWER}
    for part in parts:
        label = part.label
        record_id = header.subject if header.kind in of_record else label.record_id
        if label.kind not in _SHOWING or label.place or not any(record_id):
            continue
        place = (record_id, label.version)
        found.setdefault(place, EnvelopedRecord(digest, *place, part.number, part.offset))
    return list(found.values())


def _is_intact(connection: sa.engine.Connection, digest: bytes) -> bool:
    chosen = sa.select(envelopes_table).where(envelopes_table.c.digest == digest)
    row = connection.execute(chosen).mappings().one_or_none()
    if row is None or not is_intact(envelopes_table, row):
        return False
    inside = sa.select(enveloped_records).where(enveloped_records.c.digest == digest)
    return all(is_intact(enveloped_records, each) for each in connection.execute(inside).mappings())
