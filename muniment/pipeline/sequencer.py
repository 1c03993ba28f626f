# SPDX-License-Identifier: Apache-2.0
"""The sequencer: brings a journal's acknowledged entries into its files, and their root on chain.

    sequencer = Sequencer(...)
    while running:
        sequencer.step()

Files are made of acknowledged entries alone, so nothing ever has to be taken back. In order: tiles
and bundles, durably; the root again, by another way, from the bundles as they lie there now; the
signed checkpoint; one transaction that seals all that has gathered. A process that dies between any
two of them does the same again. While a seal is on its way, or not due yet, no other is made, but
files are: after an outage of the chain the next one covers everything.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.engine import Connection as DatabaseConnection

from muniment.chain.bindings import RecordRegistry
from muniment.chain.bindings.record_registry import Seal
from muniment.chain.connection import Address, Connection, Unconnected
from muniment.chain.journals import (
    Predecessor,
    SealedJournal,
    UnknownSealError,
    next_block_time,
    read_journal,
)
from muniment.chain.nodes import Nodes
from muniment.errors import StoreError
from muniment.journal.checkpoints import Checkpoint, NoteKey, sign
from muniment.journal.entry import Entry
from muniment.journal.origins import origin_of
from muniment.journal.tiles import TILE_WIDTH, GrowingEdge, RecomputedRoot
from muniment.record.identifiers import Lineage
from muniment.store import journal_rows, outbox
from muniment.store.database import Database
from muniment.store.journal_files import JournalFiles
from muniment.store.leases import Lease
from muniment.store.outbox_rows import PENDING, Act, SubmissionState
from muniment.store.vault import Vault

_PAGE: Final = 1 << 15
_AHEAD: Final = 1 << 14
_AGAIN_MS: Final = 30_000
_NO_SEAL: Final = Seal(bytes(32), 0, 0, 0)
KIND: Final = "seal"


class JournalBehindError(StoreError):
    """The chain has sealed more entries than the agency's database has: it is an older one."""

    def __init__(self, journal: int, here: int, sealed: int) -> None:
        super().__init__(
            f"journal {journal} has {here} entries here, and {sealed} are sealed on chain",
            expected="all sealed entries, and perhaps more",
            remedy="restore the newest database, or make it anew: `muniment rebuild`",
        )


class JournalDamagedError(StoreError):
    """A journal's files do not have the root that its entries give. Nothing more is sealed."""

    def __init__(self, journal: int, size: int, grown: bytes, recomputed: bytes) -> None:
        super().__init__(
            f"journal {journal} of {size} entries: its tiles give the root 0x{grown.hex()}, its "
            f"entries as stored 0x{recomputed.hex()}",
            expected="one root",
            remedy="run `muniment fsck`, which names the file; `muniment fsck --repair`",
        )


class JournalEndedError(StoreError):
    """The journal takes no more seals."""

    def __init__(self, journal: int) -> None:
        super().__init__(
            f"journal {journal} is closed on chain",
            expected="an open journal",
            remedy="open another with `muniment journal open`",
        )


@dataclass(frozen=True, slots=True)
class Journal:
    """Whose journal it is, where it lies and who seals it.

    `entries` and `seconds` say when it is due. `first_block` is the registry's deployment. An
    adopted journal's first seal here follows one of the `predecessor`.
    """

    lineage: Lineage
    agency_id: int
    number: int
    sealer: Address
    registry: Address
    first_block: int
    entries: int
    seconds: int
    predecessor: Predecessor | None = None

    @property
    def origin(self) -> str:
        """Its name in checkpoints."""
        return origin_of(self.lineage, self.agency_id, self.number)


class Sequencer:
    """Publishes and seals one journal; whoever steps it holds the lease `seal N`."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        nodes: Nodes,
        journal: Journal,
        log_key: Ed25519PrivateKey,
        log_keys: Sequence[NoteKey],
        lease: Lease,
    ) -> None:
        """Read nothing yet. `log_key` signs; one of `log_keys` has signed what is there."""
        self._database = database
        self._nodes = nodes
        self.journal = journal
        self._log_key = log_key
        self._lease = lease
        self.files = JournalFiles(vault, journal.number)
        self._log_keys = tuple(log_keys)
        self._records = RecordRegistry(Unconnected(), journal.registry)
        self._edge: GrowingEdge | None = None
        self._recomputed = RecomputedRoot()
        self._last: SealedJournal | None = None

    def step(self, *, now: bool = False) -> int | None:
        """Publish and seal what is due, all of it with `now`; return the size that is on its way.

        Raises `UnreachableError` (what was published stays), `JournalBehindError`,
        `JournalDamagedError`, `JournalEndedError`, `LeaseLostError`.
        """
        number = self.journal.number
        with self._database.read() as connection:
            size = journal_rows.size_of(connection, number)
            on_its_way = size > 0 and self._is_on_its_way(connection)
        if on_its_way:
            self._publish_ahead(size, _AHEAD)
        if size == 0 or on_its_way:
            return None
        known = self._last
        # The chain has that or more, and what is not due after less is not due after more.
        gathering = not now and known is not None and known.head.size < size
        if gathering and known is not None and not self._is_due(known.head.size, size):
            self._publish_ahead(size, _AHEAD)
            return None
        try:
            sealed = self._nodes.read(self._look)
        except UnknownSealError:
            # Undone, it may stand in an earlier block now: all blocks are looked through next time.
            self._last = None
            raise
        self._last = sealed
        if sealed.head.size > size:
            raise JournalBehindError(number, size, sealed.head.size)
        if sealed.head.size == size or not (now or self._is_due(sealed.head.size, size)):
            return None
        if sealed.head.closed:
            raise JournalEndedError(number)
        # What is appended while files of many entries are written comes under the same seal: it
        # would wait for them, and then for the next one.
        self._publish_ahead(size, size)
        with self._database.read() as connection:
            size = journal_rows.size_of(connection, number)
        if self._is_ahead(size):
            return None
        root = self.publish(size)
        previous = sealed.seal or _NO_SEAL
        tree = self.files.tree(size)
        proof = tree.consistency_proof(previous.size, size) if previous.size else []
        call = self._records.seal_journal(
            self.journal.agency_id, number, previous, size, root, proof
        )
        act = Act(KIND, call, None, None, self.journal.sealer)
        with self._database.write() as connection:
            self._lease.require(connection)
            outbox.acknowledge(connection, [act], _now_ms())
        return size

    def publish(self, size: int) -> bytes:
        """Bring the files up to `size` entries, with a signed checkpoint; return the root.

        Raises `JournalDamagedError` where the entries as stored give another one.
        """
        before = self.files.size(self._log_keys)
        edge = self._edge
        if edge is None or edge.size != before:
            edge = GrowingEdge.read(self.files.read, before)
        # Whatever fails below, the next try begins from what is published.
        self._edge = None
        for start in range(before, size, _PAGE):
            with self._database.read() as connection:
                entries = journal_rows.entries_between(
                    connection, self.journal.number, start, min(size, start + _PAGE)
                )
            self.files.write(edge.append(entries))
        if before < size:
            self.files.write(edge.partial_files())
        if self._recomputed.size > size:
            self._recomputed = RecomputedRoot()
        self.files.recompute(self._recomputed, size)
        root, again = edge.root(), self._recomputed.root()
        if root != again or edge.size != size:
            self._recomputed = RecomputedRoot()
            raise JournalDamagedError(self.journal.number, size, root, again)
        if before < size:
            checkpoint = Checkpoint(self.journal.origin, size, root)
            with self._database.read() as connection:
                self._lease.require(connection)
            self.files.put_checkpoint(sign(checkpoint, checkpoint.origin, self._log_key))
            self.files.drop_partials(before, size)
        self._edge = edge
        return root

    def _publish_ahead(self, size: int, most: int) -> None:
        """Publish a part of what the next seal will have, at most so many entries, before it is
        made.

        Else an entry would wait for two blocks and for all the files of both seals. While no seal
        can be made a part at a time: whoever steps has the outbox to see to as well.
        """
        edge = self._edge
        if edge is None or size - edge.size < _AHEAD:
            return
        # Whole bundles: no file of these is written again.
        self.publish(min(size, edge.size + most) // TILE_WIDTH * TILE_WIDTH)

    def _look(self, node: Connection) -> SealedJournal:
        records = RecordRegistry(node, self.journal.registry)
        block = node.block()
        first = self.journal.first_block
        if self._last is not None and self._last.sealed_in is not None:
            first = min(self._last.sealed_in, block.number)
        return read_journal(
            node,
            records,
            self.journal.agency_id,
            self.journal.number,
            first_block=first,
            block=block,
            predecessor=self.journal.predecessor,
        )

    def _is_due(self, sealed: int, size: int) -> bool:
        if size - sealed >= self.journal.entries:
            return True
        with self._database.read() as connection:
            since = journal_rows.acknowledged_ms(connection, self.journal.number, sealed)
        return _now_ms() - since >= 1000 * self.journal.seconds

    def _is_ahead(self, size: int) -> bool:
        """Whether the last entry claims a time that the chain has not reached.

        Under such a seal it could not be enrolled.
        """
        with self._database.read() as connection:
            [last] = journal_rows.entries_between(connection, self.journal.number, size - 1, size)
        return Entry.from_bytes(last).time > self._nodes.read(next_block_time)

    def _is_on_its_way(self, connection: DatabaseConnection) -> bool:
        """Whether a seal waits for the chain, or was refused a moment ago."""
        row = outbox.last_of_account(connection, self.journal.sealer, KIND)
        if row is None:
            return False
        if row.state in PENDING:
            return True
        return row.state is SubmissionState.REFUSED and _now_ms() - row.created_ms < _AGAIN_MS


def _now_ms() -> int:
    return int(time.time() * 1000)
