# SPDX-License-Identifier: Apache-2.0
"""Gas of the peers' transactions, by their receipts, on the Anvil that Muniment is measured on.

EAS, the Document Store of OpenAttestation (TrustVC's package) and TradeTrust's token registry, from
their npm packages, with values of the same form as Muniment's. Each kind of act is done once before
it is measured, so that slots which every later act finds filled are filled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from eth_abi.abi import decode, encode
from eth_abi.grammar import parse
from eth_utils.crypto import keccak

from benchmarks import peer_packages
from benchmarks.peer_packages import PeerContract
from muniment.chain import Receipt, Sender
from muniment.chain.connection import Address, address_of
from muniment.chain.contract import Call, call_result

SNAPSHOT: Final = Path(__file__).parent / "peers-snapshot.json"
BATCH: Final = 100
DEPTH: Final = 17

COMPARED: Final = {
    "register": ("eas_attest", "document_store_issue", "trade_trust_mint"),
    "register_many_each": ("eas_multi_attest_each", "document_store_issue_many_each"),
    "revoke": ("eas_revoke", "document_store_revoke"),
    "enrol_and_revoke": ("document_store_revoke_in_batch",),
    "custody": ("trade_trust_transfer_owners", "trade_trust_nominate_and_transfer"),
    "seal_journal": ("eas_timestamp", "document_store_issue"),
}
"""Muniment's act, and what the peers have beside it. They do less: docs/performance.md."""

_NO_ADDRESS: Final = "0x" + 40 * "0"
_ATTESTATION: Final = "(address,uint64,bool,bytes32,bytes,uint256)"
_REVOKE: Final = "revoke((bytes32,(bytes32,uint256)))"


def _word(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


class _Peers:
    """The three peers on one chain, and the numbers measured."""

    def __init__(self, senders: Sequence[Sender]) -> None:
        self.senders = senders
        self.connection = senders[0].connection
        self.numbers: dict[str, int] = {}

    def deploy(
        self, contract: PeerContract, kinds: Sequence[str], values: Sequence[Any]
    ) -> Address:
        data = contract.creation_code() + encode(kinds, values)
        created = self.senders[0].send(Call(None, data, "constructor")).created
        if created is None:
            raise SystemExit(f"{contract.path}: nothing was deployed")
        return created

    def send(self, to: Address, signature: str, values: Sequence[Any], sender: int = 0) -> Receipt:
        return self.senders[sender].send(Call(to, _data(signature, values), signature))

    def gas(
        self, name: str, to: Address, signature: str, values: Sequence[Any], sender: int = 0
    ) -> Receipt:
        receipt = self.send(to, signature, values, sender)
        self.numbers[name] = receipt.gas_used
        return receipt

    def eas(self) -> None:
        """Attestations of one commitment, revocable, without resolver or recipient."""
        schemas = self.deploy(peer_packages.SCHEMA_REGISTRY, (), ())
        eas = self.deploy(peer_packages.EAS, ("address",), (schemas,))
        named = self.send(
            schemas, "register(string,address,bool)", ("bytes32 commitment", _NO_ADDRESS, True)
        )
        schema = bytes.fromhex(named.logs[0]["topics"][1][2:])
        attest = f"attest((bytes32,{_ATTESTATION}))"
        self.send(eas, attest, ((schema, _attestation("first")),))
        receipt = self.gas("eas_attest", eas, attest, ((schema, _attestation("a")),))
        uid = bytes.fromhex(receipt.logs[0]["data"][2:])

        many = [_attestation(f"many {i}") for i in range(BATCH)]
        receipt = self.send(eas, f"multiAttest((bytes32,{_ATTESTATION}[])[])", ([(schema, many)],))
        self.numbers["eas_multi_attest_each"] = -(-receipt.gas_used // BATCH)
        self.gas("eas_revoke", eas, _REVOKE, ((schema, (uid, 0)),))
        self.gas("eas_timestamp", eas, "timestamp(bytes32)", (_word("root"),))
        words = [_word(f"timestamp {i}") for i in range(BATCH)]
        receipt = self.send(eas, "multiTimestamp(bytes32[])", (words,))
        self.numbers["eas_multi_timestamp_each"] = -(-receipt.gas_used // BATCH)

    def document_store(self) -> None:
        """Roots issued and revoked, and one document of a batch revoked by its proof."""
        admin = self.senders[0].signer.address
        kinds = ("string", "address")
        store = self.deploy(peer_packages.DOCUMENT_STORE, kinds, ("Store", admin))
        self.send(store, "issue(bytes32)", (_word("first"),))
        self.gas("document_store_issue", store, "issue(bytes32)", (_word("a"),))
        calls = [_data("issue(bytes32)", (_word(f"many {i}"),)) for i in range(BATCH)]
        receipt = self.send(store, "multicall(bytes[])", (calls,))
        self.numbers["document_store_issue_many_each"] = -(-receipt.gas_used // BATCH)
        self.gas("document_store_revoke", store, "revoke(bytes32)", (_word("a"),))

        path = [_word(f"sibling {i}") for i in range(DEPTH)]
        document = root = _word("document")
        for sibling in path:  # OpenZeppelin's MerkleProof: the smaller hash stands first.
            root = keccak(min(root, sibling) + max(root, sibling))
        self.send(store, "issue(bytes32)", (root,))
        in_batch = "revoke(bytes32,bytes32,bytes32[])"
        self.gas("document_store_revoke_in_batch", store, in_batch, (root, document, path))

    def trade_trust(self) -> None:
        """Titles minted with an escrow each, and passed on; remarks are empty."""
        first, second, third, fourth = (self.senders[i].signer.address for i in range(1, 5))
        factory = self.deploy(peer_packages.TITLE_ESCROW_FACTORY, (), ())
        kinds = ("string", "string", "address")
        token = self.deploy(peer_packages.TRADE_TRUST_TOKEN, kinds, ("Token", "T", factory))
        mint = "mint(address,address,uint256,bytes)"
        titles = [int.from_bytes(_word(f"title {i}")) for i in range(3)]
        self.send(token, mint, (first, first, titles[0], b""))
        self.gas("trade_trust_mint", token, mint, (first, first, titles[1], b""))
        self.send(token, mint, (first, second, titles[2], b""))

        transfer = "transferOwners(address,address,bytes)"
        whole = self._escrow(token, titles[1])
        self.gas("trade_trust_transfer_owners", whole, transfer, (third, third, b""), 1)
        parted = self._escrow(token, titles[2])
        nominated = self.send(parted, "nominate(address,bytes)", (third, b""), 1).gas_used
        passed = self.send(parted, transfer, (third, fourth, b""), 2).gas_used
        self.numbers["trade_trust_nominate_and_transfer"] = nominated + passed

    def _escrow(self, token: Address, title: int) -> Address:
        data = _data("ownerOf(uint256)", (title,))
        answer = call_result(self.connection, token, data, self.connection.block())
        return address_of("escrow", decode(["address"], answer)[0])


def _attestation(name: str) -> tuple[str, int, bool, bytes, bytes, int]:
    return (_NO_ADDRESS, 0, True, bytes(32), _word(name), 0)


def _data(signature: str, values: Sequence[Any]) -> bytes:
    """Calldata of a function by its signature."""
    kinds = parse(signature[signature.index("(") :]).components
    return keccak(text=signature)[:4] + encode([kind.to_type_str() for kind in kinds], values)


def measure(senders: Sequence[Sender]) -> dict[str, int]:
    """Deploy the peers with `senders[0]` and return gas of whole transactions, by name."""
    peers = _Peers(senders)
    peers.eas()
    peers.document_store()
    peers.trade_trust()
    return peers.numbers


def snapshot() -> dict[str, int]:
    """Return the numbers as they were last measured and written."""
    kept: dict[str, int] = json.loads(SNAPSHOT.read_text())
    return kept
