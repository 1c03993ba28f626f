# SPDX-License-Identifier: Apache-2.0
"""The root file is whole or refused, private, and strong; nothing of it leaks."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import stat
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.errors import InvalidInputError, KeystoreError, MunimentError, WrongPasswordError
from muniment.record.canonical import canonicalize
from muniment.record.commitment import Secret
from muniment.store.keys import KeyPurpose, KeyStore, new_key_file
from muniment.store.keys.locks import KeyFile, Lock, Passphrase
from muniment.store.keys.root import RootFile, RootKeys
from tests.unit.store.keys.places import AGENCY, LINEAGE, OTHER, RECORD, Place, secret


def test_files__are_private(place: Place) -> None:
    with place.create() as keys:
        keys.put_secrets({(RECORD, 1): secret(1)})
        for path in place.folder.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_key_file_or_root_file_that_others_may_use__is_refused(place: Place, mode: int) -> None:
    place.create().close()
    for path in (place.key_file, place.root):
        path.chmod(mode)
        with pytest.raises(KeystoreError, match=f"{mode:o}") as error:
            place.open()
        assert str(path) in str(error.value)
        path.chmod(0o600)


@pytest.mark.parametrize("size", [0, 31, 33, 1 << 16])
def test_key_file_of_another_size(place: Place, size: int) -> None:
    place.create().close()
    place.key_file.write_bytes(bytes(size))
    with pytest.raises(KeystoreError, match="no key file"):
        place.open()


def test_key_file__is_never_overwritten(tmp_path: Path) -> None:
    new_key_file(tmp_path / "key")
    before = (tmp_path / "key").read_bytes()
    with pytest.raises(KeystoreError):
        new_key_file(tmp_path / "key")
    assert (tmp_path / "key").read_bytes() == before
    assert len(before) == 32


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_root_file_cut_or_changed_anywhere__is_refused(place: Place, data: st.DataObject) -> None:
    if not place.root.exists():
        place.create().close()
    whole = place.root.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]):
        place.root.write_bytes(damaged)
        with pytest.raises(KeystoreError) as error:
            place.open()
        assert not isinstance(error.value, WrongPasswordError)
    place.root.write_bytes(whole)
    place.open().close()


@pytest.mark.parametrize(
    ("member", "value"),
    [("agency", 8), ("lineage", "00" * 32), ("store", "00" * 16)],
)
def test_header_changed_with_its_checksum__does_not_open(
    place: Place, member: str, value: Any
) -> None:
    place.create().close()
    place.root.write_bytes(_resealed(place.root, {member: value}))
    with pytest.raises(KeystoreError, match="does not open"):
        place.open()


@pytest.mark.parametrize(
    "weak", [{"iterations": 2}, {"memory": 1024}, {"lanes": 0}, {"memory": 1 << 30}, {"more": 1}]
)
def test_parameters_outside_the_limits__are_refused_before_they_are_used(
    tmp_path: Path, weak: dict[str, int]
) -> None:
    lock = Lock.new(Passphrase("word"))
    with pytest.raises(InvalidInputError):
        Lock.from_json({**lock.to_json(), **weak})
    assert Lock.from_json(lock.to_json()) == lock


def test_scrypt__serves_where_there_is_no_argon2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muniment.store.keys.locks._has_argon2", lambda: False)
    keys = RootKeys.new(AGENCY, LINEAGE)
    RootFile.create(tmp_path / "root", keys, Passphrase("word"))
    assert json.loads((tmp_path / "root").read_text())["lock"]["kind"] == "scrypt"
    assert RootFile.open(tmp_path / "root", Passphrase("word")).keys == keys
    with pytest.raises(WrongPasswordError):
        RootFile.open(tmp_path / "root", Passphrase("Word"))


def test_passphrase__is_the_same_however_it_is_composed() -> None:
    lock = Lock.new(Passphrase("x"))
    assert lock.key(Passphrase("é")) == lock.key(Passphrase("e\u0301"))


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_epoch_that_cannot_be_written__leaves_all_as_it_was(
    place: Place, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    with place.create() as keys:
        before = place.root.read_bytes()
        with monkeypatch.context() as patch:
            _fail(patch, call)
            with pytest.raises(KeystoreError, match="No space"):
                keys.begin_epoch()
        assert place.root.read_bytes() == before
        assert not list(place.folder.glob(".*"))
        keys.put_secrets({(RECORD, 1): secret(1)})
    with place.open() as keys:
        assert keys.epochs() == {1: 6}


def test_leftover_of_a_killed_writer__goes_with_the_next_epoch(place: Place) -> None:
    with place.create() as keys:
        leftover = place.folder / f".{place.root.name}.0123456789abcdef.tmp"
        leftover.write_bytes(place.root.read_bytes())
        keys.begin_epoch()
        assert not leftover.exists()


def test_killed_while_rotating__opens_with_all_that_was_stored(place: Place) -> None:
    """SIGKILL at random moments of epochs being made, used and dropped."""
    place.create().close()
    code = (
        "import sys\n"
        "from muniment.store.keys import KeyStore\n"
        "from muniment.record.commitment import Secret\n"
        "with KeyStore.open(sys.argv[1], sys.argv[2], key_file=sys.argv[3]) as keys:\n"
        "    done = len(list(keys.places()))\n"
        "    while True:\n"
        "        epoch = keys.begin_epoch()\n"
        "        done += 1\n"
        "        keys.put_secrets({(done.to_bytes(32, 'big'), 1): Secret(bytes(32))})\n"
        "        print(done, flush=True)\n"
        "        list(keys.rewrap())\n"
        "        for old in list(keys.epochs()):\n"
        "            if old != epoch: keys.drop_epoch(old)\n"
    )
    acknowledged = 0
    for moment in range(5):
        command = [sys.executable, "-c", code, place.url, str(place.root), str(place.key_file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(2 + 3 * moment):
                acknowledged = int(process.stdout.readline())
            process.kill()
            for line in process.stdout:
                acknowledged = int(line) if line.endswith("\n") else acknowledged
        with place.open() as keys:
            stored = [int.from_bytes(record, "big") for record, _ in keys.places()]
            assert stored[:acknowledged] == list(range(1, acknowledged + 1))
            assert len(keys.secrets(list(keys.places()))) == len(stored) <= acknowledged + 1
            assert list(keys.check()) == []


class TestNothingLeaks:
    MARKER = Secret(b"PLANTED-SECRET-MARKER-0123456789"[:32])
    WORD = "planted passphrase marker"

    def test_no_file_has_a_secret_in_clear(self, place: Place) -> None:
        with place.create(passphrase=self.WORD) as keys:
            keys.put_secrets({(RECORD, 1): self.MARKER})
            planted = [
                self.MARKER,
                self.WORD.encode(),
                keys.local_id_key(),
                keys.search_key(),
                *(keys.agency_key(purpose).private for purpose in KeyPurpose),
                keys._core.root.keys.ledger,
                *keys._core.root.keys.epochs.values(),
            ]
            keys.export_recovery(place.folder / "copy.json", "another word")
            _require_absent(place.folder, planted)
        _require_absent(place.folder, planted)

    def test_erased__the_wrapped_bytes_leave_the_files_too(self, place: Place) -> None:
        with place.create() as keys:
            keys.put_secrets({(RECORD, 1): self.MARKER, (OTHER, 1): secret(2)})
            ((wrapped,),) = place.execute(
                "SELECT wrapped FROM version_secrets WHERE record_id = :r", r=RECORD
            )
            assert any(wrapped in path.read_bytes() for path in place.folder.iterdir())
            assert keys.erase(RECORD, [1]).cleared
            _require_absent(place.folder, [wrapped])

    def test_errors_logs_and_reprs(
        self, place: Place, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        caplog.set_level(logging.DEBUG)
        said = []
        with place.create(passphrase=self.WORD) as keys:
            keys.put_secrets({(RECORD, 1): self.MARKER})
            key = keys.agency_key(KeyPurpose.MESSAGES)
            said += [repr(keys), repr(key), repr(keys._core.root), repr(keys._core.root.keys)]
            said += [repr(keys._core.keyring), repr(Passphrase(self.WORD)), str(key)]
            place.execute("UPDATE version_secrets SET version = 2")
            for attempt in (
                lambda: keys.put_secrets({(RECORD, 2): self.MARKER}),
                lambda: keys.secret(RECORD, 2),
                lambda: keys.put_secrets({(RECORD, 3): Secret(self.MARKER + b"x")}),
                lambda: place.open(passphrase=self.WORD + "x"),
                lambda: place.create(passphrase=self.WORD),
            ):
                try:
                    attempt()
                except MunimentError:
                    said.append(traceback.format_exc())
                else:
                    pytest.fail("nothing was refused")
            place.execute("DROP TABLE version_secrets")
            try:
                keys.put_secrets({(RECORD, 4): self.MARKER})
            except (MunimentError, sa.exc.SQLAlchemyError):
                said.append(traceback.format_exc())
            private = key.private
        text = "\n".join([*said, caplog.text])
        for planted in (self.MARKER, private):
            assert planted.hex() not in text
            assert repr(planted)[2:-1] not in text
        assert self.WORD not in text


def _require_absent(folder: Path, planted: list[bytes]) -> None:
    for path in folder.iterdir():
        data = path.read_bytes()
        for value in planted:
            assert value not in data, path
            assert value.hex().encode() not in data, path


def _resealed(path: Path, changes: dict[str, Any]) -> bytes:
    whole = {**json.loads(path.read_text()), **changes}
    whole.pop("checksum")
    return canonicalize({**whole, "checksum": hashlib.sha256(canonicalize(whole)).hexdigest()})


def _fail(patch: pytest.MonkeyPatch, call: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if call == "fsync":
        patch.setattr(os, "fsync", refuse)
    elif call == "replace":
        patch.setattr(Path, "replace", refuse)
    else:
        real = os.fdopen

        def full(descriptor: int, *arguments: Any, **options: Any) -> Any:
            file = real(descriptor, *arguments, **options)
            file.close()
            refuse()

        patch.setattr(os, "fdopen", full)


def test_key_store__is_not_made_in_memory(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        KeyStore.create(
            "sqlite://", tmp_path / "root", agency_id=AGENCY, lineage=LINEAGE, passphrase="word"
        )
    assert KeyFile(tmp_path).path == tmp_path
