# SPDX-License-Identifier: Apache-2.0
"""`fsck`: everything that is stored, compared with everything else that says the same.

| what | against |
| --- | --- |
| each of the agency's own rows | its row digest |
| the mirror | one made from the chain in a database of its own |
| signed transactions | their raw bytes |
| submissions | the transactions that carry them |
| versions, objects, search terms | the vault's content under the key store's secrets |
| commitments | the mirror, and so the chain |
| record types in the vault | the chain |
| the key store | itself, and which versions there are |
| journals | see `registry/journal_checking.py` |
| envelopes | their senders' signatures, and themselves (`registry/exchange/upkeep.py`) |
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from eth_account import Account

from muniment.errors import ErasedError, MunimentError, UnreachableError
from muniment.pipeline.indexer import Indexer
from muniment.record.files import FileValue
from muniment.record.identifiers import RecordId
from muniment.record.keccak import keccak
from muniment.registry.discarding import Nowhere
from muniment.registry.exchange.upkeep import check_envelopes
from muniment.registry.findings import Finding, Tell
from muniment.registry.journal_checking import check_journals
from muniment.registry.mirroring import sync
from muniment.registry.reading import kept_version
from muniment.registry.session import Session
from muniment.store import packs
from muniment.store.database import Database
from muniment.store.journal_rows import entries_of
from muniment.store.journal_tables import journal_batches
from muniment.store.mirror import MirroredRegistry
from muniment.store.origins import brought_by_others
from muniment.store.outbox_rows import SubmissionRow, TransactionRow, state_of
from muniment.store.outbox_storage import intact_submissions, intact_transactions
from muniment.store.rows import DIGEST, is_intact
from muniment.store.search_terms import search_term
from muniment.store.tables import (
    MIRRORED,
    OWN,
    carriages,
    objects,
    record_types,
    records,
    search_terms,
    submissions,
    transactions,
    versions,
)
from muniment.store.vault import open_vault
from muniment.store.versions import VersionRow, packed_objects, row_of, version_row

_MANY: Final = 1_000
_ROUNDS: Final = 5


def check(session: Session, *, tell: Tell = lambda _, __: None) -> Iterator[Finding]:
    """Yield all that is found. `tell` is told the part that is looked at, and how many are done.

    The chain must answer: raises `UnreachableError`, and what opening the stores raises.
    """
    for table in (each for each in OWN if DIGEST in each.columns):
        yield from _own_rows(session, table, tell)
    yield from _transactions(session)
    yield from _submissions(session)
    yield from _mirror(session, tell)
    yield from _record_types(session)
    yield from _versions(session, tell)
    yield from check_journals(session, tell)
    yield from check_envelopes(session, tell)
    yield from _packs(session, tell)
    yield from _key_store(session)


def _own_rows(session: Session, table: sa.Table, tell: Tell) -> Iterator[Finding]:
    with session.database.read() as connection:
        for count, row in enumerate(connection.execute(sa.select(table)).mappings(), start=1):
            if not is_intact(table, row):
                yield Finding(_place(table, row), "a value of this row was changed")
            if count % _MANY == 0:
                tell(f"table {table.name}", count)


def _transactions(session: Session) -> Iterator[Finding]:
    with session.database.read() as connection:
        rows = connection.execute(sa.select(transactions)).mappings().all()
    for row in rows:
        where = _place(transactions, row)
        raw = bytes(row["raw"])
        if keccak(raw) != bytes(row["hash"]):
            yield Finding(where, "the raw transaction has another hash")
            continue
        try:
            sender = Account.recover_transaction(raw)
        except Exception:  # noqa: BLE001
            # The library raises what it likes on nonsense.
            yield Finding(where, "the raw transaction is none")
            continue
        if sender != row["account"]:
            yield Finding(where, f"the raw transaction is signed by {sender}")


def _submissions(session: Session) -> Iterator[Finding]:
    """Whether each submission has the state that its transactions give, and each version one.

    Damaged rows are passed by: they are named already.
    """
    with session.database.read() as connection:
        rows = intact_submissions(connection)
        sent = intact_transactions(connection)
        every = {
            table.name: set(connection.execute(sa.select(key)).scalars())
            for table, key in (
                (submissions, submissions.c.submission_id),
                (transactions, transactions.c.transaction_id),
            )
        }
        chosen = sa.select(carriages.c.submission_id, carriages.c.transaction_id)
        carried: dict[int, list[int]] = {}
        for submission_id, transaction_id in connection.execute(chosen):
            carried.setdefault(submission_id, []).append(transaction_id)
        kept = connection.execute(sa.select(versions.c.record_id, versions.c.version)).all()
        theirs = brought_by_others(connection, session.profile.agency.id)
    about: set[tuple[bytes | None, int | None]] = set()
    for row in rows.values():
        ids = carried.get(row.submission_id, [])
        if all(each in sent for each in ids):
            yield from _submission(row, [sent[each] for each in ids])
        if row.kind in ("register", "amend"):
            about.add((row.record_id, row.version))
    carriers = {each for ids in carried.values() for each in ids}
    for table, named in ((submissions, carried.keys()), (transactions, carriers)):
        for each in sorted(named - every[table.name]):
            yield Finding(f"table {table.name}, {each}", "the row is missing")
    for each in sorted(every["transactions"] - carriers):
        yield Finding(f"table carriages, of transaction {each}", "no row says what it carries")
    if len(rows) == len(every["submissions"]):
        for record_id, version in kept:
            place = (RecordId(bytes(record_id)), version)
            if place not in about and place not in theirs:
                where = f"table submissions, of record 0x{bytes(record_id).hex()} version {version}"
                yield Finding(where, "the row is missing")


def _submission(row: SubmissionRow, carriers: Sequence[TransactionRow]) -> Iterator[Finding]:
    wanted = state_of(row, carriers)
    if wanted is not row.state:
        where = f"table submissions, {row.submission_id}"
        yield Finding(where, f"it is {row.state}, and its transactions make it {wanted}")


def _mirror(session: Session, tell: Tell) -> Iterator[Finding]:
    chain = session.profile.chain
    registry = MirroredRegistry(
        chain.id, chain.registry, session.agencies.address, chain.shares, chain.first_block
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        Database.open(f"sqlite:///{Path(folder)}/mirror.db") as fresh,
    ):
        theirs = Indexer(fresh, session.nodes, registry, finality_depth=chain.finality_depth)
        found: list[Finding] = []
        for _ in range(_ROUNDS):
            found = []
            try:
                sync(session)
            except UnreachableError:
                raise
            except MunimentError as error:
                found.append(Finding("the mirror", error.what))
            theirs.catch_up(lambda done: tell("the chain's events", done.indexed))
            found += _differences(session.database, fresh)
            # A block may come between the two: then they differ in their tops, and are asked anew.
            if not _tops_differ(session.database, fresh):
                break
        yield from found


def _tops_differ(ours: Database, fresh: Database) -> bool:
    blocks = next(table for table in MIRRORED if table.name == "blocks")
    tops = []
    for database in (ours, fresh):
        with database.read() as connection:
            tops.append(connection.execute(sa.select(sa.func.max(blocks.c.number))).scalar())
    return tops[0] != tops[1]


def _differences(ours: Database, fresh: Database) -> Iterator[Finding]:
    for table in MIRRORED:
        rows = []
        for database in (ours, fresh):
            with database.read() as connection:
                found = connection.execute(sa.select(table)).mappings()
                rows.append({_key(table, row): dict(row) for row in found})
        kept, chain = rows
        for key in sorted(kept.keys() | chain.keys(), key=repr):
            where = f"table {table.name}, {_words(table, key)}"
            if key not in kept:
                yield Finding(where, "the chain has it, the mirror does not")
            elif key not in chain:
                yield Finding(where, "the mirror has it, the chain does not")
            elif kept[key] != chain[key]:
                names = [name for name in kept[key] if kept[key][name] != chain[key][name]]
                yield Finding(where, f"{', '.join(names)} differs from the chain")


def _record_types(session: Session) -> Iterator[Finding]:
    agency = session.profile.agency.id
    prefix = f"types/{agency:08x}/"
    with session.database.read() as connection:
        chosen = sa.select(record_types).where(record_types.c.agency_id == agency)
        published = {
            (row["type_id"], row["version"]): bytes(row["schema_digest"])
            for row in connection.execute(chosen).mappings()
        }
    for name in session.vault.list(prefix):
        try:
            [each] = session.record_types.in_file(name)
        except MunimentError as error:
            yield Finding(f"file {name}", error.what)
            continue
        digest = published.get((each.type_id, each.version))
        if digest is not None and digest != each.schema_digest:
            yield Finding(f"file {name}", "its schema is not the one on chain")
        if name != f"{prefix}{each.type_id:04x}-{each.version:04x}":
            yield Finding(f"file {name}", "its name does not fit what it holds")


def _versions(session: Session, tell: Tell) -> Iterator[Finding]:
    with session.database.read() as connection:
        chosen = sa.select(versions.c.record_id, versions.c.version).order_by(
            versions.c.record_id, versions.c.version
        )
        places = [(bytes(row[0]), row[1]) for row in connection.execute(chosen)]
    for count, (record_id, number) in enumerate(places, start=1):
        with session.database.read() as connection:
            row = version_row(connection, record_id, number)
            where = f"version {number} of record 0x{record_id.hex()}"
            if row is None:
                continue
            yield from _against_chain(connection, row, where)
        try:
            yield from _version(session, row, where)
        except ErasedError:
            if row.source_id is not None:
                yield Finding(where, "its secrets are destroyed, and its row is not")
        except MunimentError as error:
            yield Finding(where, error.what)
        if count % _MANY == 0:
            tell("versions", count)


def _against_chain(connection: sa.Connection, row: VersionRow, where: str) -> Iterator[Finding]:
    chosen = sa.select(records).where(records.c.record_id == row.record_id)
    stands = connection.execute(chosen).mappings().one_or_none()
    if stands is None:
        return
    if stands["version"] == row.version and bytes(stands["commitment"]) != row.commitment:
        yield Finding(where, "its commitment is not the one on chain")
    if (stands["issuer"], stands["type_id"]) != (row.agency_id, row.type_id):
        yield Finding(where, "its agency or type is not the one on chain")


def _version(session: Session, row: VersionRow, where: str) -> Iterator[Finding]:
    kept = kept_version(session, row.record_id, row.version)
    secret = kept.version.secret
    with session.database.read() as connection:
        packed = packed_objects(connection, row.record_id, row.version)
        chosen = sa.select(search_terms.c.field, search_terms.c.term).where(
            search_terms.c.record_id == row.record_id, search_terms.c.version == row.version
        )
        terms = {field: bytes(term) for field, term in connection.execute(chosen)}
    if packs.SHEET_OBJECT not in packed:
        yield Finding(where, "its sheet has no place in the vault")
    elif row_of(packs.read_object(session.vault, packed[packs.SHEET_OBJECT], secret)) != row:
        yield Finding(where, "its sheet in the vault says otherwise")
    key = session.keys.search_key()
    wanted = {
        name: search_term(key, kept.record_type.type_id, name, kept.fields[name])
        for name in kept.record_type.searchable
        if name in kept.fields
    }
    if terms != wanted:
        yield Finding(where, "its search terms are not those of its content")
    for index, name in enumerate(kept.record_type.file_fields, start=1):
        if name not in kept.fields:
            continue
        if index not in packed:
            yield Finding(where, f"the file of field {name!r} has no place in the vault")
            continue
        value = FileValue.from_json(kept.fields[name])
        packs.read_file(session.vault, packed[index], secret, Nowhere(), value)


def _packs(session: Session, tell: Tell) -> Iterator[Finding]:
    """Whether each pack can be read to its end, and lacks nothing that a row names."""
    try:
        open_vault(session.profile.vault, create=False).close()
    except MunimentError as error:
        yield Finding(f"vault {session.profile.vault}", error.what)
    with session.database.read() as connection:
        named: set[str] = set()
        for table in (objects, journal_batches):
            named.update(connection.execute(sa.select(table.c.pack).distinct()).scalars())
    there = set()
    for count, name in enumerate(session.vault.list(packs.PREFIX), start=1):
        there.add(name)
        try:
            for _ in packs.entries_of(session.vault, name):
                pass
        except MunimentError as error:
            yield Finding(f"file {name}", error.what)
        tell("packs", count)
    for name in sorted(named - there):
        yield Finding(f"file {name}", "it is missing from the vault")


def _key_store(session: Session) -> Iterator[Finding]:
    for finding in session.keys.check():
        yield Finding("key store", str(finding))
    with session.database.read() as connection:
        chosen = sa.select(versions.c.record_id, versions.c.version, versions.c.source_id)
        rows = {(bytes(row[0]), row[1]): row[2] is not None for row in connection.execute(chosen)}
        chosen = sa.select(records.c.record_id, records.c.version)
        on_chain = {bytes(row[0]): row[1] for row in connection.execute(chosen)}
        placed = {
            (bytes(row[0]), row[1])
            for table in (objects, search_terms)
            for row in connection.execute(sa.select(table.c.record_id, table.c.version).distinct())
        }
    secrets = {(bytes(record_id), version) for record_id, version in session.keys.places()}
    erased = {(bytes(record_id), version) for record_id, version in session.keys.erased_places()}
    for (record_id, version), kept in rows.items():
        where = f"key store, version {version} of record 0x{record_id.hex()}"
        if kept and (record_id, version) not in secrets:
            yield Finding(where, "its secret is missing")
        if not kept and (record_id, version) not in erased:
            yield Finding(where, "it is erased in the database, and not in the key store")
    # A secret alone is no fault: a registration that was never acknowledged left it behind.
    registered = {each for each in secrets if on_chain.get(each[0], 0) >= each[1]}
    missing = (erased | registered | placed) - rows.keys()
    with session.database.read() as connection:
        entries = entries_of(connection, sorted({each for each, _ in missing}))
    for record_id, version in sorted(missing):
        if version == 1 and record_id in entries:
            # A journal's record: its entry is its row, and its files have places all the same.
            continue
        where = f"table versions, version {version} of record 0x{record_id.hex()}"
        yield Finding(where, "the row is missing")


def _place(table: sa.Table, row: Any) -> str:
    return f"table {table.name}, {_words(table, _key(table, row))}"


def _key(table: sa.Table, row: Any) -> tuple[Any, ...]:
    values = [row[column.name] for column in table.primary_key.columns if column.name != DIGEST]
    return tuple(bytes(each) if isinstance(each, memoryview) else each for each in values)


def _words(table: sa.Table, key: tuple[Any, ...]) -> str:
    named = zip(table.primary_key.columns, key, strict=True)
    return ", ".join(
        f"{column.name} {'0x' + value.hex() if isinstance(value, bytes) else value}"
        for column, value in named
    )
