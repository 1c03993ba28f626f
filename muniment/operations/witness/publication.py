# SPDX-License-Identifier: Apache-2.0
"""The folder that a witness publishes, by any web server: notes, each whole or not there.

``verifier-key``, ``blocks/<number>``, ``blocks/latest``, and for each journal
``journals/<SHA-256 of its origin>/checkpoint`` (docs/spec/witness.md, § 6). Notes are made of the
store's rows, and Ed25519 signs a text one way only: made again, they are the same bytes.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from muniment.errors import StoreError
from muniment.evidence.block_notes import sign_block
from muniment.journal.checkpoints import NoteError, checkpoint_in, cosign, cosigned_at
from muniment.operations.witness.identity import Identity
from muniment.store.durable_files import remove_leftovers, replace
from muniment.store.signed_statements import SignedBlock, SignedCheckpoint, Statements

KEY_PATH: Final = "verifier-key"
BLOCKS: Final = "blocks"
LATEST: Final = "latest"
JOURNALS: Final = "journals"
CHECKPOINT: Final = "checkpoint"
PROOFS: Final = "proofs"
"""Where proofs of contradictions lie, in the witness's own folder."""
_MODE: Final = 0o644


class StatementsBehindError(StoreError):
    """The store lacks what was published: it was restored from an older copy."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(
            f"{path} says more than the store: {what}",
            expected="a store that has all that was signed",
            remedy="the store is an older copy: this key must not sign any more. Make a new "
            "witness, and let trust files name its key (docs/guides/witness.md)",
        )
        self.path = path


def journal_folder(origin: str) -> str:
    """Return where the notes of a journal lie."""
    return f"{JOURNALS}/{hashlib.sha256(origin.encode()).hexdigest()}"


class Publication:
    """The folder; `identity` signs what goes into it, which must be in the store before."""

    def __init__(self, folder: Path, identity: Identity, chain_id: int) -> None:
        """Take the folder, made where it is not there."""
        self._folder = folder
        self._identity = identity
        self._chain_id = chain_id
        (folder / BLOCKS).mkdir(parents=True, exist_ok=True)
        (folder / JOURNALS).mkdir(exist_ok=True)

    def block_path(self, number: int) -> Path:
        """Return where the note of a block lies."""
        return self._folder / BLOCKS / str(number)

    def checkpoint_path(self, origin: str) -> Path:
        """Return where the co-signed checkpoint of a journal lies."""
        return self._folder / journal_folder(origin) / CHECKPOINT

    def block(self, block: SignedBlock) -> Path:
        """Sign the note of a block of the store, and publish it. Raises `OSError`."""
        note = self._block_note(block)
        path = self.block_path(block.number)
        replace(path, note, mode=_MODE)
        replace(path.with_name(LATEST), note, mode=_MODE)
        return path

    def checkpoint(self, checkpoint: SignedCheckpoint) -> Path:
        """Co-sign a checkpoint of the store, and publish it. Raises `OSError`."""
        note = cosign(checkpoint.note, self._identity.name, self._identity.private, checkpoint.time)
        path = self.checkpoint_path(checkpoint.origin)
        path.parent.mkdir(exist_ok=True)
        replace(path, note, mode=_MODE)
        return path

    def restore(self, statements: Statements) -> None:
        """Publish whatever of the store is not there: what a kill prevented, or what was lost.

        Nobody else may publish now. Raises `StatementsBehindError` where more was published than
        the store has, `OSError`.
        """
        self._require_known(statements)
        key = self._folder / KEY_PATH
        replace(key, self._identity.key.to_text().encode() + b"\n", mode=_MODE)
        there = {path.name for path in (self._folder / BLOCKS).iterdir()}
        barred = statements.barred()
        for block in statements.blocks():
            if str(block.number) not in there and block.number not in barred:
                replace(self.block_path(block.number), self._block_note(block), mode=_MODE)
        last = statements.last_block()
        latest = self._folder / BLOCKS / LATEST
        remove_leftovers(latest)
        if last is not None:
            remove_leftovers(self.block_path(last.number))
            if last.number not in barred:
                self.block(last)
        for origin in statements.origins():
            remove_leftovers(self.checkpoint_path(origin))
            found = statements.checkpoint(origin)
            if found is not None:
                self.checkpoint(found)

    def _require_known(self, statements: Statements) -> None:
        """Require that the store has what this key has signed and published."""
        last = statements.last_block()
        numbers = [
            int(path.name) for path in (self._folder / BLOCKS).iterdir() if path.name.isdecimal()
        ]
        if numbers and (last is None or max(numbers) > last.number):
            path = self.block_path(max(numbers))
            if self._is_ours(path):
                raise StatementsBehindError(path, f"block {max(numbers)}")
        for path in (self._folder / JOURNALS).glob(f"*/{CHECKPOINT}"):
            if not self._is_ours(path):
                continue
            shown = checkpoint_in(path.read_bytes())
            known = statements.checkpoint(shown.origin)
            if known is None or shown.size > known.size:
                raise StatementsBehindError(path, f"{shown.size} entries of {shown.origin}")

    def _is_ours(self, path: Path) -> bool:
        try:
            return bool(cosigned_at(path.read_bytes(), [self._identity.key]))
        except (NoteError, OSError):
            return False

    def _block_note(self, block: SignedBlock) -> bytes:
        return sign_block(
            self._chain_id,
            block.number,
            block.hash,
            self._identity.name,
            self._identity.private,
            block.time,
        )
