# SPDX-License-Identifier: Apache-2.0
"""Packs of the vault compared with the entries that they claim to hold the contents of.

Nobody tells which packs are a journal's but they themselves, by their sheets: no database is asked.
A crash may leave a pack behind that no entry is of; so an entry is well when some pack holds it.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from muniment.analysis.audit.duplicates import LOCAL_ID
from muniment.analysis.audit.faults import runs
from muniment.analysis.audit.hashing import batch_of
from muniment.analysis.audit.places import vault_at
from muniment.analysis.audit.plan import RANGE_BITS, AuditPlan
from muniment.analysis.audit.views import sealed_entries
from muniment.errors import MunimentError, StoreError
from muniment.journal.entry import ENTRY_BYTES
from muniment.journal.tiles import TILE_WIDTH
from muniment.record.identifiers import AgencyId, Lineage, LocalId, RecordId, derive_record_id
from muniment.record.objects import HEADER_SIZE, MAGIC, TAG_SIZE
from muniment.store import packs
from muniment.store.batch_sheets import BATCH_PLACE, BatchSheet
from muniment.store.vault import DigestKeeping, Vault

NAMES: Final = "name string"
HELD: Final = (
    "part long, first_index long, end_index long, pack string, what string, expected string, "
    "found string"
)
"""What a pack holds: runs of entries that are well (`what` empty), and entries that are not.

`part` is which 2^16 entries they are of; -1 for a pack that is damaged as a whole, and -2 for
what a pack claims to hold, all of it."""
UNREADABLE: Final = -1
CLAIMED: Final = -2

_SCHEMA: Final = pa.schema(
    [
        ("part", pa.int64()),
        ("first_index", pa.int64()),
        ("end_index", pa.int64()),
        ("pack", pa.string()),
        ("what", pa.string()),
        ("expected", pa.string()),
        ("found", pa.string()),
    ]
)
_NAMES_TOGETHER: Final = 10_000
_HEAD: Final = struct.Struct(">BBHHQ")
_PIECE: Final = 1 << 20
_LEAST: Final = HEADER_SIZE + TAG_SIZE


@dataclass(frozen=True, slots=True)
class JournalPack:
    """A pack of the journal: its name, its sheet, and its objects, in the order of the entries."""

    name: str
    sheet: BatchSheet
    objects: Iterator[tuple[packs.Packed, bytes]]


def list_packs(url: str) -> Iterator[Any]:
    """Yield the names of a vault's packs as record batches; they are not kept."""
    schema = pa.schema([("name", pa.string())])
    names: list[tuple[str]] = []
    for name in vault_at(url).list(packs.PREFIX):
        names.append((name,))
        if len(names) == _NAMES_TOGETHER:
            yield batch_of(list(names), schema)
            names = []
    yield batch_of(list(names), schema)


def compare_packs(plan: AuditPlan, url: str, names: Iterable[str]) -> Iterator[Any]:
    """Yield what the packs of the plan's journal hold, as record batches of `HELD`."""
    vault, read = vault_at(url), plan.place.reader()
    for name in names:
        try:
            pack = journal_pack(plan, vault, name)
        except MunimentError as error:
            row = (UNREADABLE, -1, -1, name, error.what, "a whole pack", "another")
            yield batch_of([row], _SCHEMA)
            continue
        if pack is not None:
            yield from _changed(vault, name)
            first = pack.sheet.first_index
            rows = [(CLAIMED, first, first + pack.sheet.count, name, "", "", "")]
            rows += _Comparison(plan, pack, read).rows()
            yield batch_of(rows, _SCHEMA)


def _changed(vault: Vault, name: str) -> Iterator[Any]:
    """The fault of a pack whose bytes are not those that were put, where the vault knows them."""
    if not isinstance(vault, DigestKeeping):
        return
    wanted, state = vault.digest(name), hashlib.sha256()
    with vault.open(name) as reader:
        while piece := reader.read(_PIECE):
            state.update(piece)
    if state.digest() != wanted:
        expected, found = f"SHA-256 0x{wanted.hex()}", f"0x{state.hexdigest()}"
        row = (UNREADABLE, -1, -1, name, "its bytes are not those that were put", expected, found)
        yield batch_of([row], _SCHEMA)


def journal_pack(plan: AuditPlan, vault: Vault, name: str) -> JournalPack | None:
    """Return a pack of the plan's journal, None for any other. Raises `StoreError`."""
    if not packs.has_sheet(vault, name):
        return None
    objects = packs.contents_of(vault, name)
    packed, data = next(objects, (None, b""))
    if packed is None or packed.place != BATCH_PLACE:
        raise StoreError(f"{name}: its batch sheet is not that of a batch")
    sheet = BatchSheet.from_bytes(data)
    if (sheet.agency_id, sheet.journal) != (plan.agency, plan.journal):
        return None
    return JournalPack(name, sheet, objects)


def record_id_of(plan: AuditPlan, entry: bytes) -> RecordId:
    """Return the id of the record that an entry of 78 bytes is of."""
    local_id = LocalId(entry[LOCAL_ID])
    return derive_record_id(Lineage(plan.lineage), AgencyId(plan.agency), local_id)


class _Comparison:
    """One pack beside the entries that it is of."""

    def __init__(self, plan: AuditPlan, pack: JournalPack, read: Any) -> None:
        self._plan = plan
        self._pack = pack
        self._read = read
        self._tile = -1
        self._entries: list[bytes | None] = []
        sheet = pack.sheet
        self._first = sheet.first_index
        self._end = min(self._first + sheet.count, plan.size)
        self._head = _HEAD.pack(
            sheet.kind, sheet.algorithm, sheet.type_id, sheet.type_version, sheet.time
        )

    def rows(self) -> list[tuple[Any, ...]]:
        """What is well, in runs, and what is not."""
        good: list[int] = []
        rows: list[tuple[Any, ...]] = []
        index = self._first
        torn = ("it holds no object of the entry", "an object for each entry of its sheet", "none")
        try:
            for packed, sealed in self._pack.objects:
                if index >= self._end:
                    break
                fault = self._fault(index, packed, sealed)
                if fault is None:
                    good.append(index)
                else:
                    rows.append(self._row(index, index + 1, *fault))
                index += 1
        except MunimentError as error:
            torn = (error.what, error.expected, "another")
        if index < self._end:
            rows += [self._row(*each, *torn) for each in _parts(index, self._end)]
        for start, last in runs(good):
            rows += [self._row(*each, "", "", "") for each in _parts(start, last + 1)]
        return rows

    def _row(self, first: int, end: int, what: str, expected: str, found: str) -> tuple[Any, ...]:
        return first >> RANGE_BITS, first, end, self._pack.name, what, expected, found

    def _fault(self, index: int, packed: packs.Packed, sealed: bytes) -> tuple[str, ...] | None:
        entry = self._entry(index)
        if entry is None or len(entry) != ENTRY_BYTES:
            # Said already, of the entry.
            return None
        if entry[: _HEAD.size] != self._head:
            what = "the pack's sheet has another kind, algorithm, type or time than the entry"
            return what, f"0x{entry[: _HEAD.size].hex()}", f"0x{self._head.hex()}"
        wanted = record_id_of(self._plan, entry)
        place = packed.place
        if place.record_id != wanted:
            what = "the pack's object is of another record"
            return what, f"record 0x{wanted.hex()}", f"0x{place.record_id.hex()}"
        if (place.version, place.index) != (1, packs.ENTRY_OBJECT):
            found = f"object {place.index} of version {place.version}"
            return "the pack's object is no entry's", "an entry's, of version 1", found
        if len(sealed) < _LEAST or not sealed.startswith(MAGIC):
            found = f"{len(sealed)} others"
            return "the pack's object is not encrypted as it must be", f"{_LEAST} bytes", found
        return None

    def _entry(self, index: int) -> bytes | None:
        tile, place = divmod(index, TILE_WIDTH)
        if tile != self._tile:
            self._tile = tile
            self._entries = sealed_entries(self._plan, self._read, tile)
        return self._entries[place]


def _parts(first: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a run where one part of the journal ends and the next begins."""
    while first < end:
        edge = min(end, ((first >> RANGE_BITS) + 1) << RANGE_BITS)
        yield first, edge
        first = edge
