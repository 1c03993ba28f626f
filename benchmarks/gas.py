# SPDX-License-Identifier: Apache-2.0
"""Gas of whole transactions, by their receipts, on an Anvil of our own.

Every value is made by hashing a counter: the numbers are the same in every run.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Final

from benchmarks import peers
from muniment.artifacts import CONTRACTS, artifact
from muniment.chain import Connection, Receipt, Registries, Sender, Signer, deploy
from muniment.chain.bindings.record_registry import Entry, EntryPlace, Seal
from muniment.chain.contract import Call
from muniment.journal import Entry as JournalEntry
from muniment.journal import EntryKind, Tree, hash_children
from muniment.record import Commitment, LocalId, Sharing, TypeId
from toolchain.local_chain import CHAIN_ID, anvil, development_keys

SNAPSHOT: Final = Path(__file__).parent / "gas-snapshot.json"
CODE_LIMIT: Final = 24_576
"""Greatest size of a contract's code (EIP-170)."""

LIMITS: Final = {
    "register": 82_000,
    "register_many_each": 48_500,
    "seal_journal": 115_000,
    "amend_first": 73_000,
    "amend_later": 56_000,
    "custody": 110_000,
    "enrol_and_revoke": 152_000,
}
_START: Final = 1_800_000_000


def word(text: str) -> bytes:
    """32 bytes that look random and are the same in every run."""
    return hashlib.sha256(text.encode()).digest()


@cache
def _same(size: int) -> bytes:
    """Root of a tree of equal leaves: large trees cost as little as small ones."""
    if size == 1:
        return hashlib.sha256(b"\0leaf").digest()
    left = 1 << ((size - 1).bit_length() - 1)
    return hash_children(_same(left), _same(size - left))


def _same_consistency(size1: int, size2: int) -> list[bytes]:
    """RFC 9162 § 2.1.4.1 for a tree of equal leaves."""
    proof: list[bytes] = []
    start, end, whole = 0, size2, True
    while size1 != end:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        if size1 <= middle:
            proof.append(_same(end - middle))
            end = middle
        else:
            proof.append(_same(middle - start))
            start, whole = middle, False
    if not whole:
        proof.append(_same(end - start))
    return proof[::-1]


def _senders(url: str) -> list[Sender]:
    connection = Connection(url, CHAIN_ID)
    # Block times are calldata of later calls: they must be the same in every run.
    connection.request("anvil_setBlockTimestampInterval", [1])
    return [Sender(connection, Signer.from_key(key)) for key in development_keys(10)]


class _Run:
    """One deployment with two agencies, and the numbers measured on it."""

    def __init__(self, url: str) -> None:
        self.senders = _senders(url)
        self.connection = self.senders[0].connection
        self.registries: Registries = deploy(
            self.senders[0],
            registry_admin=self.senders[0].signer.address,
            guardian=self.senders[1].signer.address,
            admin_delay=86_400,
        )
        self.records = self.registries.records
        self.numbers: dict[str, int] = {}

    def send(self, sender: int, call: Call) -> Receipt:
        return self.senders[sender].send(call)

    def gas(self, name: str, sender: int, call: Call) -> Receipt:
        receipt = self.send(sender, call)
        self.numbers[name] = receipt.gas_used
        return receipt

    def set_up(self) -> None:
        """Agency 1: admin 2, registrar 3, steward 4, operator 5. Agency 2: admin 6, steward 7."""
        agencies = self.registries.agencies
        at = self.connection.block()
        address = [sender.signer.address for sender in self.senders]
        self.gas("create_agency", 0, agencies.create_agency("First", address[2]))
        self.send(0, agencies.create_agency("Second", address[6]))
        self.send(0, agencies.grant_role(agencies.hold_authority(block=at), address[8]))
        for admin, role, agency, officer in (
            (2, agencies.registrar(block=at), 1, 3),
            (2, agencies.steward(block=at), 1, 4),
            (2, agencies.operator(block=at), 1, 5),
            (6, agencies.steward(block=at), 2, 7),
        ):
            named = agencies.agency_role(role, agency, block=at)
            self.send(admin, agencies.grant_role(named, address[officer]))
        call = agencies.create_record_type(1, "type", word("schema"), 0, Sharing.CONDITIONAL)
        self.gas("create_record_type", 2, call)
        self.gas("open_journal", 2, self.records.open_journal(1))
        # The first registration fills slots that every later one finds filled.
        self.registered("first")

    def registered(self, name: str) -> bytes:
        self.send(5, self.records.register(1, 1, 1, 1, word(name), word(f"content {name}")))
        return self.records.record_id_of(1, word(name), block=self.connection.block())

    def direct(self) -> None:
        """Acts on records that were registered directly."""
        records = self.records
        self.gas("register", 5, records.register(1, 1, 1, 1, word("a"), word("content a")))
        count = 100
        locals_ = [word(f"many {i}") for i in range(count)]
        commitments = [word(f"content many {i}") for i in range(count)]
        receipt = self.send(5, records.register_many(1, 1, 1, 1, locals_, commitments))
        self.numbers["register_many_each"] = -(-receipt.gas_used // count)
        amended = records.record_id_of(1, word("a"), block=self.connection.block())
        self.gas("amend_first", 3, records.amend(amended, 1, 1, 1, word("second")))
        self.gas("amend_later", 3, records.amend(amended, 2, 1, 1, word("third")))
        self.gas("supersede", 3, records.supersede(amended, 3, self.registered("replacement")))
        self.gas("revoke", 3, records.revoke(self.registered("revoked"), 1, 1))
        held = self.registered("held")
        self.gas("place_hold", 8, records.place_hold(held, word("case")))
        self.gas("release_hold", 8, records.release_hold(held, word("case")))
        given = self.registered("given")
        until = self.connection.block().timestamp + 86_400
        self.gas("offer", 4, records.offer_custody(given, 1, 2, until))
        head = records.trace_head_of(given, block=self.connection.block())
        self.gas("accept", 7, records.accept_custody(given, 1, word("content given"), head))
        self.numbers["custody"] = self.numbers["offer"] + self.numbers["accept"]

    def journal(self) -> None:
        """Sealing at 3 million entries, and acting on an entry at depth 17."""
        records = self.records
        nothing = Seal(bytes(32), 0, 0, 0)
        first = records.seal_journal(1, 1, nothing, 2_999_999, _same(2_999_999), [])
        receipt = self.send(5, first)
        previous = self._seal(receipt)
        proof = _same_consistency(2_999_999, 3_010_000)
        self.numbers["seal_journal_proof_nodes"] = len(proof)
        later = records.seal_journal(1, 1, previous, 3_010_000, _same(3_010_000), proof)
        self.gas("seal_journal", 5, later)

        self.send(2, records.open_journal(1))
        entry = JournalEntry(
            EntryKind.REGISTRATION,
            1,
            TypeId(1),
            1,
            self.connection.block().timestamp,
            LocalId(word("entry")),
            Commitment(word("content entry")),
        )
        size = 1 << 17
        tree = self._with_entry(entry, index=98_765, size=size)
        receipt = self.send(5, records.seal_journal(1, 2, nothing, size, tree.root(), []))
        sealed = self._seal(receipt)
        path = tree.inclusion_proof(98_765)
        self.numbers["enrol_depth"] = len(path)
        enrol = records.enrol(
            EntryPlace(1, 2, 98_765),
            Entry(1, 1, 1, 1, entry.time, entry.local_id, entry.commitment),
            sealed,
            path,
        )
        record_id = records.record_id_of(1, entry.local_id, block=self.connection.block())
        call = records.multicall([enrol, records.revoke(record_id, 1, 1)])
        self.gas("enrol_and_revoke", 3, call)

    def enrolment(self) -> None:
        """Enrolling alone, at the depth at which `journal` enrols and revokes; then no more."""
        records = self.records
        self.send(2, records.open_journal(1))
        index, depth = 98_765, 17
        entry = JournalEntry(
            EntryKind.REGISTRATION,
            1,
            TypeId(1),
            1,
            self.connection.block().timestamp,
            LocalId(word("enrolled")),
            Commitment(word("content enrolled")),
        )
        path = [word(f"node {level}") for level in range(depth)]
        root = entry.leaf_hash()
        for level, node in enumerate(path):
            right = index >> level & 1
            root = hash_children(node, root) if right else hash_children(root, node)
        nothing = Seal(bytes(32), 0, 0, 0)
        sealed = self._seal(self.send(5, records.seal_journal(1, 3, nothing, 1 << depth, root, [])))
        enrol = records.enrol(
            EntryPlace(1, 3, index),
            Entry(1, 1, 1, 1, entry.time, entry.local_id, entry.commitment),
            sealed,
            path,
        )
        self.gas("enrol", 3, enrol)
        self.gas("close_journal", 2, records.close_journal(1, 3))
        self.gas("repudiate_journal", 2, records.repudiate_journal(1, 2, 1_000, 1))

    def dispositions_and_type_holds(self) -> None:
        """Two officers dispose of a record; an authority freezes a whole type and lets it go."""
        records = self.records
        disposed = self.registered("disposed")
        # The type retains for no time: records may go when the day of their registration is over.
        after = self.connection.block().timestamp + 2 * 86_400
        self.connection.request("evm_setNextBlockTimestamp", [after])
        self.connection.request("evm_mine", [])
        until = self.connection.block().timestamp + 86_400
        propose = records.propose_disposition(disposed, 1, word("mandate"), until)
        self.gas("propose_disposition", 3, propose)
        self.gas("confirm_disposition", 4, records.confirm_disposition(disposed, 1))
        self.numbers["dispose"] = (
            self.numbers["propose_disposition"] + self.numbers["confirm_disposition"]
        )
        self.gas("hold_type", 8, records.hold_type(1, 1, word("case of a type")))
        self.gas("release_type", 8, records.release_type(1, 1, word("case of a type")))

    def sharing(self) -> None:
        """Agency 2 asks agency 1 for one record, gets it, acknowledges it; the grant ends."""
        shares = self.registries.shares
        assert shares is not None, "deploy makes the share registry"
        until = self.connection.block().timestamp + 86_400
        for name in ("first", "second"):
            scope, terms = word(f"scope {name}"), word(f"terms {name}")
            ask = shares.request_share(2, 1, 0, scope, terms, until, until)
            (logged,) = self.gas("request_share", 7, ask).events(shares)
            share_id: bytes = logged.event.share_id  # type: ignore[attr-defined]
            self.gas("grant_share", 4, shares.grant_share(share_id, terms, until))
            delivered = shares.acknowledge_delivery(share_id, word(f"delivery {name}"))
            self.gas("acknowledge_delivery", 7, delivered)
            self.gas("revoke_share", 4, shares.revoke_share(share_id, 1))

    @staticmethod
    def _with_entry(entry: JournalEntry, *, index: int, size: int) -> Tree:
        tree = Tree()
        for i in range(size):
            other = hashlib.sha256(b"\0" + i.to_bytes(8, "big")).digest()
            tree.append(entry.leaf_hash() if i == index else other)
        return tree

    def _seal(self, receipt: Receipt) -> Seal:
        (logged,) = receipt.events(self.records)
        event = logged.event
        return Seal(event.root, event.size, event.previous_size, event.sealed_at)  # type: ignore[attr-defined]


def measure() -> dict[str, int]:
    """Return all numbers, by name: gas of whole transactions, and bytes of code."""
    with anvil("--timestamp", str(_START)) as url:
        run = _Run(url)
        run.set_up()
        run.direct()
        run.journal()
        run.enrolment()
        run.dispositions_and_type_holds()
        run.sharing()
        for name in CONTRACTS:
            size = len(artifact(name)["deployedBytecode"]) // 2 - 1
            run.numbers[f"bytes_{name}"] = size
            run.numbers[f"bytes_left_{name}"] = CODE_LIMIT - size
        return run.numbers


def measure_peers() -> dict[str, int]:
    """Return the peers' gas, by name, on an Anvil like the one that `measure` starts."""
    with anvil("--timestamp", str(_START)) as url:
        return peers.measure(_senders(url))


def faults(measured: dict[str, int]) -> list[str]:
    """Return a line for each number past its limit or other than the snapshot's."""
    found = [
        f"{name}: {measured[name]:,} gas is more than {limit:,}"
        for name, limit in LIMITS.items()
        if measured[name] > limit
    ]
    found += [f"{name}: no byte left" for name in measured if "left" in name and measured[name] < 0]
    return found + differences(measured, SNAPSHOT)


def differences(measured: dict[str, int], snapshot: Path) -> list[str]:
    """Return a line for each number that the snapshot does not have, or has otherwise."""
    kept = json.loads(snapshot.read_text()) if snapshot.exists() else {}
    return [
        f"{name}: {measured.get(name)} now, {kept.get(name)} in {snapshot.name}; "
        "renew it with --write where that is meant"
        for name in sorted(set(kept) | set(measured))
        if kept.get(name) != measured.get(name)
    ]


def write(measured: dict[str, int], snapshot: Path) -> None:
    """Renew a snapshot."""
    snapshot.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n")
