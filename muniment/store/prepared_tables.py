# SPDX-License-Identifier: Apache-2.0
"""The tables of acts that wait for their officer's signature, of the agency's own: see
`store/tables.py`."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from muniment.store.columns import bytes_column as _bytes
from muniment.store.columns import metadata
from muniment.store.columns import number_column as _number
from muniment.store.columns import text_column as _text

prepared_acts = sa.Table(
    "prepared_acts",
    metadata,
    _bytes("prepared_id", key=True),
    _text("kind"),
    _text("account"),  # whose signature it waits for
    _text("prepared_by"),  # the caller of the gateway who had it prepared; empty for none
    _text("to"),
    _text("function"),
    _bytes("data"),
    _number("gas"),  # 0 until a node has said how much it takes
    _text("state"),  # see store/prepared.py
    _number("created_ms"),
    _number("expires_ms"),
    _bytes("row_digest"),
    sa.Index(None, "account", "state"),
    sa.Index(None, "state", "expires_ms"),
)
"""One call to be signed elsewhere. It is what must come back signed, byte for byte."""

prepared_submissions = sa.Table(
    "prepared_submissions",
    metadata,
    _bytes("prepared_id", key=True),
    _number("submission_id", key=True),
    _bytes("row_digest"),
    sa.Index(None, "submission_id"),
)
"""Which submissions a prepared act carries."""

prepared_versions = sa.Table(
    "prepared_versions",
    metadata,
    _bytes("prepared_id", key=True),
    _bytes("record_id", key=True),
    _number("version", key=True),
    _text("sheet"),  # the row of `versions` that it is to be (store/versions.py)
    _text("packed"),  # where its encrypted objects lie: JSON, [index, pack, offset, length] each
    _text("terms"),  # its search terms by field: JSON, hexadecimal
    _bytes("row_digest"),
    sa.Index(None, "record_id", "version"),
)
"""Versions that nothing else here knows of before they are signed: content, encrypted, is in the
vault, and these rows go with the act when nobody signs it."""

PREPARED: Final = (prepared_acts, prepared_submissions, prepared_versions)
