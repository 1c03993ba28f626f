# SPDX-License-Identifier: Apache-2.0
"""A journal's files compared with its entries, byte for byte; and made anew from them.

The expected files are grown from the database's entries once more. A partial file that an earlier
size left must be the beginning of what stands there now.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

from muniment.errors import MunimentError
from muniment.journal.checkpoints import Checkpoint, sign, verify_any
from muniment.journal.entry import ENTRY_BYTES
from muniment.journal.tiles import (
    CHECKPOINT_PATH,
    HASH_SIZE,
    TILE_WIDTH,
    File,
    GrowingEdge,
    width_of,
)
from muniment.registry.findings import Finding, Tell
from muniment.registry.sealing import log_keys
from muniment.registry.sending import holder_name
from muniment.registry.session import Session
from muniment.store import journal_rows
from muniment.store.journal_files import JournalFiles, MissingFileError, place_in
from muniment.store.keys import KeyPurpose
from muniment.store.leases import held

_PAGE: Final = 64 * TILE_WIDTH
_BUNDLED: Final = 2 + ENTRY_BYTES
_BUNDLES: Final = "tile/entries/"


def check_files(
    session: Session, number: int, size: int, sealed: int, tell: Tell
) -> Iterator[Finding]:
    """Yield what differs in the files of a journal of `size` entries, `sealed` of them sealed."""
    files = JournalFiles(session.vault, number)
    published, root = sealed, None
    try:
        note = files.checkpoint()
        if note is not None:
            checkpoint = verify_any(note, log_keys(session, number))
            published, root = checkpoint.size, checkpoint.root
        elif sealed:
            yield Finding(_file(files, CHECKPOINT_PATH), "it is missing")
    except MunimentError as error:
        yield Finding(_file(files, CHECKPOINT_PATH), error.what)
    if not sealed <= published <= size:
        what = f"it is of {published} entries: {sealed} are sealed, {size} are in the database"
        yield Finding(_file(files, CHECKPOINT_PATH), what)
        return
    there = files.paths()
    there.pop(CHECKPOINT_PATH, None)
    damaged = False
    for count, (path, data) in enumerate(_expected(session, number, size), start=1):
        full, _ = place_in(path)
        for each in _differences(files, full, data, there.pop(full, {}), published):
            damaged = True
            yield each
        if count % TILE_WIDTH == 0:
            tell(f"files of journal {number}", count)
    for widths in there.values():
        for path in widths.values():
            yield Finding(_file(files, path), "the entries make no such file")
    if root is not None and not damaged and files.tree(published).root() != root:
        yield Finding(_file(files, CHECKPOINT_PATH), "its root is not that of the entries")


def restore_files(session: Session, number: int) -> int:
    """Make a journal's damaged and missing files anew from its entries; return how many.

    The entries must be right: whoever calls has checked them. Raises `LeaseHeldError` while a
    sequencer works on it.
    """
    files = JournalFiles(session.vault, number)
    restored = 0
    with ExitStack() as leases:
        for name in (f"journal {number}", f"seal {number}"):
            lease = held(session.database, name, holder=holder_name(), wait_seconds=5)
            leases.enter_context(lease)
        with session.database.read() as connection:
            size = journal_rows.size_of(connection, number)
        there = files.paths()
        for path, data in _expected(session, number, size):
            full, width = place_in(path)
            wanted = {width: path, **there.get(full, {})}
            for kept, each in wanted.items():
                whole = _cut(full, data, kept)
                if whole and _read(files, each) != whole:
                    files.restore(each, whole)
                    restored += 1
        checkpoint = Checkpoint(log_keys(session, number)[0].name, size, files.tree(size).root())
        private = session.keys.agency_key(KeyPurpose.CHECKPOINTS).ed25519()
        note = sign(checkpoint, checkpoint.origin, private)
        if files.checkpoint() != note:
            files.put_checkpoint(note)
            restored += 1
    return restored


def _expected(session: Session, number: int, size: int) -> Iterator[File]:
    """All files of the entries that the database has, the partial ones last."""
    edge = GrowingEdge()
    for start in range(0, size, _PAGE):
        with session.database.read() as connection:
            page = journal_rows.entries_between(connection, number, start, min(size, start + _PAGE))
        yield from edge.append([bytes(each) for each in page])
    yield from edge.partial_files()


def _differences(
    files: JournalFiles, full: str, data: bytes, there: dict[int, str], published: int
) -> Iterator[Finding]:
    for width, path in there.items():
        if _read(files, path) != _cut(full, data, width):
            yield Finding(_file(files, path), "it is not what the entries make")
    needed = _needed(full, published)
    if needed and needed not in there and TILE_WIDTH not in there:
        path = full if needed == TILE_WIDTH else f"{full}.p/{needed}"
        yield Finding(_file(files, path), "it is missing")


def _needed(full: str, published: int) -> int:
    """How wide the file must be in a journal of the published size."""
    level_part, *rest = full.removeprefix("tile/").split("/")
    level = 0 if full.startswith(_BUNDLES) else int(level_part)
    return width_of(published, level, int("".join(part.lstrip("x") for part in rest)))


def _cut(full: str, data: bytes, width: int) -> bytes:
    """The file of a width; nothing where there is not so much."""
    length = width * (_BUNDLED if full.startswith(_BUNDLES) else HASH_SIZE)
    return data[:length] if len(data) >= length else b""


def _read(files: JournalFiles, path: str) -> bytes | None:
    try:
        return files.read(path)
    except (MissingFileError, MunimentError):
        return None


def _file(files: JournalFiles, path: str) -> str:
    return f"file {files.prefix}{path}"
