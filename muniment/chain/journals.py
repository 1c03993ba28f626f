# SPDX-License-Identifier: Apache-2.0
"""What the registry says of a journal: its head, and its seals, each compared with its hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eth_abi.abi import encode

from muniment.chain.bindings import RecordRegistry
from muniment.chain.bindings.record_registry import JournalHead, JournalSealed, Seal
from muniment.chain.connection import Address, Block, Connection, RpcError
from muniment.chain.decoding import event_plans
from muniment.chain.engines import Engine, engine_of
from muniment.chain.log_reader import LogReader
from muniment.chain.nodes import Nodes
from muniment.errors import ChainError
from muniment.record.keccak import keccak


class UnknownSealError(ChainError):
    """The node shows no event of a seal that the registry has."""

    def __init__(self, agency_id: int, journal: int, size: int) -> None:
        super().__init__(
            f"the node shows no seal of {size} entries of journal {journal} of agency {agency_id}",
            expected="the event of every seal",
            remedy="read again from another node: this one leaves logs out",
        )


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The registry before, which has the seals of journals that its successor adopted."""

    nodes: Nodes
    registry: Address
    first_block: int

    def seals(self, agency_id: int, journal: int) -> list[Seal]:
        """Return a journal's seals there, in order. Raises `UnreachableError`."""

        def read(node: Connection) -> list[Seal]:
            records = RecordRegistry(node, self.registry)
            found = read_seals(
                node, records, agency_id, journal, first_block=self.first_block, block=node.block()
            )
            return [seal for _, seal in found]

        return self.nodes.read(read)


@dataclass(frozen=True, slots=True)
class SealedJournal:
    """A journal at `block`: its `head`, and its last `seal`, with the block number it stands in;
    None for a seal that the registry before has."""

    block: Block
    head: JournalHead
    seal: Seal | None
    sealed_in: int | None


def read_journal(
    connection: Connection,
    records: RecordRegistry,
    agency_id: int,
    journal: int,
    *,
    first_block: int,
    block: Block,
    predecessor: Predecessor | None = None,
) -> SealedJournal:
    """Return a journal at a block. `first_block` is one before its last seal, the deployment's say.

    The seal of a journal that was adopted, and not sealed since, is the `predecessor`'s. Raises
    `UnknownSealError` for a node that leaves the seal's event out or changes it.
    """
    head = records.journal_head(agency_id, journal, block=block)
    if head.size == 0:
        return SealedJournal(block, head, None, None)
    for number, seal in read_seals(
        connection, records, agency_id, journal, first_block=first_block, block=block
    ):
        if seal.size == head.size:
            stored = records.seal_hash_of(agency_id, journal, seal.size, block=block)
            if seal_hash(seal) == stored:
                return SealedJournal(block, head, seal, number)
    adopted = adopted_seal(records, agency_id, journal, predecessor, block)
    if adopted is not None and adopted.size == head.size:
        return SealedJournal(block, head, adopted, None)
    raise UnknownSealError(agency_id, journal, head.size)


def adopted_seal(
    records: RecordRegistry,
    agency_id: int,
    journal: int,
    predecessor: Predecessor | None,
    block: Block,
) -> Seal | None:
    """Return the seal with which a registry adopted a journal, as its predecessor tells it and this
    registry's slot confirms; None where there is none. Raises `UnreachableError`."""
    seals = [] if predecessor is None else predecessor.seals(agency_id, journal)
    if not seals:
        return None
    # One alone came over.
    last = seals[-1]
    stored = records.seal_hash_of(agency_id, journal, last.size, block=block)
    return last if seal_hash(last) == stored else None


def read_seals(
    connection: Connection,
    records: RecordRegistry,
    agency_id: int,
    journal: int,
    *,
    first_block: int,
    block: Block,
) -> Iterator[tuple[int, Seal]]:
    """Yield a journal's seals in order, with their block numbers, as the node's logs tell them."""
    named = [f"0x{number:064x}" for number in (agency_id, journal)]
    [topic] = [
        each
        for each, plan in event_plans(RecordRegistry.contract_name).items()
        if plan.name == "JournalSealed"
    ]
    topics = [f"0x{topic.hex()}", *named]
    for logged in LogReader(connection, [records]).read(first_block, block, topics=topics):
        event = logged.event
        if isinstance(event, JournalSealed):
            seal = Seal(event.root, event.size, event.previous_size, event.sealed_at)
            yield logged.block_number, seal


def next_block_time(connection: Connection) -> int:
    """Return the least timestamp (Unix seconds) that the next block can have, as the node knows.

    Where validators sign blocks (Istanbul) a second after the latest, as every one of them checks;
    else that of the pending block, where the node shows one, else that of the latest.
    """
    latest = connection.block().timestamp
    if engine_of(connection) is Engine.ISTANBUL:
        # A validator that is asked for its pending block answers when it has begun it, so up to a
        # second later: what waits for the answer would miss that block.
        return latest + 1
    try:
        pending = connection.request("eth_getBlockByNumber", ["pending", False])
    except RpcError:
        pending = None
    return latest if pending is None else max(latest, int(pending["timestamp"], 16))


def seal_hash(seal: Seal) -> bytes:
    """Return what the registry stores of a seal: keccak256(abi.encode(seal))."""
    values = (seal.root, seal.size, seal.previous_size, seal.sealed_at)
    return keccak(encode(["bytes32", "uint64", "uint64", "uint48"], values))
