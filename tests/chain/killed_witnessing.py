# SPDX-License-Identifier: Apache-2.0
"""A witness's process that is killed at the nth place where it can matter.

Such a place lies before and after each commit of its store, before and after each file that is put
in its place, and after the copy of a journal was synced: nothing lasts that happens in between.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from muniment.operations.witness import Witness
from muniment.operations.witness.sightings import WatchedNode
from muniment.store import durable_files
from muniment.store.signed_statements import Statements
from tests.chain.killed_at import Places
from tests.sealed_headers import SealedChain, SealedConnection, SealedSet

FOUR = SealedSet.of("first four")
NODE = "http://node.example"


def chain_of(branch: str, height: int) -> SealedChain:
    """A chain whose blocks up to 6 are the same on all branches."""
    return SealedChain(FOUR).grow(7).grow(height - 6, branch)


def watched(places: Places) -> None:
    """Have every commit and every file counted."""
    writing = Statements._writing

    @contextmanager
    def counted_writing(self: Statements) -> Iterator[sqlite3.Connection]:
        places.passed()
        with writing(self) as connection:
            yield connection
            places.passed()
        places.passed()

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            found = real(*arguments, **named)
            places.passed()
            return found

        return call

    Statements._writing = counted_writing  # type: ignore[assignment,method-assign]
    # A file beside its name is there; then it has its name.
    durable_files._write_beside = counted(durable_files._write_beside)
    durable_files.sync_folder = counted(durable_files.sync_folder)
    os.sync = counted(os.sync)


def work(folder: Path, place: int, branch: str, height: int) -> None:
    """One round of the witness, killed at a place; with one beyond all of them it ends."""
    places = Places(place)
    watched(places)
    with Witness.open(folder) as witness:
        node = WatchedNode(0, NODE, 7)
        node._connection = SealedConnection(chain_of(branch, height))
        witness._nodes[0, NODE] = node
        witness.round()
