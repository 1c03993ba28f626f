# SPDX-License-Identifier: Apache-2.0
"""A journal's files in the vault: tiles, entry bundles, and the checkpoint, which says how far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from muniment.journal.checkpoints import (
    NoteError,
    NoteKey,
    checkpoint_in,
    verify_any,
)
from muniment.journal.tiles import (
    CHECKPOINT_PATH,
    TILE_WIDTH,
    File,
    RecomputedRoot,
    TileTree,
    bundle_path,
    tile_path,
    width_of,
)
from muniment.store.vault.contract import ObjectMissingError, Vault

PREFIX: Final = "journals/"
_LONGEST: Final = TILE_WIDTH * (2 + 0xFFFF) + 1
"""A byte more than the longest bundle has, so that what is longer shows."""


def journals_in(vault: Vault) -> set[int]:
    """Return the numbers of the journals that have files."""
    found = {name.removeprefix(PREFIX).partition("/")[0] for name in vault.list(PREFIX)}
    return {int(each) for each in found if each.isascii() and each.isdecimal()}


def place_in(path: str) -> tuple[str, int]:
    """Return the path of the full file, and how wide the file of a path is (256: full)."""
    full, dot, width = path.partition(".p/")
    return full, int(width) if dot and width.isascii() and width.isdecimal() else TILE_WIDTH


class MissingFileError(LookupError):
    """The journal has no such file."""


class JournalFiles:
    """The files of one journal."""

    def __init__(self, vault: Vault, journal: int) -> None:
        """Take the vault that they lie in."""
        self._vault = vault
        self.prefix = f"{PREFIX}{journal}/"

    def read(self, path: str) -> bytes:
        """Return a file. Raises `MissingFileError`, and `VaultError`."""
        try:
            return self._vault.get_range(self.prefix + path, 0, _LONGEST)
        except ObjectMissingError as error:
            raise MissingFileError(path) from error

    def write(self, files: Sequence[File]) -> None:
        """Store files, durably. Raises `ObjectExistsError` where one is there and differs."""
        self._vault.put_many([(self.prefix + path, data) for path, data in files])

    def paths(self) -> dict[str, dict[int, str]]:
        """Return what is there: by the full file's path, the paths of each width."""
        found: dict[str, dict[int, str]] = {}
        for name in self._vault.list(self.prefix):
            path = name.removeprefix(self.prefix)
            full, width = place_in(path)
            found.setdefault(full, {})[width] = path
        return found

    def restore(self, path: str, data: bytes) -> None:
        """Put a file in the place of one that is missing or damaged."""
        self._vault.replace(self.prefix + path, data)

    def checkpoint(self) -> bytes | None:
        """Return the signed checkpoint, None before the first."""
        try:
            return self.read(CHECKPOINT_PATH)
        except MissingFileError:
            return None

    def put_checkpoint(self, note: bytes) -> None:
        """Store a checkpoint in the place of the one before."""
        self._vault.replace(self.prefix + CHECKPOINT_PATH, note)

    def size(self, keys: Sequence[NoteKey]) -> int:
        """Return how many entries the files have, by the checkpoint, which one of the journal's
        `keys` has signed. Raises `NoteError`."""
        note = self.checkpoint()
        return 0 if note is None else verify_any(note, keys).size

    def tree(self, size: int) -> TileTree:
        """Return the journal of a size, read from the files as it is needed."""
        return TileTree(self.read, size, stored=self._stored())

    def _stored(self) -> int | None:
        """How many entries the files have, by the checkpoint, where it can be read.

        Nothing relies on it: it says which partial files to try.
        """
        try:
            note = self.checkpoint()
            return None if note is None else checkpoint_in(note).size
        except NoteError:
            return None

    def recompute(self, recomputed: RecomputedRoot, size: int) -> None:
        """Take the entries up to `size` as they are stored into a recomputed root."""
        while recomputed.size < size:
            number, taken = divmod(recomputed.size, TILE_WIDTH)
            width = width_of(size, 0, number)
            try:
                bundle = self.read(bundle_path(number, width))
            except MissingFileError:
                bundle = self.read(bundle_path(number))
            whole = bundle[: self._end(bundle, width)]
            recomputed.add_bundle(whole, skip=taken)

    def drop_partials(self, size: int, kept: int) -> None:
        """Remove the partial files of an earlier `size` whose full ones stand at size `kept`."""
        for path, full in _partials(size, kept):
            if full:
                self._vault.delete(self.prefix + path)

    @staticmethod
    def _end(bundle: bytes, width: int) -> int:
        """Where the first `width` entries of a bundle end."""
        if width == TILE_WIDTH:
            return len(bundle)
        at = 0
        for _ in range(width):
            at += 2 + int.from_bytes(bundle[at : at + 2], "big")
        return at


def _partials(size: int, kept: int) -> list[tuple[str, bool]]:
    """The partial files of a size, and whether at a later size they are full."""
    found = []
    level, count, later = 0, size, kept
    while count:
        number, width = divmod(count, TILE_WIDTH)
        full = later // TILE_WIDTH > number
        if width:
            found.append((tile_path(level, number, width), full))
            if level == 0:
                found.append((bundle_path(number, width), full))
        count, later, level = count >> 8, later >> 8, level + 1
    return found
