# SPDX-License-Identifier: Apache-2.0
"""Journals: append-only logs of entries, RFC 9162 trees over them, and proofs. Pure.

docs/spec/journals.md is the format of everything here.

    tree = Tree()
    index = tree.append(hash_leaf(entry.to_bytes()))
    proof = tree.inclusion_proof(index)
    verify_inclusion(hash_leaf(entry.to_bytes()), index, tree.size, tree.root(), proof)
"""

from __future__ import annotations

from muniment.journal.entry import ENTRY_BYTES, Entry, EntryKind
from muniment.journal.merkle import (
    Tree,
    hash_children,
    hash_leaf,
    root_from_inclusion_proof,
    verify_consistency,
    verify_inclusion,
)

__all__ = [
    "ENTRY_BYTES",
    "Entry",
    "EntryKind",
    "Tree",
    "hash_children",
    "hash_leaf",
    "root_from_inclusion_proof",
    "verify_consistency",
    "verify_inclusion",
]
