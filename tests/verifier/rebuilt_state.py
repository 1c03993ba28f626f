# SPDX-License-Identifier: Apache-2.0
"""A state of any words: tries, roots and a header around what a good vector's registry holds."""

from __future__ import annotations

import random
from typing import Any

import rlp
from trie import HexaryTrie

from muniment.proof import (
    StateProof,
    journal_head_slot,
    record_slots,
    seal_slot,
    successor_slot,
    type_head_slot,
)
from muniment.proof.headers import BlockHeader
from muniment.proof.state import ethereum_account
from muniment.record.keccak import keccak

GREATEST_WORD = 2**256 - 1
STATE_ROOT = 3
TYPES = range(1, 5)
ACCOUNT_NONCE = b"\x01"


class Rebuilt:
    """The words that a file of one record proves, to be changed and proven again."""

    def __init__(self, file: dict[str, Any]) -> None:
        """Read the words of all slots that the verifier may ask for."""
        anchor, record = file["anchor"], file["record"]
        self.header = bytes.fromhex(anchor["header"])
        self.number = BlockHeader.from_rlp(self.header).number
        self.registry = bytes.fromhex(anchor["registry"])
        proof = StateProof(bytes.fromhex(each) for each in anchor["nodes"])
        account = proof.account(
            BlockHeader.from_rlp(self.header).state_root, self.registry, ethereum_account
        )
        self.code_hash = account.code_hash
        self.record = record_slots(bytes.fromhex(record["record_id"]))
        slots = [*self.record, successor_slot(), *(type_head_slot(1, each) for each in TYPES)]
        if "entry" in record:
            entry = record["entry"]
            agency, journal = entry["agency"], entry["journal"]
            slots += [
                journal_head_slot(agency, journal),
                seal_slot(agency, journal, entry["seal"]["size"]),
            ]
        self.words: dict[int, int] = {}
        for slot in slots:
            try:
                self.words[slot] = proof.word(account.storage_root, slot)
            except Exception:  # noqa: BLE001  (the file does not prove it: it need not be there)
                self.words[slot] = 0

    def follow(self, trace: list[dict[str, Any]], chance: random.Random) -> None:
        """Let the acts lead to the changed words, as far as a lone registration allows it."""
        commitment, state, _ = self.record
        if trace and self.words[self.record[2]] == 0:
            trace[-1]["state"] = f"{self.words[state]:064x}"
            if chance.random() < 0.5 and "commitment" in trace[-1]:
                trace[-1]["commitment"] = f"{self.words[commitment]:064x}"

    def anchor(self, anchor: dict[str, Any]) -> bytes:
        """Prove the words again: writes nodes and header into the anchor, returns the header."""
        storage = HexaryTrie({})
        for slot, word in self.words.items():
            if word:
                value = word.to_bytes((word.bit_length() + 7) // 8, "big")
                storage[keccak(slot.to_bytes(32, "big"))] = rlp.encode(value)
        # Others' slots make paths of some length.
        for number in range(40):
            storage[keccak(b"another" + bytes([number]))] = rlp.encode(b"\x01")
        accounts = HexaryTrie({})
        account = rlp.encode([ACCOUNT_NONCE, b"", storage.root_hash, self.code_hash])
        accounts[keccak(self.registry)] = account
        for number in range(20):
            accounts[keccak(b"an account" + bytes([number]))] = account
        nodes = set(proof_of(accounts, keccak(self.registry)))
        asked = StateProofAsked(anchor, self, storage)
        nodes.update(asked.nodes)
        anchor["nodes"] = sorted(each.hex() for each in nodes)
        fields = rlp.decode(self.header)
        fields[STATE_ROOT] = accounts.root_hash
        header: bytes = rlp.encode(fields)
        anchor["header"] = header.hex()
        return header


class StateProofAsked:
    """The nodes of the slots that the file's own nodes had proven, and no others."""

    def __init__(self, anchor: dict[str, Any], rebuilt: Rebuilt, storage: HexaryTrie) -> None:
        """Find out which slots were proven, then prove them in the new trie."""
        proof = StateProof(bytes.fromhex(each) for each in anchor["nodes"])
        header = BlockHeader.from_rlp(rebuilt.header)
        account = proof.account(header.state_root, rebuilt.registry, ethereum_account)
        self.nodes: set[bytes] = set()
        for slot in rebuilt.words:
            try:
                proof.word(account.storage_root, slot)
            except Exception:  # noqa: BLE001
                continue
            self.nodes.update(proof_of(storage, keccak(slot.to_bytes(32, "big"))))


def proof_of(trie: HexaryTrie, key: bytes) -> list[bytes]:
    """The nodes on the way to a key, from the root down, but for those that lie within others."""
    nodes = (rlp.encode(each) for each in trie.get_proof(key))
    return [each for at, each in enumerate(nodes) if at == 0 or len(each) >= 32]
