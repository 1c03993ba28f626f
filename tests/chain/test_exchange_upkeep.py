# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""fsck and rebuild of what was sent and received: each change is named, rows come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from muniment.record.identifiers import RecordId
from muniment.registry import Registry
from muniment.registry.checking import check
from muniment.registry.exchange.keeping import PREFIX
from muniment.registry.rebuilding import rebuild
from muniment.store.exchange_tables import enveloped_records, envelopes
from muniment.store.keys import KeyPurpose
from muniment.store.rows import with_digest
from tests.chain.test_shares import agreed, registered
from tests.chain.two_agencies import Agencies, agencies  # noqa: F401


def received(agencies: Agencies, folder: Path) -> tuple[Registry, list[RecordId]]:
    """Agency 2 after it has received two deeds; nothing is wrong with its stores."""
    first, second = agencies
    deeds = [registered(first.open("registrar"), f"7/{number}") for number in range(2)]
    share_id = agreed(agencies, folder)
    first.open("steward").exchange.deliver(share_id, folder / "delivery")
    taker = second.open("steward")
    taken = taker.exchange.receive(folder / "delivery")
    assert taken.submission is not None
    taken.submission.wait("final")
    assert found(taker) == []
    assert found(first.open("steward")) == []
    return taker, deeds


def found(registry: Registry) -> list[str]:
    registry.sync()
    return [f"{each.where}: {each.what}" for each in check(registry.session)]


def stored(registry: Registry) -> dict[str, list[dict[str, Any]]]:
    with registry.session.database.read() as connection:
        return {
            table.name: [
                dict(row)
                for row in connection.execute(
                    sa.select(table).order_by(*table.primary_key)
                ).mappings()
            ]
            for table in (envelopes, enveloped_records)
        }


def test_files__that_are_gone_or_changed_are_named(agencies: Agencies, tmp_path: Path) -> None:
    taker, _ = received(agencies, tmp_path)
    vault = taker.session.vault
    name = next(
        each for each in vault.list(PREFIX) if vault.get_range(each, 0, 400).count(b'"delivery"')
    )
    whole = vault.get_range(name, 0, vault.size(name))
    for place in (5, 60, len(whole) // 2, len(whole) - 1):
        changed = bytearray(whole)
        changed[place] ^= 1
        vault.replace(name, bytes(changed))
        assert any(each.startswith(f"file {name}") for each in found(taker)), place
    vault.delete(name)
    assert found(taker) == [f"file {name}: it is missing"]
    vault.replace(name, whole)
    assert found(taker) == []


@pytest.mark.parametrize("forged", [False, True], ids=["changed", "changed with its digest"])
def test_rows__that_are_changed_are_named_and_made_anew(
    agencies: Agencies, tmp_path: Path, forged: bool
) -> None:
    taker, deeds = received(agencies, tmp_path)
    before = stored(taker)
    others = {
        envelopes: {"kind": "custody", "agency_id": 9, "subject": b"s" * 32, "made_at": 5},
        enveloped_records: {"part": 7, "offset": 3},
    }
    for table, values in others.items():
        for column, value in values.items():
            [row] = [
                each
                for each in before[table.name]
                if each.get("kind") in (None, "delivery") and each.get("record_id") != deeds[1]
            ]
            changed = {**row, column: value}
            if forged:
                changed = with_digest(
                    table, {k: v for k, v in changed.items() if k != "row_digest"}
                )
            where = [column == row[column.name] for column in table.primary_key]
            with taker.session.database.write() as connection:
                connection.execute(sa.update(table).where(*where).values(changed))
            assert any(f"table {table.name}" in each for each in found(taker)), column
            with taker.session.database.write() as connection:
                connection.execute(sa.update(table).where(*where).values(row))
    assert found(taker) == []


def test_rebuild__makes_the_rows_anew_and_what_was_received_is_read(
    agencies: Agencies, tmp_path: Path
) -> None:
    taker, deeds = received(agencies, tmp_path)
    with taker.session.database.write() as connection:
        for table in (enveloped_records, envelopes):
            connection.execute(sa.delete(table).where(table.c.digest.is_not(None)))
    assert rebuild(taker.session).envelopes == 1
    assert [each.values for each in taker.exchange.received(deeds[0])] == [{"parcel": "7/0"}]
    assert found(taker) == []


def test_received__stays_readable_after_a_rotation_until_its_epoch_is_retired(
    agencies: Agencies, tmp_path: Path
) -> None:
    _, second = agencies
    taker, deeds = received(agencies, tmp_path)
    admin = second.open("admin")
    admin.session.keys.rotate_agency_key(KeyPurpose.ENCRYPTION)
    admin.wait(admin.publish_keys())
    as_it_was = stored(taker)
    assert found(taker) == []
    assert stored(taker) == as_it_was, "fsck changes nothing"
    [before] = taker.exchange.received(deeds[0])
    assert before.values == {"parcel": "7/0"}
    epochs = {row["epoch"] for row in stored(taker)["envelopes"] if row["kind"] == "delivery"}
    assert epochs == {2}, "it was opened, and so wrapped anew"
    assert found(taker) == []
    admin.session.keys.retire_agency_key(KeyPurpose.ENCRYPTION, 1)
    assert taker.exchange.received(deeds[0])[0].values == {"parcel": "7/0"}
