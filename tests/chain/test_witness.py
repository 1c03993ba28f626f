# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""`muniment witness` as an auditor runs it: nodes and journals over the network, and what agencies
do with what it publishes."""

from __future__ import annotations

import base64
import functools
import http.server
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from muniment.cli import main
from muniment.evidence import Outcome, TrustFile
from muniment.evidence.block_notes import block_witnessed_at
from muniment.journal.checkpoints import NoteKey, checkpoint_in
from muniment.operations.journal_sources import LARGEST_FILE, WebSource
from muniment.operations.witness import WitnessSettings
from muniment.proof.istanbul import IstanbulHeader, ValidatorSet
from muniment.registry import Stage
from muniment.registry.sealing import log_key
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.command_line import Answer
from tests.chain.conftest import World
from tests.chain.sealed_node import CHAIN, sealed_node
from tests.chain.test_journal_evidence import mined, verified
from tests.chain.test_journals import Officers, imported, officer, seal, write  # noqa: F401
from tests.chain.test_processes import until
from tests.chain.web_server import served
from tests.sealed_headers import SealedChain, SealedSet
from tests.unit.operations.test_journal_mirror import KEY, entry, publish
from toolchain.local_chain import CHAIN_ID

ROOT = Path(__file__).resolve().parents[2]
FOUR = SealedSet.of("first four")
Command = Callable[..., Answer]
# So that each round signs the latest block.
STEP = ("--step", "1")


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Runs a command of the witness in this process."""

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr("sys.argv", ["muniment", "witness", *map(str, arguments)])
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        told = capfd.readouterr()
        return Answer(code, told.out, told.err)

    return run


@contextmanager
def served_folder(folder: Path, user: str = "") -> Iterator[str]:
    """A folder on a web server, for one user where one is named (``name:password``)."""
    wanted = f"Basic {base64.b64encode(user.encode()).decode()}" if user else None

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            if wanted is not None and self.headers.get("Authorization") != wanted:
                self.send_error(401)
            elif self.path.endswith("/elsewhere"):
                self.send_response(302)
                self.send_header("Location", "/checkpoint")
                self.end_headers()
            else:
                super().do_GET()

    handler = functools.partial(Handler, directory=str(folder))
    with served(handler) as place:
        yield f"http://{user}@{place}" if user else f"http://{place}"


def of_four(block: int = 0) -> list[str]:
    addresses = [("--validator", f"0x{each.hex()}") for each in FOUR.addresses]
    return [*(text for pair in addresses for text in pair), "--from", str(block)]


def test_journal_record__is_vouched_for_by_the_witness(
    witness: Command, officer: Officers, world: World, tmp_path: Path
) -> None:
    registry = officer("registrar")
    imported(registry, write(tmp_path, 300))
    seal(registry, Stage.PROVABLE)
    mined(world)
    folder = tmp_path / "witness"
    vault = tmp_path / "vault/objects/jo/journals/1"
    with served_folder(vault, "audit:secret") as url:
        made = witness(
            *("init", folder, "--name", "audit.example/w1", *STEP, "--chain-id", CHAIN_ID),
            *("--node", world.connection.url, "--unsigned-blocks", "--json"),
            *("--journal", log_key(registry.session, 1).to_text(), url),
        )
        assert made.code == 0, made.err
        key = NoteKey.from_text(made.json["key"])
        done = witness("run", folder, "--once", "--json")
        assert (done.code, done.err.count("secret")) == (0, 0), done.err
        head = world.connection.block()
        assert done.json["block"] == {"number": head.number, "hash": f"0x{head.hash.hex()}"}
        status = witness("status", folder, "--json").json
        [journal] = status["journals"]
        assert journal["size"] == 300
        # What an agency fetches.
        note = (folder / "published" / journal["published"] / "checkpoint").read_bytes()
        data = registry.evidence(registry.record_id("3"), checkpoint=note)
        [verdict] = verified(registry, data, witnesses=(key,), witnesses_needed=1)
        assert verdict.outcome is Outcome.VALID
        assert verdict.witnesses == ["audit.example/w1"]
        latest = (folder / "published/blocks/latest").read_bytes()
        assert block_witnessed_at(latest, CHAIN_ID, head.number, head.hash, [key])
        # It goes on as the register grows.
        imported(registry, write(tmp_path, 310))
        seal(registry, Stage.PROVABLE)
        again = witness("run", folder, "--once", "--json")
        assert list(again.json["journals"].values()) == [310]
        assert again.json["block"]["number"] == world.connection.block().number
    gone = witness("run", folder, "--once")
    assert gone.code == 17
    assert "127.0.0.1" in gone.err
    assert "secret" not in gone.err
    assert "secret" not in (folder / "last-round.json").read_text()


def test_anvil__is_refused_where_signatures_are_wanted(
    witness: Command, node: str, tmp_path: Path
) -> None:
    start = (
        "init",
        tmp_path / "w",
        "--name",
        "a/w1",
        "--step",
        "1",
        "--chain-id",
        CHAIN_ID,
        "--node",
        node,
    )
    assert witness(*start).code == 2
    assert witness(*start, *of_four()).code == 0
    done = witness("run", tmp_path / "w", "--once")
    assert done.code == 17
    assert "unsigned_blocks = true" in done.err
    assert not list((tmp_path / "w/published/blocks").iterdir())
    # Of another chain: never believed either.
    other = (
        "init",
        tmp_path / "x",
        "--name",
        "a/w1",
        "--step",
        "1",
        "--chain-id",
        "1",
        "--node",
        node,
    )
    assert witness(*other, "--unsigned-blocks").code == 0
    done = witness("run", tmp_path / "x", "--once")
    assert done.code == 17
    assert f"chain {CHAIN_ID}" in done.err


def test_contradiction__is_told_by_exit_code_until_somebody_has_looked(
    witness: Command, tmp_path: Path
) -> None:
    chain = SealedChain(FOUR).grow(5)
    branch = chain.fork(4).grow(1, "branch")
    folder = tmp_path / "w"
    with sealed_node(chain) as first, sealed_node(chain.fork(5)) as second:
        nodes = ("--node", first.url, "--node", second.url)
        made = witness(
            "init",
            folder,
            "--name",
            "a/w1",
            "--step",
            "1",
            "--chain-id",
            CHAIN,
            *nodes,
            *of_four(),
            "--json",
        )
        key = NoteKey.from_text(made.json["key"])
        assert witness("run", folder, "--once").code == 0
        second.chain = branch
        found = witness("run", folder, "--once")
        assert found.code == 11
        assert "CONTRADICTION: block 4 is there twice" in found.err
        assert f"0x{FOUR.addresses[0].hex()}" in found.err
        chain.grow(1)
        assert witness("run", folder, "--once").code == 11
        status = witness("status", folder, "--json")
        assert status.code == 11
        [told] = status.json["contradictions"]
        headers = [
            IstanbulHeader.from_rlp(path.read_bytes()) for path in Path(told["kept"]).iterdir()
        ]
        assert {each.hash for each in headers} == {chain.hash(4), branch.hash(4)}
        for each in headers:
            ValidatorSet(FOUR.addresses).check(each)
        assert "CONTRADICTION" in witness("status", folder).out
        second.chain = chain
        assert witness("resume", folder, told["number"], "--json").json["of"] == "blocks"
        assert witness("resume", folder, told["number"]).code == 8
        assert witness("run", folder, "--once").code == 0
        assert witness("status", folder).code == 0
    note = (folder / "published/blocks/4").read_bytes()
    assert block_witnessed_at(note, CHAIN, 4, chain.hash(4), [key])
    assert checkpoint_in((folder / "published/blocks/latest").read_bytes()).size == 5


def test_new_set_of_validators__is_a_persons_command(witness: Command, tmp_path: Path) -> None:
    later = SealedSet((*FOUR.keys[1:], *SealedSet.of("later", 2).keys))
    chain = SealedChain(FOUR).grow(5)
    folder = tmp_path / "w"
    with sealed_node(chain) as node:
        witness(
            *(
                "init",
                folder,
                "--name",
                "a/w1",
                "--step",
                "1",
                "--chain-id",
                CHAIN,
                "--node",
                node.url,
            ),
            *of_four(),
        )
        assert witness("run", folder, "--once").code == 0
        chain.validators = later
        chain.grow(2)
        refused = witness("run", folder, "--once")
        assert refused.code == 17
        assert "muniment witness validators" in refused.err
        addresses = [f"0x{each.hex()}" for each in later.addresses]
        assert witness("validators", folder, "--from", "0", *addresses).code == 2
        taken = witness("validators", folder, "--from", "4", *addresses, "--json")
        assert taken.json == {"block": 4, "validators": 5}
        assert witness("run", folder, "--once").code == 0
    assert checkpoint_in((folder / "published/blocks/latest").read_bytes()).size == 6


def test_daemon__follows_says_each_thing_once_and_ends_when_told(
    witness: Command, tmp_path: Path
) -> None:
    chain = SealedChain(FOUR).grow(3)
    source, folder = tmp_path / "source", tmp_path / "w"
    publish(source, [entry(each) for each in range(20)])
    with sealed_node(chain) as node:
        witness(
            *("init", folder, "--name", "a/w1", *STEP, "--chain-id", CHAIN, "--pace", "1"),
            *("--node", node.url, "--node", "http://127.0.0.1:9", *of_four()),
            *("--journal", KEY.to_text(), source),
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "muniment.cli", "witness", "run", str(folder), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            latest = folder / "published/blocks/latest"
            until(latest.exists, 30)
            assert witness("run", folder, "--once").code == 8
            assert witness("status", folder).code in (0, 17)
            # Settings are read anew each round.
            chain.grow(2)
            publish(source, [entry(each) for each in range(40)])
            until(lambda: checkpoint_in(latest.read_bytes()).size == 4, 30)
            time.sleep(1.5)
        finally:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    lines = [json.loads(line)["text"] for line in out.splitlines()]
    assert lines[-1] == "stopped"
    assert len([line for line in lines if line.startswith("node 2")]) == 1
    assert [line for line in lines if line.startswith("block ")] == [
        f"block {number}: 0x{chain.hash(number).hex()}" for number in (2, 4)
    ]
    assert f"{KEY.name}: 40 entries" in lines


def test_web_source__gives_files_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes(b"note")
    (tmp_path / "large").write_bytes(bytes(LARGEST_FILE + 1))
    with served_folder(tmp_path, "audit:secret") as url:
        source = WebSource(url + "/")
        assert "secret" not in str(source)
        assert source.read("checkpoint") == b"note"
        with pytest.raises(FileNotFoundError):
            source.read("tile/0/000")
        with pytest.raises(OSError, match="more than"):
            source.read("large")
        with pytest.raises(OSError, match="302"):
            source.read("elsewhere")
        with pytest.raises(OSError, match="401"):
            WebSource(url.replace("audit:secret@", "")).read("checkpoint")
    with pytest.raises(OSError, match="ConnectionError") as caught:
        source.read("checkpoint")
    assert "secret" not in str(caught.value)


def test_settings__are_what_init_was_told(witness: Command, tmp_path: Path) -> None:
    made = witness(
        *(
            "init",
            tmp_path / "w",
            "--name",
            "a/w1",
            "--step",
            "1",
            "--chain-id",
            "7",
            "--pace",
            "9",
        ),
        *("--published", "/srv/www/witness", "--journal", KEY.to_text(), "https://a.example/j/1"),
    )
    assert made.code == 0
    assert made.out.startswith('[[witnesses]]\nkey = "a/w1+')
    found = WitnessSettings.load(tmp_path / "w")
    assert (found.nodes, found.pace, found.published) == ((), 9, "/srv/www/witness")
    assert witness("status", tmp_path / "w").code == 0
    assert witness("init", tmp_path / "w", "--name", "a/w1", *STEP, "--chain-id", "7").code == 2


def test_trust_file__names_chain_and_validators(witness: Command, tmp_path: Path) -> None:
    trust = ROOT / "tests/vectors/evidence/consensus-trust.toml"
    told = TrustFile.from_bytes(trust.read_bytes())
    assert told.validators is not None
    start = ("--name", "a/w1", "--node", "http://127.0.0.1:9", "--trust", trust)
    assert witness("init", tmp_path / "w", *start).code == 0
    found = WitnessSettings.load(tmp_path / "w")
    assert found.chain_id == told.chain_id
    [named] = found.validators
    assert (named.block, named.addresses) == (told.validators.block, told.validators.addresses)
    assert witness("init", tmp_path / "x", *start, "--chain-id", "7").code == 2
    assert witness("init", tmp_path / "x", *start[:-2]).code == 2
