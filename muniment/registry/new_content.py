# SPDX-License-Identifier: Apache-2.0
"""Content that is to be registered, with its files, checked against its record type."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from muniment.errors import InvalidInputError
from muniment.record.canonical import JsonValue
from muniment.record.files import FileValue, Readable
from muniment.record.types import RecordType
from muniment.record.versions import Content

_UNKNOWN_MEDIA_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is known already by its `value`, and lies elsewhere than in a folder: `opening`
    opens it to be read, as often as it is asked."""

    value: FileValue
    opening: Callable[[], AbstractContextManager[Readable]]

    def open(self, mode: Literal["rb"]) -> AbstractContextManager[Readable]:
        """Open it, as a path is opened."""
        del mode
        return self.opening()


Attachment = Path | StoredFile


@dataclass(frozen=True, slots=True)
class NewContent:
    """Content to be registered: `source_id` is the agency's own number of it in `source_system`.

    `attachments` are files by the name of their field.
    """

    source_id: str
    fields: Mapping[str, JsonValue]
    attachments: Mapping[str, Attachment] = field(default_factory=dict)


def prepared_content(record_type: RecordType, content: NewContent, seen: set[str]) -> NewContent:
    """Return checked content whose source id is not among those `seen`, to which it is added."""
    if content.source_id in seen:
        raise InvalidInputError("source id", "one that comes once", repr(content.source_id))
    done = with_files(record_type, content)
    seen.add(content.source_id)
    return done


def with_files(record_type: RecordType, content: NewContent) -> NewContent:
    """The content with the values of its files, checked against its type."""
    unknown = sorted(set(content.attachments) - set(record_type.file_fields))
    if unknown:
        known = ", ".join(record_type.file_fields) or "none: the type has no file fields"
        raise InvalidInputError("attachment", f"one of {known}", repr(unknown[0]))
    fields = Content.of(content.fields).fields()
    for name, path in content.attachments.items():
        if name in fields:
            raise InvalidInputError(f"field {name!r}", "either a value or an attachment", "both")
        if isinstance(path, StoredFile):
            fields[name] = path.value.to_json()
            continue
        media_type = mimetypes.guess_type(path.name)[0] or _UNKNOWN_MEDIA_TYPE
        try:
            with path.open("rb") as reader:
                fields[name] = FileValue.read(reader, media_type).to_json()
        except OSError as error:
            what = error.strerror or "unreadable"
            raise InvalidInputError(f"attachment {name!r}", "a readable file", what) from error
    missing = [
        name
        for name in record_type.file_fields
        if name in fields and name not in content.attachments
    ]
    if missing:
        raise InvalidInputError(f"field {missing[0]!r}", "a file as attachment", "a value alone")
    record_type.check(fields)
    return replace(content, fields=fields)
