# SPDX-License-Identifier: Apache-2.0
"""`rebuild`: the database made anew from chain, vault and key store.

The mirror follows from the chain. Versions, their places and search terms follow from the vault,
whose packs say what they hold, under the key store's secrets, and so do the entries of journals;
of erased versions the chain knows what is left. Where the vault lacks a pack, or it is damaged,
intact rows stay as they are. The outbox stays where its rows are intact; of a version that has no
submission any more one is made: found on chain, or to be sent.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.chain.bindings import record_registry as events
from muniment.chain.contract import Call
from muniment.errors import ErasedError, MunimentError
from muniment.pipeline.indexer import LEASE
from muniment.record.canonical import parse
from muniment.record.commitment import Commitment, Secret
from muniment.record.identifiers import AgencyId, RecordId, derive_local_id
from muniment.record.objects import CONTENT_OBJECT
from muniment.record.versions import Content, Version
from muniment.registry.content import registration
from muniment.registry.exchange.correcting import settle_all
from muniment.registry.exchange.upkeep import restore_envelopes
from muniment.registry.findings import Tell
from muniment.registry.journal_rebuilding import rebuild_journals
from muniment.registry.mirroring import indexer
from muniment.registry.sending import holder_name, lane_lease
from muniment.registry.session import Session
from muniment.store import dispositions, journal_rows, mirror, outbox, packs
from muniment.store.batch_sheets import BATCH_PLACE
from muniment.store.database import Database
from muniment.store.folding import event_of
from muniment.store.leases import held
from muniment.store.origins import brought_by_others
from muniment.store.outbox_rows import Act, SubmissionRow, SubmissionState
from muniment.store.packs import Packed
from muniment.store.rows import is_intact
from muniment.store.search_terms import search_term
from muniment.store.tables import (
    carriages,
    objects,
    record_types,
    records,
    search_terms,
    submissions,
    transactions,
    versions,
)
from muniment.store.tables import events as event_table
from muniment.store.versions import NewVersion, VersionRow, add_versions, row_of

_BATCH: Final = 500
_CONTENT: Final = (search_terms, objects, versions)

_Place = tuple[RecordId, int]


@dataclass(slots=True)
class Rebuilt:
    """What was made: how many of each. What is `unreadable` in the vault kept the rows that were
    there, and `dropped` rows of the outbox were damaged."""

    events: int = 0
    versions: int = 0
    entries: int = 0
    envelopes: int = 0
    erased: int = 0
    found_on_chain: int = 0
    to_be_sent: int = 0
    dropped: int = 0
    unreadable: int = 0


def rebuild(session: Session, *, tell: Tell = lambda _, __: None) -> Rebuilt:
    """Make the database anew; see the module. Nobody else may work on it meanwhile.

    Killed on its way it leaves a database that the next rebuild makes whole. Raises
    `LeaseHeldError` while a daemon runs, `UnreachableError`.
    """
    done = Rebuilt()
    # Where it is lost altogether.
    Database.open(session.profile.database).close()
    with ExitStack() as leases:
        names = [LEASE, *(lane_lease(account) for account in session.keystores())]
        for name in names:
            lease = held(session.database, name, holder=holder_name(), wait_seconds=5)
            leases.enter_context(lease)
        with session.database.write() as connection:
            mirror.clear(connection)
            dispositions.begin_again(connection)
            done.dropped = _drop_damaged(connection)
        indexed = indexer(session)
        indexed.catch_up(lambda progress: tell("events of the chain", progress.indexed))
        with session.database.read() as connection:
            done.events = int(
                connection.execute(sa.select(sa.func.count()).select_from(event_table)).scalar()
                or 0
            )
        _content(session, done, tell)
        done.envelopes = restore_envelopes(session, tell)
        settle_all(session)
        _submissions(session, done)
    return done


def _drop_damaged(connection: Connection) -> int:
    """Take damaged rows of the outbox away, and what hangs on them."""
    bad: dict[str, set[int]] = {"submission_id": set(), "transaction_id": set()}
    count = 0
    for table, key in ((submissions, "submission_id"), (transactions, "transaction_id")):
        for row in connection.execute(sa.select(table)).mappings().all():
            if not is_intact(table, row):
                bad[key].add(row[key])
                count += 1
    for row in connection.execute(sa.select(carriages)).mappings().all():
        lost = any(row[key] in ids for key, ids in bad.items())
        if lost or not is_intact(carriages, row):
            connection.execute(
                sa.delete(carriages).where(
                    carriages.c.transaction_id == row["transaction_id"],
                    carriages.c.submission_id == row["submission_id"],
                )
            )
    for table, key in ((submissions, "submission_id"), (transactions, "transaction_id")):
        for each in sorted(bad[key]):
            connection.execute(sa.delete(table).where(table.c[key] == each))
    return count


# --- versions -------------------------------------------------------------------------------------


def _content(session: Session, done: Rebuilt, tell: Tell) -> None:
    """Make versions and entries of journals anew, whatever packs there are of them."""
    found: dict[_Place, dict[int, list[Packed]]] = {}
    of_journals: list[str] = []
    for count, name in enumerate(sorted(session.vault.list(packs.PREFIX)), start=1):
        try:
            for packed in packs.entries_of(session.vault, name):
                if packed.place == BATCH_PLACE:
                    of_journals.append(name)
                    break
                place = (packed.place.record_id, packed.place.version)
                # The packs are in order of time: what an attempt before left behind is passed by.
                found.setdefault(place, {}).setdefault(packed.place.index, []).append(packed)
        except MunimentError:
            done.unreadable += 1
        tell("packs", count)
    made = _versions(session, found, done, tell) | _erased(session, done)
    journals = rebuild_journals(session, of_journals, found, tell)
    done.entries = journals.entries
    done.erased += journals.erased
    done.unreadable += journals.unreadable
    _drop_strays(session, made)


def _versions(
    session: Session, found: dict[_Place, dict[int, list[Packed]]], done: Rebuilt, tell: Tell
) -> set[_Place]:
    """Make the versions of packs anew; return which."""
    made: set[_Place] = set()
    batch: list[NewVersion] = []
    for place, parts in sorted(found.items()):
        newest = {index: each[-1] for index, each in parts.items()}
        new = _version(session, place, newest, done)
        if new is not None:
            batch.append(new)
            made.add(place)
        if len(batch) == _BATCH:
            _add(session, batch, done, tell)
            batch = []
    _add(session, batch, done, tell)
    return made


def _add(session: Session, batch: list[NewVersion], done: Rebuilt, tell: Tell) -> None:
    with session.database.write() as connection:
        _replace(connection, batch)
    done.versions += len(batch)
    tell("versions", done.versions)


def _replace(connection: Connection, batch: list[NewVersion]) -> None:
    for new in batch:
        _delete(connection, (new.row.record_id, new.row.version))
    add_versions(connection, batch)


def _delete(connection: Connection, place: _Place) -> None:
    for table in _CONTENT:
        connection.execute(
            sa.delete(table).where(table.c.record_id == place[0], table.c.version == place[1])
        )


def _drop_strays(session: Session, made: set[_Place]) -> None:
    """Take away what is left of rows that are damaged, or belong to no version."""
    with session.database.write() as connection:
        for row in connection.execute(sa.select(versions)).mappings().all():
            place = (RecordId(bytes(row["record_id"])), row["version"])
            if place in made:
                continue
            if is_intact(versions, row):
                made.add(place)
            else:
                _delete(connection, place)
        for table in (objects, search_terms):
            rows = connection.execute(sa.select(table)).mappings().all()
            alone = {
                bytes(row["record_id"])
                for row in rows
                if (bytes(row["record_id"]), row["version"]) not in made
            }
            entries = journal_rows.entries_of(connection, sorted(alone))
            for row in rows:
                place = (RecordId(bytes(row["record_id"])), row["version"])
                belongs = place in made or (place[1] == 1 and place[0] in entries)
                if not belongs or not is_intact(table, row):
                    keys = [table.c[each.name] == row[each.name] for each in table.primary_key]
                    connection.execute(sa.delete(table).where(*keys))


def _version(
    session: Session, place: _Place, parts: dict[int, Packed], done: Rebuilt
) -> NewVersion | None:
    if CONTENT_OBJECT not in parts or packs.SHEET_OBJECT not in parts:
        return None
    try:
        secret = session.keys.secret(*place)
        row = row_of(packs.read_object(session.vault, parts[packs.SHEET_OBJECT], secret))
        terms, fields = _terms(session, row, parts[CONTENT_OBJECT], secret)
    except ErasedError:
        return None
    except MunimentError:
        done.unreadable += 1
        return None
    types = session.types_of(row.agency_id)
    file_fields = types.by_number(row.type_id, row.type_version).file_fields
    wanted = [
        CONTENT_OBJECT,
        packs.SHEET_OBJECT,
        *(index for index, name in enumerate(file_fields, start=1) if name in fields),
    ]
    packed = tuple(parts[index] for index in wanted if index in parts)
    return NewVersion(row, packed, terms)


def _terms(
    session: Session, row: VersionRow, packed: Packed, secret: Secret
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The search terms of a version's content, which must make its commitment."""
    canonical = packs.read_object(session.vault, packed, secret)
    record_type = session.types_of(row.agency_id).by_number(row.type_id, row.type_version)
    header = record_type.header(
        row.record_id, AgencyId(row.agency_id), row.version, algorithm=row.algorithm
    )
    Version(header, Content(canonical), secret).require(Commitment(row.commitment))
    fields: Any = parse(canonical)
    key = session.keys.search_key()
    terms = {
        name: search_term(key, record_type.type_id, name, fields[name])
        for name in record_type.searchable
        if name in fields
    }
    return terms, fields


def _erased(session: Session, done: Rebuilt) -> set[_Place]:
    """Rows of erased versions: what the chain knows of them. Returns which."""
    erased = sorted(session.keys.erased_places())
    made: set[_Place] = set()
    with session.database.write() as connection:
        for record_id, number in erased:
            row = _row_of_chain(connection, record_id, number)
            if row is not None:
                _replace(connection, [NewVersion(row, (), {})])
                made.add((record_id, number))
                done.erased += 1
    return made


def _row_of_chain(connection: Connection, record_id: RecordId, number: int) -> VersionRow | None:
    for log in mirror.logs_of(connection, [record_id]):
        event = event_of(log)
        if isinstance(event, events.Registered | events.Amended) and event.state.version == number:
            state = event.state
            chosen = sa.select(record_types.c.schema_digest).where(
                record_types.c.agency_id == state.issuer,
                record_types.c.type_id == state.type_id,
                record_types.c.version == state.type_version,
            )
            digest = connection.execute(chosen).scalar()
            return VersionRow(
                record_id,
                number,
                state.issuer,
                state.type_id,
                state.type_version,
                state.algorithm,
                bytes(digest or b""),
                event.commitment,
                None,
                None,
                0,
            )
    return None


# --- submissions ----------------------------------------------------------------------------------


def _submissions(session: Session, done: Rebuilt) -> None:
    """Give each version that has no submission one: found on chain, or to be sent.

    What came with custody, another agency has brought onto the chain.
    """
    with session.database.write() as connection:
        theirs = brought_by_others(connection, session.profile.agency.id)
        missing = [
            (row, on_chain)
            for row, on_chain in _without_submission(connection)
            if (row.record_id, row.version) not in theirs
        ]
        acts = [_act(session, row) for row, _ in missing]
        ids = outbox.acknowledge(connection, acts, int(time.time() * 1000))
        rows = outbox.submissions_of(connection, ids)
        changed = []
        for submission_id, (_, on_chain) in zip(ids, missing, strict=True):
            if on_chain:
                row = rows[submission_id]
                changed.append(_found(row))
        outbox.update_submissions(connection, changed)
        done.found_on_chain = len(changed)
        done.to_be_sent = len(missing) - len(changed)


def _found(row: SubmissionRow) -> SubmissionRow:
    # The sender looks at it once more, and says when it is final.
    return replace(row, found=True, state=SubmissionState.MINED)


def _without_submission(connection: Connection) -> Iterator[tuple[VersionRow, bool]]:
    about = sa.exists().where(
        submissions.c.record_id == versions.c.record_id,
        submissions.c.version == versions.c.version,
        submissions.c.kind.in_(("register", "amend")),
    )
    chosen = (
        sa.select(versions, records.c.version.label("on_chain"))
        .join(records, records.c.record_id == versions.c.record_id, isouter=True)
        .where(~about)
        .order_by(versions.c.created_ms, versions.c.record_id, versions.c.version)
    )
    for row in connection.execute(chosen).mappings():
        values = {name: row[name] for name in VersionRow.__slots__}
        for name in ("record_id", "schema_digest", "commitment"):
            values[name] = bytes(values[name])
        yield VersionRow(**values), (row["on_chain"] or 0) >= row["version"]


def _act(session: Session, row: VersionRow) -> Act:
    officer = session.officer if session.profile.keys.officer is not None else None
    if row.version > 1:
        call = session.records.amend(
            row.record_id, row.version - 1, row.type_version, row.algorithm, row.commitment
        )
        return Act("amend", call, row.record_id, row.version, officer)
    account = None if session.profile.keys.operators else officer
    call = _registration(session, row)
    return Act("register", call, row.record_id, row.version, account)


def _registration(session: Session, row: VersionRow) -> Call:
    if row.source_system is None or row.source_id is None:
        # Erased, so on chain: this call is never sent.
        return registration(session, row, bytes(32))
    key = session.keys.local_id_key()
    return registration(session, row, derive_local_id(key, row.source_system, row.source_id))
