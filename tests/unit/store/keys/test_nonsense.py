# SPDX-License-Identifier: Apache-2.0
"""Nonsense of any kind in any column of the key store is named and crashes nothing."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from muniment.errors import MunimentError
from muniment.store.keys import KeyPurpose, tables
from tests.unit.store.keys.places import OTHER, RECORD, Place, secret
from tests.unit.store.keys.test_tampering import COLUMNS

NONSENSE = ["a text", b"", b"\xff" * 40, -1, 1 << 62, 0]


@pytest.mark.parametrize("value", NONSENSE, ids=lambda value: repr(value)[:12])
@pytest.mark.parametrize(("table_name", "column"), COLUMNS)
def test_nonsense_in_a_column__is_a_finding_and_no_crash(
    tmp_path: Path, table_name: str, column: str, value: Any
) -> None:
    """SQLite takes any value in any column; PostgreSQL refuses most of these itself."""
    place = Place(f"sqlite:///{tmp_path}/keys.db", tmp_path)
    with place.create() as store:
        store.put_secrets({(RECORD, 1): secret(1)})
        store.erase(OTHER, [1])
        store.put_journal_secrets(1, 0, [secret(4), secret(5)])
        store.erase_journal_secret(1, 0)
        store.put_journal_secrets(1, 2, [secret(4)])
        try:
            place.execute(
                f"UPDATE {table_name} SET {column} = :value WHERE rowid = "
                f"(SELECT min(rowid) FROM {table_name} WHERE {column} IS NOT :value)",
                value=value,
            )
        except sa.exc.IntegrityError:
            # The database itself refuses it.
            return
        if tables.state.name == table_name and column == "id" and not isinstance(value, int):
            return
        found = [finding for finding in store.check() if finding.table == table_name]
        if value == 0 and column == "retired_at":
            return
        assert found
        for act in (
            lambda: store.secret(RECORD, 1),
            lambda: store.put_secrets({(OTHER, 2): secret(2)}),
            lambda: store.public_keys(),
            lambda: store.agency_key(KeyPurpose.CHECKPOINTS),
            lambda: store.journal_secret(1, 1),
            lambda: store.put_journal_secrets(1, 2, [secret(6)]),
            lambda: store.erase_journal_secret(1, 0),
            lambda: list(store.rewrap()),
        ):
            with contextlib.suppress(MunimentError):
                act()
