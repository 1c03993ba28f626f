# SPDX-License-Identifier: Apache-2.0
"""Access entries: with `read_receipts`, whoever is shown content leaves an entry in a journal.

A read is durable before content is shown. At the pace of the profile's `reads` all reads of the
time before are appended to the agency's reads journal together, in random order and under one time,
and sealed. So the chain shows how many reads a pace had, and nothing of what was read, by whom and
when: an entry is a salted commitment, and its statement lies encrypted in the vault like a record's
content. `history` finds the statements about a record by a keyed hash of its id.
"""

from __future__ import annotations

import getpass
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from muniment.errors import InvalidInputError, MunimentError
from muniment.journal.entry import EntryKind
from muniment.record.canonical import JsonValue, canonical_text, parse
from muniment.record.identifiers import AgencyId, RecordId, TypeId
from muniment.record.instants import precise_instant
from muniment.record.types import RecordType, Sharing
from muniment.record.versions import Version
from muniment.registry import agency
from muniment.registry.import_progress import ChainClock
from muniment.registry.journal_records import read_content
from muniment.registry.journal_writing import journal_writer, preparation
from muniment.registry.preparing import prepare
from muniment.registry.profile import ReadsProfile
from muniment.registry.sealing import JournalProgress, progress_of
from muniment.registry.session import Session
from muniment.registry.submission import Stage, Submission
from muniment.store import journal_rows, pending_reads
from muniment.store.leases import LeaseHeldError
from muniment.store.pending_reads import PendingRead
from muniment.store.search_terms import search_term

TYPE_NAME: Final = "access-entry"
SOURCE_SYSTEM: Final = "muniment/reads"
SHOWN: Final = "shown"
EXTRACTED: Final = "extracted"
EXPORTED: Final = "exported"
DELIVERED: Final = "delivered"

_TEXTS: Final = ("record", "act", "reader", "purpose", "share", "read_at")
_SCHEMA: Final[dict[str, JsonValue]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": [*_TEXTS, "version"],
    "additionalProperties": False,
    "properties": {**{each: {"type": "string"} for each in _TEXTS}, "version": {"type": "integer"}},
}
_BATCH: Final = 4096
_LONGEST: Final = 1024


@dataclass(frozen=True, slots=True)
class Access:
    """On whose behalf content is read: the `purpose` in words, the `reader`, and the `share` (32
    bytes) that allows it, None for the agency's own work.

    Without a reader it is the profile's officer, by address, and else the system's user.
    """

    purpose: str = ""
    reader: str | None = None
    share: bytes | None = None

    def __post_init__(self) -> None:
        """Refuse what an entry cannot hold. Raises `InvalidInputError`."""
        for name in ("purpose", "reader"):
            value = getattr(self, name) or ""
            if len(value) > _LONGEST or "\n" in value:
                raise InvalidInputError(name, f"a line of {_LONGEST} characters", "longer")


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """A read of a record's version, as the agency has written it down.

    `act` is shown, extracted, exported or delivered; `read_ms` in Unix milliseconds. `journal` and
    `index` are None until the next pace; `stage` is how far the reads journal has made it provable.
    """

    act: str
    version: int
    reader: str
    purpose: str
    share: bytes | None
    read_ms: int
    journal: int | None
    index: int | None
    stage: Stage


def access_type(number: int) -> RecordType:
    """Return the record type of statements about reads, as type `number` of an agency."""
    return RecordType.define(
        TYPE_NAME,
        TypeId(number),
        1,
        _SCHEMA,
        sharing=Sharing.CLOSED,
        searchable=["record"],
    )


def publish_access_type(session: Session) -> Submission | None:
    """Publish the type of access entries as the agency's next, and return the submission; None
    where it stands on chain already. For the agency's admin."""
    known = [each for each in session.record_types.all() if each.name == TYPE_NAME]
    number = known[0].type_id if known else agency.type_count(session) + 1
    return agency.publish_type(session, access_type(number))


def record_reads(
    session: Session, act: str, versions: Sequence[tuple[RecordId, int]], access: Access
) -> None:
    """Write down, durably, that these versions are about to be read.

    Nothing is written where the profile does not ask for it. Raises `StoreError`: then nothing may
    be shown.
    """
    if not session.profile.read_receipts or not versions:
        return
    now_ms = int(time.time() * 1000)
    share = "" if access.share is None else f"0x{access.share.hex()}"
    reader = access.reader if access.reader is not None else _reader(session)
    said = precise_instant(now_ms)
    statements = [
        canonical_text(
            {
                "record": f"0x{record_id.hex()}",
                "version": version,
                "act": act,
                "reader": reader,
                "purpose": access.purpose,
                "share": share,
                "read_at": said,
            }
        )
        for record_id, version in versions
    ]
    with session.database.write() as connection:
        pending_reads.add(connection, statements, now_ms)


def append_reads(session: Session, *, at_once: bool = False) -> int:
    """Append the reads of completed paces to the reads journal; return how many.

    `at_once` does not wait for the pace to complete. Another process that appends meanwhile is left
    to it. Raises the stores' errors; what was not appended waits.
    """
    reads = session.profile.reads
    if reads is None:
        return 0
    now = int(time.time())
    pace = now if at_once else now - now % reads.seconds
    end_ms = 1000 * (pace + 1) if at_once else 1000 * pace
    count = 0
    while True:
        with session.database.read() as connection:
            if not pending_reads.before(connection, end_ms, 1):
                return count
        try:
            appended = _append(session, reads, pace, end_ms)
        except LeaseHeldError:
            return count
        if not appended:
            return count
        count += appended


def history(session: Session, record_id: RecordId) -> list[AccessEntry]:
    """Return all reads of a record that this agency has written down, the earliest first.

    Each statement is checked against its commitment in the journal. They are the agency's word: a
    read that it did not write down is in no list.
    """
    named = f"0x{record_id.hex()}"
    found = [each for each in _waiting(session) if each[0] == named]
    types = [each for each in session.record_types.all() if each.name == TYPE_NAME]
    for record_type in types:
        term = search_term(session.keys.search_key(), record_type.type_id, "record", named)
        with session.database.read() as connection:
            ids = journal_rows.entries_with_terms(
                connection, session.lineage, record_type.type_id, {"record": term}
            )
            rows = journal_rows.entries_of(connection, ids)
        progress = {each.journal: progress_of(session, each.journal) for each in rows.values()}
        for row in rows.values():
            statement = _statement(session, row, record_type)
            stage = _stage(row.index, progress[row.journal])
            found.append((named, _entry_of(statement, row.journal, row.index, stage)))
    return sorted((each for _, each in found), key=lambda each: (each.read_ms, each.index or 0))


def all_reads(session: Session) -> Iterator[tuple[RecordId, AccessEntry]]:
    """Yield all reads that this agency has written down, journal by journal, then those that wait
    for the next pace. See `history`."""
    types = {each.type_id: each for each in session.record_types.all() if each.name == TYPE_NAME}
    with session.database.read() as connection:
        journals = journal_rows.journals_kept(connection) if types else []
        sizes = {each: journal_rows.size_of(connection, each) for each in journals}
    for journal, size in sizes.items():
        far = progress_of(session, journal)
        for start in range(0, size, _BATCH):
            with session.database.read() as connection:
                rows = list(
                    journal_rows.rows_between(
                        connection, session.lineage, journal, start, min(start + _BATCH, size)
                    )
                )
            if rows[0].entry.kind is not EntryKind.READ:
                # A journal has entries of one kind: this one is the register's.
                break
            for row in rows:
                statement = _statement(session, row, types[row.entry.type_id])
                stage = _stage(row.index, far)
                entry = _entry_of(statement, row.journal, row.index, stage)
                yield RecordId(bytes.fromhex(statement["record"][2:])), entry
    for named, entry in _waiting(session):
        yield RecordId(bytes.fromhex(named[2:])), entry


def _stage(index: int, far: JournalProgress) -> Stage:
    if index >= far.provable:
        return Stage.ACKNOWLEDGED
    return Stage.FINAL if index < far.final else Stage.PROVABLE


def _append(session: Session, reads: ReadsProfile, pace: int, end_ms: int) -> int:
    record_type = session.record_types.latest(TYPE_NAME)
    shared = preparation(session, record_type, SOURCE_SYSTEM, EntryKind.READ)
    with journal_writer(session, reads.number, fresh_ids=True) as writer:
        # Under the lease: what another has appended is not there any more.
        with session.database.read() as connection:
            waiting = pending_reads.before(connection, end_ms, _BATCH)
        if not waiting:
            return 0
        chain_time = ChainClock(session)()
        batch = prepare(
            shared,
            [each.read_id for each in waiting],
            [_parsed(each) for each in waiting],
            latest_time=pace if chain_time is None else min(pace, chain_time),
        )
        if batch.refusals:
            raise InvalidInputError(
                "a pending read", "a statement of this release", batch.refusals[0].reason
            )
        taken = [each.read_id for each in waiting]
        writer.append(batch, also=lambda connection: pending_reads.remove(connection, taken))
        return len(taken)


def _waiting(session: Session) -> list[tuple[str, AccessEntry]]:
    with session.database.read() as connection:
        waiting = pending_reads.before(connection, 1 << 62, 1 << 31)
    statements = [_parsed(each) for each in waiting]
    stage = Stage.ACKNOWLEDGED
    return [(each["record"], _entry_of(each, None, None, stage)) for each in statements]


def _parsed(read: PendingRead) -> dict[str, Any]:
    value = parse(read.statement)
    if not isinstance(value, dict):
        raise InvalidInputError("a pending read", "a statement", "something else")
    return value


def _statement(
    session: Session, row: journal_rows.EntryRow, record_type: RecordType
) -> dict[str, Any]:
    secret = session.keys.journal_secret(row.journal, row.index)
    if secret is None or row.packed is None:
        raise MunimentError(
            f"entry {row.index} of journal {row.journal} was erased",
            expected="an access entry with its statement",
            remedy="run `muniment fsck`",
        )
    content = read_content(session, row.packed, secret)
    header = record_type.header(row.record_id, AgencyId(session.profile.agency.id), 1)
    Version(header, content, secret).require(row.entry.commitment)
    return content.fields()


def _entry_of(
    statement: dict[str, Any], journal: int | None, index: int | None, stage: Stage
) -> AccessEntry:
    read_at = datetime.fromisoformat(statement["read_at"])
    share = bytes.fromhex(statement["share"].removeprefix("0x"))
    return AccessEntry(
        act=statement["act"],
        version=statement["version"],
        reader=statement["reader"],
        purpose=statement["purpose"],
        share=share or None,
        read_ms=round(1000 * read_at.timestamp()),
        journal=journal,
        index=index,
        stage=stage,
    )


def _reader(session: Session) -> str:
    if session.profile.keys.officer is not None:
        return session.officer
    return getpass.getuser()
