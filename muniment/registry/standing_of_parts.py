# SPDX-License-Identifier: Apache-2.0
"""How the parts stand: what `muniment status` shows."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from muniment.registry.session import Session
from muniment.registry.standing_of_chain import ChainStanding
from muniment.store import mirror, outbox
from muniment.store.leases import holder_of
from muniment.store.tables import leases


def parts(session: Session, chain: ChainStanding) -> dict[str, Any]:
    """Return nodes (their heads, or "away"), mirror, outbox by state, and the leases' holders."""
    nodes: dict[str, Any] = {
        each.url: "away" if each.head is None else each.head.number for each in chain.nodes
    }
    with session.database.read() as connection:
        top = mirror.top_block(connection)
        final, counted = mirror.heights(connection)
        waiting = outbox.count_by_state(connection)
        names = list(connection.execute(sa.select(leases.c.name).order_by(leases.c.name)).scalars())
    heads = [head for head in nodes.values() if isinstance(head, int)]
    indexed = -1 if top is None else top.number
    return {
        "agency": session.profile.agency.id,
        "database": session.database.shown,
        "nodes": nodes,
        "mirror": {
            "block": indexed,
            "final": final,
            "counted": counted,
            "behind": max(heads) - indexed if heads else None,
        },
        "outbox": waiting,
        "leases": {name: holder for name in names if (holder := holder_of(session.database, name))},
    }
