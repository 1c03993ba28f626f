# SPDX-License-Identifier: Apache-2.0
"""The table of calls between gateways, of the agency's own: see `store/tables.py`."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from muniment.store.columns import metadata
from muniment.store.columns import number_column as _number
from muniment.store.columns import text_column as _text

seen_nonces = sa.Table(
    "seen_nonces",
    metadata,
    _number("agency_id", key=True),
    _text("nonce", key=True),
    _number("expires_ms"),
    sa.Index(None, "expires_ms"),
)
"""Calls of other agencies that came already. Losing a row does no harm after ten minutes, so none
carries a digest."""

PEERS: Final = (seen_nonces,)
