# SPDX-License-Identifier: Apache-2.0
"""The key store's tests again, on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.store.keys import places
from tests.unit.store.keys.test_key_store import *  # noqa: F403
from tests.unit.store.keys.test_tampering import *  # noqa: F403


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> places.Place:
    return places.Place(database_url, tmp_path)
