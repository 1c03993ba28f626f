# SPDX-License-Identifier: Apache-2.0
"""Makes `merkle.json`: proofs that must hold and `_fail` cases that must not.

Python and Solidity both read it. Written from RFC 9162 § 2.1 by its recursive definitions, apart
from the package. Run: `.venv/bin/python tests/vectors/generate_merkle.py`.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any


def leaf(index: int) -> bytes:
    return hashlib.sha256(b"\0entry %d" % index).digest()


def children(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def split(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)


@cache
def mth(start: int, end: int, same: bool = False) -> bytes:
    """MTH (§ 2.1.1). With `same`, all leaves are equal: large trees cost little."""
    if same and start:
        return mth(0, end - start, True)
    if end - start == 1:
        return leaf(0 if same else start)
    middle = start + split(end - start)
    return children(mth(start, middle, same), mth(middle, end, same))


def path(index: int, start: int, end: int, same: bool = False) -> list[bytes]:
    """PATH (§ 2.1.3.1)."""
    if end - start == 1:
        return []
    middle = start + split(end - start)
    if index < middle:
        return [*path(index, start, middle, same), mth(middle, end, same)]
    return [*path(index, middle, end, same), mth(start, middle, same)]


def subproof(size: int, start: int, end: int, whole: bool, same: bool = False) -> list[bytes]:
    """SUBPROOF (§ 2.1.4.1); `size` counts from `start`."""
    if size == end - start:
        return [] if whole else [mth(start, end, same)]
    k = split(end - start)
    if size <= k:
        return [*subproof(size, start, start + k, whole, same), mth(start + k, end, same)]
    return [*subproof(size - k, start + k, end, False, same), mth(start, start + k, same)]


def hexes(hashes: list[bytes]) -> list[str]:
    return ["0x" + value.hex() for value in hashes]


def flip(value: bytes, bit: int = 0) -> bytes:
    return (int.from_bytes(value, "big") ^ (1 << bit)).to_bytes(len(value), "big")


def inclusion(
    name: str, leaf_hash: bytes, index: int, size: int, root: bytes, proof: list[bytes]
) -> dict[str, Any]:
    return {
        "name": name,
        "leafHash": "0x" + leaf_hash.hex(),
        "index": index,
        "size": size,
        "root": "0x" + root.hex(),
        "proof": hexes(proof),
        "valid": not name.endswith("_fail"),
    }


def consistency(
    name: str, size1: int, root1: bytes, size2: int, root2: bytes, proof: list[bytes]
) -> dict[str, Any]:
    return {
        "name": name,
        "size1": size1,
        "root1": "0x" + root1.hex(),
        "size2": size2,
        "root2": "0x" + root2.hex(),
        "proof": hexes(proof),
        "valid": not name.endswith("_fail"),
    }


def inclusions() -> list[dict[str, Any]]:
    cases = []
    for size in (*range(1, 10), 13, 16, 17, 31, 32, 33):
        for index in sorted({0, 1, size // 2, size - 2, size - 1} & set(range(size))):
            cases.append(
                inclusion(
                    f"size-{size}-index-{index}",
                    leaf(index),
                    index,
                    size,
                    mth(0, size),
                    path(index, 0, size),
                )
            )
    for size in (
        *((1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_010_000),
        *((1 << 53) + 1, 1 << 63, (1 << 64) - 1),
    ):
        for index in (0, size // 2, size - 1):
            cases.append(
                inclusion(
                    f"large-{size}-index-{index}",
                    leaf(0),
                    index,
                    size,
                    mth(0, size, True),
                    path(index, 0, size, True),
                )
            )
    # An entry of 64 bytes that are two nodes is an entry like any other, in its own place.
    two_nodes = hashlib.sha256(b"\0" + mth(0, 2) + mth(2, 4)).digest()
    pair = children(two_nodes, leaf(4))
    cases.append(inclusion("entry-of-64-bytes", two_nodes, 0, 2, pair, [leaf(4)]))
    root, proof, nothing = mth(0, 7), path(3, 0, 7), hashlib.sha256(b"").digest()
    most = (1 << 64) - 1
    bad = [
        ("empty-tree_fail", leaf(0), 0, 0, nothing, []),
        ("empty-tree-root-as-leaf_fail", nothing, 0, 0, nothing, []),
        ("empty-tree-with-a-proof_fail", leaf(0), 0, 0, root, proof),
        ("empty-tree-root-of-zeros_fail", bytes(32), 0, 0, bytes(32), []),
        ("size-1-index-1_fail", leaf(0), 1, 1, leaf(0), []),
        ("greatest-index-is-size_fail", leaf(0), most, most, leaf(0), []),
        ("greatest-index-in-size-1_fail", leaf(0), most, 1, leaf(0), []),
        ("greatest-size-without-a-proof_fail", leaf(0), 0, most, leaf(0), []),
        ("size-1-with-a-proof_fail", leaf(0), 0, 1, leaf(0), [leaf(0)]),
        ("size-1-wrong-root_fail", leaf(0), 0, 1, leaf(1), []),
        ("index-is-size_fail", leaf(3), 7, 7, root, proof),
        ("index-beyond-size_fail", leaf(3), 1 << 40, 7, root, proof),
        ("index-of-neighbour_fail", leaf(3), 2, 7, root, proof),
        ("index-of-other-half_fail", leaf(3), 4, 7, root, proof),
        ("size-too-small_fail", leaf(3), 3, 4, root, proof),
        ("size-too-large_fail", leaf(3), 3, 9, root, proof),
        ("proof-empty_fail", leaf(3), 3, 7, root, []),
        ("proof-too-short_fail", leaf(3), 3, 7, root, proof[:-1]),
        ("proof-too-short-at-the-leaf_fail", leaf(3), 3, 7, root, proof[1:]),
        ("proof-too-long_fail", leaf(3), 3, 7, root, [*proof, leaf(9)]),
        ("proof-too-long-with-the-root_fail", leaf(3), 3, 7, root, [*proof, root]),
        ("proof-with-siblings-swapped_fail", leaf(3), 3, 7, root, [proof[1], proof[0], proof[2]]),
        ("proof-reversed_fail", leaf(3), 3, 7, root, proof[::-1]),
        ("root-one-bit_fail", leaf(3), 3, 7, flip(root), proof),
        ("leaf-one-bit_fail", flip(leaf(3)), 3, 7, root, proof),
        *(
            (
                f"proof-one-bit-in-{i}_fail",
                leaf(3),
                3,
                7,
                root,
                [flip(p, 255) if i == j else p for j, p in enumerate(proof)],
            )
            for i in range(3)
        ),
        ("interior-node-as-leaf_fail", mth(0, 2), 0, 4, mth(0, 4), path(0, 0, 4)),
        (
            "interior-node-as-leaf-of-a-smaller-tree-hashed-as-a-leaf_fail",
            hashlib.sha256(b"\0" + leaf(0) + leaf(1)).digest(),
            0,
            2,
            mth(0, 4),
            [mth(2, 4)],
        ),
        ("leaf-of-64-bytes-that-are-two-nodes_fail", two_nodes, 0, 1, mth(0, 4), []),
        ("leaf-of-64-bytes-below-its-root_fail", two_nodes, 0, 2, mth(0, 8), [mth(4, 8)]),
        ("root-as-leaf_fail", root, 0, 7, root, []),
        ("root-as-leaf-with-the-proof_fail", root, 3, 7, root, proof),
        ("interior-node-with-the-rest-of-the-proof_fail", mth(2, 4), 3, 7, root, proof[1:]),
        ("interior-node-at-its-own-index_fail", mth(2, 4), 1, 7, root, proof[1:]),
        # CVE-2012-2459: a tree that doubles its last leaf has the root of another one. There, 1 2 3
        # and 1 2 3 3 have one root, and so have 1 to 6 and 1 to 6 with 5 and 6 again.
        (
            "last-leaf-doubled-under-such-a-root-cve-2012-2459_fail",
            leaf(2),
            2,
            3,
            children(mth(0, 2), children(leaf(2), leaf(2))),
            [leaf(2), mth(0, 2)],
        ),
        (
            "last-node-doubled-under-such-a-root-cve-2012-2459_fail",
            leaf(5),
            5,
            6,
            children(mth(0, 4), children(mth(4, 6), mth(4, 6))),
            [leaf(4), mth(4, 6), mth(0, 4)],
        ),
        ("only-leaf-doubled-cve-2012-2459_fail", leaf(0), 1, 2, leaf(0), [leaf(0)]),
        ("last-leaf-doubled-cve-2012-2459_fail", leaf(2), 3, 4, mth(0, 3), [leaf(2), mth(0, 2)]),
        (
            "last-node-doubled-cve-2012-2459_fail",
            leaf(5),
            7,
            8,
            mth(0, 6),
            [leaf(4), mth(4, 6), mth(0, 4)],
        ),
        ("node-order-ignored_fail", leaf(1), 0, 2, mth(0, 2), [leaf(0)]),
    ]
    return cases + [inclusion(*case) for case in bad]


def consistencies() -> list[dict[str, Any]]:
    cases = []
    for size1, size2 in (
        (1, 1),
        (1, 2),
        (1, 8),
        (2, 3),
        (2, 4),
        (3, 4),
        (3, 7),
        (4, 7),
        (4, 8),
        (5, 5),
        (6, 7),
        (6, 8),
        (7, 8),
        (7, 13),
        (8, 16),
        (8, 17),
        (9, 16),
        (15, 31),
        (16, 33),
        (31, 33),
        (32, 33),
    ):
        cases.append(
            consistency(
                f"from-{size1}-to-{size2}",
                size1,
                mth(0, size1),
                size2,
                mth(0, size2),
                subproof(size1, 0, size2, True),
            )
        )
    for size1, size2 in (
        ((1 << 20) - 1, (1 << 20) + 1),
        (1 << 20, (1 << 20) + 1),
        (2_999_999, 3_010_000),
        ((1 << 53) + 1, (1 << 64) - 1),
        (1 << 63, (1 << 64) - 1),
        ((1 << 64) - 2, (1 << 64) - 1),
        ((1 << 64) - 1, (1 << 64) - 1),
    ):
        cases.append(
            consistency(
                f"large-from-{size1}-to-{size2}",
                size1,
                mth(0, size1, True),
                size2,
                mth(0, size2, True),
                subproof(size1, 0, size2, True, True),
            )
        )
    r3, r7, proof = mth(0, 3), mth(0, 7), subproof(3, 0, 7, True)
    r4, proof4 = mth(0, 4), subproof(4, 0, 7, True)
    fork = children(mth(0, 2), leaf(99))
    doubled = children(mth(0, 2), children(leaf(2), leaf(2)))
    most, nothing = (1 << 64) - 1, hashlib.sha256(b"").digest()
    bad = [
        ("from-0_fail", 0, nothing, 7, r7, []),
        ("from-0-to-0-of-nothing_fail", 0, nothing, 0, nothing, []),
        ("from-0-to-1_fail", 0, nothing, 1, mth(0, 1), []),
        ("from-0-to-1-with-a-proof_fail", 0, nothing, 1, mth(0, 1), [leaf(0)]),
        ("from-1-to-0_fail", 1, mth(0, 1), 0, nothing, []),
        ("from-1-to-1-with-a-proof_fail", 1, mth(0, 1), 1, mth(0, 1), [leaf(0)]),
        ("from-1-to-2-without-a-proof_fail", 1, mth(0, 1), 2, mth(0, 2), []),
        ("greatest-first-size_fail", most, r3, 7, r7, proof),
        ("greatest-second-size_fail", 3, r3, most, r7, proof),
        # CVE-2012-2459: one root for trees of two sizes.
        ("same-root-with-the-last-leaf-doubled-cve-2012-2459_fail", 3, r3, 4, r3, []),
        ("last-leaf-doubled-cve-2012-2459_fail", 3, doubled, 4, doubled, []),
        (
            "last-leaf-doubled-with-its-proof-cve-2012-2459_fail",
            3,
            doubled,
            4,
            doubled,
            [leaf(2), leaf(2), mth(0, 2)],
        ),
        (
            "true-tree-doubled-with-its-proof-cve-2012-2459_fail",
            4,
            doubled,
            3,
            r3,
            [leaf(2), leaf(2), mth(0, 2)],
        ),
        ("interior-node-as-first-root_fail", 1, mth(0, 2), 4, r4, [mth(2, 4), leaf(2)]),
        ("from-0-with-a-proof_fail", 0, r3, 7, r7, proof),
        ("from-0-to-0_fail", 0, r3, 0, r3, []),
        ("shrunk_fail", 7, r7, 3, r3, proof),
        ("equal-sizes-other-root_fail", 7, r7, 7, flip(r7), []),
        ("equal-sizes-with-a-proof_fail", 7, r7, 7, r7, [r7]),
        ("proof-empty_fail", 3, r3, 7, r7, []),
        ("proof-empty-power-of-two_fail", 4, r4, 7, r7, []),
        ("proof-too-short_fail", 3, r3, 7, r7, proof[:-1]),
        ("proof-too-short-at-the-start_fail", 3, r3, 7, r7, proof[1:]),
        ("proof-too-long_fail", 3, r3, 7, r7, [*proof, leaf(9)]),
        ("proof-too-long-with-the-root_fail", 3, r3, 7, r7, [*proof, r7]),
        ("proof-too-long-power-of-two_fail", 4, r4, 7, r7, [*proof4, leaf(9)]),
        ("proof-with-the-first-root-prepended_fail", 4, r4, 7, r7, [r4, *proof4]),
        ("first-root-one-bit_fail", 3, flip(r3), 7, r7, proof),
        ("second-root-one-bit_fail", 3, r3, 7, flip(r7), proof),
        ("roots-swapped_fail", 3, r7, 7, r3, proof),
        ("fork-of-the-last-leaf_fail", 3, fork, 7, r7, proof),
        ("other-first-size_fail", 2, r3, 7, r7, proof),
        *(
            (
                f"proof-one-bit-in-{i}_fail",
                3,
                r3,
                7,
                r7,
                [flip(p, 7) if i == j else p for j, p in enumerate(proof)],
            )
            for i in range(len(proof))
        ),
    ]
    return cases + [consistency(*case) for case in bad]


def text() -> str:
    cases = {"inclusion": inclusions(), "consistency": consistencies()}
    # How many there are: a reader that stops before the last one notices.
    counts = {kind: len(found) for kind, found in cases.items()}
    return json.dumps({"counts": counts, **cases}, indent=1) + "\n"


if __name__ == "__main__":
    (Path(__file__).parent / "merkle.json").write_text(text())
