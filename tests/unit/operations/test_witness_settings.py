# SPDX-License-Identifier: Apache-2.0
"""A witness's settings, key and folder: what is taken, and what is refused by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muniment.errors import InvalidInputError, KeystoreError
from muniment.journal.checkpoints import COSIGNATURE, NoteKey
from muniment.operations.witness import (
    FollowedJournal,
    NamedValidators,
    Witness,
    WitnessSettings,
    create,
)
from muniment.operations.witness.identity import load_identity
from muniment.operations.witness.witness import STORE, name_validators
from muniment.store.signed_statements import StatementsError

PUBLIC = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
LOG = NoteKey("muniment/test/1/1", PUBLIC)
FIRST = NamedValidators(0, tuple(bytes([each]) * 20 for each in range(1, 5)))
SECOND = NamedValidators(900, tuple(bytes([each]) * 20 for each in range(2, 7)))
FULL = WitnessSettings(
    name="audit.example/w1",
    chain_id=7001,
    nodes=("http://10.0.0.1:8551", "http://10.0.0.2:8551"),
    validators=(FIRST, SECOND),
    journals=(FollowedJournal(LOG, "https://user:secret@agency.example/journals/1"),),
    published="/srv/www/witness",
    pace=5,
    step=10,
)


def test_settings__are_read_as_they_were_written(tmp_path: Path) -> None:
    identity = create(tmp_path / "w", FULL)
    assert WitnessSettings.load(tmp_path / "w") == FULL
    assert identity.key.algorithm == COSIGNATURE
    assert load_identity(tmp_path / "w", FULL.name).key == identity.key
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "w").iterdir()}
    private = {"witness.toml": 0o600, "witness.key": 0o600, STORE: 0o600}
    assert modes == {**private, "handovers": 0o700}


def changed(**values: object) -> WitnessSettings:
    return replace(FULL, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "with space"}, "key name"),
        ({"chain_id": 0}, "chain_id"),
        ({"pace": 0}, "pace_seconds"),
        ({"step": 0}, "block_step"),
        ({"nodes": (), "journals": ()}, "nodes"),
        ({"validators": ()}, "validators"),
        ({"unsigned_blocks": True}, "validators"),
        ({"validators": (SECOND, FIRST)}, "validators"),
        ({"validators": (FIRST, FIRST)}, "validators"),
        ({"validators": (NamedValidators(0, (b"\1" * 20,) * 2),)}, "validators"),
        ({"journals": FULL.journals * 2}, "journals"),
        (
            {"journals": (FollowedJournal(NoteKey("a", PUBLIC, COSIGNATURE), "x"),)},
            "journals key",
        ),
        (
            {"journals": (FollowedJournal(NoteKey("muniment/blocks/7001", PUBLIC), "x"),)},
            "journals key",
        ),
    ],
)
def test_settings_that_cannot_be__are_refused(values: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        changed(**values)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('format = "muniment/witness/v1"', 'format = "x"', "format"),
        ("chain_id = 7001", "chain_id = true", "chain_id"),
        ("chain_id = 7001", "chain_id = '7001'", "chain_id"),
        ("chain_id = 7001\n", "", "chain_id"),
        ("pace_seconds", "pace_second", "pace_second"),
        ("block = 900", "block = -1", "validators[1] block"),
        ("block = 900", "blok = 900", "validators[1] block"),
        ("0x0202", "0x02", "validators"),
        ("[[journals]]", "[journals]", "journals"),
        ("nodes = [", "nodes = [1, ", "nodes"),
        ("https://user:secret@agency.example", "ftp://agency.example", "source"),
        ("+muniment", "+", "verifier key"),
        ("name = ", "name", "TOML"),
    ],
)
def test_file_that_is_wrong__names_the_entry(
    tmp_path: Path, old: str, new: str, field: str
) -> None:
    create(tmp_path / "w", FULL)
    path = tmp_path / "w" / "witness.toml"
    text = path.read_text()
    if field == "verifier key":
        old, new = LOG.to_text(), LOG.to_text()[:-4]
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InvalidInputError) as caught:
        WitnessSettings.load(tmp_path / "w")
    assert field in (caught.value.field, caught.value.expected)
    assert "secret" not in caught.value.diagnostics()


def test_new_set_of_validators__is_put_behind_the_others(tmp_path: Path) -> None:
    create(tmp_path / "w", changed(validators=(FIRST,)))
    path = tmp_path / "w" / "witness.toml"
    path.write_text(path.read_text().replace("pace_seconds = 5", "pace_seconds = 5  # quick"))
    name_validators(tmp_path / "w", SECOND)
    assert WitnessSettings.load(tmp_path / "w") == FULL
    assert "# quick" in path.read_text()
    before = path.read_bytes()
    for bad in (NamedValidators(900, SECOND.addresses), NamedValidators(950, (b"\1" * 20,) * 2)):
        with pytest.raises(InvalidInputError, match="validators"):
            name_validators(tmp_path / "w", bad)
    assert path.read_bytes() == before


def test_folder_with_files__is_not_taken(tmp_path: Path) -> None:
    create(tmp_path / "w", FULL)
    key = (tmp_path / "w" / "witness.key").read_bytes()
    with pytest.raises(InvalidInputError, match="folder"):
        create(tmp_path / "w", FULL)
    assert (tmp_path / "w" / "witness.key").read_bytes() == key


def test_key__that_others_may_read_or_is_none__is_refused(tmp_path: Path) -> None:
    create(tmp_path / "w", FULL)
    key = tmp_path / "w" / "witness.key"
    key.chmod(0o640)
    with pytest.raises(KeystoreError, match="mode 640"):
        Witness.open(tmp_path / "w")
    key.write_bytes(b"no key")
    key.chmod(0o600)
    with pytest.raises(KeystoreError, match="no PEM"):
        Witness.open(tmp_path / "w")
    key.unlink()
    with pytest.raises(KeystoreError, match="No such file"):
        Witness.open(tmp_path / "w")


def test_key_without_its_store__does_not_go_on(tmp_path: Path) -> None:
    create(tmp_path / "w", changed(published="published"))
    (tmp_path / "w" / STORE).unlink()
    with pytest.raises(StatementsError, match="no store"):
        Witness.open(tmp_path / "w")


@pytest.mark.parametrize(
    ("old", "new"), [("audit.example/w1", "audit.example/w2"), ("7001", "7002")]
)
def test_other_name_or_chain__is_another_witness(tmp_path: Path, old: str, new: str) -> None:
    create(tmp_path / "w", changed(published="published"))
    path = tmp_path / "w" / "witness.toml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(StatementsError, match="another witness"):
        Witness.open(tmp_path / "w")
