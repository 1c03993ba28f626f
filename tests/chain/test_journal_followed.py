# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""A journal that somebody else follows, by the commands: copied, forked, contradicting itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from muniment.journal.checkpoints import Checkpoint, sign
from muniment.journal.entry import Entry
from muniment.journal.tiles import GrowingEdge, TileTree
from muniment.record.identifiers import LocalId
from muniment.store.journal_tables import journal_ids
from muniment.store.keys import KeyPurpose
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.command_line import Muniment, muniment  # noqa: F401
from tests.chain.conftest import World
from tests.chain.test_journal_commands import command, imported, rows_of  # noqa: F401

CONFLICT = 11


@pytest.fixture
def source(command: Muniment, tmp_path: Path) -> Path:
    """The folder of a journal of 300 entries."""
    done = imported(command, tmp_path, rows_of(300))
    assert done.code == 0, done.err
    return tmp_path / "vault/objects/jo/journals/1"


def test_copy__grows_with_the_journal(command: Muniment, source: Path, tmp_path: Path) -> None:
    key = command("journal", "status", "--json").json["verifier_key"]
    copy = tmp_path / "copy"
    first = command("mirror", str(source), str(copy), "--key", key, "--json")
    assert (first.code, first.json["size"], first.json["copied"]) == (0, 300, 300), first.err
    assert imported(command, tmp_path, rows_of(345)).code == 0
    again = command("mirror", str(source), str(copy), "--json")
    assert (again.code, again.json["size"], again.json["copied"]) == (0, 345, 45)
    assert (copy / "checkpoint").read_bytes() == (source / "checkpoint").read_bytes()


def test_fork__is_refused_and_both_checkpoints_are_kept(
    command: Muniment, opened: Open, source: Path, tmp_path: Path
) -> None:
    status = command("journal", "status", "--json").json
    copy, forked = tmp_path / "copy", tmp_path / "forked"
    assert command("mirror", str(source), str(copy), "--key", status["verifier_key"]).code == 0
    # The agency itself signs another history of the same length.
    tree = TileTree(lambda path: (source / path).read_bytes(), 300)
    entries = [tree.entry(index) for index in range(300)]
    other = Entry.from_bytes(entries[7])
    entries[7] = Entry(
        other.kind,
        other.algorithm,
        other.type_id,
        other.type_version,
        other.time,
        LocalId(bytes(32)),
        other.commitment,
    ).to_bytes()
    edge = GrowingEdge()
    for path, data in [*edge.append(entries), *edge.partial_files()]:
        (forked / path).parent.mkdir(parents=True, exist_ok=True)
        (forked / path).write_bytes(data)
    with opened("registrar") as registry:
        private = registry.session.keys.agency_key(KeyPurpose.CHECKPOINTS).ed25519()
    note = sign(Checkpoint(status["origin"], 300, edge.root()), status["origin"], private)
    (forked / "checkpoint").write_bytes(note)

    mine = (copy / "checkpoint").read_bytes()
    refused = command("mirror", str(forked), str(copy))
    assert refused.code == CONFLICT
    assert (copy / "checkpoint").read_bytes() == mine
    assert (copy / "refused/mine.checkpoint").read_bytes() == mine
    assert (copy / "refused/theirs.checkpoint").read_bytes() == note


def test_second_registration__is_refused_and_proven(
    command: Muniment, opened: Open, world: World, source: Path, tmp_path: Path
) -> None:
    key = command("journal", "status", "--json").json["verifier_key"]
    copy = tmp_path / "copy"
    assert command("mirror", str(source), str(copy), "--key", key).code == 0
    with opened("registrar") as registry, registry.session.database.write() as connection:
        # So that the software no longer knows what it has registered.
        connection.execute(sa.delete(journal_ids))
    assert imported(command, tmp_path, ["3,Mallory,3/7"]).code == 0
    world.connection.request("anvil_mine", ["0x3"])
    refused = command("mirror", str(source), str(copy))
    assert refused.code == CONFLICT
    assert sorted(path.name for path in (copy / "refused").iterdir()) == [
        "3.entry",
        "3.tlog-proof",
        "300.entry",
        "300.tlog-proof",
    ]
    proof, trust = str(tmp_path / "fraud.json"), str(tmp_path / "trust.toml")
    arguments = ["3", "300", "--agency", "1", "--journal", "1", "-o", proof]
    made = command("journal", "conflict", str(source), *arguments)
    assert made.code == 0, made.err
    assert command("trust", "make", trust).code == 0
    verdict = command("verify", proof, "--trust", trust)
    assert verdict.code == CONFLICT
    assert verdict.out.startswith("CONFLICT: agency 1 has registered it twice")
