# SPDX-License-Identifier: Apache-2.0
"""Disks that are full or read-only: file systems of their own, of a few megabytes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_FILLING = ".filling"


@dataclass(frozen=True)
class SmallDisk:
    """A mounted file system at `folder`."""

    folder: Path

    def fill(self, *, but: int = 0) -> None:
        """Leave no room on it, but for so many bytes."""
        with (self.folder / _FILLING).open("wb", buffering=0) as file:
            size = 0
            try:
                while True:
                    size += file.write(bytes(4096))
            except OSError:
                file.truncate(max(size - but, 0))

    def empty(self) -> None:
        """Make room again."""
        (self.folder / _FILLING).unlink()

    def forbid_writing(self) -> None:
        """Mount it read-only."""
        assert _mount("-o", "remount,ro", self.folder)


def _mount(*words: str | Path) -> bool:
    done = subprocess.run(["mount", *words], check=False, stderr=subprocess.DEVNULL)
    return done.returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A file system of its own, with room for four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or not _mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", folder):
        pytest.skip("a file system can be mounted by root alone, where mounting is allowed")
    yield SmallDisk(folder)
    subprocess.run(["umount", "--lazy", folder], check=True)
