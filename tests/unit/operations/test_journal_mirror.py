# SPDX-License-Identifier: Apache-2.0
"""A follower's copy: equal to the journal, and never taken back."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.errors import InvalidInputError
from muniment.journal.checkpoints import Checkpoint, NoteError, NoteKey, sign, verify
from muniment.journal.entry import Entry, EntryKind
from muniment.journal.proof_text import TextProof
from muniment.journal.tiles import GrowingEdge
from muniment.operations.journal_mirror import (
    DuplicateEntryError,
    ForkError,
    Mirrored,
    MirrorSourceError,
    mirror,
)
from muniment.operations.journal_sources import FolderSource
from muniment.record.commitment import Commitment
from muniment.record.identifiers import LocalId, TypeId

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "muniment/test/1/1"
KEY = NoteKey(ORIGIN, PRIVATE.public_key().public_bytes_raw())


def entry(number: int, twin: int = 0) -> bytes:
    """An entry of a local id that `number` gives; its twins register the same one."""
    local_id = LocalId(hashlib.sha256(b"%d" % number).digest())
    commitment = Commitment(hashlib.sha256(b"%d %d" % (number, twin)).digest())
    return Entry(EntryKind.REGISTRATION, 1, TypeId(1), 1, 1, local_id, commitment).to_bytes()


def publish(folder: Path, entries: Sequence[bytes], private: Ed25519PrivateKey = PRIVATE) -> None:
    """A journal of these entries, as an agency publishes it."""
    edge = GrowingEdge()
    for path, data in [*edge.append(entries), *edge.partial_files()]:
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    checkpoint = Checkpoint(ORIGIN, len(entries), edge.root())
    (folder / "checkpoint").write_bytes(sign(checkpoint, ORIGIN, private))


def follow(source: Path, target: Path, key: NoteKey | None = KEY) -> Mirrored:
    return mirror(FolderSource(source), target, key, tell=lambda _: None)


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.integers(1, 1200), min_size=1, max_size=4).map(sorted))
def test_copy__has_the_journal_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    before = 0
    for size in sizes:
        publish(folder / "source", [entry(each) for each in range(size)])
        done = follow(folder / "source", folder / "copy")
        assert (done.size, done.copied) == (size, size - before)
        before = size
    fresh = folder / "fresh"
    publish(fresh, [entry(each) for each in range(sizes[-1])])
    for path in (each for each in fresh.rglob("*") if each.is_file()):
        assert (folder / "copy" / path.relative_to(fresh)).read_bytes() == path.read_bytes()


def test_key__is_remembered(tmp_path: Path) -> None:
    publish(tmp_path / "source", [entry(1)])
    with pytest.raises(InvalidInputError, match="verifier key"):
        follow(tmp_path / "source", tmp_path / "copy", None)
    follow(tmp_path / "source", tmp_path / "copy")
    assert follow(tmp_path / "source", tmp_path / "copy", None).copied == 0
    other = NoteKey(ORIGIN, bytes(32))
    with pytest.raises(InvalidInputError, match="that of the copy"):
        follow(tmp_path / "source", tmp_path / "copy", other)


def test_rotated_key__is_taken_when_it_is_named(tmp_path: Path) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    publish(source, [entry(1)])
    follow(source, copy)
    rotated = Ed25519PrivateKey.from_private_bytes(bytes(32))
    key = NoteKey(ORIGIN, rotated.public_key().public_bytes_raw())
    publish(source, [entry(1), entry(2)], rotated)
    with pytest.raises(NoteError):
        follow(source, copy)
    with pytest.raises(InvalidInputError, match="that of the copy"):
        follow(source, copy, key)
    assert mirror(FolderSource(source), copy, None, tell=lambda _: None, new_key=key).copied == 1
    assert follow(source, copy, None).size == 2
    elsewhere = NoteKey("muniment/other", key.public)
    with pytest.raises(InvalidInputError, match="new key"):
        mirror(FolderSource(source), copy, None, tell=lambda _: None, new_key=elsewhere)


def test_other_signature__is_refused(tmp_path: Path) -> None:
    publish(tmp_path / "source", [entry(1)])
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    with pytest.raises(NoteError):
        follow(tmp_path / "source", tmp_path / "copy", NoteKey(ORIGIN, stranger))


@pytest.mark.parametrize("size", [200, 300, 500])
def test_fork__is_refused_with_both_checkpoints(tmp_path: Path, size: int) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    history = [entry(each) for each in range(600)]
    publish(source, history[:300])
    follow(source, copy)
    mine = (copy / "checkpoint").read_bytes()
    shutil.rmtree(source)
    publish(source, [entry(0, twin=1), *history[1:size]])
    with pytest.raises(ForkError) as caught:
        follow(source, copy)
    assert caught.value.exit_code == 11
    kept = [(caught.value.kept / f"{who}.checkpoint").read_bytes() for who in ("mine", "theirs")]
    assert kept == [mine, (source / "checkpoint").read_bytes()]
    assert [verify(note, KEY).size for note in kept] == [300, size]
    assert (copy / "checkpoint").read_bytes() == mine
    # The honest journal is followed all the same.
    shutil.rmtree(source)
    publish(source, history)
    assert follow(source, copy).copied == 300


@pytest.mark.parametrize(("first", "second"), [(3, 290), (310, 320), (299, 300)])
def test_id_twice__is_refused_with_proofs(tmp_path: Path, first: int, second: int) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    history = [entry(each) for each in range(400)]
    history[second] = entry(first, twin=1)
    publish(source, history[: min(250, second)])
    follow(source, copy)
    before = (copy / "checkpoint").read_bytes()
    publish(source, history)
    with pytest.raises(DuplicateEntryError) as caught:
        follow(source, copy)
    assert list(caught.value.found.values()) == [[first, second]]
    for index in (first, second):
        proof = TextProof.from_bytes((caught.value.kept / f"{index}.tlog-proof").read_bytes())
        proof.require((caught.value.kept / f"{index}.entry").read_bytes(), KEY)
    assert (copy / "checkpoint").read_bytes() == before


def test_damaged_source__is_no_fork(tmp_path: Path) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    publish(source, [entry(each) for each in range(300)])
    follow(source, copy)
    publish(source, [entry(each) for each in range(700)])
    bundle = source / "tile/entries/001"
    whole = bundle.read_bytes()
    bundle.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(MirrorSourceError, match="not those of its tiles"):
        follow(source, copy)
    bundle.write_bytes(whole[:-1])
    with pytest.raises(MirrorSourceError, match="cut short"):
        follow(source, copy)
    bundle.unlink()
    with pytest.raises(MirrorSourceError, match="tile/entries/001"):
        follow(source, copy)
    assert not (copy / "refused").exists()
    bundle.write_bytes(whole)
    assert follow(source, copy).size == 700


def test_full_folder__is_no_copy(tmp_path: Path) -> None:
    publish(tmp_path / "source", [entry(1)])
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "letters").write_text("Dear Ada")
    with pytest.raises(InvalidInputError, match="empty folder"):
        follow(tmp_path / "source", tmp_path / "copy")
