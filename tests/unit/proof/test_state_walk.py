# SPDX-License-Identifier: Apache-2.0
"""What is read of a trie is what the library reads of it, present, absent and damaged."""

from __future__ import annotations

from typing import Any

import rlp
from hypothesis import given
from hypothesis import strategies as st
from trie import HexaryTrie

from muniment.proof.state import StateProof, StateProofError
from muniment.record.keccak import keccak

# Few different nibbles, so that keys share their beginnings: extensions, and leaves of any depth.
_keys = st.one_of(
    st.binary(min_size=32, max_size=32),
    st.lists(st.sampled_from([0, 1, 16, 17]), min_size=32, max_size=32).map(bytes),
    st.integers(0, 300).map(lambda number: bytes(31) + bytes([number % 256])),
)
_values = st.binary(min_size=1, max_size=40)


def _of_library(nodes: list[bytes], root: bytes, key: bytes) -> Any:
    try:
        return bytes(HexaryTrie({keccak(node): node for node in nodes}, root)[key])
    except Exception:  # noqa: BLE001  (it has no one error)
        return StateProofError


def _of_ours(nodes: list[bytes], root: bytes, key: bytes) -> Any:
    try:
        return StateProof(nodes)._value(root, key, "it")
    except StateProofError:
        return StateProofError


@given(st.dictionaries(_keys, _values, max_size=12), st.lists(_keys, max_size=6), st.data())
def test_value__is_the_librarys(
    content: dict[bytes, bytes], others: list[bytes], data: st.DataObject
) -> None:
    database: dict[bytes, bytes] = {}
    trie = HexaryTrie(database)
    for key, value in content.items():
        trie[key] = value
    nodes, root = list(database.values()), trie.root_hash
    asked = [*content, *others]
    for key in asked:
        assert _of_ours(nodes, root, key) == content.get(key, b"")
        assert _of_library(nodes, root, key) == content.get(key, b"")
    if nodes and asked:
        place = data.draw(st.integers(0, len(nodes) - 1))
        kept = nodes[:place] + nodes[place + 1 :]
        for key in asked:
            assert _of_ours(kept, root, key) == _of_library(kept, root, key)


_items = st.recursive(
    st.binary(max_size=40), lambda inner: st.lists(inner, max_size=3), max_leaves=4
)
_marks = st.sampled_from(
    [b"", b"\x00", b"\x10", b"\x20", b"\x21", b"\x30", b"\x3a", b"\x40", b"\xff"]
)


@given(
    st.lists(_items, min_size=17, max_size=17)
    | st.lists(_items, max_size=3)
    | st.tuples(_marks, _items).map(list)
    | st.tuples(_marks, _keys, _values).map(lambda each: [each[0] + each[1], each[2]]),
    _keys,
)
def test_nonsense_in_a_node__is_what_the_library_makes_of_it(node: list[Any], key: bytes) -> None:
    root_node = rlp.encode(node)
    for nodes in ([root_node], [root_node, rlp.encode([b"\x20" + key[1:], b"v"])]):
        root = keccak(nodes[0])
        assert _of_ours(nodes, root, key) == _of_library(nodes, root, key)
    below = rlp.encode([keccak(root_node)] * 16 + [b""])
    nodes = [below, root_node]
    assert _of_ours(nodes, keccak(below), key) == _of_library(nodes, keccak(below), key)
