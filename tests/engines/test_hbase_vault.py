# SPDX-License-Identifier: Apache-2.0
"""The vault on HBase: the contract, several in a table, lost answers, what dead writers leave."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from devservers.hadoop import Hadoop
from muniment.record.objects import Writable
from muniment.store.vault import NoVaultError, VaultError, hbase, hbase_cells, open_vault
from muniment.store.vault.hbase import HbaseVault
from tests.unit.store.vault.contract import BIG, Reopen, VaultContract, content
from toolchain.local_chain import free_port


@pytest.fixture
def vault(hbase_url: str) -> Iterator[HbaseVault]:
    opened = HbaseVault(hbase_url)
    yield opened
    opened.close()


@pytest.fixture
def reopen(hbase_url: str) -> Reopen:
    return lambda: open_vault(hbase_url)


class TestHbaseVault(VaultContract):
    """The contract."""


def rows(vault: HbaseVault) -> Sequence[bytes]:
    """All rows of a vault but the one that names the format."""
    found = []
    for bucket in hbase_cells.BUCKETS:
        start = bytes([bucket]) + vault._rows._vault
        found += [row for row, _ in vault._table.page("the table", start, start + b"\xff")]
    return [row for row in found if row != vault._rows.marker()]


def a_day_later(url: str, monkeypatch: pytest.MonkeyPatch) -> HbaseVault:
    """Open the vault when everything that is left behind is old enough to be removed."""
    time.sleep(0.01)
    with monkeypatch.context() as patch:
        patch.setattr(hbase, "STALE_SECONDS", 0)
        return HbaseVault(url)


class Dying:
    """A table whose calls are not made any more from some moment on, as in a process that died."""

    def __init__(self, table: Any, after: int) -> None:
        self._table = table
        self._left = after

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._table, name)

        def call(*arguments: Any) -> Any:
            self._left -= 1
            if self._left < 0:
                raise VaultError("the process died here")
            return real(*arguments)

        return call


def test_vaults_in_one_table__do_not_meet(hadoop: Hadoop, hbase_url: str) -> None:
    one, other = open_vault(f"{hbase_url}.a"), open_vault(f"{hbase_url}.a1")
    one.put_if_absent("ab/1", b"one")
    other.put_if_absent("ab/1", b"other")
    assert (content(one, "ab/1"), list(one.list())) == (b"one", ["ab/1"])
    assert one.delete("ab/1")
    assert content(other, "ab/1") == b"other"


def test_large_object__is_chunks_in_one_region_and_goes_with_them(vault: HbaseVault) -> None:
    vault.put_if_absent("ab/big", BIG)
    made = rows(vault)
    assert len({row[:1] for row in made}) == 1
    assert len(made) == 1 + -(-len(BIG) // hbase_cells.CHUNK)
    assert vault.delete("ab/big")
    # The head that says so, and the note by which it is removed a day later.
    assert len(rows(vault)) == 2


@pytest.mark.parametrize("after", range(4))
def test_writer_that_dies__leaves_nothing_to_see_and_is_tidied_after(
    vault: HbaseVault, hbase_url: str, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    table = vault._table
    vault._table = Dying(table, after)  # type: ignore[assignment]
    with pytest.raises(VaultError):
        vault.put_if_absent("ab/big", BIG * 2)
    vault._table = table
    assert list(vault.list()) == []
    tidied = a_day_later(hbase_url, monkeypatch)
    assert rows(tidied) == []
    assert tidied.put_if_absent("ab/big", BIG)


def test_tidying__leaves_alone_what_is_there(
    vault: HbaseVault, hbase_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its writer died after the head was put, before it noted that nothing is under way."""
    vault.put_if_absent("ab/big", BIG)
    head = vault._head("ab/big")
    vault._table.put("ab/big", {vault._rows.under_way(head.upload): b"Pab/big"})
    vault.put_if_absent("ab/gone", b"x")
    vault.delete("ab/gone")
    vault.put_if_absent("ab/again", b"x")
    vault.delete("ab/again")
    vault.put_if_absent("ab/again", b"y")
    tidied = a_day_later(hbase_url, monkeypatch)
    assert {name: content(tidied, name) for name in tidied.list()} == {
        "ab/big": BIG,
        "ab/again": b"y",
    }
    assert len(rows(tidied)) == 2 + head.chunks
    assert tidied.put_if_absent("ab/gone", b"new")
    assert content(tidied, "ab/gone") == b"new"


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
def test_answer_is_lost__is_put_once(
    vault: HbaseVault, reopen: Reopen, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    """The connection breaks at the first compare-and-put, before or after it was done."""
    real = vault._table._take
    broken: list[bytes] = []

    class Breaking:
        def __init__(self, client: Any) -> None:
            self._client = client

        def __getattr__(self, name: str) -> Any:
            return getattr(self._client, name)

        def checkAndPut(self, *arguments: Any) -> bool:
            if not broken:
                broken.append(arguments[1])
                if done:
                    self._client.checkAndPut(*arguments)
                raise ConnectionResetError
            answer: bool = self._client.checkAndPut(*arguments)
            return answer

    def take() -> Any:
        connection = real()
        connection.client = Breaking(connection.client)
        return connection

    monkeypatch.setattr(vault._table, "_take", take)
    assert vault.put_if_absent("ab/1", b"x")
    assert broken
    assert not vault.put_if_absent("ab/1", b"x")
    assert content(reopen(), "ab/1") == b"x"


def test_chunk_that_is_missing__is_said(vault: HbaseVault) -> None:
    vault.put_if_absent("ab/big", BIG)
    head = vault._head("ab/big")
    vault._table.delete("ab/big", [vault._rows.chunk("ab/big", head.upload, 3)])
    with pytest.raises(VaultError, match="ab/big: a chunk of it is missing"):
        content(vault, "ab/big")
    assert vault.get_range("ab/big", 5, 9) == BIG[5:14]


def test_names__are_spread_over_all_regions(vault: HbaseVault) -> None:
    vault.put_many([(f"packs/{number:012x}", b"x") for number in range(400)])
    made = rows(vault)
    counts = [sum(row[0] == bucket for row in made) for bucket in hbase_cells.BUCKETS]
    assert min(counts) > 5


def test_table_that_is_not_there__is_said_with_the_command(hadoop: Hadoop) -> None:
    with pytest.raises(VaultError) as error:
        open_vault(f"{hadoop.hbase_url}/nowhere")
    assert "create 'nowhere', {NAME => 'o', VERSIONS => 1}, SPLITS => ['1'," in error.value.remedy


def test_place_without_a_vault__is_refused_and_left(vault: HbaseVault, hbase_url: str) -> None:
    for _ in range(2):
        with pytest.raises(NoVaultError, match="no vault lies there"):
            open_vault(f"{hbase_url}.none", create=False)


def test_vault_of_another_format__is_refused(vault: HbaseVault, hbase_url: str) -> None:
    vault._table.put("the table", {vault._rows.marker(): b"muniment/hbase-vault/v9\n"})
    with pytest.raises(VaultError, match="something else"):
        open_vault(hbase_url)


def test_nobody_listens__is_told_soon() -> None:
    began = time.monotonic()
    with pytest.raises(VaultError) as error:
        open_vault(f"hbase://127.0.0.1:{free_port()}/muniment")
    assert time.monotonic() - began < 20
    assert "check that they run" in error.value.diagnostics()


def test_producer_that_breaks_after_chunks__leaves_no_row(vault: HbaseVault) -> None:
    def produce(writer: Writable) -> None:
        for _ in range(3):
            writer.write(BIG)
        raise KeyError

    with pytest.raises(KeyError):
        vault.put_if_absent("ab/big", produce)
    assert rows(vault) == []
