# SPDX-License-Identifier: Apache-2.0
"""What the chain says of a journal: all of its seals, and the lineage that its ids derive from."""

from __future__ import annotations

from dataclasses import dataclass

from muniment.analysis.audit.plan import SealedRoot
from muniment.chain.bindings import RecordRegistry
from muniment.chain.bindings.record_registry import Seal
from muniment.chain.connection import Address, Block, Connection
from muniment.chain.journals import UnknownSealError, read_seals, seal_hash
from muniment.errors import InvalidInputError
from muniment.journal.checkpoints import Checkpoint
from muniment.journal.origins import origin_of
from muniment.record.identifiers import AgencyId, Lineage, LocalId, derive_record_id

_ANY_ID = LocalId(b"\x01" * 32)


@dataclass(frozen=True, slots=True)
class OnChain:
    """A journal at a block: its seals in order, and from which entry on it is repudiated, if so."""

    block: int
    seals: tuple[SealedRoot, ...]
    closed: bool
    repudiated_from: int | None


def journal_on_chain(
    connection: Connection,
    registry: Address,
    agency: int,
    journal: int,
    *,
    first_block: int,
) -> OnChain:
    """Return what the chain says of a journal now, every seal compared with the registry's slot.

    Raises `UnknownSealError` for a node whose logs leave
    one out or change one, and `InvalidInputError` for a journal without seals.
    """
    records = RecordRegistry(connection, registry)
    block = connection.block()
    head = records.journal_head(agency, journal, block=block)
    if not head.size:
        what = "not opened, or never sealed"
        raise InvalidInputError("journal", f"a journal of agency {agency} that has a seal", what)
    seals: list[SealedRoot] = []
    size = 0
    for _, seal in read_seals(
        connection, records, agency, journal, first_block=first_block, block=block
    ):
        _require_stored(records, agency, journal, seal, size, block)
        size = seal.size
        seals.append(SealedRoot(seal.size, seal.root, seal.sealed_at))
    if size != head.size:
        raise UnknownSealError(agency, journal, head.size)
    never = head.repudiated_from >= (1 << 64) - 1
    return OnChain(block.number, tuple(seals), head.closed, None if never else head.repudiated_from)


def lineage_of(
    connection: Connection, registry: Address, agency: int, journal: int, checkpoint: Checkpoint
) -> Lineage:
    """Return the lineage that a checkpoint names, where it is the registry's.

    Raises `InvalidInputError` for the checkpoint of another journal, or of another registry.
    """
    wanted = origin_of(Lineage(bytes(32)), agency, journal).replace("0" * 64, "{}")
    parts = checkpoint.origin.split("/")
    try:
        lineage = Lineage(bytes.fromhex(parts[1]))
        named = origin_of(lineage, agency, journal) == checkpoint.origin
        derived = derive_record_id(lineage, AgencyId(agency), _ANY_ID)
    except (IndexError, ValueError, InvalidInputError):
        named, derived = False, None
    records = RecordRegistry(connection, registry)
    if not named or records.record_id_of(agency, _ANY_ID, block=connection.block()) != derived:
        raise InvalidInputError(
            "journal",
            f"that of agency {agency}, number {journal}, of this registry: "
            + wanted.format("<lineage>"),
            f"{checkpoint.origin!r}",
        )
    return lineage


def _require_stored(
    records: RecordRegistry, agency: int, journal: int, seal: Seal, before: int, block: Block
) -> None:
    stored = records.seal_hash_of(agency, journal, seal.size, block=block)
    if seal.previous_size != before or seal_hash(seal) != stored:
        raise UnknownSealError(agency, journal, seal.size)
