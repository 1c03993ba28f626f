# SPDX-License-Identifier: Apache-2.0
"""A version's content and files as encrypted objects of a vault.

Object 0 is the canonical content; the file of the n-th of the type's file fields, in byte order of
their names, is object n, also where an optional field before it is absent. The object's name is
``<record id, 64 digits of hex>/<version>/<object>``. docs/spec/records.md, section 6, is the
format; memory stays at a few chunks whatever the length of a file.

Objects come before the database row that makes them count: after a crash in between there are
objects without a row, which `stored_objects` finds, and storing the same version again finds them
in their place.
"""

from __future__ import annotations

import contextlib
import hmac
import io
import os
import re
import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from muniment.errors import DecryptionError, InvalidInputError
from muniment.record.commitment import Commitment, RecordHeader, Secret
from muniment.record.files import FileValue, Readable
from muniment.record.identifiers import RecordId
from muniment.record.objects import (
    CONTENT_OBJECT,
    ObjectPlace,
    ObjectSummary,
    Writable,
    decrypt,
    encrypt,
)
from muniment.record.versions import Content, Version
from muniment.store.durable_files import PRIVATE_FILE, sync_folder
from muniment.store.vault.contract import ObjectExistsError, Vault

_NAME: Final = re.compile(r"([0-9a-f]{64})/(0|[1-9][0-9]{0,4})/(0|[1-9][0-9]{0,9})")
_RECORD: Final = re.compile(r"[0-9a-f]{64}(?:/.*)?")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in the vault: its `place`, its `name`, and SHA-256 and bytes of the ciphertext.

    `new` is False where it was there before, from an attempt that was interrupted.
    """

    place: ObjectPlace
    name: str
    ciphertext_digest: bytes
    ciphertext_length: int
    new: bool


def object_name(place: ObjectPlace) -> str:
    """Return the object's name in the vault."""
    return f"{place.record_id.hex()}/{place.version}/{place.index}"


def file_place(version: Version, file_fields: Sequence[str], field: str) -> ObjectPlace:
    """Return where the file of `field` lies. Raises `InvalidInputError` for another field.

    `file_fields` are those of the record type (`RecordType.file_fields`).
    """
    header = version.header
    if field not in file_fields:
        raise InvalidInputError(f"field {field!r}", "a file field of the record type", "another")
    return ObjectPlace(header.record_id, header.version, 1 + sorted(file_fields).index(field))


def store_version(
    vault: Vault,
    version: Version,
    *,
    file_fields: Sequence[str] = (),
    files: Mapping[str, Path | Readable] | None = None,
) -> tuple[StoredObject, ...]:
    """Encrypt and store a version's files and its content; return them, the content first.

    `files` gives a path or a stream for each field of `file_fields` that the content has. What is
    there already from an earlier attempt is compared and left. Raises `InvalidInputError` where
    files and content do not go together, or a file is not what the content says of it (it changed
    meanwhile); `ObjectExistsError` where another object stands in the place; `VaultError`.
    """
    files = {} if files is None else files
    values = _file_values(version, file_fields)
    if set(files) != set(values):
        missing, extra = sorted(set(values) - set(files)), sorted(set(files) - set(values))
        raise InvalidInputError(
            "files",
            "one for each file field of the content",
            f"without {missing}" if missing else f"given for {extra} too",
        )
    stored = [
        _store_file(vault, version, file_place(version, file_fields, field), files[field], value)
        for field, value in values.items()
    ]
    # The content comes last: where it is, its files are too.
    header = version.header
    place = ObjectPlace(header.record_id, header.version, CONTENT_OBJECT)
    content = _store(vault, place, version.secret, io.BytesIO(version.content.canonical))
    return (content, *stored)


def load_content(vault: Vault, record_id: RecordId, version: int, secret: Secret) -> Content:
    """Return a version's content, which the caller compares with its commitment.

    Raises `ObjectMissingError`, `DecryptionError`, `InvalidJsonError`.
    """
    return Content(_decrypted(vault, ObjectPlace(record_id, version, CONTENT_OBJECT), secret))


def load_version(
    vault: Vault, header: RecordHeader, secret: Secret, commitment: Commitment
) -> Version:
    """Return a version whose content makes `commitment`.

    Raises as `load_content` does, and `CommitmentMismatchError`.
    """
    content = load_content(vault, header.record_id, header.version, secret)
    version = Version(header, content, secret)
    version.require(commitment)
    return version


def copy_file(
    vault: Vault, version: Version, file_fields: Sequence[str], field: str, writer: Writable
) -> FileValue:
    """Write the file of `field` to `writer` and return what the content says of it.

    The caller MUST discard all that was written when this raises: `DecryptionError` for an object
    that was changed, cut, swapped or is not the committed file; `ObjectMissingError`;
    `InvalidInputError` for a field that the content has not.
    """
    value = _file_values(version, file_fields).get(field)
    if value is None:
        raise InvalidInputError(f"field {field!r}", "a file of this version", "absent or no file")
    place = file_place(version, file_fields, field)
    with vault.open(object_name(place)) as reader:
        summary = decrypt(reader, writer, place, version.secret)
    if not _is_file(summary, value):
        raise DecryptionError(place.index, None, "its plaintext is not the committed file")
    return value


@contextlib.contextmanager
def open_file(
    vault: Vault,
    version: Version,
    file_fields: Sequence[str],
    field: str,
    *,
    folder: Path | None = None,
) -> Iterator[BinaryIO]:
    """Open the file of `field` for reading, wholly checked before its first byte is handed out.

    It lies in clear in a nameless file of `folder` (the system's by default) until the context
    ends. Raises as `copy_file` does.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        copy_file(vault, version, file_fields, field, file)
        file.seek(0)
        yield file


def extract_file(
    vault: Vault, version: Version, file_fields: Sequence[str], field: str, target: Path
) -> FileValue:
    """Write the file of `field` to `target`, mode 600, whole or not at all.

    Raises as `copy_file` does, and `InvalidInputError` where `target` exists or cannot be written.
    """
    partial = target.with_name(f".{target.name[:200]}.{secrets.token_hex(8)}.part")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as file:
            value = copy_file(vault, version, file_fields, field, file)
            file.flush()
            os.fsync(file.fileno())
        os.link(partial, target)
        sync_folder(target.parent)
    except OSError as error:
        what = error.strerror or "not writable"
        raise InvalidInputError(
            f"the file to write, {target},", "a new name in a folder that can be written", what
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
    return value


def delete_version(vault: Vault, record_id: RecordId, version: int) -> tuple[str, ...]:
    """Take all objects of a version away and return their names.

    The content goes first, so that what an interruption leaves is seen to be no whole version.
    """
    prefix = object_name(ObjectPlace(record_id, version, CONTENT_OBJECT)).removesuffix("0")
    names = tuple(vault.list(prefix))
    return tuple(name for name in names if vault.delete(name))


def stored_objects(vault: Vault) -> Iterator[tuple[str, ObjectPlace | None]]:
    """Yield the name and place of every object of a version, in byte order of the names.

    The place is None for a name below a record id that no version object can have. Names of other
    kinds (record types, packs) are left out.
    """
    for name in vault.list():
        if _RECORD.fullmatch(name):
            yield name, _place_of(name)


def _place_of(name: str) -> ObjectPlace | None:
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    record_id, version, index = match.groups()
    with contextlib.suppress(InvalidInputError):
        return ObjectPlace(RecordId(bytes.fromhex(record_id)), int(version), int(index))
    return None


def _file_values(version: Version, file_fields: Sequence[str]) -> dict[str, FileValue]:
    content = version.content.fields()
    return {
        field: FileValue.from_json(content[field])
        for field in sorted(file_fields)
        if field in content
    }


def _is_file(summary: ObjectSummary, value: FileValue) -> bool:
    same = hmac.compare_digest(summary.digest, value.digest)
    return same and summary.length == value.length


def _store_file(
    vault: Vault, version: Version, place: ObjectPlace, source: Path | Readable, value: FileValue
) -> StoredObject:
    if not isinstance(source, Path):
        return _store(vault, place, version.secret, source, value)
    try:
        file = source.open("rb")
    except OSError as error:
        what = error.strerror or "not readable"
        raise InvalidInputError(f"file {source}", "a file that can be read", what) from error
    with file:
        return _store(vault, place, version.secret, file, value)


def _store(
    vault: Vault,
    place: ObjectPlace,
    secret: Secret,
    source: Readable,
    value: FileValue | None = None,
) -> StoredObject:
    """Store an object, or find that an earlier attempt did: each encryption has other bytes."""
    name = object_name(place)
    made: list[ObjectSummary] = []

    def produce(writer: Writable) -> None:
        summary = encrypt(source, writer, place, secret)
        if value is not None and not _is_file(summary, value):
            raise InvalidInputError(
                f"the file of object {place.index}",
                "the bytes that the content's digest and length say",
                "another one: it changed since it was read",
            )
        made.append(summary)

    try:
        new = vault.put_if_absent(name, produce)
    except ObjectExistsError:
        found = _summary_of(vault, name, place, secret)
        if found is None or not hmac.compare_digest(found.digest, made[0].digest):
            raise
        return StoredObject(
            place, name, found.ciphertext_digest, found.ciphertext_length, new=False
        )
    return StoredObject(place, name, made[0].ciphertext_digest, made[0].ciphertext_length, new=new)


def _summary_of(
    vault: Vault, name: str, place: ObjectPlace, secret: Secret
) -> ObjectSummary | None:
    """What lies in the vault, or None where it cannot be read with this secret."""
    try:
        with vault.open(name) as reader:
            return decrypt(reader, _Nowhere(), place, secret)
    except DecryptionError:
        return None


def _decrypted(vault: Vault, place: ObjectPlace, secret: Secret) -> bytes:
    writer = io.BytesIO()
    with vault.open(object_name(place)) as reader:
        decrypt(reader, writer, place, secret)
    return writer.getvalue()


class _Nowhere:
    """Takes what is only to be checked."""

    def write(self, data: bytes, /) -> int:
        return len(data)
