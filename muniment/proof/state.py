# SPDX-License-Identifier: Apache-2.0
"""Account and storage proofs (EIP-1186): words of a contract's storage under a state root.

The trie nodes of all proofs are one set, for they share most of their way down. A word that is not
there is proven to be absent by the same nodes; it is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import rlp
from trie import HexaryTrie

from muniment.errors import ProofError
from muniment.record.keccak import keccak

MAX_NODE_SIZE: Final = 1024
"""Longest trie node, in bytes: a branch of 16 hashes has 532."""
_WORD: Final = 32
_ACCOUNT_FIELDS: Final = 4
_BRANCH_ITEMS: Final = 17
_LEAF_ITEMS: Final = 2
_NIBBLES: Final = {digit: place for place, digit in enumerate("0123456789abcdef")}


class StateProofError(ProofError):
    """The nodes do not lead from the root to what is to be proven."""


@dataclass(frozen=True, slots=True)
class Account:
    """A contract under a state root: hash of its code, root of its storage (32 bytes each)."""

    code_hash: bytes
    storage_root: bytes


def ethereum_account(value: bytes) -> Account:
    """Return the account of what Ethereum's state trie has for it. Raises `StateProofError`."""
    try:
        fields: Any = rlp.decode(value, strict=True)
        if len(fields) == _ACCOUNT_FIELDS and all(len(part) == _WORD for part in fields[2:]):
            return Account(storage_root=bytes(fields[2]), code_hash=bytes(fields[3]))
    except (rlp.exceptions.RLPException, TypeError, ValueError) as error:
        raise StateProofError("the account is no RLP", expected="four fields") from error
    raise StateProofError("the account has another form", expected="four fields")


class _Nodes(dict[bytes, bytes]):
    """Trie nodes by their hash, which remember that they were asked for."""

    def __init__(self, nodes: Iterable[bytes]) -> None:
        super().__init__((keccak(node), node) for node in nodes)
        self.used: set[bytes] = set()

    def __getitem__(self, key: bytes) -> bytes:
        self.used.add(key)
        return super().__getitem__(key)


class _Trie(HexaryTrie):  # type: ignore[misc]
    """A trie that decodes each node once: in a bundle all proofs share the upper ones."""

    def __init__(self, nodes: _Nodes, root: bytes) -> None:
        super().__init__(nodes, root)
        self._decoded: dict[Any, Any] = {}

    def get_node(self, node_hash: Any) -> Any:
        """Return a node, by its hash or, where it is short, as its parent has it."""
        if not isinstance(node_hash, bytes):
            return super().get_node(node_hash)
        found = self._decoded.get(node_hash)
        if found is None:
            found = self._decoded[node_hash] = super().get_node(node_hash)
        return found

    def value(self, key: bytes) -> bytes:
        """Return the value of a key of 32 bytes, empty where there is none. Raises as the library.

        Branches, and leaves of the one form that Ethereum writes, are gone through here, without
        an object a nibble; everything else is the library's. Both give the same.
        """
        path = key.hex()
        node = self.get_node(self.root_hash)
        for depth, nibble in enumerate(path):
            if len(node) == _BRANCH_ITEMS:
                below = node[_NIBBLES[nibble]]
                if below == b"":
                    return b""
                node = self.get_node(below)
                continue
            rest = path[depth:]
            if len(node) == _LEAF_ITEMS and isinstance(node[0], bytes):
                marked = node[0].hex()
                if marked == ("3" if len(rest) % 2 else "20") + rest:
                    return bytes(node[1])
                if marked.startswith(("3", "20")):
                    return b""
            break
        return bytes(self[key])


class StateProof:
    """Trie nodes, and what they prove."""

    def __init__(self, nodes: Iterable[bytes]) -> None:
        """Take RLP nodes of the state trie and of the contract's storage trie, in any order."""
        self._nodes = _Nodes(nodes)
        self._tries: dict[bytes, _Trie] = {}

    def account(
        self,
        state_root: bytes,
        address: bytes,
        encoding: Callable[[bytes], Account] = ethereum_account,
    ) -> Account:
        """Return the account at `address` (20 bytes), in the `encoding` of its chain. Raises
        `StateProofError`, also when there is none."""
        value = self._value(state_root, keccak(address), "the account")
        if not value:
            raise StateProofError(
                f"there is no account 0x{address.hex()}", expected="the registry's account"
            )
        return encoding(value)

    def word(self, storage_root: bytes, slot: int) -> int:
        """Return the word in a storage slot, 0 where nothing is. Raises `StateProofError`."""
        value = self._value(storage_root, keccak(slot.to_bytes(_WORD, "big")), f"slot {slot:#x}")
        if not value:
            return 0
        try:
            word: Any = rlp.decode(value, strict=True)
        except rlp.exceptions.RLPException as error:
            raise StateProofError(f"slot {slot:#x} is no RLP", expected="a word") from error
        # Some nodes keep a zero that was written; Ethereum's own clients delete it.
        if not isinstance(word, bytes) or len(word) > _WORD or word[:1] == b"\0":
            raise StateProofError(f"slot {slot:#x} has another form", expected="a word")
        return int.from_bytes(word, "big")

    @property
    def unused(self) -> int:
        """How many nodes nothing has asked for."""
        return len(self._nodes.keys() - self._nodes.used)

    def _value(self, root: bytes, key: bytes, what: str) -> bytes:
        try:
            trie = self._tries.get(root)
            if trie is None:
                trie = self._tries[root] = _Trie(self._nodes, root)
            return trie.value(key)
        except Exception as error:
            # A node that is missing, and every nonsense in a node: the library has no one error.
            raise StateProofError(
                f"the trie nodes do not lead to {what}", expected="all nodes from the root down"
            ) from error
