# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Large files through a gateway: memory stays flat while they are uploaded, registered and read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chain.gateway import Serve, deed, officer, opened, serve  # noqa: F401

MIB = 1 << 20
ROOM_MIB = 96
"""What a gateway may need more than before: buffers of some pieces, and what Python keeps."""


def memory(process: int, name: str) -> int:
    """MiB of a process: VmRSS, as it is now, or VmHWM, the most that it ever was."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) // 1024
    raise AssertionError(name)


def pieces(size: int) -> Iterator[bytes]:
    """A file of a size in MiB, each piece another."""
    for number in range(size):
        yield number.to_bytes(8, "big") + bytes(MIB - 8)


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(200, marks=pytest.mark.slow),
        pytest.param(5 * 1024, marks=pytest.mark.exhaustive),
    ],
)
def test_large_file__goes_in_and_out_in_flat_memory(serve: Serve, size: int) -> None:
    gateway = serve(burst=1000)
    digest = hashlib.sha256()
    for piece in pieces(size):
        digest.update(piece)
    with gateway.client() as client:
        client.timeout = 1800
        assert client.post("/records", json=deed(1)).status_code == 201
        before = memory(gateway.process.pid, "VmRSS")
        headers = {"Content-Type": "video/mp4", "Content-Length": str(size * MIB)}
        kept = client.put("/uploads/film", content=pieces(size), headers=headers)
        assert kept.status_code == 201, kept.text
        assert kept.json()["digest"] == f"0x{digest.hexdigest()}"
        named = deed(2) | {"attachments": {"scan": "film"}}
        made = client.post("/records?way=direct", json=named)
        assert made.status_code == 201, made.text
        came = hashlib.sha256()
        with client.stream("GET", f"/records/{made.json()['record']}/files/scan") as answer:
            assert int(answer.headers["content-length"]) == size * MIB
            for part in answer.iter_raw():
                came.update(part)
        assert came.digest() == digest.digest()
        assert memory(gateway.process.pid, "VmHWM") < before + ROOM_MIB
