# SPDX-License-Identifier: Apache-2.0
"""What is not installed is named, with the extra that brings it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from muniment.analysis import archive, frames
from muniment.analysis.arrow_reading import analysis_package
from muniment.errors import InvalidInputError
from muniment.record.identifiers import RecordId
from muniment.registry import AgencyProfile, ChainProfile, KeysProfile, Profile, Registry


def registry(folder: Path) -> Registry:
    """A registry of which nothing is opened."""
    return Registry.open(
        Profile(
            path=folder / "profile.toml",
            chain=ChainProfile(31337, ("http://127.0.0.1:1",), "0x" + "11" * 20),
            agency=AgencyProfile(1, "land-register"),
            keys=KeysProfile(store=f"sqlite:///{folder}/keys.db", root=folder / "root.json"),
            database=f"sqlite:///{folder}/muniment.db",
            vault=str(folder / "vault"),
        )
    )


@pytest.mark.parametrize("name", ["pandas", "pyarrow", "adbc_driver_manager"])
def test_frames_without_a_package__say_how_to_install_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InvalidInputError) as raised:
        frames(registry(tmp_path))
    assert name in raised.value.diagnostics()
    assert "pip install 'muniment[analysis]'" in raised.value.remedy


def test_archive_without_bagit__says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bagit", None)
    with pytest.raises(InvalidInputError) as raised:
        archive.archive(registry(tmp_path), [RecordId(bytes(32))], tmp_path / "bag")
    assert "pip install 'muniment[archive]'" in raised.value.remedy
    assert not (tmp_path / "bag").exists()


def test_report_without_matplotlib__says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InvalidInputError, match="matplotlib"):
        analysis_package("matplotlib")


def test_traces__load_nothing_heavy() -> None:
    heavy = {"pandas", "pyarrow", "matplotlib", "numpy", "bagit"}
    code = f"import sys, muniment.cli.trace; print(sorted({heavy!r} & set(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
