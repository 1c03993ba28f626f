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

from rich.console import Console
from rich.table import Table

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
PEERS: Final = {
    "register": "EAS attest 180,132; OpenAttestation issue 48,168 (no state, no versions)",
    "register_many_each": "EAS multiAttest 146,001; OpenAttestation multicall 27,742",
    "revoke": "EAS 59,890; OpenAttestation 50,922",
    "enrol_and_revoke": "OpenAttestation, of a batch at depth 17: 68,167 (stores a flag)",
    "custody": "TradeTrust transferOwners 108,718, after a mint of 282,387",
    "seal_journal": "OpenAttestation issue of a root 48,168 (no consistency)",
}
"""Measured by others' runs, quoted from the reference on peers; not measured in this run."""

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


class _Run:
    """One deployment with two agencies, and the numbers measured on it."""

    def __init__(self, url: str) -> None:
        self.connection = Connection(url, CHAIN_ID)
        # Block times are calldata of later calls: they must be the same in every run.
        self.connection.request("anvil_setBlockTimestampInterval", [1])
        signers = [Signer.from_key(key) for key in development_keys(10)]
        self.senders = [Sender(self.connection, signer) for signer in signers]
        self.registries: Registries = deploy(
            self.senders[0],
            registry_admin=signers[0].address,
            guardian=signers[1].address,
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
        for name in CONTRACTS:
            size = len(artifact(name)["deployedBytecode"]) // 2 - 1
            run.numbers[f"bytes_{name}"] = size
            run.numbers[f"bytes_left_{name}"] = CODE_LIMIT - size
        return run.numbers


def faults(measured: dict[str, int]) -> list[str]:
    """Return a line for each number past its limit or other than the snapshot's."""
    found = [
        f"{name}: {measured[name]:,} gas is more than {limit:,}"
        for name, limit in LIMITS.items()
        if measured[name] > limit
    ]
    found += [f"{name}: no byte left" for name in measured if "left" in name and measured[name] < 0]
    kept = json.loads(SNAPSHOT.read_text()) if SNAPSHOT.exists() else {}
    for name in sorted(set(kept) | set(measured)):
        if kept.get(name) != measured.get(name):
            found.append(
                f"{name}: {measured.get(name)} now, {kept.get(name)} in the snapshot; "
                "renew it with --write where that is meant"
            )
    return found


def print_table(measured: dict[str, int]) -> None:
    """Print the numbers beside limits and peers."""
    table = Table(box=None, header_style="bold")
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("limit", justify="right")
    table.add_column("peers (quoted, see docs/performance.md)")
    for name, value in measured.items():
        limit = f"{LIMITS[name]:,}" if name in LIMITS else ""
        table.add_row(name, f"{value:,}", limit, PEERS.get(name, ""))
    console = Console()
    Console(width=max(132, console.width)).print(table)
