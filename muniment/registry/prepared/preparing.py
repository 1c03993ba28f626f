# SPDX-License-Identifier: Apache-2.0
"""A session in which acts are prepared for an officer instead of being put into the outbox.

All that acts do before they are acknowledged they do here too: checks, content, envelopes. What is
different is one thing: their submissions wait for a signature that is made elsewhere.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from sqlalchemy.engine import Connection as DatabaseConnection

from muniment.chain.connection import Address
from muniment.chain.nodes import Nodes
from muniment.pipeline.batching import Load, loads
from muniment.registry.record_types import RecordTypes
from muniment.registry.session import Session
from muniment.store import outbox, prepared
from muniment.store.database import Database
from muniment.store.keys import KeyStore
from muniment.store.outbox_rows import MAX_BATCH_LIMIT, Act, SubmissionRow, SubmissionState
from muniment.store.prepared import PreparedRow, PreparedState
from muniment.store.vault import Vault
from muniment.store.versions import NewVersion


class PreparingSession(Session):
    """The parts of an agency's registry, as an officer uses them whose key is elsewhere.

    `prepared_ids` are the acts that were prepared, in order.
    """

    def __init__(
        self, parent: Session, account: Address, expires_ms: int, prepared_by: str = ""
    ) -> None:
        """Prepare for `account`, on the parts of `parent`, which stay open; the acts can be signed
        until `expires_ms` (Unix milliseconds). `prepared_by` is the caller who asks for it."""
        # An officer's acts go by no OPERATOR key, registrations among them.
        keys = replace(parent.profile.keys, officer=None, operators=())
        super().__init__(replace(parent.profile, keys=keys))
        self._parent = parent
        self._account = account
        self._expires_ms = expires_ms
        self._prepared_by = prepared_by
        self.prepared_ids: list[bytes] = []

    @property
    def officer(self) -> Address:
        """The officer who is to sign."""
        return self._account

    @cached_property
    def database(self) -> Database:
        """The database."""
        return self._parent.database

    @cached_property
    def keys(self) -> KeyStore:
        """The key store, unlocked."""
        return self._parent.keys

    @cached_property
    def vault(self) -> Vault:
        """The vault."""
        return self._parent.vault

    @cached_property
    def nodes(self) -> Nodes:
        """The chain's nodes."""
        return self._parent.nodes

    def types_of(self, agency_id: int) -> RecordTypes:
        """Return the record types of an agency that are known here."""
        return self._parent.types_of(agency_id)

    def acknowledge(
        self, connection: DatabaseConnection, acts: Sequence[Act], new: Sequence[NewVersion] = ()
    ) -> list[int]:
        """Prepare acts, with the versions that they bring, and return their submissions' ids.

        What is prepared already, just so and for the same officer, is not prepared again.
        """
        now = int(time.time() * 1000)
        brought: dict[tuple[bytes | None, int | None], NewVersion] = {
            (each.row.record_id, each.row.version): each for each in new
        }
        numbers: dict[int, int] = {}
        rows = [_numbered(place, act, now) for place, act in enumerate(acts)]
        for load in loads(rows, self.profile.batch):
            places = [row.submission_id for row in load.carried]
            ids = self._known(connection, load, now)
            if ids is None:
                ids = outbox.acknowledge(
                    connection, [acts[place] for place in places], now, prepared=True
                )
                row = self._row(load, now)
                named = [(acts[place].record_id, acts[place].version) for place in places]
                versions = [brought[each] for each in named if each in brought]
                prepared.add(connection, row, ids, versions)
                self.prepared_ids.append(row.prepared_id)
            numbers |= dict(zip(places, ids, strict=True))
        return [numbers[place] for place in range(len(acts))]

    def _known(self, connection: DatabaseConnection, load: Load, now_ms: int) -> list[int] | None:
        to, data = str(load.call.to), load.call.data
        row = prepared.just_so(connection, self._account, to, data, now_ms)
        if row is None:
            return None
        ids = prepared.submission_ids(connection, row.prepared_id)
        if len(ids) != len(load.carried):
            return None
        self.prepared_ids.append(row.prepared_id)
        return ids

    def _row(self, load: Load, now_ms: int) -> PreparedRow:
        return PreparedRow(
            prepared_id=secrets.token_bytes(32),
            kind=load.carried[0].kind,
            account=self._account,
            prepared_by=self._prepared_by,
            to=str(load.call.to),
            function=load.call.function,
            data=load.call.data,
            gas=0,
            state=PreparedState.UNSIGNED,
            created_ms=now_ms,
            expires_ms=self._expires_ms,
        )


def _numbered(place: int, act: Act, now_ms: int) -> SubmissionRow:
    """An act as a row that is grouped with others, by its place among them."""
    return SubmissionRow(
        submission_id=place,
        kind=act.kind,
        record_id=act.record_id,
        version=act.version,
        account=act.account,
        to=str(act.call.to),
        function=act.call.function,
        data=act.call.data,
        state=SubmissionState.PREPARED,
        batch_limit=MAX_BATCH_LIMIT,
        attempts=0,
        found=False,
        refusal=None,
        created_ms=now_ms,
        prepared=True,
    )
