# SPDX-License-Identifier: Apache-2.0
"""The tables of dispositions and backups, of the agency's own: see `store/tables.py`."""

from __future__ import annotations

import sqlalchemy as sa

from muniment.store.columns import bytes_column as _bytes
from muniment.store.columns import metadata
from muniment.store.columns import number_column as _number
from muniment.store.columns import text_column as _text

mandates = sa.Table(
    "mandates",
    metadata,
    _bytes("commitment", key=True),  # as it stands on chain
    _text("words"),
    _bytes("salt"),  # opens the commitment
    _bytes("row_digest"),
)
"""Mandates under which dispositions were proposed here. Nothing is lost with a row: who knows the
words can give them again, and the key store makes the same salt."""

destructions = sa.Table(
    "destructions",
    metadata,
    _bytes("record_id", key=True),
    _number("version", key=True),
    _number("epoch"),  # the wrapping epoch that its secret was under
    _bytes("row_digest"),
)
"""What secrets were wrapped under when they were destroyed, written before they are: the key store
itself remembers that, and when. A certificate without the row says that the epoch is not known."""

destroyed_up_to = sa.Table(
    "destroyed_up_to",
    metadata,
    _number("only", key=True),  # always 1: the table has one row
    _number("block_number"),
    _number("log_index"),
    _bytes("row_digest"),
)
"""Up to which of the mirror's events everything that was disposed of is destroyed here. Without the
row all of them are looked at again."""

backups = sa.Table(
    "backups",
    metadata,
    _number("backup_id", key=True),
    _text("kind"),  # database, keys or vault
    _text("place"),
    _number("made_ms"),
    _number("dies_ms"),  # when it is deleted at the latest; who made it has said so
    _text("epochs"),  # of a key store's: the wrapping epochs of its rows, a JSON list
    _bytes("row_digest"),
)
"""Backups that were made with `muniment backup`, for certificates to say when the last one dies."""
