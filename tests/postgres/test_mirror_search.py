# SPDX-License-Identifier: Apache-2.0
"""Searches of the mirror again, on PostgreSQL, whose rows come in one piece."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from muniment.errors import StoreError
from muniment.store.database import Database
from muniment.store.mirror_search import search
from muniment.store.tables import records
from tests.unit.store.test_mirror_search import *  # noqa: F403
from tests.unit.store.test_mirror_search import EVERYTHING, add


@pytest.mark.parametrize("sizes", [(31, 33), (32, 31), (33, 32)])
def test_bytes_of_another_size__are_never_cut(database: Database, sizes: tuple[int, int]) -> None:
    add(database, b"r" * 32, status=1)
    changed = {"commitment": b"c" * sizes[0], "trace_head": b"h" * sizes[1]}
    with database.write() as connection:
        connection.execute(sa.update(records).values(**changed))
    with database.read() as connection, pytest.raises(StoreError, match="another size"):
        search(connection, EVERYTHING, 1)
