# SPDX-License-Identifier: Apache-2.0
"""Trees and proofs, against published vectors, shared vectors, and a plain reference."""

from __future__ import annotations

import base64
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import InvalidInputError, ProofError
from muniment.journal import (
    Tree,
    hash_children,
    hash_leaf,
    root_from_inclusion_proof,
    verify_consistency,
    verify_inclusion,
)

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
PUBLIC = json.loads((VECTORS / "rfc9162_inclusion.json").read_text())["cases"]
SHARED = json.loads((VECTORS / "merkle.json").read_text())


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def tree_of(size: int) -> Tree:
    tree = Tree()
    for index in range(size):
        assert tree.append(hash_leaf(b"entry %d" % index)) == index
    return tree


def reference_root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    middle = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hash_children(reference_root(leaves[:middle]), reference_root(leaves[middle:]))


@pytest.mark.parametrize("case", PUBLIC, ids=lambda case: case["name"])
def test_verify_inclusion__agrees_with_the_public_vectors(case: dict[str, Any]) -> None:
    proof = [base64.b64decode(node) for node in case["proof"] or []]
    arguments = (
        base64.b64decode(case["leafHash"] or ""),
        case["leafIdx"],
        case["treeSize"],
        base64.b64decode(case["root"] or ""),
        proof,
    )
    if case["wantErr"]:
        with pytest.raises(ProofError):
            verify_inclusion(*arguments)
    else:
        verify_inclusion(*arguments)


@pytest.mark.parametrize("case", SHARED["inclusion"], ids=lambda case: case["name"])
def test_verify_inclusion__agrees_with_the_shared_vectors(case: dict[str, Any]) -> None:
    proof = [unhex(node) for node in case["proof"]]
    arguments = (unhex(case["leafHash"]), case["index"], case["size"], unhex(case["root"]), proof)
    if case["valid"]:
        verify_inclusion(*arguments)
    else:
        with pytest.raises(ProofError):
            verify_inclusion(*arguments)


@pytest.mark.parametrize("case", SHARED["consistency"], ids=lambda case: case["name"])
def test_verify_consistency__agrees_with_the_shared_vectors(case: dict[str, Any]) -> None:
    proof = [unhex(node) for node in case["proof"]]
    arguments = (
        case["size1"],
        unhex(case["root1"]),
        case["size2"],
        unhex(case["root2"]),
        proof,
    )
    if case["valid"]:
        verify_consistency(*arguments)
    else:
        with pytest.raises(ProofError):
            verify_consistency(*arguments)


CONCEPTS = {
    "inclusion": (
        *("cve-2012-2459", "proof-too-long", "proof-too-short", "empty-tree", "size-1-"),
        *("size-1-index-0", "index-is-size", "index-beyond-size", "interior-node", "root-as-leaf"),
        *("of-64-bytes", "greatest-"),
    ),
    "consistency": (
        *("cve-2012-2459", "proof-too-long", "proof-too-short", "from-0", "from-1-to-1"),
        *("proof-empty", "shrunk", "interior-node", "greatest-"),
    ),
}


@pytest.mark.parametrize("kind", CONCEPTS)
def test_shared_vectors__are_all_there(kind: str) -> None:
    """No reader stops early unnoticed: the file counts its cases, and Solidity reads the count."""
    names = [case["name"] for case in SHARED[kind]]
    assert len(names) == len(set(names)) == SHARED["counts"][kind]
    assert {case["valid"] for case in SHARED[kind]} == {True, False}
    assert all(case["valid"] != case["name"].endswith("_fail") for case in SHARED[kind])
    for concept in CONCEPTS[kind]:
        assert any(concept in name for name in names), concept


def test_shared_vectors__are_what_the_generator_makes() -> None:
    spec = importlib.util.spec_from_file_location("generate_merkle", VECTORS / "generate_merkle.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (VECTORS / "merkle.json").read_text() == module.text()


def test_tree__of_every_small_size__has_the_reference_root_and_proves_everything() -> None:
    tree = tree_of(70)
    leaves = [hash_leaf(b"entry %d" % index) for index in range(70)]
    for size in range(1, 71):
        root = tree.root(size)
        assert root == reference_root(leaves[:size])
        for index in range(size):
            verify_inclusion(leaves[index], index, size, root, tree.inclusion_proof(index, size))
        for earlier in range(1, size + 1):
            proof = tree.consistency_proof(earlier, size)
            verify_consistency(earlier, tree.root(earlier), size, root, proof)


def test_root__of_nothing__is_the_hash_of_nothing() -> None:
    assert Tree().root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.data())
def test_inclusion_proof__with_any_bit_flipped__is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 200))
    index = data.draw(st.integers(0, size - 1))
    tree = tree_of(size)
    parts = [hash_leaf(b"entry %d" % index), tree.root(), *tree.inclusion_proof(index)]
    place = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, 255))
    parts[place] = (int.from_bytes(parts[place], "big") ^ (1 << bit)).to_bytes(32, "big")
    with pytest.raises(ProofError):
        verify_inclusion(parts[0], index, size, parts[1], parts[2:])


@given(st.data())
def test_consistency_proof__with_any_bit_flipped__is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 200))
    earlier = data.draw(st.integers(1, size - 1))
    tree = tree_of(size)
    parts = [tree.root(earlier), tree.root(), *tree.consistency_proof(earlier)]
    place = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, 255))
    parts[place] = (int.from_bytes(parts[place], "big") ^ (1 << bit)).to_bytes(32, "big")
    with pytest.raises(ProofError):
        verify_consistency(earlier, parts[0], size, parts[1], parts[2:])


@given(st.integers(), st.integers(), st.lists(st.binary(max_size=40), max_size=6))
def test_verifiers__raise_only_their_own_errors(
    first: int, second: int, hashes: list[bytes]
) -> None:
    nodes = [*hashes, b"", b"\0" * 32]
    for check in (
        lambda: verify_inclusion(nodes[0], first, second, nodes[1], hashes),
        lambda: verify_consistency(first, nodes[0], second, nodes[1], hashes),
    ):
        try:
            check()
        except ProofError:
            continue


def test_error__carries_both_roots() -> None:
    tree = tree_of(5)
    leaf = hash_leaf(b"entry 2")
    with pytest.raises(ProofError) as caught:
        verify_inclusion(leaf, 2, 5, b"\1" * 32, tree.inclusion_proof(2))
    assert caught.value.expected_root == b"\1" * 32
    assert caught.value.computed_root == tree.root()
    assert root_from_inclusion_proof(leaf, 2, 5, tree.inclusion_proof(2)) == tree.root()


@pytest.mark.parametrize(
    "call",
    [
        lambda tree: tree.inclusion_proof(5),
        lambda tree: tree.inclusion_proof(-1),
        lambda tree: tree.inclusion_proof(0, 0),
        lambda tree: tree.inclusion_proof(0, 6),
        lambda tree: tree.consistency_proof(0),
        lambda tree: tree.consistency_proof(4, 3),
        lambda tree: tree.consistency_proof(1, 6),
        lambda tree: tree.root(6),
        lambda tree: tree.append(b"short"),
    ],
)
def test_tree__asked_for_what_it_does_not_have__says_what_was_expected(call: Any) -> None:
    with pytest.raises(InvalidInputError):
        call(tree_of(5))
