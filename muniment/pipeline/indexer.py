# SPDX-License-Identifier: Apache-2.0
"""The indexer: mirrors the registry's events in the database (DESIGN § 7).

    indexer = Indexer(database, nodes, registry, finality_depth=0)
    while not (progress := indexer.step()).done:
        ...

One step asks one node, and then writes one transaction: what a node says is compared first with
what is kept, from the top down. Where it has another branch, the mirror goes back to the last block
that both share; that this block is final is the limit, beyond which nothing is changed and
`PastFinalityError` is raised. Logs of final blocks are read by ranges, of others block by block
and by hash. A contract's events are numbered without gaps, and its count is asked for in the last
block: a node that leaves logs out is found out, another one is asked, and what was not counted yet
is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from eth_utils.crypto import keccak

from muniment.chain.connection import (
    Block,
    Connection,
    RpcError,
    UnknownBlockError,
    block_parameter,
)
from muniment.chain.contract import UndecodableError
from muniment.chain.decoding import WORD
from muniment.chain.finality import final_number
from muniment.chain.log_reader import MAX_RANGE, MissingEventError, ReorganisedError, log_ranges
from muniment.chain.nodes import Nodes
from muniment.errors import StoreError
from muniment.pipeline.branches import (
    answered_block,
    common_block,
    is_behind,
    top_number,
)
from muniment.store import mirror
from muniment.store.database import Database
from muniment.store.leases import Lease
from muniment.store.mirror import KeptBlock, MirroredRegistry, NewLog
from muniment.store.subjects import CONTRACTS, placed_events

LEASE: Final = "index"
"""The lease of whoever indexes."""

# What is read ahead while as much is written.
_ENOUGH_LOGS: Final = 6_000
_FIRST_SPAN: Final = 30
_SEQUENCE: Final = f"0x{keccak(text='sequence()')[:4].hex()}"
_BLOCKS_A_STEP: Final = 256
_DISTRUST: Final = (MissingEventError, ReorganisedError, UndecodableError, UnknownBlockError)


class OvertakenError(StoreError):
    """Another process wrote the mirror meanwhile; what was read does not fit any more."""

    def __init__(self, registry: str) -> None:
        super().__init__(
            f"another process indexed registry {registry} at the same moment",
            expected="one process at a time to index, the holder of the lease",
            remedy="nothing was written; try again",
        )


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """How far the mirror is: `indexed` of `head`, up to `final` for good; -1 for nothing yet.

    `events` were added by the step; before, those from block `rolled_back` upwards were taken away
    (None: no reorganisation). `behind`: the node lacks blocks that are mirrored already.
    """

    indexed: int
    head: int
    final: int
    events: int = 0
    rolled_back: int | None = None
    behind: bool = False

    @property
    def done(self) -> bool:
        """Whether nothing is left to do for now."""
        return self.behind or self.indexed >= self.head


@dataclass(frozen=True, slots=True)
class _State:
    """What is mirrored before a step: whether anything, the kept blocks, how far it is final, and
    up to where the logs were counted."""

    begun: bool
    kept: Sequence[KeptBlock]
    final: int
    counted: int


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one node said: from `ancestor` on, these logs and blocks are to be added."""

    ancestor: int
    logs: Sequence[NewLog]
    blocks: Sequence[KeptBlock]
    counted: int
    progress: IndexProgress


class Indexer:
    """Mirrors `registry` of the chain of `nodes` in `database`; `finality_depth` as in
    `chain.finality`. With a `lease`, each write requires it."""

    def __init__(
        self,
        database: Database,
        nodes: Nodes,
        registry: MirroredRegistry,
        *,
        finality_depth: int | None = None,
        lease: Lease | None = None,
    ) -> None:
        """Take what is needed; nothing is asked before `step`."""
        self.database = database
        self.nodes = nodes
        self.registry = registry
        self.finality_depth = finality_depth
        self.lease = lease
        self._names = {
            address.lower(): name
            for name, address in (
                ("records", registry.registry),
                ("agencies", registry.agencies),
                ("shares", registry.shares),
            )
            if address is not None
        }
        self._span = _FIRST_SPAN

    def step(self) -> IndexProgress:
        """Bring the mirror forward, or back, by one step.

        Raises `PastFinalityError`, `AnotherRegistryError`, `UnreachableError`, `LeaseLostError`,
        and `MissingEventError` when every node leaves logs out. Nothing is half done.
        """
        state = self._state()
        return self._write(state, self._read(state))

    def catch_up(self, progress: Callable[[IndexProgress], None] | None = None) -> IndexProgress:
        """Step until nothing is left to do for now; `progress` is told of each step.

        While one step is written, the next one is read already. Raises as `step`.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="index") as ahead:
            state = self._state()
            reading = self._read(state)
            while True:
                following = _after(state, reading)
                prefetched = None if following is None else ahead.submit(self._read, following)
                done = self._write(state, reading)
                if progress is not None:
                    progress(done)
                if done.done:
                    return done
                if following is not None and prefetched is not None:
                    state, reading = following, prefetched.result()
                else:
                    state = self._state()
                    reading = self._read(state)

    # --- one step: what is mirrored, what a node says, what is written ----------------------------

    def _state(self) -> _State:
        with self.database.read() as connection:
            ours = mirror.registry_of(connection)
            state = _State(
                ours is not None, mirror.kept_blocks(connection), *mirror.heights(connection)
            )
        if ours is not None and ours != self.registry:
            raise mirror.AnotherRegistryError(ours, self.registry)
        return state

    def _read(self, state: _State) -> _Reading:
        try:
            return self.nodes.read(
                lambda node: self._look(node, state.kept, state.final), distrust=_DISTRUST
            )
        except MissingEventError:
            # What is missing may be what an earlier step was not told.
            self._back_to_counted(state)
            raise

    def _back_to_counted(self, state: _State) -> None:
        if top_number(state.kept) <= state.counted:
            return
        with self.database.write() as connection:
            if self.lease is not None:
                self.lease.require(connection)
            if mirror.top_block(connection) == state.kept[-1]:
                mirror.roll_back(connection, state.counted)

    def _write(self, state: _State, reading: _Reading) -> IndexProgress:
        progress, kept = reading.progress, state.kept
        news = reading.blocks or progress.rolled_back is not None or progress.final > state.final
        if state.begun and (progress.behind or not news):
            return progress
        # What the mirror loses with the machine's power it reads from the chain again.
        with self.database.write(durable=False) as connection:
            if self.lease is not None:
                self.lease.require(connection)
            if mirror.top_block(connection) != (kept[-1] if kept else None):
                raise OvertakenError(self.registry.registry)
            mirror.begin(connection, self.registry)
            if progress.rolled_back is not None:
                mirror.roll_back(connection, reading.ancestor)
            counted = max(reading.counted, mirror.heights(connection)[1])
            mirror.advance(connection, reading.logs, reading.blocks, progress.final, counted)
        return progress

    # --- what one node says -----------------------------------------------------------------------

    def _look(self, node: Connection, kept: Sequence[KeptBlock], our_final: int) -> _Reading:
        head = node.block()
        top = top_number(kept)
        if is_behind(node, head, kept):
            behind = IndexProgress(top, head.number, our_final, behind=True)
            return _Reading(top, (), (), -1, behind)
        final = max(final_number(node, head, self.finality_depth), our_final)
        before = common_block(node, head, kept, our_final) if kept else None
        number = self.registry.first_block - 1 if before is None else before.number
        rolled_back = number + 1 if kept and before != kept[-1] else None
        logs, blocks, counted = self._read_on(node, head, final, number, before)
        indexed = blocks[-1].number if blocks else number
        progress = IndexProgress(indexed, head.number, final, len(logs), rolled_back)
        return _Reading(number, logs, blocks, counted, progress)

    def _read_on(
        self, node: Connection, head: Block, final: int, number: int, before: KeptBlock | None
    ) -> tuple[list[NewLog], list[KeptBlock], int]:
        if number >= head.number:
            return [], [], -1
        counts = dict.fromkeys(CONTRACTS, 0)
        if before is not None:
            counts = {name: getattr(before, f"{name}_sequence") for name in CONTRACTS}
        if number < final:
            logs, last = self._final_range(node, number + 1, min(final, head.number), counts)
            blocks = [_kept(last, counts)]
        else:
            logs, blocks = self._by_hash(node, head, number, before, counts)
            top = blocks[-1]
            last = Block(top.number, top.hash, top.parent_hash, top.timestamp)
        # Once, and at the end: state of old blocks is slow to ask for, or not there any more.
        at_end = last.number >= min(final, head.number)
        counted = last.number if at_end and self._count(node, last, counts) else -1
        return logs, blocks, counted

    def _final_range(
        self, node: Connection, first: int, last: int, counts: dict[str, int]
    ) -> tuple[list[NewLog], Block]:
        found: list[NewLog] = []
        end, logs = first, list[Any]()
        for until, logs in log_ranges(node, list(self._names), first, last, span=self._span):
            end = until
            found += self._numbered(logs, counts)
            if len(found) >= _ENOUGH_LOGS // 2:
                break
        # As many blocks as had enough logs here will have about enough the next time.
        likely = (end - first + 1) * _ENOUGH_LOGS // max(len(found), 1)
        self._span = min(max(likely, 1), MAX_RANGE)
        block = node.block(end)
        _require_of_block(block, [log for log in logs if int(log["blockNumber"], 16) == end])
        return found, block

    def _by_hash(
        self,
        node: Connection,
        head: Block,
        number: int,
        before: KeptBlock | None,
        counts: dict[str, int],
    ) -> tuple[list[NewLog], list[KeptBlock]]:
        numbers = range(number + 1, min(head.number, number + _BLOCKS_A_STEP) + 1)
        answers = node.request_many("eth_getBlockByNumber", [[hex(n), False] for n in numbers])
        found = [answered_block(n, answer) for n, answer in zip(numbers, answers, strict=True)]
        parent = None if before is None else before.hash
        for each in found:
            if parent is not None and each.parent_hash != parent:
                raise ReorganisedError(each.number - 1, parent, each.parent_hash)
            parent = each.hash
        addresses = list(self._names)
        wanted = [[{"blockHash": f"0x{b.hash.hex()}", "address": addresses}] for b in found]
        logs: list[NewLog] = []
        kept: list[KeptBlock] = []
        for block, answer in zip(found, node.request_many("eth_getLogs", wanted), strict=True):
            if isinstance(answer, RpcError):
                raise UnknownBlockError(f"0x{block.hash.hex()}") from answer
            logs += self._numbered(answer, counts)
            _require_of_block(block, answer)
            kept.append(_kept(block, counts))
        return logs, kept

    def _numbered(self, logs: Sequence[Any], counts: dict[str, int]) -> list[NewLog]:
        """The logs as they are stored; `counts` goes on, and nothing may be missing."""
        found: list[NewLog] = []
        place, shared = ("", ""), (0, b"")
        names, hexed = self._names, bytes.fromhex
        try:
            for log in logs:
                if log.get("removed"):
                    raise ReorganisedError(int(log["blockNumber"], 16), b"", b"")
                contract = names.get(log["address"].lower())
                topics = hexed("".join([topic[2:] for topic in log["topics"]]))
                placed = None if contract is None else placed_events(contract).get(topics[:WORD])
                if contract is None or placed is None or placed.slices is None:
                    # OpenZeppelin's own have no number, so nobody would miss them; each says what
                    # a numbered one says too.
                    continue
                plan, data = placed.plan, hexed(log["data"][2:])
                if len(topics) != plan.topics_size:
                    raise UndecodableError(f"a log of {plan.name}")
                sequence = plan.sequence(data)
                due = counts[contract] + 1
                if sequence != due:
                    raise MissingEventError(CONTRACTS[contract], due, sequence)
                counts[contract] = due
                if (here := (log["blockHash"], log["transactionHash"])) != place:
                    # Many logs of one transaction share these.
                    number = int(log["blockNumber"], 16)
                    place, shared = here, (number, hexed(here[1][2:]))
                found.append(
                    NewLog(
                        shared[0],
                        int(log["logIndex"], 16),
                        shared[1],
                        contract,
                        plan.name,
                        sequence,
                        placed.subject(topics),
                        topics,
                        data,
                    )
                )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UndecodableError("a log") from error
        return found

    def _count(self, node: Connection, block: Block, counts: Mapping[str, int]) -> bool:
        """Compare with what the contracts have counted; False where the node lacks that state."""
        asked = [[{"to": each, "data": _SEQUENCE}, block_parameter(block)] for each in self._names]
        answers = node.request_many("eth_call", asked)
        for name, answer in zip(self._names.values(), answers, strict=True):
            # No code there: the share registry is deployed after the others. But where its logs
            # have been seen, the node lacks the block's state (Anvil does, after deep undoing).
            if isinstance(answer, RpcError) or (answer == "0x" and counts[name]):
                return False
            counted = int(answer, 16) if answer != "0x" else 0
            if counted != counts[name]:
                raise MissingEventError(CONTRACTS[name], counted, counts[name])
        return True


def _after(before: _State, reading: _Reading) -> _State | None:
    """What will be mirrored once a reading is written; None where nothing is to be read ahead."""
    progress = reading.progress
    if progress.done or progress.rolled_back is not None or not reading.blocks:
        return None
    kept = [*before.kept, *reading.blocks]
    final = max((block.number for block in kept if block.number <= progress.final), default=-1)
    counted = max(before.counted, reading.counted)
    kept = [block for block in kept if block.number >= final or block.number == counted]
    return _State(True, kept, final, counted)


def _require_of_block(block: Block, logs: Sequence[Any]) -> None:
    for log in logs:
        theirs = bytes.fromhex(log["blockHash"][2:])
        if theirs != block.hash:
            raise ReorganisedError(block.number, block.hash, theirs)


def _kept(block: Block, counts: Mapping[str, int]) -> KeptBlock:
    return KeptBlock(
        block.number,
        block.hash,
        block.parent_hash,
        block.timestamp,
        counts["records"],
        counts["agencies"],
        counts["shares"],
    )
