# SPDX-License-Identifier: Apache-2.0
"""A batch of new records made ready for a journal: checked, committed to, encrypted.

Nothing here reads or writes anything, so that worker processes do it beside each other; their
results are made durable, and thereby acknowledged, by the one process that appends
(`registry/journal_writing.py`). A secret is drawn here and lies in the key store before anything
that was made with it lies anywhere.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from struct import Struct
from typing import Any, Final

from muniment.errors import InvalidContentError, InvalidInputError
from muniment.journal.entry import EntryKind
from muniment.record.bulk import FieldTexts, FirstVersions, source_text
from muniment.record.canonical import JsonValue, canonical_text
from muniment.record.columns import ABSENT, RecordColumns, RowText
from muniment.record.identifiers import AgencyId, Lineage, RecordId
from muniment.record.objects import NONCE_SIZE, encrypt_in_memory
from muniment.record.types import RecordType
from muniment.store.journal_rows import TERM_SIZE
from muniment.store.packs import ENTRY_OBJECT, entry_header
from muniment.store.search_terms import search_term

SECRET_SIZE: Final = 32
_ENTRY_HEAD: Final = Struct(">BBHHQ")
"""What all entries of a batch begin with (`journal/entry.py`)."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """What all batches of an import share. It holds keys: it goes to worker processes by pipe."""

    record_type: RecordType
    lineage: Lineage
    agency_id: AgencyId
    source_system: str
    local_id_key: bytes = field(repr=False)
    search_key: bytes = field(repr=False)
    kind: EntryKind = EntryKind.REGISTRATION


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one of a batch, by its `place`, is no record. It names fields, not values."""

    place: int
    field: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch made ready: one item of each list a record; `places` are theirs in what was given.

    `objects` are entries of a pack, headers and all, `lengths` those of the encrypted objects in
    them. `time`, in Unix seconds, is what the entries claim. `terms` pairs of a term
    and a position in these lists.
    """

    preparation: Preparation = field(repr=False)
    time: int
    places: list[int]
    source_ids: list[str]
    record_ids: list[bytes]
    entries: list[bytes]
    secrets: list[bytes] = field(repr=False)
    objects: list[bytes] = field(repr=False)
    lengths: list[int]
    terms: list[tuple[bytes, int]]
    refusals: list[Refusal]

    def without(self, positions: set[int]) -> Prepared:
        """Return the batch without those at some positions."""
        kept = [at for at in range(len(self.entries)) if at not in positions]
        new = {old: at for at, old in enumerate(kept)}
        return Prepared(
            self.preparation,
            self.time,
            [self.places[at] for at in kept],
            [self.source_ids[at] for at in kept],
            [self.record_ids[at] for at in kept],
            [self.entries[at] for at in kept],
            [self.secrets[at] for at in kept],
            [self.objects[at] for at in kept],
            [self.lengths[at] for at in kept],
            [(term, new[at]) for term, at in self.terms if at in new],
            self.refusals,
        )


def prepare(
    shared: Preparation,
    source_ids: Sequence[str],
    contents: Sequence[Mapping[str, JsonValue]],
    *,
    latest_time: int | None = None,
) -> Prepared:
    """Make a batch ready; those that cannot be records are refused one by one, not raised.

    An entry says the present time, or `latest_time` where that is earlier: a seal whose block is
    older than the entry would make it one that cannot be enrolled.
    """
    return _prepared(
        shared, source_ids, repeat(None, len(contents)), contents.__getitem__, latest_time
    )


def prepare_columns(
    shared: Preparation,
    known: RecordColumns,
    source_ids: Sequence[str],
    columns: Mapping[str, Sequence[Any]],
    *,
    latest_time: int | None = None,
) -> Prepared:
    """As `prepare`, of content in columns, `ABSENT` where a record has no such field.

    `known` is of the record type, and serves all batches of it.
    """
    names = list(columns)

    def content_at(place: int) -> dict[str, JsonValue]:
        cells = zip(names, (column[place] for column in columns.values()), strict=True)
        return {name: cell for name, cell in cells if cell is not ABSENT}

    rows = known.rows(columns, len(source_ids))
    return _prepared(shared, source_ids, rows, content_at, latest_time)


def _prepared(
    shared: Preparation,
    source_ids: Sequence[str],
    rows: Iterable[RowText | None],
    content_at: Callable[[int], Mapping[str, JsonValue]],
    latest_time: int | None,
) -> Prepared:
    """Make a batch ready, of texts where they are there, else of the content."""
    record_type = shared.record_type
    header = record_type.header(RecordId(bytes(32)), shared.agency_id, 1)
    versions = FirstVersions(
        shared.lineage,
        shared.agency_id,
        header,
        local_id_key=shared.local_id_key,
        source_system=shared.source_system,
    )
    opening = f"[{canonical_text(shared.source_system)},".encode()
    now = int(time.time())
    stamp = now if latest_time is None else min(now, latest_time)
    made = Prepared(shared, stamp, [], [], [], [], [], [], [], [], [])
    random = os.urandom((SECRET_SIZE + NONCE_SIZE) * len(source_ids))
    seen: set[str] = set()
    entry_head = _ENTRY_HEAD.pack(
        shared.kind, header.algorithm, header.type_id, record_type.version, stamp
    )
    for place, (source_id, row) in enumerate(zip(source_ids, rows, strict=True)):
        if source_id in seen:
            made.refusals.append(Refusal(place, None, "its source id comes twice"))
            continue
        try:
            fields, whole = _texts(record_type, content_at(place)) if row is None else row
            source = source_text(source_id)
        except InvalidInputError as error:
            made.refusals.append(_refusal(place, error))
            continue
        seen.add(source_id)
        at = place * (SECRET_SIZE + NONCE_SIZE)
        secret = random[at : at + SECRET_SIZE]
        nonce = random[at + SECRET_SIZE : at + SECRET_SIZE + NONCE_SIZE]
        local_id = versions.local_id(source)
        record_id = versions.record_id(local_id)
        commitment = versions.commitment(record_id, fields, secret)
        plain = b"%b%b,%b]" % (opening, source, whole)
        try:
            sealed = encrypt_in_memory(plain, record_id, 1, ENTRY_OBJECT, secret, nonce)
        except InvalidInputError as error:
            made.refusals.append(_refusal(place, error))
            continue
        if record_type.searchable:
            content = content_at(place)
            for name in record_type.searchable:
                if name in content:
                    term = search_term(shared.search_key, header.type_id, name, content[name])
                    made.terms.append((term[:TERM_SIZE], len(made.entries)))
        made.places.append(place)
        made.source_ids.append(source_id)
        made.record_ids.append(record_id)
        made.entries.append(entry_head + local_id + commitment)
        made.secrets.append(secret)
        made.objects.append(entry_header(record_id, 1, ENTRY_OBJECT, len(sealed)) + sealed)
        made.lengths.append(len(sealed))
    return made


def _texts(record_type: RecordType, content: Mapping[str, JsonValue]) -> RowText:
    """The texts of one content, checked. Raises `InvalidInputError`."""
    texts = FieldTexts(content)
    record_type.check(content)
    return texts.fields(), texts.canonical().encode()


def _refusal(place: int, error: InvalidInputError) -> Refusal:
    if isinstance(error, InvalidContentError):
        first = error.violations[0].pointer.lstrip("/") or None
        return Refusal(place, first, "; ".join(str(each) for each in error.violations))
    return Refusal(place, None, error.what)
