# SPDX-License-Identifier: Apache-2.0
"""Files that are carried: written over nothing, also where the file system has no links."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from muniment.errors import InvalidInputError
from muniment.registry.exchange.carried import half_of, open_new, put_at, reading


def no_links(*_: object) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


@pytest.fixture(params=[True, False], ids=["links", "no links"])
def links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if not request.param:
        monkeypatch.setattr(os, "link", no_links)
    return bool(request.param)


def test_put_at__writes_the_whole_file(links: bool, tmp_path: Path) -> None:
    half = tmp_path / "half"
    half.write_bytes(bytes(3_000_000))
    half.chmod(0o600)
    put_at(half, tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == bytes(3_000_000)
    assert (tmp_path / "target").stat().st_mode & 0o777 == 0o600


def test_put_at__leaves_what_is_there(links: bool, tmp_path: Path) -> None:
    half, target = tmp_path / "half", tmp_path / "target"
    half.write_bytes(b"new")
    target.write_bytes(b"old")
    with pytest.raises(InvalidInputError, match="target is there already"):
        put_at(half, target)
    assert target.read_bytes() == b"old"


def test_put_at__where_nothing_can_be_written__says_so(links: bool, tmp_path: Path) -> None:
    half = tmp_path / "half"
    half.write_bytes(b"new")
    with pytest.raises(InvalidInputError, match="target"):
        put_at(half, tmp_path / "nowhere" / "target")


def test_new_file__is_nobody_elses_from_its_first_moment(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with open_new(tmp_path / "new") as writer:
            assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
            writer.write(b"content")
    finally:
        os.umask(before)
    with pytest.raises(FileExistsError):
        open_new(tmp_path / "new")


def test_half__of_a_target_that_cannot_be_written__is_refused(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"")
    for target in (tmp_path / "there", tmp_path / "nowhere" / "target"):
        with pytest.raises(InvalidInputError, match="target"):
            half_of(target)
    assert half_of(tmp_path / "target").parent == tmp_path.resolve()


def test_reading__of_what_is_no_file__is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / "pipe"):
        with pytest.raises(InvalidInputError, match="file is no file"), reading(path):
            pass
