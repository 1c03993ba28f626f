# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Commands, run in this process as an officer would run them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from muniment.cli import main
from muniment.registry.profile import JournalProfile, ReadsProfile
from tests.chain.agency import PASSWORD, Open, opened  # noqa: F401


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Muniment = Callable[..., Answer]


@pytest.fixture
def muniment(
    opened: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Muniment:
    """Runs a command in this process, as the registrar unless another officer is named."""
    monkeypatch.setenv("MUNIMENT_PASSWORD", PASSWORD)
    monkeypatch.setenv("MUNIMENT_PROFILE", str(tmp_path / "profile.toml"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def run(
        *arguments: str,
        role: str = "registrar",
        given: str = "",
        journal: JournalProfile | None = None,
        reads: ReadsProfile | None = None,
    ) -> Answer:
        opened(role, operators=True, journal=journal, reads=reads).close()
        return answer(arguments, given, tmp_path, monkeypatch, capfd)

    return run


def answer(
    arguments: Sequence[str],
    given: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Answer:
    """What a command says and ends with; `given` is its standard input."""
    monkeypatch.setattr("sys.argv", ["muniment", *arguments])
    (folder / "given").write_text(given)
    capfd.readouterr()
    code = 0
    with (folder / "given").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    told = capfd.readouterr()
    return Answer(code, told.out, told.err)


def content(tmp_path: Path, **fields: object) -> str:
    path = tmp_path / "content.json"
    path.write_text(json.dumps({"holder": "Ada", "parcel": "12/345", **fields}))
    return str(path)
