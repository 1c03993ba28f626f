# SPDX-License-Identifier: Apache-2.0
"""The mirror of the chain in the database: forward by new logs, back to an earlier block.

`advance` and `roll_back` are all that writes it. Whichever way the mirror came to a block, it is
equal to one made from nothing up to that block: rows follow from events alone (`folding.py`), and
events from the chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from muniment.errors import StoreError
from muniment.record.identifiers import RecordId
from muniment.store import folding
from muniment.store.bulk import insert_rows
from muniment.store.tables import MIRRORED, blocks, events, mirror

_MANY: Final = 500
_ONLY: Final = 1


@dataclass(frozen=True, slots=True)
class MirroredRegistry:
    """Which registry a database mirrors, by its contracts and the block of their first logs."""

    chain_id: int
    registry: str
    agencies: str
    shares: str | None
    first_block: int


@dataclass(frozen=True, slots=True)
class KeptBlock:
    """An indexed block, with the numbers of the last events up to it (0 for none)."""

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int
    records_sequence: int
    agencies_sequence: int
    shares_sequence: int


class NewLog(NamedTuple):
    """A log, in the columns of `events`."""

    block_number: int
    log_index: int
    transaction_hash: bytes
    contract: str
    name: str
    sequence: int
    subject: bytes
    topics: bytes
    data: bytes


class AnotherRegistryError(StoreError):
    """The database mirrors another registry than the profile names."""

    def __init__(self, ours: MirroredRegistry, wanted: MirroredRegistry) -> None:
        super().__init__(
            f"the database mirrors registry {ours.registry} of chain {ours.chain_id}",
            expected=f"registry {wanted.registry} of chain {wanted.chain_id}, its share registry "
            f"and its first block as in the profile",
            remedy="name the right database in the profile, or make this one anew: "
            "`muniment rebuild`",
        )


def registry_of(connection: Connection) -> MirroredRegistry | None:
    """Return which registry is mirrored, None before the first block."""
    row = connection.execute(sa.select(mirror)).mappings().one_or_none()
    if row is None:
        return None
    return MirroredRegistry(**{name: row[name] for name in MirroredRegistry.__slots__})


def heights(connection: Connection) -> tuple[int, int]:
    """Return the numbers of the highest indexed block that is final, and of the highest whose logs
    were counted; -1 for none."""
    chosen = sa.select(mirror.c.final_number, mirror.c.counted_number)
    found = connection.execute(chosen).one_or_none()
    return (-1, -1) if found is None else (int(found[0]), int(found[1]))


def begin(connection: Connection, registry: MirroredRegistry) -> None:
    """Say which registry is mirrored. Raises `AnotherRegistryError`."""
    ours = registry_of(connection)
    if ours is None:
        values = {name: getattr(registry, name) for name in MirroredRegistry.__slots__}
        connection.execute(
            sa.insert(mirror).values(only=_ONLY, final_number=-1, counted_number=-1, **values)
        )
    elif ours != registry:
        raise AnotherRegistryError(ours, registry)


def kept_blocks(connection: Connection) -> list[KeptBlock]:
    """Return the blocks that are kept, in order: at most one that is final, then all above it."""
    rows = connection.execute(sa.select(blocks).order_by(blocks.c.number)).mappings()
    return [
        KeptBlock(
            row["number"],
            bytes(row["hash"]),
            bytes(row["parent_hash"]),
            row["timestamp"],
            row["records_sequence"],
            row["agencies_sequence"],
            row["shares_sequence"],
        )
        for row in rows
    ]


def top_block(connection: Connection) -> KeptBlock | None:
    """Return the highest indexed block, None before the first."""
    kept = kept_blocks(connection)
    return kept[-1] if kept else None


def advance(
    connection: Connection,
    logs: Sequence[NewLog],
    new_blocks: Sequence[KeptBlock],
    final: int,
    counted: int,
) -> None:
    """Add the logs of new blocks, in order, and what follows from them.

    `final` is final by now, and up to `counted` no log is missing.
    """
    if logs:
        insert_rows(connection, events, logs)
        folding.fold(connection, logs)
    if new_blocks:
        rows = [{name: getattr(each, name) for name in KeptBlock.__slots__} for each in new_blocks]
        connection.execute(sa.insert(blocks), rows)
    kept_final = connection.execute(
        sa.select(sa.func.max(blocks.c.number)).where(blocks.c.number <= final)
    ).scalar()
    kept_final = -1 if kept_final is None else int(kept_final)
    passed = sa.and_(blocks.c.number < kept_final, blocks.c.number != counted)
    connection.execute(sa.delete(blocks).where(passed))
    connection.execute(sa.update(mirror).values(final_number=kept_final, counted_number=counted))


def roll_back(connection: Connection, ancestor: int) -> int:
    """Forget everything above block `ancestor`, which is kept or below the first one; return how
    many events went."""
    gone = events.c.block_number > ancestor
    touched = sa.select(events.c.subject).where(gone).distinct()
    subjects = [bytes(each) for each in connection.execute(touched).scalars()]
    count = connection.execute(sa.delete(events).where(gone)).rowcount
    connection.execute(sa.delete(blocks).where(blocks.c.number > ancestor))
    for column in (mirror.c.final_number, mirror.c.counted_number):
        connection.execute(sa.update(mirror).where(column > ancestor).values({column: ancestor}))
    for start in range(0, len(subjects), _MANY):
        part = subjects[start : start + _MANY]
        folding.unfold(connection, part)
        folding.fold(connection, logs_of(connection, part))
    return count


def logs_of(connection: Connection, subjects: Sequence[bytes]) -> list[NewLog]:
    """Return the logs about some subjects (at most 500), in order of the chain."""
    chosen = (
        sa.select(events)
        .where(events.c.subject.in_(subjects))
        .order_by(events.c.block_number, events.c.log_index)
    )
    return [log_of(row) for row in connection.execute(chosen).mappings()]


def adopted(connection: Connection) -> set[RecordId]:
    """Return the records that the registry has adopted from a predecessor."""
    chosen = sa.select(events.c.subject).where(events.c.name == "RecordAdopted")
    return {RecordId(bytes(subject)) for subject in connection.execute(chosen).scalars()}


def clear(connection: Connection) -> None:
    """Empty the mirror, to be made anew."""
    for table in reversed(MIRRORED):
        connection.execute(sa.delete(table))


def log_of(row: sa.RowMapping) -> NewLog:
    """Return the log that a row of `events` keeps."""
    return NewLog(
        row["block_number"],
        row["log_index"],
        bytes(row["transaction_hash"]),
        row["contract"],
        row["name"],
        row["sequence"],
        bytes(row["subject"]),
        bytes(row["topics"]),
        bytes(row["data"]),
    )
