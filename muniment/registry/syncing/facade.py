# SPDX-License-Identifier: Apache-2.0
"""`Registry.syncing`: sources that are followed, and what vanished from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from muniment.errors import InvalidInputError
from muniment.intake.mapping import FieldMapping
from muniment.intake.sync_rules import SyncRules
from muniment.record.identifiers import RecordId
from muniment.registry.session import Session
from muniment.registry.submission import Stage, Submission
from muniment.registry.syncing import vanished
from muniment.registry.syncing.outcome import SyncOptions, SyncPass
from muniment.registry.syncing.passes import sync_source
from muniment.registry.syncing.vanished import Decision, VanishedRow
from muniment.store import syncs
from muniment.store.syncs import SyncState

_PLAIN: Final = SyncOptions()


class Syncing:
    """Follows tables and queries of other databases."""

    def __init__(self, session: Session) -> None:
        """Take a session; `Registry.syncing` makes one."""
        self._session = session

    def run(
        self,
        url: str,
        mapping: Path,
        *,
        type_name: str | None = None,
        options: SyncOptions = _PLAIN,
    ) -> SyncPass:
        """Make one pass over the source at a database's URL, by a mapping with a table `[sync]`.

        What `options` do not name a journal for is registered directly. See `passes.sync_source`.
        """
        fields = FieldMapping.load(mapping)
        rules = SyncRules.load(mapping, fields)
        type_name = type_name or fields.record_type
        if type_name is None:
            raise InvalidInputError("TYPE", "a record type, here or in the mapping", "missing")
        record_type = self._session.record_types.latest(type_name)
        return sync_source(self._session, record_type, url, fields, rules, options)

    def states(self) -> list[SyncState]:
        """Return all that is followed, and how far."""
        with self._session.database.read() as connection:
            return syncs.states(connection)

    def count(self, state: SyncState) -> int:
        """Return how many rows of a source have records."""
        with self._session.database.read() as connection:
            return syncs.count_rows(connection, state.sync_id)

    def vanished(self, name: str | None = None, *, decided: bool = False) -> list[VanishedRow]:
        """Return the records whose rows vanished. See `vanished.list_vanished`."""
        return vanished.list_vanished(self._session, name, decided=decided)

    def keep(self, record_ids: Sequence[RecordId]) -> None:
        """Decide that records stay though their rows vanished."""
        rows = vanished.require_vanished(self._session, record_ids)
        vanished.note_decision(self._session, rows, Decision.KEEP)

    def decide(
        self,
        record_ids: Sequence[RecordId],
        decision: Decision,
        act: Callable[[RecordId], Submission | None],
    ) -> list[Submission]:
        """Do an act on records whose rows vanished, and write the decision down with each for which
        there was a submission.

        A second call does none of them again that was decided so.
        """
        rows = vanished.require_vanished(self._session, record_ids)
        done = []
        for row in rows:
            submission = None if row.decision == decision else act(row.record_id)
            if submission is not None:
                vanished.note_decision(self._session, [row], decision)
                done.append(submission)
        return done

    def reopen(self, submissions: Sequence[Submission]) -> None:
        """Take the decision back for those records whose act the registry refused."""
        refused = [each.record_id for each in submissions if each.stage is Stage.REFUSED]
        ids = [RecordId(each) for each in refused if each is not None]
        rows = vanished.require_vanished(self._session, ids)
        vanished.note_decision(self._session, rows, None)
