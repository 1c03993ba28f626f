# SPDX-License-Identifier: Apache-2.0
"""The forms that many answers share: submissions, instants, ids, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Path, Response

from muniment.errors import InvalidInputError
from muniment.record.identifiers import RecordId
from muniment.registry import Stage, Submission, record_id_of
from muniment.registry.journals import EntrySubmission

NDJSON: Final = "application/x-ndjson"
_is_id: Final = re.compile(r"0x[0-9a-f]{64}").fullmatch

RecordPath = Annotated[
    str, Path(description="A record's id: 0x and 64 digits of lower-case hex", max_length=66)
]


def record_in_path(text: str) -> RecordId:
    """Return the record that a path names. Raises `InvalidInputError`."""
    if not _is_id(text):
        raise InvalidInputError("record id", "0x and 64 digits of lower-case hex", "another text")
    return record_id_of(text)


def hexadecimal(value: bytes | None) -> str | None:
    """Return bytes as every answer writes them: 0x and lower-case hex."""
    return None if value is None else f"0x{value.hex()}"


def submission_body(submission: Submission, stage: Stage | None = None) -> dict[str, Any]:
    """Return a submission as every writing answer has it; its `stage` is looked up unless it is
    known. `watch` is where it can be watched."""
    record = hexadecimal(submission.record_id)
    body: dict[str, Any] = {
        "record": record,
        "version": submission.version,
        "kind": submission.kind,
        "stage": str(submission.stage if stage is None else stage),
        "submission": submission.submission_id,
    }
    if isinstance(submission, EntrySubmission):
        body |= {"kind": "register", "way": "journal"}
        body |= {"journal": submission.journal, "index": submission.index}
        body["watch"] = f"/records/{record}/registration"
    else:
        body |= {"way": "direct", "watch": f"/submissions/{submission.submission_id}"}
    return body


def json_line(value: Any) -> bytes:
    """Return a line of NDJSON."""
    return _json(value) + b"\n"


def json_answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer of JSON."""
    return Response(_json(body), status, dict(headers or {}), "application/json")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
