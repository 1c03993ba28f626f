# SPDX-License-Identifier: Apache-2.0
"""The append-only tree of RFC 9162 § 2.1 with SHA-256: roots, inclusion and consistency proofs.

The same proofs verify on chain (`contracts/libraries/MerkleLog.sol`) and in every public tool. A
hash is 32 bytes, a proof a sequence of hashes from the leaf up.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from muniment.errors import InvalidInputError, ProofError

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""Root of the tree without leaves."""


def hash_leaf(entry: bytes) -> bytes:
    """Return SHA-256(0x00 || `entry`)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || `left` || `right`)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class HashTree(ABC):
    """A tree of which each complete subtree's root can be had: roots and proofs of any size."""

    @property
    @abstractmethod
    def size(self) -> int:
        """The number of leaves."""

    @abstractmethod
    def _complete(self, level: int, place: int) -> bytes:
        """Return the root of 2**`level` leaves, all there, the `place`th such from the left."""

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first `size` leaves, of all by default.

        Raises `InvalidInputError` for a size that the tree never had.
        """
        size = self.size if size is None else size
        self._require_size("size", size, least=0)
        return self._node(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the proof that leaf `index` is among the first `size` leaves (§ 2.1.3.1).

        Raises `InvalidInputError` for an index outside of the tree.
        """
        size = self.size if size is None else size
        self._require_size("size", size, least=1)
        if not 0 <= index < size:
            raise InvalidInputError("index", f"0 to {size - 1}", str(index))
        proof: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                proof.append(self._node(middle, end))
                end = middle
            else:
                proof.append(self._node(start, middle))
                start = middle
        proof.reverse()
        return proof

    def consistency_proof(self, size1: int, size2: int | None = None) -> list[bytes]:
        """Return the proof that the tree of `size2` leaves extends that of `size1` (§ 2.1.4.1).

        Empty for equal sizes. Raises `InvalidInputError` for sizes out of range or out of order.
        """
        size2 = self.size if size2 is None else size2
        self._require_size("size2", size2, least=1)
        if not 1 <= size1 <= size2:
            raise InvalidInputError("size1", f"1 to {size2}", str(size1))
        if size1 == size2:
            return []
        proof: list[bytes] = []
        start, end, target, whole = 0, size2, size1, True
        while target != end:
            middle = start + _split(end - start)
            if target <= middle:
                proof.append(self._node(middle, end))
                end = middle
            else:
                proof.append(self._node(start, middle))
                start = middle
                whole = False
        if not whole:
            proof.append(self._node(start, end))
        proof.reverse()
        return proof

    def _node(self, start: int, end: int) -> bytes:
        """Return the root over leaves `start` to `end`, where `start` is a node's left edge."""
        length = end - start
        if length & (length - 1) == 0:
            level = length.bit_length() - 1
            return self._complete(level, start >> level)
        middle = start + _split(length)
        return hash_children(self._node(start, middle), self._node(middle, end))

    def _require_size(self, name: str, size: int, *, least: int) -> None:
        if not least <= size <= self.size:
            raise InvalidInputError(name, f"{least} to {self.size}", str(size))


class Tree(HashTree):
    """A tree in memory that only grows.

    `_levels[k]` holds the roots of all complete subtrees of 2**k leaves, left to right: appending
    costs two hashes on average, and any proof reads at most two nodes a level.
    """

    def __init__(self) -> None:
        """Make an empty tree."""
        self._levels: list[list[bytes]] = [[]]

    @property
    def size(self) -> int:
        """The number of leaves."""
        return len(self._levels[0])

    def append(self, leaf_hash: bytes) -> int:
        """Append a leaf by its hash (`hash_leaf`) and return its index."""
        if len(leaf_hash) != 32:
            raise InvalidInputError("leaf hash", "32 bytes", f"{len(leaf_hash)} bytes")
        levels = self._levels
        index = len(levels[0])
        levels[0].append(leaf_hash)
        level, place = 0, index
        while place & 1:
            children = levels[level]
            parent = hashlib.sha256(b"\x01" + children[-2] + children[-1]).digest()
            level += 1
            if level == len(levels):
                levels.append([])
            levels[level].append(parent)
            place >>= 1
        return index

    def _complete(self, level: int, place: int) -> bytes:
        return self._levels[level][place]


class RunningRoot:
    """The root of leaves that pass by: of a stream, in memory of one hash a level."""

    def __init__(self) -> None:
        """Begin without leaves."""
        self._peaks: list[bytes] = []
        self.size = 0

    def append(self, leaf_hash: bytes) -> int:
        """Count a leaf by its hash (`hash_leaf`) and return its index."""
        index, node = self.size, leaf_hash
        while index & 1:
            node = hash_children(self._peaks.pop(), node)
            index >>= 1
        self._peaks.append(node)
        self.size += 1
        return self.size - 1

    def root(self) -> bytes:
        """Return the root of all leaves so far."""
        root = EMPTY_ROOT
        for place, peak in enumerate(reversed(self._peaks)):
            root = hash_children(peak, root) if place else peak
        return root


def root_from_inclusion_proof(
    leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes]
) -> bytes:
    """Return the root that `proof` gives for the leaf at `index` of `size` leaves (§ 2.1.3.2).

    Raises `ProofError` for an index outside of the tree, and for a proof too long or too short.
    """
    if not 0 <= index < size:
        raise ProofError(f"index {index} is outside of a tree of {size} leaves")
    _require_hashes([leaf_hash, *proof])
    node, last, running = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise ProofError(f"inclusion proof of {len(proof)} hashes is too long")
        if node & 1 or node == last:
            running = hash_children(sibling, running)
            while node & 1 == 0 and node:
                node >>= 1
                last >>= 1
        else:
            running = hash_children(running, sibling)
        node >>= 1
        last >>= 1
    if last:
        raise ProofError(f"inclusion proof of {len(proof)} hashes is too short")
    return running


def verify_inclusion(
    leaf_hash: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise `ProofError` unless the leaf is at `index` of the `size` leaves under `root`."""
    calculated = root_from_inclusion_proof(leaf_hash, index, size, proof)
    if calculated != root:
        raise ProofError(
            "inclusion proof gives another root", expected_root=root, computed_root=calculated
        )


def verify_consistency(
    size1: int, root1: bytes, size2: int, root2: bytes, proof: Sequence[bytes]
) -> None:
    """Raise `ProofError` unless the tree (`size2`, `root2`) extends (`size1`, `root1`) (§ 2.1.4.2).

    `size1` = 0 is refused: an empty tree proves nothing. Equal sizes need equal roots and an empty
    proof.
    """
    if size1 < 1 or size1 > size2:
        raise ProofError(f"sizes {size1} and {size2} are not in order from 1 on")
    _require_hashes([root1, root2, *proof])
    if size1 == size2:
        if proof:
            raise ProofError("a proof between equal sizes must be empty")
        if root1 != root2:
            raise ProofError(
                "equal sizes with different roots", expected_root=root1, computed_root=root2
            )
        return
    if not proof:
        raise ProofError("consistency proof is empty")
    node, last = size1 - 1, size2 - 1
    while node & 1:
        node >>= 1
        last >>= 1
    # A complete first tree is a node of the second: the proof leaves it out.
    nodes = iter(proof)
    running1 = running2 = next(nodes) if node else root1
    for sibling in nodes:
        if last == 0:
            raise ProofError(f"consistency proof of {len(proof)} hashes is too long")
        if node & 1 or node == last:
            running1 = hash_children(sibling, running1)
            running2 = hash_children(sibling, running2)
            while node & 1 == 0 and node:
                node >>= 1
                last >>= 1
        else:
            running2 = hash_children(running2, sibling)
        node >>= 1
        last >>= 1
    if last:
        raise ProofError(f"consistency proof of {len(proof)} hashes is too short")
    if running1 != root1:
        raise ProofError(
            "proof gives another first root", expected_root=root1, computed_root=running1
        )
    if running2 != root2:
        raise ProofError(
            "proof gives another second root", expected_root=root2, computed_root=running2
        )


def _split(length: int) -> int:
    """The greatest power of two below `length` (§ 2.1.1)."""
    return 1 << ((length - 1).bit_length() - 1)


def _require_hashes(hashes: Sequence[bytes]) -> None:
    for number, value in enumerate(hashes):
        if not isinstance(value, bytes) or len(value) != 32:
            raise ProofError(f"hash {number} of the proof is not 32 bytes")
