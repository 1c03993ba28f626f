# SPDX-License-Identifier: Apache-2.0
"""The tables of journals, of the agency's own: see `store/tables.py`."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from muniment.store.columns import bytes_column as _bytes
from muniment.store.columns import metadata
from muniment.store.columns import number_column as _number
from muniment.store.columns import text_column as _text

GROUP: Final = 32_768
"""How many entries apart groups of batches begin. A batch of some thousand entries writes all pages
of its group anew, so a group is some of them; three million entries are a hundred groups."""


def group_of(first_index: int) -> int:
    """Return where the group of the batch begins whose first entry this is."""
    return first_index - first_index % GROUP


journal_batches = sa.Table(
    "journal_batches",
    metadata,
    _number("journal", key=True),
    _number("first_index", key=True),
    _number("count"),
    _text("pack"),
    _number("agency_id"),
    _number("type_id"),
    _number("type_version"),
    _number("algorithm"),
    _bytes("schema_digest"),
    _text("source_system"),
    _number("created_ms"),
    _bytes("row_digest"),
)
"""Entries that were appended together: what they share. A row is the commit point of them."""

journal_entries = sa.Table(
    "journal_entries",
    metadata,
    _number("journal", key=True),
    _number("entry_index", key=True),
    _bytes("entry"),  # 78 bytes, as the tree has it
    _text("source_id", null=True),  # null, like the next two, once the record is erased
    _number("offset", null=True),  # of its encrypted object in the batch's pack
    _number("length", null=True),
    # Appended in the order of the key: one tree to write, not rows and an index of them.
    sqlite_with_rowid=False,
)
"""A journal's entries. They carry no digest: the tree, the local id, which derives from the source
id, and the pack's own headers tell what every column must be."""

journal_ids = sa.Table(
    "journal_ids",
    metadata,
    _number("journal", key=True),
    _number("group_start", key=True),  # of its batch: see `group_of`
    _bytes("record_id", key=True),
    _number("entry_index"),
    sqlite_with_rowid=False,
)
"""Entries by record id. Ids are random, so one index of all of them would be written all over with
each batch; sorted group by group it is written at its end only, and looking one up asks each
group."""

journal_terms = sa.Table(
    "journal_terms",
    metadata,
    _number("journal", key=True),
    _number("group_start", key=True),
    _bytes("term", key=True),  # its first 16 bytes
    _number("entry_index", key=True),
    sqlite_with_rowid=False,
)
"""Search terms of entries (`search_terms` has those of other versions), sorted likewise."""

pending_reads = sa.Table(
    "pending_reads",
    metadata,
    _text("read_id", key=True),  # 32 random hexadecimal digits
    _text("statement"),  # canonical JSON, the content of the entry to be
    _number("read_ms"),
    _bytes("row_digest"),
)
"""Reads that are not in the reads journal yet: it grows at a fixed pace."""

imports = sa.Table(
    "imports",
    metadata,
    _bytes("import_key", key=True),  # of the source's content, its mapping, its type, the journal
    _number("journal"),
    _number("rows"),  # how many rows, from the first, have been seen to
    _text("reported"),  # the numbers of those among them that were reported, a JSON list
    _bytes("row_digest"),
)
"""How far imports came, so that the same command goes on there. Nothing is lost with a row: the
records themselves tell that they are there, only more slowly."""
