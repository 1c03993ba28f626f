# SPDX-License-Identifier: Apache-2.0
"""The agency's sequencer, made of a session, and how far its journal is sealed."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

import sqlalchemy as sa

from muniment.chain.connection import Address
from muniment.errors import InvalidInputError
from muniment.journal.checkpoints import NoteKey
from muniment.journal.origins import origin_of
from muniment.pipeline.sequencer import Journal, Sequencer
from muniment.record.identifiers import RecordId
from muniment.registry.profile import JournalProfile
from muniment.registry.sending import holder_name
from muniment.registry.session import Session, address_in
from muniment.store import journal_rows, mirror
from muniment.store.keys import KeyPurpose
from muniment.store.leases import Lease
from muniment.store.tables import seals


@dataclass(frozen=True, slots=True)
class JournalProgress:
    """How many entries of a journal are acknowledged, sealed in a block, and sealed for good."""

    acknowledged: int
    provable: int
    final: int


@dataclass(frozen=True, slots=True)
class JournalPlace:
    """Where a record stands in the agency's journal, and its `stage` there: "acknowledged",
    "provable" or "final"."""

    journal: int
    index: int
    stage: str


def place_of(session: Session, record_id: RecordId) -> JournalPlace | None:
    """Return where a record stands in a journal, None where it stands in none of this agency.

    By the database: `sync` first.
    """
    with session.database.read() as connection:
        row = journal_rows.entry_of(connection, record_id)
    if row is None:
        return None
    progress = progress_of(session, row.journal)
    if row.index < progress.final:
        stage = "final"
    elif row.index < progress.provable:
        stage = "provable"
    else:
        stage = "acknowledged"
    return JournalPlace(row.journal, row.index, stage)


def journal_of(session: Session, number: int | None = None) -> Journal:
    """Return a journal that the profile names: the register's, or the one of this `number`.

    Raises `InvalidInputError` where it names none.
    """
    profile = session.profile
    register, reads = profile.journal, profile.reads
    if reads is not None and number == reads.number:
        # What is appended at its pace is sealed at once.
        named: JournalProfile | None = JournalProfile(reads.number, reads.sealer, 1, 0)
    else:
        named = register
    if named is None or number not in (None, named.number):
        raise InvalidInputError(
            "profile journal",
            "the agency's journal" if number is None else f"journal {number}",
            "missing",
            remedy="open one: `muniment journal open`, which writes it into the profile",
        )
    chain = session.profile.chain
    return Journal(
        lineage=session.lineage,
        agency_id=session.profile.agency.id,
        number=named.number,
        sealer=Address(address_in(named.sealer)),
        registry=chain.registry,
        first_block=chain.first_block,
        entries=named.entries,
        seconds=named.seconds,
        predecessor=session.predecessor,
    )


def log_key(session: Session, journal: int) -> NoteKey:
    """Return the key that signs a journal's checkpoints."""
    return log_keys(session, journal)[0]


def log_keys(session: Session, journal: int) -> tuple[NoteKey, ...]:
    """Return all keys that have ever signed a journal's checkpoints, the present one first."""
    origin = origin_of(session.lineage, session.profile.agency.id, journal)
    named = [each for each in session.keys.public_keys() if each.purpose is KeyPurpose.CHECKPOINTS]
    named.sort(key=lambda each: each.epoch, reverse=True)
    return tuple(NoteKey(origin, each.public) for each in named)


def sequencer(session: Session, held: ExitStack, number: int | None = None) -> Sequencer | None:
    """Return a journal's sequencer, its lease held in `held`; None while another has it."""
    journal = journal_of(session, number)
    lease = Lease.acquire(session.database, f"seal {journal.number}", holder=holder_name())
    if lease is None:
        return None
    held.enter_context(lease.kept())
    key = session.keys.agency_key(KeyPurpose.CHECKPOINTS).ed25519()
    earlier = log_keys(session, journal.number)
    return Sequencer(session.database, session.vault, session.nodes, journal, key, earlier, lease)


def progress_of(session: Session, journal: int) -> JournalProgress:
    """Return how far a journal is, by the database: `sync` first."""
    agency = session.profile.agency.id
    with session.database.read() as connection:
        final, _ = mirror.heights(connection)
        here = (seals.c.agency_id == agency, seals.c.journal == journal)
        size = sa.func.max(seals.c.size)
        provable = connection.execute(sa.select(size).where(*here)).scalar() or 0
        settled = sa.select(size).where(*here, seals.c.block_number <= final)
        return JournalProgress(
            journal_rows.size_of(connection, journal),
            provable,
            connection.execute(settled).scalar() or 0,
        )
