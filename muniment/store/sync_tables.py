# SPDX-License-Identifier: Apache-2.0
"""The tables of live sync, of the agency's own: see `store/tables.py`."""

from __future__ import annotations

import sqlalchemy as sa

from muniment.store.columns import bytes_column as _bytes
from muniment.store.columns import metadata
from muniment.store.columns import number_column as _number
from muniment.store.columns import text_column as _text

syncs = sa.Table(
    "syncs",
    metadata,
    _number("sync_id", key=True),
    _text("name"),
    _text("shape"),  # what is followed, and how its rows become content: JSON
    _text("watermark", null=True),  # up to where rows were seen to: JSON; null without one
    _number("compared_ms", null=True),  # when the last full comparison came to its end
    _number("passed_ms", null=True),  # when the last pass did
    _number("next_number"),  # of `synced_rows`
    _bytes("row_digest"),
    sa.UniqueConstraint("name"),
)
"""Tables and queries of other databases that are followed, and how far."""

synced_rows = sa.Table(
    "synced_rows",
    metadata,
    _bytes("record_id", key=True),
    _number("sync_id", key=True),
    _number("number"),  # counts up in a sync: a pass notes by it which rows it saw, a bit for each
    _bytes("mark"),  # keyed hash of the content that was taken over; empty while that is not known
    _number("vanished_ms", null=True),  # when a comparison missed the row; null while it is there
    _text("decision", null=True),  # what was decided of a record whose row vanished
    _bytes("row_digest"),
    sqlite_with_rowid=False,
)
"""The rows of a source that have records, without a value of theirs; they go with the record's
secrets. What is lost with one: it is taken for a row that is seen for the first time."""
