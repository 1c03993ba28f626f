# SPDX-License-Identifier: Apache-2.0
"""The table of webhooks, of the agency's own: see `store/tables.py`."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from muniment.store.columns import bytes_column as _bytes
from muniment.store.columns import metadata
from muniment.store.columns import number_column as _number
from muniment.store.columns import text_column as _text

webhooks = sa.Table(
    "webhooks",
    metadata,
    _text("webhook_id", key=True),
    _text("url"),
    _text("types"),  # which events, with a blank between them; empty: all
    _text("state"),  # active, or stopped: its receiver answered 410
    _number("block_number"),  # the last event that its receiver has taken: its block and log;
    _number("log_index"),  # -1 for a whole block
    _number("failures"),  # in a row
    _number("next_ms"),  # not before this is it tried again
    _text("fault"),  # the last one; empty where the last attempt went through
    _number("delivered"),
    _number("created_ms"),
    _bytes("row_digest"),
)
"""Who is told of events, and how far each has been told."""

EVENTS_OUT: Final = (webhooks,)
