# SPDX-License-Identifier: Apache-2.0
"""Versions that wait for a signature: one secret has one content, whoever comes first.

Who registers or amends uses the secret that is there for a version. So other content than what
waits is refused, or takes its place where the same officer prepares it; and what nobody signed
goes with its secret. In that secret's place there is a fresh one, which nothing was encrypted with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy.engine import Connection as DatabaseConnection

from muniment.record.commitment import new_secret
from muniment.record.identifiers import RecordId
from muniment.registry.prepared.errors import PreparedElsewhereError
from muniment.registry.prepared.preparing import PreparingSession
from muniment.registry.session import Session
from muniment.store import journal_rows, outbox, prepared
from muniment.store.outbox_rows import SubmissionState
from muniment.store.prepared import PreparedRow, PreparedState, PreparedVersion
from muniment.store.versions import VersionRow, order_registrations, version_row

Place = tuple[RecordId, int]


def make_way(
    session: Session,
    places: Sequence[Place],
    is_same: Callable[[int, VersionRow], bool],
) -> None:
    """See to it that no other content waits with the secrets of these versions.

    `is_same` tells, by the place among `places`, whether what is to come is the content of a row.
    Raises `PreparedElsewhereError`.
    """
    with session.database.read() as connection:
        waiting = prepared.versions_at(connection, [record_id for record_id, _ in places])
        if not waiting:
            return
        states = {
            each.prepared_id: prepared.of_id(connection, each.prepared_id)
            for many in waiting.values()
            for each in many
        }
    now = int(time.time() * 1000)
    for place, wanted in enumerate(places):
        for each in waiting.get(wanted, []):
            row = states[each.prepared_id]
            if row is None:
                continue
            if row.state is not PreparedState.UNSIGNED or row.expires_ms <= now:
                close(session, row, PreparedState.EXPIRED)
                destroy(session, row)
            elif not is_same(place, each.row):
                if not _is_own(session, each):
                    raise PreparedElsewhereError(*wanted, row.account)
                close(session, row, PreparedState.DISCARDED)
                destroy(session, row)


def close(session: Session, row: PreparedRow, state: PreparedState) -> bool:
    """Let an act not be signed any more; return False where it was signed at this moment."""
    why = {
        PreparedState.EXPIRED: "its officer did not sign it in time",
        PreparedState.DISCARDED: "it was discarded before its officer signed it",
    }[state]
    with session.database.write() as connection:
        order_registrations(connection)
        now = prepared.of_id(connection, row.prepared_id)
        if now is None or now.state is PreparedState.SIGNED:
            return False
        if now.state is PreparedState.UNSIGNED:
            prepared.update(connection, replace(now, state=state))
            ids = prepared.submission_ids(connection, row.prepared_id)
            rows = outbox.submissions_of(connection, ids)
            outbox.update_submissions(
                connection,
                [
                    replace(each, state=SubmissionState.REFUSED, refusal=f"{why}; prepare it anew")
                    for each in rows.values()
                ],
            )
    return True


def destroy(session: Session, row: PreparedRow) -> None:
    """Destroy the secrets of what a closed act would have brought, but for those that something
    else needs: a version that was acknowledged since, or another act with the same content."""
    with session.database.write() as connection:
        order_registrations(connection)
        versions = prepared.versions_of_act(connection, row.prepared_id)
        gone = [
            (each.row.record_id, each.row.version)
            for each in versions
            if not _is_needed(connection, row.prepared_id, each.row)
        ]
        if gone:
            session.keys.destruction.destroy(gone)
            session.keys.destruction.readmit({place: new_secret() for place in gone})
        prepared.drop_versions(connection, [row.prepared_id])


def is_taken(connection: DatabaseConnection, row: VersionRow) -> bool:
    """Whether a version was acknowledged in another way, by a journal perhaps."""
    return version_row(connection, row.record_id, row.version) is not None or (
        row.version == 1 and journal_rows.entry_of(connection, row.record_id) is not None
    )


def _is_needed(connection: DatabaseConnection, prepared_id: bytes, row: VersionRow) -> bool:
    others = prepared.versions_at(connection, [row.record_id]).get((row.record_id, row.version), [])
    return is_taken(connection, row) or any(each.prepared_id != prepared_id for each in others)


def _is_own(session: Session, waiting: PreparedVersion) -> bool:
    return isinstance(session, PreparingSession) and session.officer == waiting.account
