# SPDX-License-Identifier: Apache-2.0
"""The peers' packages: only the pinned file is read, and only the constant that is named."""

from __future__ import annotations

import hashlib
import io
import tarfile
from base64 import b64encode
from pathlib import Path

import pytest

from benchmarks.peer_packages import Package, PeerContract


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of package `@peer/contracts` 1.2.3 in the cache, on a machine without npm."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "muniment/peers/peer-contracts-1.2.3.tgz"
    path.parent.mkdir(parents=True)
    text = b'const _bytecode = "0x6001";\nconst _bytecode$1 = "0x6002";\n'
    with tarfile.open(path, "w:gz") as packed:
        member = tarfile.TarInfo("package/index.js")
        member.size = len(text)
        packed.addfile(member, io.BytesIO(text))
    return path


def pinned(path: Path) -> Package:
    digest = b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    return Package("@peer/contracts", "1.2.3", digest)


def test_package__in_the_cache__needs_no_npm(cached: Path) -> None:
    assert pinned(cached).file() == cached


def test_package__with_one_byte_changed__is_not_used(cached: Path) -> None:
    package = pinned(cached)
    changed = bytearray(cached.read_bytes())
    changed[-1] ^= 1
    cached.write_bytes(changed)
    with pytest.raises(SystemExit, match="npm is missing"):
        package.file()


def test_fetched_package__that_is_not_the_pinned_one__is_refused(cached: Path) -> None:
    # A program in npm's place that packs what it was not asked for.
    package = pinned(cached)
    cached.unlink()
    program = cached.parents[2] / "npm"
    program.write_text('#!/bin/sh\nprintf other > "$5/peer-contracts-1.2.3.tgz"\n')
    program.chmod(0o755)
    with pytest.raises(SystemExit, match=r"@peer/contracts@1\.2\.3: not the file"):
        package.file()
    assert not cached.exists()


@pytest.mark.parametrize(
    ("constant", "code"), [("_bytecode", b"\x60\x01"), ("_bytecode$1", b"\x60\x02")]
)
def test_creation_code__is_that_of_the_constant_named(
    cached: Path, constant: str, code: bytes
) -> None:
    assert PeerContract(pinned(cached), "index.js", constant).creation_code() == code


def test_creation_code__of_a_constant_that_is_not_there__ends_the_run(cached: Path) -> None:
    with pytest.raises(SystemExit, match="0 constants _bytecode\\$2"):
        PeerContract(pinned(cached), "index.js", "_bytecode$2").creation_code()
