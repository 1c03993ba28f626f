# SPDX-License-Identifier: Apache-2.0
"""Versions in a vault: of any size, refused when anything was changed, never half-written."""

from __future__ import annotations

import hashlib
import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from muniment.errors import CommitmentMismatchError, DecryptionError, InvalidInputError
from muniment.record.commitment import RecordHeader, Secret, new_secret
from muniment.record.files import FileValue
from muniment.record.identifiers import AgencyId, RecordId, TypeId
from muniment.record.objects import CHUNK_SIZE, HEADER_SIZE, TAG_SIZE, ObjectPlace
from muniment.record.versions import Content, Version
from muniment.store.vault import (
    FolderVault,
    ObjectExistsError,
    ObjectMissingError,
    Vault,
    VaultError,
    copy_file,
    delete_version,
    extract_file,
    load_content,
    load_version,
    object_name,
    open_file,
    store_version,
    stored_objects,
)

RECORD = RecordId(b"\xaa" * 32)
FIELDS = ("annex", "photo", "scan")
SCAN = bytes(range(251)) * 12_000
ANNEX = b"an annex"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return FolderVault(tmp_path / "vault")


def version_of(
    files: dict[str, bytes],
    *,
    record: RecordId = RECORD,
    number: int = 1,
    secret: Secret | None = None,
) -> Version:
    content: dict[str, Any] = {"owner": "PLANTED-CONTENT-MARKER"}
    for field, data in files.items():
        content[field] = FileValue.read(io.BytesIO(data), "application/pdf").to_json()
    header = RecordHeader(record, AgencyId(7), TypeId(1), b"s" * 32, number)
    return Version(header, Content.of(content), secret or new_secret())


@pytest.fixture
def stored(vault: Vault) -> Version:
    version = version_of({"scan": SCAN, "annex": ANNEX})
    store_version(
        vault,
        version,
        file_fields=FIELDS,
        files={"scan": io.BytesIO(SCAN), "annex": io.BytesIO(ANNEX)},
    )
    return version


def rewritten(vault: Vault, index: int, data: bytes) -> None:
    name = object_name(ObjectPlace(RECORD, 1, index))
    vault.delete(name)
    vault.put_if_absent(name, data)


def raw(vault: Vault, index: int) -> bytes:
    return vault.get_range(object_name(ObjectPlace(RECORD, 1, index)), 0, 1 << 30)


class TestStoring:
    def test_names__are_record_version_and_object(self, vault: Vault, stored: Version) -> None:
        names = [f"{RECORD.hex()}/1/{index}" for index in (0, 1, 3)]
        assert list(vault.list()) == names
        assert list(stored_objects(vault)) == [
            (name, ObjectPlace(RECORD, 1, index))
            for name, index in zip(names, (0, 1, 3), strict=True)
        ]

    def test_content_and_files__come_back(
        self, vault: Vault, stored: Version, tmp_path: Path
    ) -> None:
        assert load_content(vault, RECORD, 1, stored.secret) == stored.content
        assert load_version(vault, stored.header, stored.secret, stored.commitment) == stored
        with open_file(vault, stored, FIELDS, "scan") as file:
            assert file.read() == SCAN
        value = extract_file(vault, stored, FIELDS, "annex", tmp_path / "annex.pdf")
        assert (tmp_path / "annex.pdf").read_bytes() == ANNEX
        assert value == FileValue(hashlib.sha256(ANNEX).digest(), len(ANNEX), "application/pdf")

    def test_digests__are_those_of_the_ciphertext(self, vault: Vault) -> None:
        (content,) = store_version(vault, version_of({}))
        data = raw(vault, 0)
        assert content.ciphertext_digest == hashlib.sha256(data).digest()
        assert content.ciphertext_length == len(data)
        assert content.new

    def test_nothing__lies_in_clear(self, vault: Vault, stored: Version, tmp_path: Path) -> None:
        for path in tmp_path.rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                assert b"PLANTED" not in data
                assert ANNEX not in data
                assert stored.secret not in data

    def test_again__after_an_interruption(self, vault: Vault, stored: Version) -> None:
        vault.delete(object_name(ObjectPlace(RECORD, 1, 0)))
        again = store_version(
            vault,
            stored,
            file_fields=FIELDS,
            files={"scan": io.BytesIO(SCAN), "annex": io.BytesIO(ANNEX)},
        )
        assert [(item.place.index, item.new) for item in again] == [
            (0, True),
            (1, False),
            (3, False),
        ]
        assert again[2].ciphertext_digest == hashlib.sha256(raw(vault, 3)).digest()

    def test_other_content_in_the_place__is_never_overwritten(
        self, vault: Vault, stored: Version
    ) -> None:
        before = raw(vault, 0)
        with pytest.raises(ObjectExistsError):
            store_version(vault, version_of({}))
        with pytest.raises(ObjectExistsError):
            store_version(vault, version_of({}, secret=stored.secret))
        assert raw(vault, 0) == before

    def test_file_that_changed_meanwhile__is_refused_and_not_stored(
        self, vault: Vault, tmp_path: Path
    ) -> None:
        path = tmp_path / "scan.pdf"
        path.write_bytes(SCAN + b"more")
        with pytest.raises(InvalidInputError, match="changed"):
            store_version(
                vault, version_of({"scan": SCAN}), file_fields=FIELDS, files={"scan": path}
            )
        assert list(vault.list()) == []

    @pytest.mark.parametrize(
        ("given", "said"), [({}, "without"), ({"scan": b"", "photo": b""}, "too")]
    )
    def test_files_that_do_not_go_with_the_content(
        self, vault: Vault, given: dict[str, bytes], said: str
    ) -> None:
        version = version_of({"scan": b""})
        with pytest.raises(InvalidInputError, match=said):
            store_version(
                vault,
                version,
                file_fields=FIELDS,
                files={field: io.BytesIO(data) for field, data in given.items()},
            )
        assert list(vault.list()) == []

    def test_missing_file__is_named(self, vault: Vault, tmp_path: Path) -> None:
        with pytest.raises(InvalidInputError, match="nowhere"):
            store_version(
                vault,
                version_of({"scan": SCAN}),
                file_fields=FIELDS,
                files={"scan": tmp_path / "nowhere"},
            )

    def test_large_file__in_flat_memory(self, vault: Vault) -> None:
        size = 96 << 20
        value = FileValue.read(_Zeros(size), "application/octet-stream")
        header = RecordHeader(RECORD, AgencyId(7), TypeId(1), b"s" * 32, 1)
        version = Version(header, Content.of({"scan": value.to_json()}), new_secret())
        tracemalloc.start()
        try:
            store_version(vault, version, file_fields=FIELDS, files={"scan": _Zeros(size)})
            copy_file(vault, version, FIELDS, "scan", _Count())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 12 << 20


class TestChanged:
    @pytest.fixture(params=["flipped", "truncated", "reordered", "extended", "emptied", "swapped"])
    def damage(
        self, request: pytest.FixtureRequest, vault: Vault, stored: Version
    ) -> Iterator[str]:
        data = raw(vault, 3)
        chunk = CHUNK_SIZE + TAG_SIZE
        header, first, second = (
            data[:HEADER_SIZE],
            data[HEADER_SIZE:][:chunk],
            data[HEADER_SIZE:][chunk : 2 * chunk],
        )
        changed = {
            "flipped": data[:-1] + bytes([data[-1] ^ 1]),
            "truncated": data[: HEADER_SIZE + chunk],
            "reordered": header + second + first + data[HEADER_SIZE + 2 * chunk :],
            "extended": data + b"x",
            "emptied": b"",
            "swapped": raw(vault, 1),
        }[request.param]
        rewritten(vault, 3, changed)
        return request.param

    def test_file__is_refused_and_nothing_is_left(
        self, vault: Vault, stored: Version, damage: str, tmp_path: Path
    ) -> None:
        target = tmp_path / "out" / "scan.pdf"
        target.parent.mkdir()
        with pytest.raises(DecryptionError) as error:
            extract_file(vault, stored, FIELDS, "scan", target)
        assert error.value.object_index == 3
        assert list(target.parent.iterdir()) == []
        with (
            pytest.raises(DecryptionError),
            open_file(vault, stored, FIELDS, "scan", folder=target.parent),
        ):
            pytest.fail("some of it was handed out")
        assert list(target.parent.iterdir()) == []

    def test_object_made_by_somebody_with_the_secret__is_not_the_committed_file(
        self, vault: Vault, stored: Version, tmp_path: Path
    ) -> None:
        other = version_of({"scan": b"another"}, secret=stored.secret)
        elsewhere = FolderVault(tmp_path / "elsewhere")
        store_version(elsewhere, other, file_fields=FIELDS, files={"scan": io.BytesIO(b"another")})
        rewritten(vault, 3, raw(elsewhere, 3))
        rewritten(vault, 0, raw(elsewhere, 0))
        with pytest.raises(DecryptionError, match="not the committed file"):
            extract_file(vault, stored, FIELDS, "scan", tmp_path / "scan.pdf")
        assert not (tmp_path / "scan.pdf").exists()
        with pytest.raises(CommitmentMismatchError):
            load_version(vault, stored.header, stored.secret, stored.commitment)

    def test_object_of_another_version_or_secret(self, vault: Vault, stored: Version) -> None:
        store_version(vault, version_of({}, number=2, secret=stored.secret))
        vault.delete(object_name(ObjectPlace(RECORD, 1, 0)))
        other = vault.get_range(object_name(ObjectPlace(RECORD, 2, 0)), 0, 1 << 20)
        vault.put_if_absent(object_name(ObjectPlace(RECORD, 1, 0)), other)
        with pytest.raises(DecryptionError):
            load_content(vault, RECORD, 1, stored.secret)
        with pytest.raises(DecryptionError):
            load_content(vault, RECORD, 2, new_secret())


class TestReading:
    def test_extract__never_overwrites(self, vault: Vault, stored: Version, tmp_path: Path) -> None:
        target = tmp_path / "scan.pdf"
        target.write_text("mine")
        for place in (target, tmp_path / "none" / "scan.pdf"):
            with pytest.raises(InvalidInputError, match=r"scan\.pdf"):
                extract_file(vault, stored, FIELDS, "scan", place)
        assert target.read_text() == "mine"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["scan.pdf", "vault"]

    @pytest.mark.parametrize("field", ["photo", "owner", "nothing"])
    def test_field_that_is_no_file_of_the_version(
        self, vault: Vault, stored: Version, field: str
    ) -> None:
        with pytest.raises(InvalidInputError, match=field):
            copy_file(vault, stored, FIELDS, field, io.BytesIO())

    def test_missing_object__is_named(self, vault: Vault, stored: Version, tmp_path: Path) -> None:
        vault.delete(object_name(ObjectPlace(RECORD, 1, 3)))
        with pytest.raises(ObjectMissingError, match="/1/3"):
            extract_file(vault, stored, FIELDS, "scan", tmp_path / "scan.pdf")
        assert not (tmp_path / "scan.pdf").exists()


class TestListing:
    def test_delete_version__takes_that_version_alone(self, vault: Vault, stored: Version) -> None:
        for number in (2, 10):
            store_version(vault, version_of({}, number=number))
        names = delete_version(vault, RECORD, 1)
        assert [name.rpartition("/")[2] for name in names] == ["0", "1", "3"]
        assert delete_version(vault, RECORD, 1) == ()
        assert [place for _, place in stored_objects(vault)] == [
            ObjectPlace(RECORD, 10, 0),
            ObjectPlace(RECORD, 2, 0),
        ]

    def test_stored_objects__tell_strange_names_and_leave_other_kinds(self, vault: Vault) -> None:
        record = RECORD.hex()
        for name in (
            "types/deed.json",
            "packs/1",
            f"{record}/01/0",
            f"{record}/0/0",
            f"{record}/x",
        ):
            vault.put_if_absent(name, b"")
        assert list(stored_objects(vault)) == [
            (f"{record}/0/0", None),
            (f"{record}/01/0", None),
            (f"{record}/x", None),
        ]

    def test_write_that_fails_midway__content_is_not_there_without_its_files(
        self, vault: Vault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = vault.put_if_absent

        def full(name: str, data: Any) -> bool:
            if name.endswith("/3"):
                raise VaultError("full")
            return real(name, data)

        monkeypatch.setattr(vault, "put_if_absent", full)
        with pytest.raises(VaultError):
            store_version(
                vault,
                version_of({"scan": SCAN, "annex": ANNEX}),
                file_fields=FIELDS,
                files={"scan": io.BytesIO(SCAN), "annex": io.BytesIO(ANNEX)},
            )
        assert [place.index for _, place in stored_objects(vault) if place] == [1]


class _Zeros:
    """A long stream that costs nothing."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, size: int, /) -> bytes:
        size = min(size, self._left)
        self._left -= size
        return bytes(size)


class _Count:
    def write(self, data: bytes, /) -> int:
        return len(data)
