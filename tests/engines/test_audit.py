# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""The audit on a real Spark of journals that are sealed on an Anvil, in a folder and on HDFS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hdfs_native import Client

from devservers.hadoop import Hadoop
from muniment.analysis.audit.auditing import Audited, Openings, audit_journal
from muniment.analysis.audit.beginning import Begun, plan_of
from muniment.analysis.audit.faults import Kind
from muniment.analysis.audit.spark import ExecutorError, spark_session
from muniment.analysis.audit.summary import summary_page
from muniment.chain.bindings.record_registry import Seal
from muniment.chain.nodes import Nodes
from muniment.errors import InvalidInputError
from muniment.journal.checkpoints import Checkpoint, sign
from muniment.journal.entry import Entry
from muniment.journal.merkle import Tree, hash_leaf
from muniment.journal.origins import origin_of
from muniment.journal.tiles import GrowingEdge
from muniment.record.identifiers import AgencyId, LocalId, derive_lineage, derive_record_id
from muniment.registry import Registry
from muniment.store import packs
from muniment.store.keys import tables as key_tables
from muniment.store.vault import FolderVault, VaultError, open_vault
from muniment.store.vault.hdfs import HdfsVault
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.command_line import Muniment, muniment  # noqa: F401
from tests.chain.conftest import World, deployed, node, world  # noqa: F401
from tests.chain.test_journal_commands import command, imported, rows_of  # noqa: F401
from tests.unit.analysis.audited_journal import entry

FINDINGS = 17
ROWS = 700
FIRST_ROWS = 300
"""Those of the first of two imports: two packs, and a seal between them."""
ENTRY = 80
# What starts quickly counts here, not what runs fastest after minutes.
SETTINGS = {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """One session for all tests here, which encrypts what it writes."""
    with spark_session("local[2]", SETTINGS, secrets=True) as session:
        yield session


@pytest.fixture
def sealed(command: Muniment, tmp_path: Path) -> Path:
    """The vault of an agency whose journal has 700 entries, all sealed."""
    for count in (FIRST_ROWS, ROWS):
        done = imported(command, tmp_path, rows_of(count))
        assert done.code == 0, done.err
    return tmp_path / "vault"


@dataclass
class Auditor:
    """Audits by ranges of 256 entries, so that a small journal has several."""

    spark: Any
    world: World
    folder: Path

    def begin(self, source: Path | str, journal: int = 1) -> Begun:
        connection = self.world.connection
        return plan_of(
            Nodes([connection.url], connection.chain_id),
            self.world.registries.records.address,
            1,
            journal,
            str(source),
            first_block=self.world.registries.first_block,
            bits=8,
        )

    def audit(
        self, source: Path | str, *, openings: Openings | None = None, output: str = ""
    ) -> Audited:
        begun = self.begin(source)
        number = len(list(self.folder.glob("audit-*")))
        return audit_journal(
            self.spark,
            begun.plan,
            output or f"file://{self.folder}/audit-{number}",
            packs=str(source) if begun.plan.place.is_vault else None,
            openings=openings,
            faults=begun.faults,
            tell=lambda _: None,
        )


@pytest.fixture
def auditor(spark: Any, world: World, tmp_path: Path) -> Auditor:
    return Auditor(spark, world, tmp_path)


def places(found: Audited) -> set[tuple[int, int, str]]:
    return {(each.first, each.last, str(each.kind)) for each in found.findings}


def change(file: Path, at: int, data: bytes) -> None:
    held = bytearray(file.read_bytes())
    held[at : at + len(data)] = data
    file.write_bytes(held)


def packs_of(vault: Path) -> list[str]:
    """The journal's packs, in its order."""
    found = []
    for name in open_vault(str(vault)).list(packs.PREFIX):
        if packs.has_sheet(open_vault(str(vault)), name):
            found.append(name)
    assert len(found) == 2
    return found


def file_of(vault: Path, name: str) -> Path:
    return vault / "objects" / name[:2] / name


class TestCommand:
    def test_sound_journal__all_contents_by_executors_and_a_mirror(
        self, spark: Any, world: World, command: Muniment, sealed: Path, tmp_path: Path
    ) -> None:
        done = command(
            *("audit", "--spark", "local[2]", "-o", str(tmp_path / "first"), "--entries"),
            *("--commitments", "all", "--secrets-to-executors", "--json"),
        )
        assert done.code == 0, done.err
        told = done.json
        assert (told["entries"], told["proven"], told["findings"]) == (ROWS, True, 0)
        assert told["seals"] == told["seals_agreeing"] >= 2
        assert (told["packs"], told["contents_opened"], told["secrets_destroyed"]) == (2, ROWS, 0)
        assert json.loads((tmp_path / "first/summary.json").read_text()) == told
        assert "Nothing was found" in (tmp_path / "first/summary.md").read_text()
        entries = pq.read_table(tmp_path / "first/entries")
        assert sorted(entries["index"].to_pylist()) == list(range(ROWS))
        assert pq.read_table(tmp_path / "first/findings").num_rows == 0
        [row] = pq.read_table(tmp_path / "first/ranges").to_pylist()
        assert (row["entries"], f"0x{row['root'].hex()}") == (ROWS, told["root"])

        key = command("journal", "status", "--json").json["verifier_key"]
        source, copy = str(sealed / "objects/jo/journals/1"), str(tmp_path / "copy")
        assert command("mirror", source, copy, "--key", key).code == 0
        change(tmp_path / "copy/tile/entries/001", ENTRY * 9 + 50, b"\x00\x01\x02")
        # Somebody outside of the agency: no profile, and a copy of the journal.
        outside = command(
            *("audit", copy, "--spark", "local[2]", "-o", str(tmp_path / "second")),
            *("--node", world.connection.url, "--agency", "1", "--journal", "1"),
            *("--registry", world.registries.records.address),
        )
        assert outside.code == FINDINGS, outside.err
        assert "**1 findings.**" in outside.out
        assert "entry, entry 265 (tile/entries/001): it is not the entry" in outside.out
        assert "packs: the source is a copy of the journal alone" in outside.out
        again = command("audit", copy, "--spark", "local[2]", "-o", str(tmp_path / "second"))
        assert again.code == 2
        assert "not there yet" in again.err
        # The session was here before the commands: they left it.
        assert spark.range(3).count() == 3


class TestPlanted:
    def test_every_class_in_one_vault__each_named_exactly(
        self, auditor: Auditor, opened: Open, sealed: Path
    ) -> None:
        journal = sealed / "objects/jo/journals/1"
        first, second = packs_of(sealed)
        inside = list(packs.entries_of(open_vault(str(sealed)), first))
        change(journal / "tile/entries/000", ENTRY * 5 + 60, b"\x00\x00\x00\x00")
        change(journal / "tile/0/000", 32 * 9, b"\x11" * 32)
        (journal / "tile/entries/001").unlink()
        # Entry n is the pack's object n + 1, behind the sheet.
        change(file_of(sealed, first), inside[21].offset - 48, b"\x22" * 32)
        change(file_of(sealed, first), inside[31].offset + 40, b"\x33" * 8)
        change(file_of(sealed, first), inside[41].offset, b"\x44" * 8)
        file_of(sealed, second).unlink()
        torn = "packs/ffffffffffff-torn"
        file_of(sealed, torn).write_bytes(b"MUNIPACK\x01short")
        registry = opened("registrar")
        keys = registry.session.keys
        keys.erase_journal_secret(1, 50)
        found = auditor.audit(sealed, openings=opening(registry, None, to_executors=True))
        assert places(found) == {
            (-1, -1, "pack"),
            (5, 5, "entry"),
            (9, 9, "tile"),
            (20, 20, "pack"),
            (30, 30, "content"),
            (40, 40, "content"),
            (40, 40, "pack"),
            (256, 511, "gap"),
            (300, 699, "pack"),
        }
        by_place = {(each.first, str(each.kind)): each for each in found.findings}
        assert by_place[-1, "pack"].file == torn
        entry_fault = by_place[5, "entry"]
        assert entry_fault.file == "journals/1/tile/entries/000"
        assert entry_fault.expected.startswith("leaf hash 0x")
        assert by_place[9, "tile"].found == f"0x{'11' * 32}"
        other = by_place[20, "pack"]
        assert (other.what, other.found) == (
            "the pack's object is of another record",
            f"0x{'22' * 32}",
        )
        assert other.file == first
        assert "not authentic" in by_place[30, "content"].what
        assert by_place[40, "pack"].what == "the pack's object is not encrypted as it must be"
        assert by_place[256, "gap"].what == "the bundle is missing, or empty"
        assert by_place[300, "pack"].what == "no pack of the vault holds the content"
        assert found.opened is not None
        # Of the 256 entries in the first bundle 5 is another, 20 is of another record in the pack,
        # 30 and 40 are damaged there, and the secret of 50 is destroyed.
        assert (found.opened.well, found.opened.destroyed) == (256 - 5, 1)

    def test_commitment_and_secret__by_a_sample_of_this_process(
        self, auditor: Auditor, opened: Open, sealed: Path
    ) -> None:
        registry = opened("registrar")
        [row] = [each for each in self.stretches(registry) if each.first_index == 0]
        with sa.create_engine(registry.session.profile.keys.store).begin() as connection:
            table = key_tables.journal_secrets
            connection.execute(sa.delete(table).where(table.c.first_index == row.first_index))
        found = auditor.audit(sealed, openings=opening(registry, 50, to_executors=False))
        assert found.opened is not None
        secrets = [each for each in found.findings if each.kind is Kind.SECRET]
        assert all(each.first < FIRST_ROWS for each in secrets)
        assert len(secrets) + found.opened.well == 50
        assert found.count == len(secrets) > 0
        again = auditor.audit(sealed, openings=opening(registry, 50, to_executors=False))
        assert places(again) == places(found)

    def stretches(self, registry: Registry) -> list[Any]:
        with sa.create_engine(registry.session.profile.keys.store).connect() as connection:
            return list(connection.execute(sa.select(key_tables.journal_secrets)))

    def test_sealed_by_a_stolen_key__duplicates_forms_and_times(
        self, auditor: Auditor, world: World, tmp_path: Path
    ) -> None:
        """What no client of ours writes, and the chain cannot see: it is in the sealed tree."""
        world.send("agency_admin", world.registries.records.open_journal(1))
        entries = [entry(number) for number in range(700)]
        entries[600] = entry(3, commitment=b"\x55" * 32)
        entries[650] = entry(3, commitment=b"\x66" * 32)
        entries[10] = b"\x09" + entries[10][1:]
        entries[20] = entry(20, time=9_999_999_999)
        folder = tmp_path / "forged"
        seal(world, folder, entries, [300, 700])
        found = auditor.audit(folder)
        assert found.is_proven
        assert places(found) == {
            (10, 10, "form"),
            (20, 20, "form"),
            (600, 600, "duplicate"),
            (650, 650, "duplicate"),
        }
        local_id = Entry.from_bytes(entries[3]).local_id
        address = bytes.fromhex(world.registries.records.address[2:])
        lineage = derive_lineage(world.connection.chain_id, address)
        record_id = derive_record_id(lineage, AgencyId(1), LocalId(local_id))
        [duplicate] = [each for each in found.findings if each.first == 600]
        assert f"0x{record_id.hex()}" in duplicate.what
        assert duplicate.found == "at 3 and 600"
        # The agency's own files, made anew of other entries: the first seal that differs tells.
        entries[400] = entry(400, commitment=b"\x77" * 32)
        write(world, folder, entries, 700)
        rewritten = auditor.audit(folder)
        assert (300, 699, "root") in places(rewritten)
        assert (-1, -1, "checkpoint") in places(rewritten)
        assert not rewritten.is_proven


class TestHdfs:
    def test_vault_and_copy__are_read_by_executors_and_findings_written_there(
        self, auditor: Auditor, hadoop: Hadoop, hdfs_url: str, sealed: Path
    ) -> None:
        local = FolderVault(sealed)
        names = list(local.list())
        copies = [(name, local.get_range(name, 0, local.size(name))) for name in names]
        open_vault(hdfs_url).put_many(copies)
        sound = auditor.audit(hdfs_url)
        assert (sound.count, sound.packs, sound.is_proven) == (0, 2, True)

        # Another vault: one pack deleted, and of the other a byte of ciphertext in HDFS's file.
        vault = open_vault(f"{hdfs_url}-damaged")
        assert isinstance(vault, HdfsVault)
        vault.put_many(copies)
        first, second = packs_of(sealed)
        vault.delete(second)
        client = Client(hadoop.hdfs_url)
        held = vault._log.current(first)
        assert held is not None
        [path] = [each for each in vault._log._paths(held.file) if exists(client, each)]
        reader = client.read(path)
        data = bytearray(reader.read(len(reader)))
        data[held.offset + held.length - 5] ^= 1
        client.delete(path, False)
        with client.create(path) as writer:
            writer.write(bytes(data))
        damaged = auditor.audit(f"{hdfs_url}-damaged")
        assert places(damaged) == {(-1, -1, "pack"), (FIRST_ROWS, ROWS - 1, "pack")}
        [fault] = [each for each in damaged.findings if each.first < 0]
        assert (fault.file, fault.what) == (first, "its bytes are not those that were put")
        assert fault.expected == f"SHA-256 0x{held.digest.hex()}"

        # A copy of the journal alone, as `hdfs dfs -put` of a mirror leaves it.
        folder = f"{hdfs_url.removeprefix(hadoop.hdfs_url)}-copy"
        for name in names:
            path = name.removeprefix("journals/1/")
            if path == name:
                continue
            data = local.get_range(name, 0, local.size(name))
            if path == "tile/entries/001":
                data = data[: ENTRY * 100]
            client.mkdirs(f"{folder}/{path.rpartition('/')[0]}", 0o755, create_parent=True)
            with client.create(f"{folder}/{path}") as writer:
                writer.write(data)
        output = f"{hadoop.hdfs_url}{folder}-audit"
        found = auditor.audit(f"{hadoop.hdfs_url}{folder}", output=output)
        assert exists(client, f"{folder}-audit/findings/_SUCCESS")
        assert exists(client, f"{folder}-audit/ranges/_SUCCESS")
        assert places(found) == {(356, 511, "gap")}
        page = summary_page(found, auditor.begin(f"{hadoop.hdfs_url}{folder}").chain, "there")
        assert "gap, entries 356 to 511 (tile/entries/001): the bundle is cut short" in page


def exists(client: Client, path: str) -> bool:
    try:
        client.get_file_info(path)
    except FileNotFoundError:
        return False
    return True


class TestRefusals:
    def test_output_that_cannot_be_made__is_told_before_anything_is_read(
        self, command: Muniment
    ) -> None:
        answer = command("audit", "--spark", "local[1]", "-o", "/proc/none")
        assert (answer.code, "a folder that is there" in answer.err) == (2, True), answer.err

    def test_place_without_a_journal__is_refused(self, auditor: Auditor, tmp_path: Path) -> None:
        with pytest.raises(VaultError, match="not seen from here"):
            auditor.begin(tmp_path / "nothing")

    def test_files_that_executors_do_not_see__are_an_error_and_no_gap(
        self, auditor: Auditor, world: World, tmp_path: Path
    ) -> None:
        world.send("agency_admin", world.registries.records.open_journal(1))
        folder = tmp_path / "unmounted"
        seal(world, folder, [entry(number) for number in range(3)], [3])
        begun = auditor.begin(folder)
        folder.rename(tmp_path / "elsewhere")
        with pytest.raises(ExecutorError, match="unmounted is not seen from here"):
            audit_journal(
                auditor.spark, begun.plan, f"file://{tmp_path}/out", packs=None, tell=print
            )

    def test_another_journal_than_the_files_are_of__is_refused(
        self, auditor: Auditor, world: World, tmp_path: Path
    ) -> None:
        world.send("agency_admin", world.registries.records.open_journal(1))
        folder = tmp_path / "other"
        seal(world, folder, [entry(number) for number in range(3)], [3])
        with pytest.raises(InvalidInputError, match="muniment/"):
            auditor.begin(folder, journal=2)


def opening(registry: Registry, count: int | None, *, to_executors: bool) -> Openings:
    secrets = registry.session.keys.journal_secrets
    return Openings(lambda start, end: secrets(1, start, end), count, 7, to_executors)


def seal(world: World, folder: Path, entries: list[bytes], sizes: list[int]) -> None:
    """Seal entries as whoever has the operator's key can, and write the files that go with them."""
    records, previous = world.registries.records, Seal(bytes(32), 0, 0, 0)
    tree = Tree()
    for size in sizes:
        before = tree.size
        for each in entries[before:size]:
            tree.append(hash_leaf(each))
        proof = tree.consistency_proof(before, size) if before else []
        world.send("operator", records.seal_journal(1, 1, previous, size, tree.root(), proof))
        sealed_at = world.connection.block().timestamp
        previous = Seal(tree.root(), size, before, sealed_at)
    write(world, folder, entries, sizes[-1])


def write(world: World, folder: Path, entries: list[bytes], size: int) -> None:
    edge = GrowingEdge()
    for path, data in [*edge.append(entries[:size]), *edge.partial_files()]:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    address = bytes.fromhex(world.registries.records.address[2:])
    origin = origin_of(derive_lineage(world.connection.chain_id, address), 1, 1)
    note = sign(Checkpoint(origin, size, edge.root()), origin, Ed25519PrivateKey.generate())
    (folder / "checkpoint").write_bytes(note)
