# SPDX-License-Identifier: Apache-2.0
"""Growing a journal's tree, recomputing its root by the other way, and proofs from its tiles."""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

from muniment.journal.merkle import hash_leaf, verify_inclusion
from muniment.journal.tiles import (
    GrowingEdge,
    RecomputedRoot,
    TileTree,
    bundle_path,
    width_of,
)

_BATCH = 8192
_PROOFS = 300


def measure(leaves: int) -> dict[str, float]:
    """Return flat figures of a tree of so many entries of 78 bytes, its files in a folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spent = 0.0
        edge = GrowingEdge()
        for start in range(0, leaves, _BATCH):
            entries = [b"%078d" % number for number in range(start, min(leaves, start + _BATCH))]
            begun = time.perf_counter()
            files = edge.append(entries)
            spent += time.perf_counter() - begun
            _write(folder, files)
        begun = time.perf_counter()
        root = edge.root()
        files = edge.partial_files()
        spent += time.perf_counter() - begun
        _write(folder, files)

        def read(path: str) -> bytes:
            return (folder / path).read_bytes()

        recomputed = RecomputedRoot()
        begun = time.perf_counter()
        for number in range(-(-leaves // 256)):
            recomputed.add_bundle(read(bundle_path(number, width_of(leaves, 0, number))))
        again = time.perf_counter() - begun
        assert recomputed.root() == root
        tree = TileTree(read, leaves)
        chance = random.Random(7)
        indexes = [chance.randrange(leaves) for _ in range(_PROOFS)]
        begun = time.perf_counter()
        proofs = [tree.inclusion_proof(index) for index in indexes]
        proved = time.perf_counter() - begun
        for index, proof in zip(indexes, proofs, strict=True):
            verify_inclusion(hash_leaf(tree.entry(index)), index, leaves, root, proof)
    return {
        "leaves": leaves,
        "leaves_per_second": round(leaves / spent),
        "recomputed_per_second": round(leaves / again),
        "proof_milliseconds": round(1000 * proved / _PROOFS, 3),
        "proof_hashes": max(map(len, proofs)),
    }


def _write(folder: Path, files: list[tuple[str, bytes]]) -> None:
    for path, data in files:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
