# SPDX-License-Identifier: Apache-2.0
"""The tables of what goes between agencies, of the agency's own: see `store/tables.py`."""

from __future__ import annotations

import sqlalchemy as sa

from muniment.store.columns import bytes_column as _bytes
from muniment.store.columns import metadata
from muniment.store.columns import number_column as _number
from muniment.store.columns import text_column as _text

envelopes = sa.Table(
    "envelopes",
    metadata,
    _bytes("digest", key=True),  # of the signed statement: what a receipt acknowledges
    _text("direction"),  # sent or received
    _text("kind"),  # see exchange/envelope_header.py
    _number("agency_id"),  # the other agency
    _bytes("subject"),  # the share, record or hand-over that it is about
    _number("epoch"),  # of this agency's key for encryption that `wrapped` is for
    _bytes("wrapped"),  # the file key, for this agency's own reading; empty where none is kept
    sa.Column("is_kept", sa.Boolean, nullable=False),  # the vault has the file
    _number("made_at"),
    _number("kept_ms"),
    _number("rewrapped_ms", null=True),
    _text("state"),  # kept, and what became of it where its kind has more to say
    _bytes("row_digest"),
    sa.Index(None, "kind", "direction"),
    sa.Index(None, "subject"),
)
"""Envelopes that this agency sent or took in. What they say is in the vault, encrypted."""

enveloped_records = sa.Table(
    "enveloped_records",
    metadata,
    _bytes("digest", key=True),
    _bytes("record_id", key=True),
    _number("version", key=True),  # 0: the record, and no version of it
    _number("part"),  # the number of the part that has it, and where its frame begins in the file
    _number("offset"),
    _bytes("row_digest"),
    sa.Index(None, "record_id"),
)
"""Which records are in which envelope: who got what, and where it is found again."""

attempts = sa.Table(
    "attempts",
    metadata,
    _number("attempt_id", key=True),
    _number("at_ms"),
    _text("what"),  # deliver, receive, disclose …
    _number("agency_id", null=True),  # the other agency
    _bytes("record_id", null=True),
    _bytes("share_id", null=True),
    _text("reason"),
    _bytes("row_digest"),
    sa.Index(None, "record_id"),
)
"""What was refused here, for the history: no content, and nobody's word but this agency's."""
