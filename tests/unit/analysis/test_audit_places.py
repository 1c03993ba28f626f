# SPDX-License-Identifier: Apache-2.0
"""Where an audit reads: vaults, copies, places that are not there, packages that are missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from muniment.analysis.audit.contents import Claim, clusters
from muniment.analysis.audit.places import JournalPlace, place_of, shown, vault_at
from muniment.analysis.audit.spark import is_local, spark_session
from muniment.errors import InvalidInputError
from muniment.store.vault import FolderVault, VaultError


def test_vault__has_its_journal_below_a_prefix(tmp_path: Path) -> None:
    vault = FolderVault(tmp_path / "vault")
    vault.put_if_absent("journals/3/checkpoint", b"note")
    place = place_of(str(tmp_path / "vault"), 3)
    assert (place.is_vault, place.prefix) == (True, "journals/3/")
    assert place.reader()("checkpoint") == b"note"
    assert place.reader()("tile/0/000") is None
    assert place.name_of("checkpoint") == "journals/3/checkpoint"


@pytest.mark.parametrize("scheme", ["", "file://", "local://"])
def test_copy__is_read_from_folders_and_through_fsspec(tmp_path: Path, scheme: str) -> None:
    (tmp_path / "tile/0").mkdir(parents=True)
    (tmp_path / "checkpoint").write_bytes(b"note")
    (tmp_path / "tile/0/000").write_bytes(b"hashes")
    place = place_of(f"{scheme}{tmp_path}", 3)
    assert not place.is_vault
    read = place.reader()
    assert (read("checkpoint"), read("tile/0/000"), read("tile/0/001")) == (
        b"note",
        b"hashes",
        None,
    )


def test_folder_that_is_not_there__is_an_error_and_not_an_empty_journal(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="not seen from here"):
        JournalPlace(str(tmp_path / "unmounted")).reader()
    with pytest.raises(VaultError, match="not seen from here"):
        vault_at(str(tmp_path / "unmounted"))
    assert not (tmp_path / "unmounted").exists()


def test_scheme_that_nobody_reads__is_told() -> None:
    with pytest.raises(InvalidInputError) as raised:
        place_of("gopher://there/journal", 1)
    assert "fsspec" in raised.value.remedy


def test_credentials__are_not_shown() -> None:
    assert shown("hdfs://me:secret@nn:8020/vault?x=1") == "hdfs://nn:8020/vault"


@pytest.mark.parametrize(
    ("master", "local"),
    [("local", True), ("local[2]", True), ("spark://host:7077", False), ("yarn", False)],
)
def test_loopback__is_for_this_machine_alone(master: str, local: bool) -> None:
    assert is_local(master) is local


@pytest.mark.parametrize("name", ["pyspark.sql", "pyarrow"])
def test_without_a_package__the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InvalidInputError) as raised, spark_session("local[2]", {}):
        pass
    assert "pip install 'muniment[spark]'" in raised.value.remedy


def test_claims_that_overlap__are_looked_at_together() -> None:
    claims = [Claim(0, 10, "a"), Claim(5, 8, "b"), Claim(10, 20, "c"), Claim(19, 30, "d")]
    groups = [[each.pack for each in group] for group in clusters(claims)]
    assert groups == [["a", "b"], ["c", "d"]]
