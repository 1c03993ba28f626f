# SPDX-License-Identifier: Apache-2.0
"""What is known of a journal before anything is hashed: its seals, its place, its checkpoint."""

from __future__ import annotations

from dataclasses import dataclass

from muniment.analysis.audit.faults import Fault, Kind
from muniment.analysis.audit.places import place_of
from muniment.analysis.audit.plan import RANGE_BITS, AuditPlan, SealTable
from muniment.analysis.audit.seals import OnChain, journal_on_chain, lineage_of
from muniment.chain.connection import Address, Connection
from muniment.chain.nodes import Nodes
from muniment.errors import InvalidInputError
from muniment.journal.checkpoints import checkpoint_in
from muniment.journal.tiles import CHECKPOINT_PATH


@dataclass(frozen=True, slots=True)
class Begun:
    """A plan, what the chain says, and what the checkpoint alone shows to be wrong."""

    plan: AuditPlan
    chain: OnChain
    faults: tuple[Fault, ...]


def plan_of(
    nodes: Nodes,
    registry: Address,
    agency: int,
    journal: int,
    source: str,
    *,
    first_block: int,
    bits: int = RANGE_BITS,
) -> Begun:
    """Return the plan of a journal's audit at `source`, as far as it is sealed now.

    Raises `InvalidInputError` for a place without this journal, `NoteError` for a checkpoint that
    is none, `UnknownSealError`, `UnreachableError`, `VaultError`.
    """
    place = place_of(source, journal)
    note = place.reader()(CHECKPOINT_PATH)
    if note is None:
        raise InvalidInputError("journal", "one with a checkpoint", f"{journal}, without one there")
    checkpoint = checkpoint_in(note)

    def ask(connection: Connection) -> tuple[OnChain, bytes]:
        lineage = lineage_of(connection, registry, agency, journal, checkpoint)
        found = journal_on_chain(connection, registry, agency, journal, first_block=first_block)
        return found, lineage

    chain, lineage = nodes.read(ask)
    plan = AuditPlan(place, agency, journal, lineage, checkpoint.size, SealTable(chain.seals), bits)
    faults = []
    file = place.name_of(CHECKPOINT_PATH)
    if checkpoint.size < plan.size:
        expected, found = f"at least {plan.size} entries", f"{checkpoint.size}"
        what = "the checkpoint is older than the last seal"
        faults.append(Fault(-1, -1, Kind.CHECKPOINT, what, expected, found, file))
    for seal in chain.seals:
        if seal.size == checkpoint.size and seal.root != checkpoint.root:
            expected, found = f"root 0x{seal.root.hex()}", f"0x{checkpoint.root.hex()}"
            what = f"the checkpoint of {seal.size} entries has another root than their seal"
            faults.append(Fault(-1, -1, Kind.CHECKPOINT, what, expected, found, file))
    return Begun(plan, chain, tuple(faults))
