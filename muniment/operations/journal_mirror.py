# SPDX-License-Identifier: Apache-2.0
"""A follower's copy of a journal: verified on the way, and never taken back.

Whoever follows a journal vouches for what no chain can: that it registers no id twice. Source and
copy have the layout of C2SP tlog-tiles. Entries are copied, hashes are made from them
here; so what the copy's checkpoint says was recomputed from what the copy has, and whatever the
journal becomes later must extend it. A fork is refused, with both signed checkpoints kept: together
they prove that the agency's log key signed two histories.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from muniment.errors import InvalidInputError, ProofError
from muniment.journal.checkpoints import Checkpoint, NoteKey, verify_any
from muniment.journal.entry import Entry, EntryKind
from muniment.journal.proof_text import text_proof
from muniment.journal.tiles import (
    CHECKPOINT_PATH,
    TILE_WIDTH,
    File,
    GrowingEdge,
    TileTree,
    bundle_path,
    decode_bundle,
    width_of,
)
from muniment.operations.journal_sources import FolderSource, JournalSource
from muniment.store.durable_files import replace
from muniment.store.seen_ids import SeenIds

KEY_PATH: Final = "verifier-key"
REFUSED: Final = "refused"
_MODE: Final = 0o644
_BUNDLES: Final = 64
_LOCAL_ID: Final = slice(14, 46)
"""Where an entry has its local id (docs/spec/journals.md, § 2)."""

Tell = Callable[[int], None]
"""Is told how many entries are done."""


class MirrorSourceError(InvalidInputError):
    """The source is no journal, or lacks a file that its checkpoint promises."""

    def __init__(self, source: JournalSource, what: str) -> None:
        super().__init__("source", "a journal as tlog-tiles, whole", f"{source}: {what}")


class ForkError(ProofError):
    """The journal's key has signed two histories; `kept` has both checkpoints."""

    exit_code: ClassVar[int] = 11

    def __init__(self, mine: Checkpoint, theirs: Checkpoint, kept: Path) -> None:
        super().__init__(
            f"the checkpoint of {theirs.size} entries is of another history than the copy's, of "
            f"{mine.size}",
            expected="a journal that only grows",
            remedy=f"the copy stays as it was; both signed checkpoints are in {kept}: show them to "
            "the registry's operator",
            expected_root=mine.root,
            computed_root=theirs.root,
        )
        self.kept = kept


class DuplicateEntryError(ProofError):
    """A journal registers one record more than once; `kept` has the entries with their proofs."""

    exit_code: ClassVar[int] = 11

    def __init__(self, found: dict[bytes, list[int]], kept: Path) -> None:
        local_id, indexes = next(iter(found.items()))
        super().__init__(
            f"the journal registers local id 0x{local_id.hex()} at "
            f"{' and '.join(map(str, indexes))}, and {len(found) - 1} others more than once",
            expected="one registration of a record",
            remedy=f"the copy stays as it was; the entries and their proofs are in {kept}",
        )
        self.found = found
        self.kept = kept


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What a copy has: `size` entries under `root`, `copied` of them new."""

    origin: str
    size: int
    root: bytes
    copied: int


class CopyMemory:
    """What a process remembers of one copy from one time to the next: the ids that it has, so that
    a journal that has grown by little is not read from its beginning again."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._size = 0
        self._seen: SeenIds | None = None

    def take(self, size: int) -> SeenIds | None:
        """Return the ids of a copy of `size` entries where they are known; they are given away."""
        seen = self._seen if self._size == size else None
        self._seen = None
        return seen

    def keep(self, size: int, seen: SeenIds | None) -> None:
        """Remember the ids of a copy of `size` entries."""
        self._size, self._seen = size, seen


def mirror(
    source: JournalSource,
    target: Path,
    key: NoteKey | None,
    *,
    tell: Tell,
    new_key: NoteKey | None = None,
    memory: CopyMemory | None = None,
) -> Mirrored:
    """Bring the copy at `target` up to the journal at `source`.

    `key` is the journal's verifier key; a copy remembers its own, and refuses another. `new_key` is
    what the agency rotated it to: from now on the copy takes checkpoints of either. `memory` is
    that of this copy, where a process follows it again and again. Raises
    `MirrorSourceError`, `ForkError`, `DuplicateEntryError`, `NoteError`, `InvalidInputError`; the
    copy's checkpoint stays as it was then.
    """
    known = _keys(target, key, new_key)
    note = _read(source, CHECKPOINT_PATH)
    theirs = verify_any(note, known)
    if theirs.origin != known[0].name:
        raise MirrorSourceError(source, f"it is the journal {theirs.origin}, not {known[0].name}")
    memory = memory or CopyMemory()
    copy = _Copy(source, target, known, memory)
    mine = copy.checkpoint
    if theirs.size <= mine.size:
        at_their_size = TileTree(copy.read, mine.size).root(theirs.size)
        if at_their_size != theirs.root:
            raise ForkError(mine, theirs, copy.keep_both(note))
        return Mirrored(mine.origin, mine.size, mine.root, 0)
    suspicious = copy.extend(theirs.size, tell)
    if copy.edge.root() != theirs.root:
        _require_whole(source, mine, theirs)
        raise ForkError(mine, theirs, copy.keep_both(note))
    copy.write(copy.edge.partial_files())
    found = copy.duplicates(theirs.size, suspicious)
    if found:
        raise DuplicateEntryError(found, copy.keep_proofs(note, theirs.size, found))
    # All of the copy is on disk before its checkpoint says so.
    os.sync()
    replace(target / CHECKPOINT_PATH, note, mode=_MODE)
    memory.keep(theirs.size, copy.seen)
    return Mirrored(theirs.origin, theirs.size, theirs.root, theirs.size - mine.size)


class _Copy:
    """A copy that grows. What lies past its checkpoint is written anew, so a kill does no harm."""

    def __init__(
        self, source: JournalSource, target: Path, keys: Sequence[NoteKey], memory: CopyMemory
    ) -> None:
        self._source = source
        self._target = target
        try:
            self.note = self.read(CHECKPOINT_PATH)
            self.checkpoint = verify_any(self.note, keys)
        except FileNotFoundError:
            self.note = b""
            self.checkpoint = Checkpoint(keys[0].name, 0, GrowingEdge().root())
        self.edge = GrowingEdge.read(self.read, self.checkpoint.size)
        # Given back once the copy has grown: what was refused must not stay in it.
        self.seen: SeenIds | None = None
        self._memory = memory

    def read(self, path: str) -> bytes:
        """Return a file of the copy. Raises `OSError`."""
        return (self._target / path).read_bytes()

    def write(self, files: list[File]) -> None:
        """Write files of the copy; `os.sync` comes before its checkpoint."""
        for path, data in files:
            place = self._target / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)

    def extend(self, size: int, tell: Tell) -> set[bytes]:
        """Copy the entries up to `size`; return the local ids that may come twice."""
        seen = self._memory.take(self.checkpoint.size) or self._seen(tell)
        suspicious: set[bytes] = set()
        for entries in _runs(self._source, self.checkpoint.size, size):
            ids = [each for each in map(_registered, entries) if each is not None]
            suspicious.update(seen.perhaps(ids))
            once = set(ids)
            if len(once) < len(ids):
                suspicious.update(each for each in once if ids.count(each) > 1)
            seen = _added(seen, ids, lambda: self._seen(lambda _: None, self.edge.size))
            self.write(self.edge.append(entries))
            tell(self.edge.size)
        self.seen = seen
        return suspicious

    def _seen(self, tell: Tell, size: int | None = None) -> SeenIds:
        """The ids of the copy's entries, approximately."""
        end = self.checkpoint.size if size is None else size
        bits = max(27, (end * 16).bit_length())
        seen = SeenIds(bits=bits)
        done = 0
        for entries in _runs(FolderSource(self._target), 0, end):
            seen.add([each[_LOCAL_ID] for each in entries])
            done += len(entries)
            tell(done)
        return seen

    def duplicates(self, size: int, suspicious: set[bytes]) -> dict[bytes, list[int]]:
        """The ids among the suspicious ones that come more than once, and where."""
        if not suspicious:
            return {}
        places: dict[bytes, list[int]] = {}
        index = 0
        for entries in _runs(FolderSource(self._target), 0, size):
            for entry in entries:
                # Few are: the others need not be parsed.
                if entry[_LOCAL_ID] in suspicious and _registered(entry) is not None:
                    places.setdefault(entry[_LOCAL_ID], []).append(index)
                index += 1
        return {each: indexes for each, indexes in places.items() if len(indexes) > 1}

    def keep_both(self, theirs: bytes) -> Path:
        """Keep two checkpoints that contradict each other; return the folder."""
        folder = self._refused()
        replace(folder / "mine.checkpoint", self.note, mode=_MODE)
        replace(folder / "theirs.checkpoint", theirs, mode=_MODE)
        return folder

    def keep_proofs(self, note: bytes, size: int, found: dict[bytes, list[int]]) -> Path:
        """Keep entries that register one record, each with its proof; return the folder."""
        folder = self._refused()
        tree = TileTree(self.read, size)
        for indexes in found.values():
            for index in indexes:
                proof = text_proof(index, tree.inclusion_proof(index), note)
                replace(folder / f"{index}.entry", tree.entry(index), mode=_MODE)
                replace(folder / f"{index}.tlog-proof", proof, mode=_MODE)
        return folder

    def _refused(self) -> Path:
        folder = self._target / REFUSED
        folder.mkdir(exist_ok=True)
        return folder


def _keys(target: Path, given: NoteKey | None, new: NoteKey | None) -> list[NoteKey]:
    """The keys of the copy, the latest first; that which is given, where the copy is new."""
    place = target / KEY_PATH
    if place.exists():
        kept = [NoteKey.from_text(each) for each in place.read_text(encoding="utf-8").splitlines()]
        if given is not None and given not in kept:
            raise InvalidInputError(
                "key",
                f"that of the copy, {kept[0].to_text()}",
                "another",
                remedy="after a rotation that the agency has announced: --new-key",
            )
        if new is not None and new not in kept:
            if new.name != kept[0].name:
                raise InvalidInputError("new key", f"one of {kept[0].name}", f"one of {new.name}")
            kept.insert(0, new)
            _write_keys(place, kept)
        return kept
    if given is None:
        raise InvalidInputError(
            "key",
            "the journal's verifier key, for a new copy",
            "missing",
            remedy="the agency tells it: `muniment journal status`",
        )
    target.mkdir(parents=True, exist_ok=True)
    if any(target.iterdir()):
        raise InvalidInputError("target", "a copy of a journal, or an empty folder", f"{target}")
    known = [given] if new in (None, given) else [new, given]
    _write_keys(place, known)
    return known


def _write_keys(place: Path, keys: Sequence[NoteKey]) -> None:
    replace(place, "".join(f"{each.to_text()}\n" for each in keys).encode(), mode=_MODE)


def _runs(source: JournalSource, start: int, size: int) -> Iterator[list[bytes]]:
    """The entries of a journal of `size` from `start` on, some bundles at a time."""
    first, skipped = divmod(start, TILE_WIDTH)
    run: list[bytes] = []
    for number in range(first, -(-size // TILE_WIDTH)):
        width = width_of(size, 0, number)
        try:
            bundle = source.read(bundle_path(number, width))
        except FileNotFoundError:
            # The journal has grown meanwhile: the full bundle begins with the partial one.
            bundle = _read(source, bundle_path(number))
        except OSError as error:
            raise MirrorSourceError(source, f"{bundle_path(number)}: {error.strerror}") from error
        try:
            entries = decode_bundle(bundle)
        except ProofError as error:
            raise MirrorSourceError(source, f"{bundle_path(number)}: {error.what}") from error
        if len(entries) < width:
            raise MirrorSourceError(source, f"{bundle_path(number)} has {len(entries)} entries")
        run += entries[skipped:width]
        skipped = 0
        if number % _BUNDLES == _BUNDLES - 1:
            yield run
            run = []
    if run:
        yield run


def _require_whole(source: JournalSource, mine: Checkpoint, theirs: Checkpoint) -> None:
    """Tell a damaged source from a fork: its own tiles must give its checkpoint's root."""
    tree = TileTree(lambda path: _read(source, path), theirs.size)
    try:
        whole = tree.root() == theirs.root
        extends = whole and mine.size and tree.root(mine.size) == mine.root
    except ProofError as error:
        raise MirrorSourceError(source, error.what) from error
    if not whole:
        raise MirrorSourceError(source, "its tiles do not give the root of its checkpoint")
    if extends or not mine.size:
        raise MirrorSourceError(source, "its entries are not those of its tiles")


def _registered(entry: bytes) -> bytes | None:
    """The local id that an entry registers, None for one of another kind."""
    parsed = Entry.from_bytes(entry)
    return bytes(parsed.local_id) if parsed.kind is EntryKind.REGISTRATION else None


def _added(seen: SeenIds, ids: list[bytes], larger: Callable[[], SeenIds]) -> SeenIds:
    if seen.is_full:
        seen = larger()
    seen.add(ids)
    return seen


def _read(source: JournalSource, path: str) -> bytes:
    try:
        return source.read(path)
    except OSError as error:
        raise MirrorSourceError(source, f"{path}: {error.strerror}") from error
