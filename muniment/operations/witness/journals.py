# SPDX-License-Identifier: Apache-2.0
"""Journals: each is copied, checked entry by entry, and its checkpoint co-signed.

The copy's own checks (`journal_mirror`) demand that it only grows and registers no id twice. Beyond
them the tree must have, at the size that was signed last, the root that was signed: a copy can be
lost or restored, what was signed stands. A fork, or an id twice, stops the co-signing of that
journal until somebody has looked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from muniment.errors import MunimentError, ProofError, StoreError
from muniment.journal.checkpoints import signed_by, verify
from muniment.journal.tiles import CHECKPOINT_PATH, TileTree
from muniment.operations.journal_mirror import (
    REFUSED,
    CopyMemory,
    DuplicateEntryError,
    ForkError,
    mirror,
)
from muniment.operations.journal_sources import source_at
from muniment.operations.witness.publication import PROOFS, Publication
from muniment.operations.witness.settings import FollowedJournal
from muniment.store.durable_files import replace
from muniment.store.signed_statements import SignedCheckpoint, Statements

COPIES: Final = "journals"
_MODE: Final = 0o644


class CopyBehindError(ProofError):
    """The journal is shown with fewer entries than were signed."""

    def __init__(self, origin: str, size: int, signed: int) -> None:
        super().__init__(
            f"{origin} is shown with {size} entries",
            expected=f"the {signed} that were signed, or more",
            remedy="the source is an older copy, or the agency has lost entries: ask it",
        )


class CopyDamagedError(StoreError):
    """The copy of a journal in folder `copy` cannot be used."""

    def __init__(self, copy: Path, error: OSError) -> None:
        super().__init__(
            f"the copy {copy}: {error.strerror or type(error).__name__}",
            expected="a copy that can be read and written",
            remedy="make room, or remove the copy: it is made again from the source and compared "
            "with what was signed",
        )
        self.copy = copy


@dataclass(frozen=True, slots=True)
class JournalRound:
    """What a round found of a journal: the checkpoint that was `signed` now, `fault` where
    something is wrong, and whether that is a `contradiction` that was not known yet."""

    origin: str
    signed: SignedCheckpoint | None = None
    fault: MunimentError | None = None
    contradiction: bool = False
    halted: bool = False


class JournalWitness:
    """Follows journals."""

    def __init__(
        self,
        folder: Path,
        statements: Statements,
        publication: Publication,
        clock: Callable[[], float],
    ) -> None:
        """Take the witness's folder and what it signs with; `clock` gives Unix seconds."""
        self._folder = folder
        self._statements = statements
        self._publication = publication
        self._clock = clock
        self._memories: dict[Path, CopyMemory] = {}

    def copy_of(self, origin: str) -> Path:
        """Return the folder of a journal's copy."""
        return self._folder / COPIES / hashlib.sha256(origin.encode()).hexdigest()

    def round(self, followed: FollowedJournal) -> JournalRound:
        """Follow a journal, and co-sign what it has come to.

        Raises `SecondStatementError`, `ClockError`, `StatementsError`, `OSError`; what is wrong
        with the journal is in the result.
        """
        origin = followed.key.name
        if self._statements.open_incidents(origin):
            return JournalRound(origin, halted=True)
        try:
            note = self._followed(followed)
        except (ForkError, DuplicateEntryError) as error:
            now = int(self._clock())
            kept = self._kept(origin, error.kept)
            new = self._statements.add_incident(origin, error.what, kept, now)
            return JournalRound(origin, fault=error, contradiction=new, halted=new)
        except MunimentError as error:
            return JournalRound(origin, fault=error)
        except OSError as error:
            return JournalRound(origin, fault=CopyDamagedError(self.copy_of(origin), error))
        signed = None if note is None else self._sign(followed, note)
        return JournalRound(origin, signed=signed)

    def _kept(self, origin: str, found: Path) -> Path:
        """Copy a proof to where it stays, whatever becomes of the journal's copy."""
        name = f"journal-{hashlib.sha256(origin.encode()).hexdigest()}"
        folder = self._folder / PROOFS / f"{name}-{int(self._clock())}"
        folder.mkdir(parents=True, exist_ok=True)
        for path in found.iterdir():
            replace(folder / path.name, path.read_bytes(), mode=_MODE)
        return folder

    def _followed(self, followed: FollowedJournal) -> bytes | None:
        """The copy's checkpoint, of a tree that extends what was signed; None of an empty one."""
        copy = self.copy_of(followed.key.name)
        copy.parent.mkdir(exist_ok=True)
        source = source_at(followed.source, self._folder)
        memory = self._memories.setdefault(copy, CopyMemory())
        done = mirror(source, copy, followed.key, tell=lambda _: None, memory=memory)
        last = self._statements.checkpoint(followed.key.name)
        if last is not None and done.size < last.size:
            raise CopyBehindError(followed.key.name, done.size, last.size)
        if not done.size:
            return None
        note = signed_by((copy / CHECKPOINT_PATH).read_bytes(), followed.key)
        if last is None:
            return note
        shown, signed = verify(note, followed.key), verify(last.note, followed.key)
        tree = TileTree(lambda path: (copy / path).read_bytes(), shown.size)
        if tree.root(last.size) != last.root:
            kept = copy / REFUSED
            kept.mkdir(exist_ok=True)
            replace(kept / "mine.checkpoint", last.note, mode=_MODE)
            replace(kept / "theirs.checkpoint", note, mode=_MODE)
            raise ForkError(signed, shown, kept)
        return note

    def _sign(self, followed: FollowedJournal, note: bytes) -> SignedCheckpoint | None:
        """Co-sign a note that was checked; None where it was signed before."""
        shown = verify(note, followed.key)
        last = self._statements.checkpoint(shown.origin)
        if last is not None and last.size == shown.size:
            return None
        statement = SignedCheckpoint(shown.origin, shown.size, shown.root, note, int(self._clock()))
        # First it is on disk that this root is the size's, then it is said.
        signed = self._statements.add_checkpoint(statement)
        self._publication.checkpoint(signed)
        return signed
