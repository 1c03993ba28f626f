# SPDX-License-Identifier: Apache-2.0
"""Files as content: a field whose value names a file's bytes by digest, length and media type.

The file itself is encrypted as an object of its own (`muniment.record.objects`), so it may be of
any size; the commitment binds its digest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from muniment.errors import InvalidInputError
from muniment.record.canonical import MAX_INTEGER, JsonValue
from muniment.record.identifiers import require_bytes, require_uint

_DIGEST_PREFIX: Final = "sha256:"
_MEDIA_TYPE: Final = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}"
_matches_media_type: Final = re.compile(_MEDIA_TYPE).fullmatch

FILE_SCHEMA: Final[Mapping[str, JsonValue]] = {
    "type": "object",
    "properties": {
        "digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
        "length": {"type": "integer", "minimum": 0},
        "mediaType": {"type": "string", "pattern": f"^{_MEDIA_TYPE}$"},
    },
    "required": ["digest", "length", "mediaType"],
    "additionalProperties": False,
}
"""The schema of a file's value; record types put it at ``$defs/file`` and refer to it."""

_PIECE: Final = 1 << 20


class Readable(Protocol):
    """What bytes are read from: at most `size` of them, none at the end."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, waiting for some; none at the end."""
        ...


def read_piece(reader: Readable, size: int) -> bytes:
    """Return what `reader` gives next, none at the end. Raises `InvalidInputError`.

    A reader that would have to wait returns None, which must never pass for the end.
    """
    piece = reader.read(size)
    if type(piece) is not bytes:
        raise InvalidInputError(
            "reader", "a blocking reader of bytes", f"of {type(piece).__name__}"
        )
    return piece


@dataclass(frozen=True, slots=True)
class FileValue:
    """The value of a file field.

    `digest` is SHA-256 of the file (32 bytes), `length` its bytes, `media_type` (RFC 6838) in
    lower case without parameters. Raises `InvalidInputError`.
    """

    digest: bytes
    length: int
    media_type: str

    def __post_init__(self) -> None:
        """Refuse values that are out of range."""
        require_bytes("file digest", self.digest, 32)
        require_uint("file length", self.length, 53, most=MAX_INTEGER)
        if not isinstance(self.media_type, str) or not _matches_media_type(self.media_type):
            raise InvalidInputError(
                "media type", "lower-case type/subtype, such as application/pdf", "another text"
            )

    def to_json(self) -> dict[str, JsonValue]:
        """Return the value as it stands in content."""
        return {
            "digest": _DIGEST_PREFIX + self.digest.hex(),
            "length": self.length,
            "mediaType": self.media_type,
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> FileValue:
        """Return the file value that a field's `value` is. Raises `InvalidInputError`."""
        match value:
            case {"digest": str(digest), "length": int(length), "mediaType": str(kind), **rest} if (
                not rest
            ):
                _, _, hexadecimal = digest.partition(_DIGEST_PREFIX)
                if re.fullmatch("[0-9a-f]{64}", hexadecimal) and digest.startswith(_DIGEST_PREFIX):
                    return cls(bytes.fromhex(hexadecimal), length, kind)
                raise InvalidInputError(
                    "file digest", f"{_DIGEST_PREFIX} and 64 digits of hex", "another text"
                )
        raise InvalidInputError(
            "file value", "an object of digest, length and mediaType", "another value"
        )

    @classmethod
    def read(cls, reader: Readable, media_type: str) -> FileValue:
        """Return the file value of all that `reader` gives, in memory of one piece."""
        state, length = hashlib.sha256(), 0
        while piece := read_piece(reader, _PIECE):
            state.update(piece)
            length += len(piece)
        return cls(state.digest(), length, media_type)
