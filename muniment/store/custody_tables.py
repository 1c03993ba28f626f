# SPDX-License-Identifier: Apache-2.0
"""The tables of hand-overs, of the agency's own: see `store/tables.py`."""

from __future__ import annotations

import sqlalchemy as sa

from muniment.store.columns import bytes_column as _bytes
from muniment.store.columns import metadata
from muniment.store.columns import number_column as _number
from muniment.store.columns import text_column as _text

handovers = sa.Table(
    "handovers",
    metadata,
    _bytes("handover_id", key=True),  # random; the subject of its envelope
    _bytes("digest"),  # of the custody package (`envelopes`)
    _number("from_agency"),
    _number("to_agency"),
    _number("block_number"),  # offers of one that was given stand above it, of one that came not
    _number("expires_at"),  # the last second of its last offer
    _number("made_ms"),
    _bytes("row_digest"),
    sa.Index(None, "digest"),
)
"""Hand-overs of custody with its content, that this agency gave or took."""

handover_records = sa.Table(
    "handover_records",
    metadata,
    _bytes("handover_id", key=True),
    _bytes("record_id", key=True),
    _number("version"),  # the latest one that was handed over
    _text("state"),  # see store/handovers.py
    _number("submission_id", null=True),  # the latest offer or acceptance of it
    _text("reason"),  # why it came to nothing; empty where it did not
    _bytes("share_id", null=True),  # that the former custodian keeps its copy under
    _bytes("statement", null=True),  # the envelope in which it said what became of its copy
    _number("changed_ms"),
    _bytes("row_digest"),
    sa.Index(None, "record_id"),
    sa.Index(None, "state"),
)
"""The records of hand-overs, and how far each is."""
