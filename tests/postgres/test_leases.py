# SPDX-License-Identifier: Apache-2.0
"""Leases on PostgreSQL, whose rows are locked one by one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from muniment.store.database import Database
from muniment.store.leases import Lease, LeaseLostError
from muniment.store.tables import leases


def test_renewed_while_somebody_reads__is_still_held(database_url: str) -> None:
    """The reader's moment is before the renewal, and he wants to know whether he may go on."""
    with Database.open(database_url) as database:
        lease = Lease.acquire(database, "seal 1")
        assert lease is not None
        with database.read() as connection:
            connection.execute(sa.select(leases)).all()
            lease.renew()
            lease.require(connection)
        lease.release()
        with database.read() as connection, pytest.raises(LeaseLostError):
            Lease(database, "seal 1", "another", 1).require(connection)
