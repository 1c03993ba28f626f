# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""The page's live check against a real chain: fresh proofs count, a node's word does not."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from muniment.registry import Registry, Stage
from muniment.registry.evidence_making import make_trust
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.conftest import World, deployed, node, world  # noqa: F401
from tests.chain.test_journals import Officers, imported, officer, seal, write  # noqa: F401
from tests.verifier.lying_node import LIES, LyingNode

Answer = dict[str, Any]


def mined(world: World) -> None:
    world.connection.request("anvil_mine", [hex(3)])


class Page:
    """A page built with the trust file that this chain's operator would publish now."""

    def __init__(self, compiled: Path, folder: Path) -> None:
        self.compiled = compiled
        self.folder = folder
        self.html = folder / "verifier.html"

    def build(self, registry: Registry, node: str, **changes: Any) -> None:
        trust = make_trust(registry.session, days=1, greatest_age_days=1, nodes=(node,))
        (self.folder / "trust.toml").write_bytes(replace(trust, **changes).to_bytes())
        self.run("making/build.mjs", "--trust", self.folder / "trust.toml", "--out", self.html)

    def check(self, evidence: bytes, screenshot: Path | None = None) -> Answer:
        (self.folder / "evidence.json").write_bytes(evidence)
        shot = () if screenshot is None else (screenshot,)
        done = self.run(
            ".build/tests/live_page.js", self.html, self.folder / "evidence.json", *shot
        )
        answer: Answer = json.loads(done)
        assert answer["requestsBefore"] == 0
        assert answer["requests"] > 0
        return answer

    def run(self, *words: object) -> str:
        done = subprocess.run(
            ["node", *map(str, words)],
            cwd=self.compiled,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def page(compiled: Path, chromium: str, tmp_path: Path) -> Page:
    assert chromium
    folder = tmp_path / "page"
    folder.mkdir()
    return Page(compiled, folder)


@pytest.fixture
def register(officer: Officers, world: World, tmp_path: Path) -> Registry:
    """Journal records, sealed."""
    registry = officer("registrar")
    imported(registry, write(tmp_path, 20))
    seal(registry, Stage.PROVABLE)
    mined(world)
    return registry


@pytest.fixture
def lying(world: World) -> Iterator[LyingNode]:
    with LyingNode(world.connection.url) as node:
        yield node


def test_journal_record__nothing_since_then_revoked(
    register: Registry, world: World, page: Page
) -> None:
    evidence = register.evidence(register.record_id("4"), fields=["parcel"])
    page.build(register, world.connection.url)
    mined(world)
    answer = page.check(evidence)
    assert (answer["before"], answer["live"]) == ("valid", "valid")
    assert "Nothing has been done to the record since" in answer["words"]
    revoked = register.revoke(register.record_id("4"), "fraud").wait()
    mined(world)
    revoked.wait(Stage.FINAL)
    answer = page.check(evidence)
    # The file itself proves what it proved, and its own block is still named.
    assert (answer["before"], answer["after"], answer["live"]) == ("valid", "valid", "revoked")
    assert "Something has been done to the record since" in answer["words"]


def test_record_on_chain__then_amended(register: Registry, world: World, page: Page) -> None:
    submission = register.register("land-deed", {"holder": "Ada", "parcel": "1/1"}, source_id="d1")
    submission.wait()
    mined(world)
    submission.wait(Stage.FINAL)
    evidence = register.evidence(submission.record_id, fields=["holder"])
    page.build(register, world.connection.url)
    assert page.check(evidence)["live"] == "valid"
    amended = register.amend(submission.record_id, {"holder": "Grace", "parcel": "1/1"}).wait()
    mined(world)
    amended.wait(Stage.FINAL)
    answer = page.check(evidence)
    assert answer["live"] == "superseded"
    assert "Version 2 is the latest" in answer["words"]


def test_block_that_no_trust_file_names__is_asked_for(
    register: Registry, world: World, page: Page
) -> None:
    evidence = register.evidence(register.record_id("5"))
    page.build(register, world.connection.url, blocks={})
    answer = page.check(evidence)
    assert (answer["before"], answer["after"], answer["live"]) == ("unknown", "valid", "valid")


def test_node_that_lies__leaves_it_unknown(
    register: Registry, lying: LyingNode, page: Page, world: World
) -> None:
    evidence = register.evidence(register.record_id("6"))
    page.build(register, lying.url)
    mined(world)
    assert page.check(evidence)["live"] == "valid"
    for lie in LIES:
        lying.lie, lying.lies_told = lie, 0
        answer = page.check(evidence)
        assert (lie, answer["after"], answer["live"]) == (lie, "valid", "unknown")
        assert "still stands as of its own block" in answer["words"]
        assert lying.lies_told > 0


def test_node_that_tells_the_truth_after_one_that_lies__is_believed(
    register: Registry, lying: LyingNode, page: Page, world: World
) -> None:
    evidence = register.evidence(register.record_id("6"))
    page.build(register, lying.url)
    trust = (page.folder / "trust.toml").read_text()
    both = f'nodes = ["{lying.url}", "{world.connection.url}"]'
    (page.folder / "trust.toml").write_text(trust.replace(f'nodes = ["{lying.url}"]', both))
    page.run("making/build.mjs", "--trust", page.folder / "trust.toml", "--out", page.html)
    lying.lie = "proof"
    assert page.check(evidence)["live"] == "valid"
    assert lying.lies_told > 0
