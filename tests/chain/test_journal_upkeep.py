# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""fsck names whatever differs in a journal; repair and rebuild restore what can be derived."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from muniment.intake.mapping import FieldMapping
from muniment.intake.plans import FieldSource
from muniment.intake.sources import open_source
from muniment.journal import Entry
from muniment.registry import Registry, Stage
from muniment.registry.checking import check
from muniment.registry.findings import Finding
from muniment.registry.journal_import import import_by_journal
from muniment.registry.rebuilding import rebuild
from muniment.registry.repairing import repair
from muniment.store.journal_tables import (
    GROUP,
    journal_batches,
    journal_entries,
    journal_ids,
    journal_terms,
)
from muniment.store.packs import PREFIX
from muniment.store.rows import with_digest
from muniment.store.tables import metadata, objects, seals
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.conftest import World
from tests.chain.test_journals import Officers, officer, seal  # noqa: F401
from tests.chain.test_upkeep import other, tamper, where

TABLES = (journal_batches, journal_entries, journal_ids, journal_terms)
DISPOSED = "3"


def told(*_: object) -> None:
    """Nobody looks at the progress."""


def found(registry: Registry) -> list[Finding]:
    registry.session.record_types.forget()
    return list(check(registry.session))


def imported(registry: Registry, folder: Path, first: int, count: int) -> None:
    path = folder / f"deeds-{first}.csv"
    rows = [
        f"{i},Holder {i % 7},{i}/7,{'scan.pdf' if i == first else ''}"
        for i in range(first, first + count)
    ]
    path.write_text("\n".join(["id,holder,parcel,scan", *rows]) + "\n")
    (folder / "scan.pdf").write_bytes(b"%PDF a deed" * 100)
    fields = {name: FieldSource(name) for name in ("holder", "parcel")}
    fields["scan"] = FieldSource("scan", kind="file")
    record_type = registry.session.record_types.latest("land-deed")
    mapping = FieldMapping("{id}", fields)
    done = import_by_journal(registry.session, record_type, open_source(path), mapping, 1)
    assert done.tally.registered == count


@pytest.fixture
def register(officer: Officers, world: World, tmp_path: Path) -> Registry:
    """Three batches, the last not sealed; one record revoked, one amended, one erased."""
    registrar, steward = officer("registrar"), officer("steward")
    imported(registrar, tmp_path, 0, 300)
    seal(registrar)
    imported(registrar, tmp_path, 300, 20)
    seal(registrar)
    registrar.revoke(registrar.record_id("2"), "fraud").wait()
    registrar.amend(registrar.record_id("5"), {"holder": "Grace", "parcel": "5/7"}).wait()
    disposed = registrar.record_id(DISPOSED)
    world.connection.request("evm_increaseTime", [2 * 86_400])
    world.connection.request("evm_mine", [])
    registrar.propose_disposition(disposed, "schedule 4").wait()
    last = steward.confirm_disposition(disposed)
    last.wait()
    world.connection.request("anvil_mine", [hex(3)])
    steward.wait([last], Stage.FINAL)
    registrar.sync()
    assert (disposed, 1) in set(registrar.session.keys.erased_places())
    imported(registrar, tmp_path, 320, 5)
    return registrar


def rows_of(registry: Registry) -> dict[str, list[Any]]:
    tables = (*TABLES, *(metadata.tables[name] for name in ("versions", "objects", "search_terms")))
    with registry.session.database.read() as connection:
        return {
            table.name: sorted((tuple(r) for r in connection.execute(sa.select(table))), key=repr)
            for table in tables
        }


def emptied(registry: Registry) -> None:
    with registry.session.database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.delete(table))


def files_of(folder: Path, prefix: str) -> list[Path]:
    return sorted(
        path for path in folder.rglob("*") if path.is_file() and f"/{prefix}" in str(path)
    )


def test_sound__nothing_is_found(register: Registry) -> None:
    assert found(register) == []


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_changed_value__is_named(register: Registry, table: sa.Table) -> None:
    """Each column of the first, a middle and the last row; and each of these rows removed."""
    database = register.session.database
    order = list(table.primary_key.columns)
    with database.read() as connection:
        rows = connection.execute(sa.select(table).order_by(*order)).mappings().all()
    condition, keys = where(table)
    silent = []
    for row in (dict(rows[at]) for at in (0, len(rows) // 2, len(rows) - 1)):
        here = [row[key] for key in keys]
        for column in table.columns:
            changed = {**row, column.name: other(row[column.name], column)}
            statement = f'UPDATE "{table.name}" SET "{column.name}" = ? WHERE {condition}'
            if not tamper(database, statement, [changed[column.name], *here]):
                continue
            if not any(table.name in each.where for each in found(register)):
                silent.append(f"{column.name} of {here}")
            back = [row[column.name], *(changed[key] for key in keys)]
            assert tamper(database, statement, back)
        assert tamper(database, f'DELETE FROM "{table.name}" WHERE {condition}', here)
        if not found(register):
            silent.append(f"removed {here}")
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        insert = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'
        assert tamper(database, insert, list(row.values()))
    assert silent == []
    assert found(register) == []


@pytest.mark.slow
def test_changed_file__is_named_and_repaired(register: Registry, tmp_path: Path) -> None:
    """Each file of the journal, changed at three places and removed."""
    vault = tmp_path / "vault"
    files = {named(path, vault).removeprefix("journals/1/"): path for path in journal_files(vault)}
    needed = {"checkpoint", "tile/0/000", "tile/entries/000", "tile/0/001.p/64", "tile/1/000.p/1"}
    assert needed <= files.keys()
    checkpoint = files["checkpoint"].read_bytes()
    for name, path in files.items():
        whole = path.read_bytes()
        for place in (0, len(whole) // 2, len(whole) - 1):
            changed = bytearray(whole)
            changed[place] ^= 1
            path.write_bytes(changed)
            assert [each.where for each in found(register)] == [f"file journals/1/{name}"]
        restored(register)
        # Repairing publishes what is not sealed yet, too: back to the smaller checkpoint.
        files["checkpoint"].write_bytes(checkpoint)
        path.unlink()
        if name in needed:
            assert [each.where for each in found(register)] == [f"file journals/1/{name}"]
            restored(register)
        path.write_bytes(whole)
        files["checkpoint"].write_bytes(checkpoint)
    assert found(register) == []


def restored(registry: Registry) -> None:
    done = repair(registry.session, found(registry), tell=told)
    assert (done.database, done.left) == (False, ())
    assert done.files >= 1


def journal_files(vault: Path) -> list[Path]:
    return files_of(vault, "journals/")


def named(path: Path, vault: Path) -> str:
    parts = path.relative_to(vault).as_posix()
    return parts[parts.index("journals/") :]


@pytest.mark.slow
def test_changed_pack__is_named_and_nothing_is_touched(register: Registry, tmp_path: Path) -> None:
    """What a pack held follows from nothing else: rows stay, whatever is repaired beside."""
    database = register.session.database
    with database.read() as connection:
        packs = set(connection.execute(sa.select(journal_batches.c.pack)).scalars())
        packs |= set(connection.execute(sa.select(objects.c.pack)).scalars())
    before = rows_of(register)
    files = [
        path for path in files_of(tmp_path / "vault", PREFIX) if f"{PREFIX}{path.name}" in packs
    ]
    assert len(files) >= 5
    for path in files:
        whole = path.read_bytes()
        for place in (0, 200, len(whole) - 1):
            changed = bytearray(whole)
            changed[place] ^= 1
            path.chmod(0o600)
            path.write_bytes(changed)
            assert found(register), f"{path.name} was changed at {place}, and nobody said so"
        path.unlink()
        assert any(path.name in each.where for each in found(register))
        left = repair(register.session, found(register), tell=told).left
        assert any(path.name in each.where for each in left)
        assert rows_of(register) == before
        path.write_bytes(whole)
    assert found(register) == []


def test_changed_secret__is_named(register: Registry, tmp_path: Path) -> None:
    keys = sa.create_engine(f"sqlite:///{tmp_path}/keys.db")
    with keys.begin() as connection:
        whole = connection.exec_driver_sql("SELECT wrapped FROM journal_secrets").scalars().first()
        connection.exec_driver_sql(
            "UPDATE journal_secrets SET wrapped = ? WHERE first_index = 0",
            (whole[:-1] + bytes([whole[-1] ^ 1]),),
        )
    keys.dispose()
    assert any("key store" in each.where for each in found(register))


def test_changed_seal__is_named(register: Registry) -> None:
    """The mirror's word for a seal is compared with the chain's, and that with the entries."""
    database = register.session.database
    for column in ("root", "size"):
        with database.read() as connection:
            row = dict(connection.execute(sa.select(seals)).mappings().first() or {})
        changed = {**row, column: other(row[column], seals.c[column])}
        with database.write() as connection:
            connection.execute(sa.delete(seals).where(seals.c.size == row["size"]))
            connection.execute(sa.insert(seals), [with_digest(seals, changed)])
        assert any("seals" in each.where for each in found(register)), column
        done = repair(register.session, found(register), tell=told)
        assert (done.database, done.left) == (True, ())
    assert found(register) == []


def test_entry_written_over_with_all_that_hangs_on_it__differs_from_its_seal(
    register: Registry,
) -> None:
    """By somebody who has the database: another time of an entry, which nothing else there says."""
    database = register.session.database
    at = journal_entries.c.entry_index == 7
    with database.read() as connection:
        [stored] = connection.execute(sa.select(journal_entries.c.entry).where(at)).scalars()
    entry = Entry.from_bytes(stored)
    with database.write() as connection:
        values = {"entry": replace(entry, time=entry.time + 1).to_bytes()}
        connection.execute(sa.update(journal_entries).where(at).values(values))
    what = " ".join(each.what for each in found(register))
    for size in (300, 320):
        assert f"the seal of {size} entries on chain has another root" in what


def test_ids_of_no_entry__are_named(register: Registry) -> None:
    """In a group of batches that is not there, and beyond the batches of one that is."""
    rows = [
        {
            "journal": 1,
            "group_start": start,
            "record_id": bytes([index % 256]) * 32,
            "entry_index": index,
        }
        for start, index in ((5 * GROUP, 7), (0, 400))
    ]
    with register.session.database.write() as connection:
        connection.execute(sa.insert(journal_ids), rows)
    where = [each.where for each in found(register)]
    assert f"table journal_ids, journal 1, group_start {5 * GROUP}" in where
    assert any(each.startswith("table journal_ids, journal 1, group_start 0, ") for each in where)


def test_damaged_rows__are_repaired(register: Registry) -> None:
    before = rows_of(register)
    with register.session.database.write() as connection:
        connection.execute(sa.update(journal_entries).values(source_id="x"))
        connection.execute(sa.delete(journal_ids).where(journal_ids.c.entry_index < 9))
        connection.execute(sa.delete(journal_terms).where(journal_terms.c.entry_index > 300))
        connection.execute(
            sa.update(journal_batches)
            .values(pack="packs/none")
            .where(journal_batches.c.first_index == 300)
        )
    done = repair(register.session, found(register), tell=told)
    assert (done.database, done.left) == (True, ())
    assert rows_of(register) == before


def test_rebuild__makes_equal_rows(register: Registry) -> None:
    before = rows_of(register)
    emptied(register)
    done = rebuild(register.session)
    assert rows_of(register) == before
    assert (done.entries, done.erased, done.unreadable) == (325, 1, 0)
    assert found(register) == []
    # It goes on from there: the unsealed entries are sealed, and all is there already.
    seal(register)
    assert found(register) == []


def test_rebuild_without_tiles__has_all_that_is_not_erased(
    register: Registry, tmp_path: Path
) -> None:
    """The entries before the erased one follow from packs alone; that one from the bundles."""
    emptied(register)
    tiles = tmp_path / "vault/objects/jo/journals/1/tile"
    kept = tmp_path / "kept"
    shutil.move(tiles, kept)
    assert rebuild(register.session).unreadable > 0
    assert found(register) != []
    shutil.move(kept, tiles)
    assert rebuild(register.session).unreadable == 0
    assert found(register) == []
