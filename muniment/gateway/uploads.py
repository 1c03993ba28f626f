# SPDX-License-Identifier: Apache-2.0
"""Files that come before what registers them: hashed and encrypted while they come.

An upload is an object of the vault under a secret of its own, which lies in its row, wrapped under
a key that derives from the key store. What registers it reads it from there and encrypts it anew
under the version's secret; nothing that outlives an upload was ever made with its secret.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from muniment.errors import InvalidInputError
from muniment.gateway.callers.caller import Caller
from muniment.gateway.piping import Outgoing
from muniment.gateway.refusals import StaleCallError, TruncatedBodyError, UnfitCallError
from muniment.record.commitment import Secret, new_secret
from muniment.record.files import FileValue, Readable
from muniment.record.identifiers import RecordId
from muniment.record.objects import ObjectPlace, Writable, decrypt, encrypt
from muniment.registry.new_content import StoredFile
from muniment.registry.session import Session
from muniment.store.gateway_tables import uploads
from muniment.store.rows import with_digest

KEPT_SECONDS: Final = 86_400
USED_SECONDS: Final = 3_600
_PREFIX: Final = "uploads/"
_TAG: Final = b"muniment/upload-key/v1\0"
_NONCE: Final = bytes(12)
_form: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}").fullmatch


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that is whole; `place` 32 bytes, `expires_ms` Unix milliseconds."""

    upload_id: str
    caller: str
    place: bytes
    wrapped: bytes
    object_name: str
    value: FileValue
    expires_ms: int


def require_upload_id(text: str) -> str:
    """Return an upload's id. Raises `InvalidInputError`."""
    if not _form(text):
        raise InvalidInputError("upload id", "letters, digits and . _ -, at most 64", "another")
    return text


def keep_upload(
    session: Session,
    caller: Caller,
    upload_id: str,
    reader: Readable,
    media_type: str,
    expected_digest: bytes | None,
) -> tuple[Upload, bool]:
    """Keep all that a reader gives, and return the upload and whether it is new.

    Raises `TruncatedBodyError` where it is not what `expected_digest` says, and `StaleCallError`
    for an id that stands for another file; then nothing is kept.
    """
    place, secret = secrets.token_bytes(32), new_secret()
    name = f"{_PREFIX}{int(time.time()):08x}-{place.hex()}"
    found: list[FileValue] = []

    def produce(writer: Writable) -> None:
        where = ObjectPlace(RecordId(place), 1, 1)
        summary = encrypt(reader, writer, where, secret)
        if expected_digest not in (None, summary.digest):
            raise TruncatedBodyError("the bytes whose SHA-256 Content-Digest says")
        found.append(summary.file_value(media_type))

    session.vault.put_if_absent(name, produce)
    expires = int((time.time() + KEPT_SECONDS) * 1000)
    wrapped = AESGCM(_key(session, place)).encrypt(_NONCE, secret, place)
    new = Upload(upload_id, caller.key, place, wrapped, name, found[0], expires)
    try:
        with session.database.write() as connection:
            connection.execute(sa.insert(uploads), [with_digest(uploads, _row(new))])
    except sa.exc.IntegrityError:
        session.vault.delete(name)
        before = upload_of(session, caller, upload_id)
        if before.value != new.value:
            raise StaleCallError(
                f"upload {upload_id!r} is another file already",
                "an id of its own for each file",
                field="id",
            ) from None
        return before, False
    return new, True


def upload_of(session: Session, caller: Caller, upload_id: str) -> Upload:
    """Return an upload of a caller. Raises `UnfitCallError` for one that is not there, or another
    caller's."""
    with session.database.read() as connection:
        chosen = sa.select(uploads).where(uploads.c.upload_id == upload_id)
        row = connection.execute(chosen).mappings().one_or_none()
    if row is None or row["caller"] != caller.key or row["expires_ms"] < time.time() * 1000:
        raise UnfitCallError(
            f"there is no upload {upload_id!r}",
            "an upload of this caller, not older than a day",
            remedy="upload the file first: PUT /uploads/{id}",
            field="attachments",
        )
    return Upload(
        row["upload_id"],
        row["caller"],
        bytes(row["place"]),
        bytes(row["wrapped"]),
        row["object_name"],
        FileValue(bytes(row["digest"]), row["size"], row["media_type"]),
        row["expires_ms"],
    )


def attachments_of(
    session: Session, caller: Caller, named: Mapping[str, Any]
) -> dict[str, StoredFile]:
    """Return uploads as the files of a record's fields. Raises `UnfitCallError`."""
    found = {}
    for field, upload_id in named.items():
        if not isinstance(upload_id, str):
            expected = "the id of an upload for each field"
            raise UnfitCallError("an upload's id is no text", expected, field="attachments")
        found[field] = _stored(session, upload_of(session, caller, upload_id))
    return found


def mark_used(session: Session, caller: Caller, named: Mapping[str, Any]) -> None:
    """Let uploads that were registered go in an hour: so long may the same call come again."""
    soon = int((time.time() + USED_SECONDS) * 1000)
    with session.database.write() as connection:
        chosen = sa.select(uploads).where(
            uploads.c.upload_id.in_(list(named.values())),
            uploads.c.caller == caller.key,
            uploads.c.expires_ms > soon,
        )
        for row in connection.execute(chosen).mappings().all():
            plain = {name: value for name, value in row.items() if name != "row_digest"}
            changed = with_digest(uploads, plain | {"expires_ms": soon})
            mine = uploads.c.upload_id == row["upload_id"]
            connection.execute(sa.update(uploads).where(mine), [changed])


def drop_expired(session: Session) -> int:
    """Remove uploads whose time is over; return how many."""
    with session.database.read() as connection:
        chosen = sa.select(uploads.c.upload_id, uploads.c.object_name).where(
            uploads.c.expires_ms < int(time.time() * 1000)
        )
        over = [(row.upload_id, row.object_name) for row in connection.execute(chosen)]
    for upload_id, name in over:
        # The object first: a row without one is removed next time, the other way it would stay.
        session.vault.delete(name)
        with session.database.write() as connection:
            connection.execute(sa.delete(uploads).where(uploads.c.upload_id == upload_id))
    return len(over)


def _stored(session: Session, upload: Upload) -> StoredFile:
    secret = Secret(
        AESGCM(_key(session, upload.place)).decrypt(_NONCE, upload.wrapped, upload.place)
    )
    where = ObjectPlace(RecordId(upload.place), 1, 1)

    @contextmanager
    def opening() -> Iterator[Readable]:
        def work(target: Outgoing) -> None:
            with session.vault.open(upload.object_name) as reader:
                decrypt(reader, target, where, secret)

        pieces = Outgoing().pieces(work)
        try:
            yield _Pieces(pieces)
        finally:
            pieces.close()

    return StoredFile(upload.value, opening)


class _Pieces:
    """Reads what comes in pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""
        if not self._left:
            self._left = next(self._pieces, b"")
        piece, self._left = self._left[:size], self._left[size:]
        return piece


def _key(session: Session, place: bytes) -> bytes:
    """The key that wraps an upload's secret: another for each, so that its nonce may be fixed."""
    return hmac.digest(session.keys.local_id_key(), _TAG + place, "sha256")


def _row(upload: Upload) -> dict[str, Any]:
    return {
        "upload_id": upload.upload_id,
        "caller": upload.caller,
        "place": upload.place,
        "wrapped": upload.wrapped,
        "object_name": upload.object_name,
        "digest": upload.value.digest,
        "size": upload.value.length,
        "media_type": upload.value.media_type,
        "expires_ms": upload.expires_ms,
    }
