# SPDX-License-Identifier: Apache-2.0
"""Registrations through the journal, acknowledged together: group commit.

One thread appends. While it makes one group durable, the next gathers; so a hundred callers share
one transaction, and the only one waits for nobody. The thread holds the journal's lease while there
is something to do, and gives it back when there was nothing for a while: an import takes it then.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, replace
from queue import Empty, Full, Queue
from typing import Final

from sqlalchemy.engine import Connection

from muniment.errors import InvalidInputError, MunimentError
from muniment.gateway import idempotency
from muniment.gateway.chain_time import ChainTime
from muniment.gateway.idempotency import KeyedCall
from muniment.gateway.refusals import BusyError, ReplayedKeyError
from muniment.record.canonical import JsonValue
from muniment.record.files import FileValue
from muniment.record.identifiers import RecordId
from muniment.record.types import RecordType
from muniment.registry import known_content, reading
from muniment.registry.journal_records import entry_of
from muniment.registry.journal_writing import JournalWriter, journal_writer, preparation
from muniment.registry.journals import EntrySubmission, submission_of_entry
from muniment.registry.new_content import Attachment, NewContent
from muniment.registry.preparing import Preparation, Prepared, Refusal, prepare
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.store.leases import LeaseHeldError, LeaseLostError

IDLE_SECONDS: Final = 10.0
_LEASE_SECONDS: Final = 2.0
_LOG: Final = logging.getLogger("muniment.gateway")


class RefusedContentError(InvalidInputError):
    """Content that is no record of its type: `field` is the first that is wrong."""

    def __init__(self, refusal: Refusal) -> None:
        name = "content" if refusal.field is None else f"content/{refusal.field}"
        super().__init__(
            name,
            "what the schema of the record type says",
            f"refused: {refusal.reason}",
            remedy="correct the named fields in the source, then try again",
        )


@dataclass(frozen=True, slots=True)
class Registered:
    """What a registration came to: its submission, and whether it is `new` with this call, or the
    answer to one that was `replayed`."""

    submission: Submission
    new: bool
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A record that waits to be appended."""

    record_type: RecordType
    system: str
    source_id: str
    fields: Mapping[str, JsonValue]
    files: Mapping[str, tuple[Attachment, FileValue]]
    call: KeyedCall | None
    answer: Future[Registered]
    replayed: bool = False


class Registrar:
    """Appends what callers hand in; `start` it, and `close` it when the last answer is given."""

    def __init__(self, session: Session, *, group: int, waiting: int) -> None:
        """Take at most `group` records together, and `waiting` before more are refused."""
        self._session = session
        self._group = group
        self._queue: Queue[_Waiting | None] = Queue(waiting)
        self._thread = threading.Thread(target=self._run, name="registrar", daemon=True)
        self._time = ChainTime(session)
        self._shared: dict[tuple[int, int, str], Preparation] = {}
        self._held = ExitStack()
        self._writer: JournalWriter | None = None
        self.busy_since: float | None = None
        """Since when a group is being appended (monotonic clock), None where none is."""

    @property
    def journal(self) -> int | None:
        """The number of the journal, None where the profile names none."""
        named = self._session.profile.journal
        return None if named is None else named.number

    @property
    def waiting(self) -> int:
        """How many records wait to be appended."""
        return self._queue.qsize()

    def start(self) -> None:
        """Begin to append."""
        self._time.start()
        self._thread.start()

    def close(self) -> None:
        """Append what waits, and end."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        self._time.close()

    def register(
        self,
        record_type: RecordType,
        new: NewContent,
        *,
        system: str | None = None,
        call: KeyedCall | None = None,
        waits: bool = False,
    ) -> Future[Registered]:
        """Hand a record in; the future has its submission once it is durable. Where it has files
        their values stand among the fields (`new_content.with_files`).

        The future raises `ConflictError`, `RefusedContentError`, `ReplayedKeyError`, and
        `BusyError` while another process appends. Raises `BusyError` where too many wait,
        unless the caller `waits` too, in a thread of its own.
        """
        answer: Future[Registered] = Future()
        named = system or self._session.profile.agency.source_system
        files = {
            name: (file, FileValue.from_json(new.fields[name]))
            for name, file in new.attachments.items()
        }
        waiting = _Waiting(record_type, named, new.source_id, new.fields, files, call, answer)
        try:
            self._queue.put(waiting, block=waits)
        except Full:
            raise BusyError(
                "too many records wait to be appended",
                "fewer at a time",
                remedy="send them again in a second",
                retry_after=1,
            ) from None
        return answer

    # --- the appending thread ---------------------------------------------------------------------

    def _run(self) -> None:
        left: list[_Waiting] = []
        ended = False
        with self._held:
            while not ended or left:
                gathered, ended = self._gather(left, ended)
                group, left = _without_repeats(gathered)
                if group:
                    self.busy_since = time.monotonic()
                    self._append_all(group)
                    self.busy_since = None

    def _gather(self, left: list[_Waiting], ended: bool) -> tuple[list[_Waiting], bool]:
        """What waits now, at most a group; where nothing does, wait for the first."""
        gathered = list(left)
        while len(gathered) < self._group:
            first = not gathered and not ended
            try:
                if first:
                    # Where nothing is held there is nothing to give back: wait for ever.
                    idle = None if self._writer is None else IDLE_SECONDS
                    each = self._queue.get(timeout=idle)
                else:
                    each = self._queue.get_nowait()
            except Empty:
                if not first:
                    break
                self._give_back()
                continue
            if each is None:
                ended = True
                break
            # Whoever gave up waiting is not registered; from here on nobody can.
            if each.answer.set_running_or_notify_cancel():
                gathered.append(each)
        return gathered, ended

    def _append_all(self, group: Sequence[_Waiting]) -> None:
        try:
            fresh = self._unanswered(group)
        except Exception as error:  # noqa: BLE001
            _fail(group, error)
            return
        batches: dict[tuple[int, int, str], list[_Waiting]] = {}
        for each in fresh:
            key = (int(each.record_type.type_id), each.record_type.version, each.system)
            batches.setdefault(key, []).append(each)
        for key, batch in batches.items():
            # Whatever one batch meets must not end the thread: every later call would hang.
            try:
                self._append(self._preparation(key, batch[0]), batch)
            except Exception as error:  # noqa: BLE001
                _fail(batch, error)

    def _unanswered(self, group: Sequence[_Waiting]) -> list[_Waiting]:
        """Those whose idempotency key was not used for another body."""
        calls = [each.call for each in group if each.call is not None]
        if not calls:
            return list(group)
        with self._session.database.read() as connection:
            used = idempotency.used(connection, calls)
        fresh, seen = [], dict(used)
        for each in group:
            if each.call is None:
                fresh.append(each)
                continue
            before = seen.setdefault(each.call.key, each.call.body_digest)
            if before != each.call.body_digest:
                each.answer.set_exception(ReplayedKeyError())
            else:
                fresh.append(replace(each, replayed=each.call.key in used))
        return fresh

    def _append(self, shared: Preparation, batch: Sequence[_Waiting]) -> None:
        prepared = prepare(
            shared,
            [each.source_id for each in batch],
            [each.fields for each in batch],
            latest_time=self._time.latest,
        )
        for refusal in prepared.refusals:
            batch[refusal.place].answer.set_exception(RefusedContentError(refusal))
        if not prepared.entries:
            return
        calls = [batch[place].call for place in prepared.places]
        files = {place: each.files for place, each in enumerate(batch) if each.files}

        def also(connection: Connection) -> None:
            idempotency.remember_keys(connection, [each for each in calls if each is not None])

        writer = self._open()
        try:
            appended = writer.append(prepared, files, also)
        except LeaseLostError:
            # Another process had the lease meanwhile: what it appended must be known here.
            self._give_back()
            appended = self._open().append(prepared, files, also)
        known = set(appended.known)
        for place in appended.known:
            self._answer_known(batch[place])
        fresh = [at for at, place in enumerate(prepared.places) if place not in known]
        for index, at in enumerate(fresh, start=appended.first_index):
            self._answer_new(batch[prepared.places[at]], prepared, at, writer.journal, index)

    def _answer_new(
        self, waiting: _Waiting, prepared: Prepared, at: int, journal: int, index: int
    ) -> None:
        record_id = RecordId(prepared.record_ids[at])
        submission = EntrySubmission(None, "journal", record_id, 1, self._session, journal, index)
        waiting.answer.set_result(Registered(submission, new=True))

    def _answer_known(self, waiting: _Waiting) -> None:
        """Answer for a record that is registered already: with its submission, or the conflict."""
        try:
            new = NewContent(waiting.source_id, waiting.fields)
            registered = known_registration(self._session, waiting.system, new)
        except MunimentError as error:
            waiting.answer.set_exception(error)
            return
        if waiting.call is not None:
            with self._session.database.write() as connection:
                idempotency.remember_keys(connection, [waiting.call])
        waiting.answer.set_result(replace(registered, replayed=waiting.replayed))

    def _preparation(self, key: tuple[int, int, str], first: _Waiting) -> Preparation:
        if key not in self._shared:
            self._shared[key] = preparation(self._session, first.record_type, first.system)
        return self._shared[key]

    def _open(self) -> JournalWriter:
        if self._writer is None:
            journal = self.journal
            if journal is None:
                raise BusyError(
                    "the agency has no journal",
                    "a journal in the profile, or ?way=direct",
                    remedy="open one with `muniment journal open`",
                )
            try:
                self._writer = self._held.enter_context(
                    journal_writer(self._session, journal, wait_seconds=_LEASE_SECONDS)
                )
            except LeaseHeldError as error:
                raise BusyError(
                    f"another process appends to journal {journal}",
                    "nobody else to append",
                    remedy=f"{error.what}: wait for its end",
                    retry_after=5,
                ) from error
        return self._writer

    def _give_back(self) -> None:
        """Give the lease back."""
        self._writer = None
        self._held.close()


def known_registration(session: Session, system: str, new: NewContent) -> Registered:
    """Return the registration that a source id and the same content have. Raises `ConflictError`
    where it stands for other content, `ErasedError` where that is destroyed."""
    [found] = known_content.compared(session, system, [new])
    if isinstance(found, MunimentError):
        raise found
    record_id = reading.record_id_of(session, new.source_id, system)
    entry = entry_of(session, record_id)
    if entry is not None:
        return Registered(submission_of_entry(session, entry), new=False)
    return Registered(known_content.submission_of(session, record_id, 1), new=False)


def _without_repeats(gathered: Sequence[_Waiting]) -> tuple[list[_Waiting], list[_Waiting]]:
    """Those whose source id comes for the first time, and the others, for the next group."""
    group: list[_Waiting] = []
    left: list[_Waiting] = []
    seen: set[tuple[str, str]] = set()
    for each in gathered:
        key = (each.system, each.source_id)
        (left if key in seen else group).append(each)
        seen.add(key)
    return group, left


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    if not isinstance(error, MunimentError):
        _LOG.error("appending failed: %s", type(error).__name__, exc_info=error)
    for each in batch:
        if not each.answer.done():
            each.answer.set_exception(error)
