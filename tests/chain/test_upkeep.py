# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""fsck names each value that was changed; rebuild makes an equal database from nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from muniment.errors import StoreError
from muniment.registry import Registry, Stage
from muniment.registry.checking import Finding, check
from muniment.registry.rebuilding import rebuild
from muniment.store.database import Database
from muniment.store.leases import LeaseHeldError, held
from muniment.store.tables import MIRRORED, OWN, metadata, objects
from tests.chain.agency import Open, opened  # noqa: F401  (a fixture)
from tests.chain.conftest import World

DISPOSED = "disposed of"


def everything(opened: Open, world: World, tmp_path: Path) -> Registry:
    """An agency with records of every kind, all final, one of them erased."""
    registrar, steward = opened("registrar"), opened("steward")
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(b"%PDF a deed" * 1000)
    many = [
        registrar.register(
            "land-deed", {"holder": f"Holder {i}", "parcel": str(i)}, source_id=str(i)
        )
        for i in range(3)
    ]
    many.append(
        registrar.register(
            "land-deed",
            {"holder": "Ada", "parcel": "9"},
            source_id="with a file",
            attach={"scan": scan},
        )
    )
    many.append(registrar.register("land-deed", {"holder": "B", "parcel": "0"}, source_id=DISPOSED))
    registrar.wait(many)
    ids = [each.record_id for each in many]
    registrar.amend(ids[0], {"holder": "Another", "parcel": "0"}).wait()
    hold = opened("hold_authority")
    hold.hold(ids[1], "case 1").wait()
    hold.hold_type(1, 2, "case 2").wait()
    hold.release_type(1, 2, "case 2").wait()
    steward.offer(ids[2], 2).wait()
    world.connection.request("evm_increaseTime", [2 * 86_400])
    world.connection.request("evm_mine", [])
    registrar.propose_disposition(ids[4], "schedule 4").wait()
    steward.confirm_disposition(ids[4]).wait()
    world.connection.request("anvil_mine", [hex(3)])
    registrar.wait(many, Stage.FINAL)
    registrar.sync()
    assert (ids[4], 1) in set(registrar.session.keys.erased_places())
    return registrar


@pytest.fixture
def registrar(opened: Open, world: World, tmp_path: Path) -> Registry:
    return everything(opened, world, tmp_path)


def found(registry: Registry) -> list[Finding]:
    return list(check(registry.session))


def other(value: Any, column: sa.Column[Any]) -> Any:
    """Another value of a column's type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1]) if value else b"\1"
    if isinstance(value, str):
        return value[:-1] + ("x" if not value.endswith("x") else "y")
    return {"INTEGER": 7, "BIGINT": 7, "TEXT": "x", "BLOB": b"x", "BYTEA": b"x"}.get(
        str(column.type), True
    )


def test_sound__nothing_is_found(registrar: Registry) -> None:
    assert found(registrar) == []


def tamper(database: Database, statement: str, values: list[Any]) -> bool:
    """Change the tables behind the database's back; False where even that is refused."""
    if database.is_sqlite:
        with sqlite3.connect(str(database.engine.url.database)) as raw:
            raw.execute("PRAGMA foreign_keys=OFF")
            try:
                raw.execute(statement, values)
            except sqlite3.IntegrityError:
                return False
        return True
    try:
        with database.engine.begin() as connection:
            # No foreign key is looked at.
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            connection.exec_driver_sql(statement.replace("?", "%s"), tuple(values))
    except sa.exc.IntegrityError:
        return False
    return True


def first_rows(database: Database) -> Iterator[tuple[sa.Table, dict[str, Any]]]:
    for table in (*OWN, *MIRRORED):
        with database.read() as connection:
            row = connection.execute(sa.select(table)).mappings().first()
        if row is not None:
            yield table, dict(row)


def where(table: sa.Table) -> tuple[str, list[str]]:
    keys = [column.name for column in table.primary_key.columns]
    return " AND ".join(f'"{key}" = ?' for key in keys), keys


def named(registry: Registry, table: sa.Table) -> bool:
    try:
        return any(table.name in each.where for each in found(registry))
    except StoreError:
        # Such as a mirror that names another registry: said before anything is compared.
        return True


def test_changed_value__is_named(registrar: Registry) -> None:
    """Each column of each table that has rows, one value changed at a time."""
    database = registrar.session.database
    silent, seen = [], set()
    for table, row in first_rows(database):
        condition, keys = where(table)
        for column in table.columns:
            changed = {**row, column.name: other(row[column.name], column)}
            statement = f'UPDATE "{table.name}" SET "{column.name}" = ? WHERE {condition}'
            if not tamper(database, statement, [changed[column.name], *(row[key] for key in keys)]):
                continue
            if not named(registrar, table):
                silent.append(f"{table.name}.{column.name}")
            seen.add(table.name)
            assert tamper(database, statement, [row[column.name], *(changed[key] for key in keys)])
    assert silent == []
    assert {"versions", "objects", "search_terms", "submissions", "transactions"} <= seen
    assert {"mirror", "blocks", "events", "records", "holds", "officers", "agencies"} <= seen
    assert found(registrar) == []


def test_removed_row__is_said(registrar: Registry) -> None:
    database = registrar.session.database
    for table, row in first_rows(database):
        if table.name in {"leases", "mirror", "blocks"}:
            # A lease that is gone is free; a mirror without its first row is one not begun.
            continue
        if table.name in {"mandates", "destructions", "destroyed_up_to"}:
            # Nothing follows from these: a certificate says that it does not know.
            continue
        condition, keys = where(table)
        assert tamper(
            database, f'DELETE FROM "{table.name}" WHERE {condition}', [row[key] for key in keys]
        )
        assert found(registrar), f"a row of {table.name} was removed, and nobody said so"
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        insert = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'
        assert tamper(database, insert, list(row.values()))
    assert found(registrar) == []


def test_changed_file__is_named(registrar: Registry, tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    with registrar.session.database.read() as connection:
        packs = set(connection.execute(sa.select(objects.c.pack).distinct()).scalars())
    # What is erased is noise: nobody can tell one noise from another.
    files = [
        path
        for path in vault.rglob("*")
        if path.is_file() and ("packs" not in path.parts or f"packs/{path.name}" in packs)
    ]
    assert len(files) >= 4
    for path in files:
        whole = path.read_bytes()
        for place in (0, len(whole) // 2, len(whole) - 1):
            changed = bytearray(whole)
            changed[place] ^= 1
            path.chmod(0o600)
            path.write_bytes(changed)
            registrar.session.record_types.forget()
            assert found(registrar), f"{path.name} was changed at {place}, and nobody said so"
        if path.name == "MUNIMENT-VAULT":
            # Made anew whenever the vault is opened: there is nothing in it to be lost.
            path.write_bytes(whole)
            continue
        path.unlink()
        registrar.session.record_types.forget()
        assert found(registrar), f"{path.name} was removed, and nobody said so"
        path.write_bytes(whole)
        registrar.session.record_types.forget()
    assert found(registrar) == []


def own_rows(database: Database) -> dict[str, list[Any]]:
    tables = [
        *MIRRORED,
        *(metadata.tables[name] for name in ("versions", "objects", "search_terms")),
    ]
    with database.read() as connection:
        return {
            table.name: sorted((tuple(r) for r in connection.execute(sa.select(table))), key=repr)
            for table in tables
        }


def test_rebuild__makes_an_equal_database(registrar: Registry) -> None:
    database = registrar.session.database
    before = own_rows(database)
    with database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.delete(table))
    done = rebuild(registrar.session)
    assert own_rows(database) == before
    assert (done.erased, done.to_be_sent, done.unreadable) == (1, 0, 0)
    assert done.found_on_chain == done.versions + done.erased
    assert found(registrar) == []
    # Everything goes on from there: what was found is confirmed, and the same content is the same.
    again = registrar.register("land-deed", {"holder": "Holder 1", "parcel": "1"}, source_id="1")
    again.wait(Stage.FINAL)
    registrar.register("land-deed", {"holder": "New", "parcel": "77"}, source_id="77").wait()
    assert found(registrar) == []


def test_rebuild__sends_what_was_acknowledged_and_not_sent(
    opened: Open,
    world: World,
) -> None:
    registrar = opened("registrar")
    waiting = registrar.register("land-deed", {"holder": "W", "parcel": "5"}, source_id="5")
    database = registrar.session.database
    with database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.delete(table))
    done = rebuild(registrar.session)
    assert (done.versions, done.to_be_sent, done.found_on_chain) == (1, 1, 0)
    again = registrar.register("land-deed", {"holder": "W", "parcel": "5"}, source_id="5")
    again.wait()
    assert again.record_id == waiting.record_id
    block = world.connection.block()
    assert world.registries.records.record(again.record_id, block=block).state.version == 1


def test_rebuild__beside_a_daemon__is_refused(registrar: Registry) -> None:
    database = registrar.session.database
    before = own_rows(database)
    with held(database, "index"), pytest.raises(LeaseHeldError):
        rebuild(registrar.session)
    assert own_rows(database) == before


def test_erased__cannot_be_read_and_is_not_found(registrar: Registry) -> None:
    record_id = registrar.record_id(DISPOSED)
    assert registrar.find("land-deed", {"holder": "B"}) == []
    with pytest.raises(Exception, match="was destroyed"):
        registrar.content(record_id)
