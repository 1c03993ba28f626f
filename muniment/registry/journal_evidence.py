# SPDX-License-Identifier: Apache-2.0
"""What evidence says of journal records: entries with their way to a seal, and first versions.

Many at once: seals and tiles are read once a journal, secrets and packs once a batch.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from muniment.chain.bindings import RecordRegistry
from muniment.chain.bindings.record_registry import Seal
from muniment.chain.connection import Block, Connection
from muniment.chain.journals import adopted_seal, read_seals
from muniment.errors import InvalidInputError
from muniment.evidence import EvidentEntry, EvidentSeal
from muniment.journal.checkpoints import checkpoint_in
from muniment.journal.entry import Entry
from muniment.journal.proof_text import text_proof
from muniment.journal.tiles import TileTree
from muniment.record.commitment import Secret
from muniment.record.identifiers import AgencyId, RecordId
from muniment.record.objects import decrypt
from muniment.record.versions import Version
from muniment.registry.journal_records import NotSealedError, content_in, entry_of
from muniment.registry.session import Session
from muniment.store import packs
from muniment.store.journal_files import JournalFiles
from muniment.store.journal_rows import EntryRow

_MANY: Final = 32
"""Records of one pack from which on it is read whole."""


class JournalProver:
    """Makes evident entries, all as of one block of one node."""

    def __init__(
        self, session: Session, node: Connection, block: Block, checkpoint: bytes | None
    ) -> None:
        """Take where to look. Of a `checkpoint` that witnesses have co-signed its seal is used."""
        self._session = session
        self._node = node
        self._block = block
        self._note = checkpoint
        self._size = None if checkpoint is None else checkpoint_in(checkpoint).size
        self._seals: dict[int, list[Seal]] = {}
        self._trees: dict[tuple[int, int], TileTree] = {}

    def entry(self, row: EntryRow) -> EvidentEntry:
        """Return an entry with its proof. Raises `NotSealedError`, the vault's errors."""
        seal = self._seal(row)
        place = (row.journal, seal.size)
        tree = self._trees.get(place)
        if tree is None:
            files = JournalFiles(self._session.vault, row.journal)
            tree = self._trees[place] = files.tree(seal.size)
        return evident_entry(
            tree, seal, (row.agency_id, row.journal, row.index), row.entry, self._note
        )

    def _seal(self, row: EntryRow) -> Seal:
        """The last seal that covers an entry; all entries of a bundle share it."""
        seals = self._seals.get(row.journal)
        if seals is None:
            agency = self._session.profile.agency.id
            seals = seals_of(self._session, self._node, self._block, agency, row.journal)
            self._seals[row.journal] = seals
        for seal in reversed(seals):
            covers = seal.size > row.index and seal.sealed_at >= row.entry.time
            if covers and self._size in (None, seal.size):
                return seal
        if self._size is not None:
            raise InvalidInputError(
                "checkpoint",
                f"one of a size that was sealed, and covers entry {row.index}",
                f"of {self._size} entries",
            )
        raise NotSealedError(row, seals[-1].size if seals else 0)


def seals_of(
    session: Session, node: Connection, block: Block, agency_id: int, journal: int
) -> list[Seal]:
    """Return the seals of a journal up to a block, in order; first the one that it was adopted
    with."""
    chain = session.profile.chain
    records = RecordRegistry(node, chain.registry)
    adopted = adopted_seal(records, agency_id, journal, session.predecessor, block)
    found = read_seals(
        node,
        records,
        agency_id,
        journal,
        first_block=chain.first_block,
        block=block,
    )
    return [*([] if adopted is None else [adopted]), *(seal for _, seal in found)]


def evident_entry(
    tree: TileTree,
    seal: Seal,
    place: tuple[int, int, int],
    entry: Entry,
    checkpoint: bytes | None = None,
) -> EvidentEntry:
    """Return the entry at a place (agency, journal, index) with its way to a seal's root."""
    agency_id, journal, index = place
    return EvidentEntry(
        agency_id=agency_id,
        journal=journal,
        index=index,
        entry=entry,
        path=tuple(tree.inclusion_proof(index)),
        seal=EvidentSeal(seal.root, seal.size, seal.previous_size, seal.sealed_at),
        checkpoint=checkpoint,
    )


@dataclass(frozen=True, slots=True)
class FirstVersion:
    """The first version of a journal record, opened and checked against its entry."""

    version: Version
    schema_digest: bytes


def first_versions(session: Session, rows: Sequence[EntryRow]) -> dict[RecordId, FirstVersion]:
    """Return the content of journal records; those that were erased are not in it.

    Raises `DecryptionError`, `CommitmentMismatchError`, the stores' errors.
    """
    found: dict[RecordId, FirstVersion] = {}
    kept = sorted(
        (row for row in rows if row.packed is not None), key=lambda row: (row.journal, row.index)
    )
    for (journal, pack), group in groupby(
        kept, key=lambda row: (row.journal, "" if row.packed is None else row.packed.pack)
    ):
        batch = list(group)
        first, last = batch[0].index, batch[-1].index
        secrets = list(session.keys.journal_secrets(journal, first, last + 1))
        whole: dict[RecordId, bytes] = {}
        if len(batch) >= _MANY:
            whole = {
                packed.place.record_id: sealed
                for packed, sealed in packs.contents_of(session.vault, pack)
            }
        for row in batch:
            secret = secrets[row.index - first]
            if secret is not None:
                found[row.record_id] = _opened(session, row, secret, whole)
    return found


def _opened(
    session: Session, row: EntryRow, secret: Secret, whole: dict[RecordId, bytes]
) -> FirstVersion:
    packed = row.packed
    assert packed is not None, "the caller has looked"
    sealed = whole.get(row.record_id)
    if sealed is None:
        plain = packs.read_object(session.vault, packed, secret)
    else:
        writer = io.BytesIO()
        decrypt(io.BytesIO(sealed), writer, packed.place, secret)
        plain = writer.getvalue()
    content = content_in(plain)[2]
    entry = row.entry
    record_type = session.record_types.by_number(entry.type_id, entry.type_version)
    header = record_type.header(
        row.record_id, AgencyId(row.agency_id), 1, algorithm=entry.algorithm
    )
    version = Version(header, content, secret)
    version.require(entry.commitment)
    return FirstVersion(version, row.schema_digest)


def entry_proof_text(session: Session, record_id: RecordId) -> bytes:
    """Return the C2SP tlog-proof of an entry under the journal's checkpoint, the entry with it.

    Its `extra` line has the entry's 78 bytes. Raises `InvalidInputError` for a record of no
    journal, `NotSealedError` for one that the checkpoint does not cover.
    """
    row = entry_of(session, record_id)
    if row is None:
        raise InvalidInputError("record", "one that stands in a journal of this agency", "another")
    files = JournalFiles(session.vault, row.journal)
    note = files.checkpoint()
    size = 0 if note is None else checkpoint_in(note).size
    if note is None or size <= row.index:
        raise NotSealedError(row, size)
    proof = files.tree(size).inclusion_proof(row.index)
    return text_proof(row.index, proof, note, row.entry.to_bytes())
