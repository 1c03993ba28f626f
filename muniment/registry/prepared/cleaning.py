# SPDX-License-Identifier: Apache-2.0
"""What nobody signed in time: closed, and after a while its content destroyed.

Done by whoever brings the mirror up to date. What was signed may have got onto the chain without
coming by here; then its content is what stands there, and it is kept.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from muniment.chain.connection import Connection
from muniment.chain.finality import final_number
from muniment.record.identifiers import RecordId
from muniment.registry.prepared.versions import close, destroy, is_taken
from muniment.registry.session import Session
from muniment.store import outbox, prepared
from muniment.store.outbox_rows import SubmissionState
from muniment.store.prepared import PreparedRow, PreparedState
from muniment.store.versions import NewVersion, add_versions, order_registrations

GRACE_MS: Final = 3_600_000
"""How long after its end an act's content is left: whoever registers the same content at that
moment uses its secret."""
_KEPT_MS: Final = 30 * 86_400_000
_MANY: Final = 100


def clean(session: Session, now_ms: int | None = None) -> int:
    """Close what was not signed in time, and destroy its content; return how many acts were closed.

    Where nothing waits it costs one look into the database. Raises `UnreachableError`, and what the
    key store raises.
    """
    now = int(time.time() * 1000) if now_ms is None else now_ms
    closed = 0
    with session.database.read() as connection:
        rows = prepared.expired(connection, now, _MANY)
    for row in rows:
        if row.state is PreparedState.UNSIGNED:
            closed += close(session, row, PreparedState.EXPIRED)
        if row.expires_ms + GRACE_MS <= now and not _keep_if_there(session, row):
            destroy(session, row)
    if rows:
        with session.database.write() as connection:
            prepared.drop_old(connection, now - _KEPT_MS)
    return closed


def _keep_if_there(session: Session, row: PreparedRow) -> bool:
    """Take in the versions of an act that stands on chain all the same; return whether it does."""
    with session.database.read() as connection:
        new = prepared.versions_of_act(connection, row.prepared_id)
        taken = [is_taken(connection, each.row) for each in new]
    if not new or any(taken) or not all(_stands(session, each) for each in new):
        return False
    with session.database.write() as connection:
        order_registrations(connection)
        add_versions(connection, new)
        prepared.drop_versions(connection, [row.prepared_id])
        ids = prepared.submission_ids(connection, row.prepared_id)
        found = outbox.submissions_of(connection, ids).values()
        outbox.update_submissions(
            connection,
            [
                replace(each, found=True, state=SubmissionState.FINAL, refusal=None)
                for each in found
            ],
        )
    return True


def _stands(session: Session, new: NewVersion) -> bool:
    """Whether the commitment of a version is what the chain has of the record, for good."""

    def read(node: Connection) -> bytes:
        final = final_number(node, node.block(), session.profile.chain.finality_depth)
        if final < 0:
            return b""
        block = node.block(final)
        records = session.registries(node, block).records
        return records.record(RecordId(new.row.record_id), block=block).commitment

    return session.nodes.read(read) == new.row.commitment
