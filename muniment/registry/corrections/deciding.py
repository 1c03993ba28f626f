# SPDX-License-Identifier: Apache-2.0
"""Deciding on a request for a correction, and telling who asked.

To accept is to amend: the proposed values take the place of those that stand, a REGISTRAR signs,
and once the amendment is in a block the answer names its version and the request. Done again after
a crash it ends where it would have ended, with one amendment and one answer.
"""

from __future__ import annotations

import mimetypes
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import sqlalchemy as sa

from muniment.errors import InvalidInputError
from muniment.exchange.corrections import CorrectionAnswer, CorrectionRequest, Decision
from muniment.exchange.envelope import Outgoing
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.exchange.envelope_parts import PartKind
from muniment.exchange.errors import CorrectionError
from muniment.record.canonical import JsonValue
from muniment.record.files import FileValue
from muniment.record.identifiers import RecordId
from muniment.record.state import Status
from muniment.registry import agency, reading
from muniment.registry.corrections.listing import CorrectionView, correction
from muniment.registry.exchange.carried import put_at, target_exists
from muniment.registry.exchange.catalogue import type_of_record
from muniment.registry.exchange.correcting import require_custody, settle
from muniment.registry.exchange.keeping import file_name, send
from muniment.registry.mirroring import sync
from muniment.registry.reading import KeptVersion, kept_version
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.store.envelopes import RECEIVED, EnvelopeRow
from muniment.store.tables import type_holds

_PIECE: Final = 1 << 20
_BY_HAND: Final = (
    "amend the record, then name the version: `muniment correction accept REQUEST --version N`"
)


class Amend(Protocol):
    """How a record gets its next version: `Registry.amend`."""

    def __call__(
        self,
        record: bytes,
        fields: Mapping[str, JsonValue],
        *,
        attach: Mapping[str, Path] | None = None,
        expected_version: int | None = None,
    ) -> Submission:
        """Return the submission of the next version."""
        ...


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision: the envelope of the answer, and the amendment, None where none was made."""

    answer: EnvelopeRow
    decision: Decision
    version: int | None
    submission: Submission | None = None


def accept(
    session: Session,
    amend: Amend,
    digest: bytes,
    target: Path | None,
    *,
    fields: Mapping[str, JsonValue] | None = None,
    version: int | None = None,
    reason: str = "",
    timeout: float | None = 120.0,
) -> Decided:
    """Accept a request: amend the record, and answer once the amendment is in a block.

    `fields` are put in place of those that were proposed; with `version`, one that corrects the
    record already is named, and nothing is amended. The answer is kept, and written to `target`.
    Raises `CorrectionError`, `InvalidContentError` for values that the type does not allow,
    `RefusedError`, `StillWaitingError`.
    """
    view, before = _decidable(session, digest, Decision.ACCEPTED, target)
    if before is not None:
        return before
    request = _request_of(view)
    sync(session)
    latest = require_custody(session, view.record_id)
    submission = None
    if version is None:
        submission = _amended(session, amend, request, fields)
        submission.wait(timeout=timeout)
        version = submission.version or 0
    elif fields:
        raise InvalidInputError("version", "a version, or values to amend by", "both")
    elif not request.version < version <= latest:
        raise CorrectionError(
            f"version {version} does not correct version {request.version}: the chain has {latest}",
            "a later version that stands on chain",
        )
    answer = CorrectionAnswer(digest, request.record_id, Decision.ACCEPTED, reason, version)
    return _answered(session, view, answer, target, submission)


def refuse(session: Session, digest: bytes, reason: str, target: Path | None) -> Decided:
    """Refuse a request for a reason in words, which the requester gets; nothing is amended.

    Raises `CorrectionError`.
    """
    view, before = _decidable(session, digest, Decision.REFUSED, target)
    if before is not None:
        return before
    sync(session)
    require_custody(session, view.record_id)
    answer = CorrectionAnswer(digest, view.record_id, Decision.REFUSED, reason)
    return _answered(session, view, answer, target, None)


def _decidable(
    session: Session, digest: bytes, decision: Decision, target: Path | None
) -> tuple[CorrectionView, Decided | None]:
    """The request, and the decision that was made before, which is written again."""
    if target is not None and target.exists():
        raise target_exists()
    view = correction(session, digest)
    if view.row.direction != RECEIVED:
        raise CorrectionError(
            f"request 0x{digest.hex()} is this agency's own", "one that another agency sent"
        )
    if view.answer is None or view.answered_by is None:
        return view, None
    if view.answer.decision is not decision:
        raise CorrectionError(
            f"request 0x{digest.hex()} is {view.answer.decision} already", "one decision"
        )
    settle(session, view.row, decision)
    if target is not None:
        _write_kept(session, view.answered_by, target)
    return view, Decided(view.answered_by, decision, view.answer.version)


def _request_of(view: CorrectionView) -> CorrectionRequest:
    if view.request is None:
        raise CorrectionError(
            f"request 0x{view.digest.hex()} can be read no more: the epoch of its key is retired",
            "a request that can be read",
            remedy="refuse it, or ask agency "
            f"{view.row.agency_id} to make it again, under the present key",
        )
    return view.request


def _amended(
    session: Session,
    amend: Amend,
    request: CorrectionRequest,
    chosen: Mapping[str, JsonValue] | None,
) -> Submission:
    proposed = dict(chosen or request.fields)
    if not proposed:
        raise CorrectionError(
            "it proposes no values",
            "values to amend by",
            remedy=f"give them with --set, or {_BY_HAND}",
        )
    record_id = RecordId(request.record_id)
    _require_amendable(session, record_id)
    kept = kept_version(session, record_id)
    if chosen is None:
        _require_current(session, kept, request)
    fields = {**kept.fields, **proposed}
    if fields == kept.fields and kept.row.version <= request.version:
        raise CorrectionError("it proposes what stands there already", "other values")
    files = [each for each in kept.record_type.file_fields if each in fields]
    new_files = sorted(set(files) & set(proposed))
    if new_files and fields != kept.fields:
        raise CorrectionError(
            f"fields {', '.join(new_files)} are files, of which a request has no bytes",
            "fields that are no files",
            remedy=_BY_HAND,
        )
    plain = {name: value for name, value in fields.items() if name not in files}
    with _attached(session, kept, files) as attach:
        return amend(record_id, plain, attach=attach, expected_version=kept.row.version)


def _require_amendable(session: Session, record_id: RecordId) -> None:
    """Say at once what the registry would refuse: after that a version would stand here that never
    got onto the chain."""
    own = session.profile.agency.id
    registrars = {
        each.account for each in agency.officers(session, own) if each.role == "registrar"
    }
    if session.officer not in registrars:
        raise CorrectionError(
            f"account {session.officer} is no registrar of agency {own}",
            "a REGISTRAR's account in the profile",
            remedy="a registrar accepts it; any officer refuses",
        )
    named, state = f"record 0x{record_id.hex()}", reading.standing(session, record_id).state
    if state.hold_count or _is_type_held(session, record_id):
        raise CorrectionError(
            f"{named} is held, and nothing of it can be changed",
            "a record that is not held",
            remedy="wait until the hold is released; the request stays open",
        )
    if state.status not in (Status.NONE, Status.IN_FORCE):
        raise CorrectionError(
            f"{named} is {state.status.name.lower()} and can be amended no more",
            "a record in force",
            remedy="refuse it, and name the record that took its place, if one did",
        )


def _is_type_held(session: Session, record_id: RecordId) -> bool:
    found = type_of_record(session, record_id)
    if found is None:
        return False
    chosen = sa.select(type_holds.c.type_id).where(
        type_holds.c.agency_id == found.agency_id, type_holds.c.type_id == found.type_id
    )
    with session.database.read() as connection:
        return connection.execute(chosen).first() is not None


def _require_current(session: Session, kept: KeptVersion, request: CorrectionRequest) -> None:
    """What was changed since the requester saw it is not overwritten."""
    if kept.row.version <= request.version:
        return
    seen = kept_version(session, RecordId(request.record_id), request.version).fields
    now = kept.fields
    changed = sorted(
        name
        for name, value in request.fields.items()
        if now.get(name) != seen.get(name) and now.get(name) != value
    )
    if changed:
        raise CorrectionError(
            f"fields {', '.join(changed)} were amended since version {request.version}, which it "
            "is about",
            "fields that stand as the requester saw them",
            remedy=f"give the values that hold now with --set, or {_BY_HAND}",
        )


@contextmanager
def _attached(session: Session, kept: KeptVersion, names: list[str]) -> Iterator[dict[str, Path]]:
    """The files of a version as attachments of the next one, in a folder that is gone after."""
    if not names:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="muniment-") as folder:
        attach = {}
        for place, name in enumerate(names):
            value = FileValue.from_json(kept.fields[name])
            suffix = mimetypes.guess_extension(value.media_type) or ""
            path = Path(folder) / f"{place}{suffix}"
            if (mimetypes.guess_type(path.name)[0] or "application/octet-stream") != (
                value.media_type
            ):
                raise CorrectionError(
                    f"file {name!r} is of media type {value.media_type}, which no name gives",
                    "files whose type their names give",
                    remedy=_BY_HAND,
                )
            reading.extract(session, kept.row.record_id, name, path, kept.row.version)
            attach[name] = path
        yield attach


def _answered(
    session: Session,
    view: CorrectionView,
    answer: CorrectionAnswer,
    target: Path | None,
    submission: Submission | None,
) -> Decided:
    contents = [Outgoing(PartKind.MESSAGE, answer.to_bytes(), answer.record_id)]
    kind, requester = EnvelopeKind.CORRECTION_ANSWER, view.row.agency_id
    row = send(session, kind, requester, answer.record_id, contents, target)
    settle(session, view.row, answer.decision)
    return Decided(row, answer.decision, answer.version, submission)


def _write_kept(session: Session, row: EnvelopeRow, target: Path) -> None:
    """Write an envelope that was sent before to `target` once more, whole or not at all."""
    half = target.resolve().parent / f".muniment-{secrets.token_hex(8)}.half"
    try:
        with session.vault.open(file_name(row.digest)) as reader, half.open("xb") as writer:
            half.chmod(0o600)
            while piece := reader.read(_PIECE):
                writer.write(piece)
            writer.flush()
            os.fsync(writer.fileno())
        put_at(half, target)
    finally:
        half.unlink(missing_ok=True)
