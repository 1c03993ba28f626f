# SPDX-License-Identifier: Apache-2.0
"""How a pass begins: with the state that the last one left, if the source is what it was then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from muniment.errors import InvalidInputError
from muniment.registry.session import Session
from muniment.registry.syncing.outcome import SyncOptions, SyncPass
from muniment.registry.syncing.shape import change_of
from muniment.store import syncs
from muniment.store.syncs import SyncState


def begun(
    session: Session, done: SyncPass, shape: Mapping[str, Any], options: SyncOptions
) -> SyncState:
    """Return the state that a pass over a source of this shape goes on from, and note in `done`
    what is other than before.

    Raises `InvalidInputError` for what somebody has to accept, unless it is, or nothing is kept.
    """
    with session.database.read() as connection:
        state = syncs.state_of(connection, done.name)
    text = json.dumps(shape)
    if state is None:
        if options.dry_run:
            return SyncState(0, done.name, text)
        with session.database.write() as connection:
            return syncs.begin(connection, done.name, text)
    change = change_of(state.shape, shape)
    if change.refused and not (options.accept_changes or options.dry_run):
        raise InvalidInputError(
            f"sync {done.name!r}",
            "the source and mapping of the last pass",
            f"of {'; '.join(change.refused)}",
            remedy="--dry-run counts what that would amend; then --accept-changes, or another "
            "name in [sync] for another source",
        )
    done.notices += [*change.refused, *change.noticed]
    state = replace(state, shape=text, compared_ms=None if change.compare else state.compared_ms)
    if not options.dry_run:
        with session.database.write() as connection:
            syncs.write_state(connection, state)
    return state
