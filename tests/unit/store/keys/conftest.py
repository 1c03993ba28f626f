# SPDX-License-Identifier: Apache-2.0
"""A key store on the database that `database_url` names: SQLite here, PostgreSQL elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.store.keys import places


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/keys.db"


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> places.Place:
    return places.Place(database_url, tmp_path)
