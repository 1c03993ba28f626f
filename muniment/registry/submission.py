# SPDX-License-Identifier: Apache-2.0
"""What a writing call returns: acknowledged → provable → final, and how to wait for it."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from muniment.errors import ChainError, MunimentError, UnreachableError
from muniment.registry.prepared.errors import UnsignedError
from muniment.registry.sending import Sending
from muniment.registry.session import Session
from muniment.store import outbox
from muniment.store.outbox_rows import SubmissionRow, SubmissionState

_IDLE_SECONDS: Final = 0.05


class Stage(enum.StrEnum):
    """How far a submission is. `provable`: mined; `final`: can't be undone any more; `prepared`:
    it waits for its officer's signature, and is not acknowledged."""

    PREPARED = "prepared"
    ACKNOWLEDGED = "acknowledged"
    PROVABLE = "provable"
    FINAL = "final"
    REFUSED = "refused"


_STAGES: Final = {
    SubmissionState.PREPARED: Stage.PREPARED,
    SubmissionState.NEW: Stage.ACKNOWLEDGED,
    SubmissionState.SIGNED: Stage.ACKNOWLEDGED,
    SubmissionState.MINED: Stage.PROVABLE,
    SubmissionState.FINAL: Stage.FINAL,
    SubmissionState.REFUSED: Stage.REFUSED,
}
_REACHED: Final = {
    Stage.ACKNOWLEDGED: {Stage.ACKNOWLEDGED, Stage.PROVABLE, Stage.FINAL},
    Stage.PROVABLE: {Stage.PROVABLE, Stage.FINAL},
    Stage.FINAL: {Stage.FINAL},
}


class RefusedError(MunimentError):
    """The registry refused what was submitted as `submission_id`; nothing was written there."""

    exit_code: ClassVar[int] = 5

    def __init__(self, submission_id: int, kind: str, refusal: str) -> None:
        super().__init__(
            f"submission {submission_id} ({kind}): {refusal}",
            expected="an act that the registry accepts",
            remedy=f"correct the cause, then `muniment outbox retry {submission_id}`",
        )
        self.submission_id = submission_id
        self.refusal = refusal


class StillWaitingError(ChainError):
    """The wait was over before the submission got so far. It goes on: nothing is lost."""

    def __init__(self, submission_id: int, stage: Stage, wanted: Stage, why: str) -> None:
        super().__init__(
            f"submission {submission_id} is {stage}: {why}",
            expected=f"it to be {wanted} by now",
            remedy="it goes on when a node answers; look again with `muniment outbox list`",
        )
        self.submission_id = submission_id


@dataclass(frozen=True, slots=True)
class Submission:
    """One act that was acknowledged. `record_id` and `version` where it is about a record.

    `submission_id` is None where no transaction of its own carries it: see `EntrySubmission`.
    """

    submission_id: int | None
    kind: str
    record_id: bytes | None
    version: int | None
    _session: Session

    @property
    def stage(self) -> Stage:
        """How far it is now, by the database."""
        assert self.submission_id is not None
        return stage_of(row_of(self._session, self.submission_id))

    def wait(
        self, stage: Stage | str = Stage.PROVABLE, *, timeout: float | None = 120.0
    ) -> Submission:
        """Return when it has reached `stage`. Sends it too, where no daemon does.

        Raises `RefusedError`, and `StillWaitingError` after `timeout` seconds.
        """
        wait_for(self._session, [self], Stage(stage), timeout=timeout)
        return self


def stage_of(row: SubmissionRow) -> Stage:
    """Return the stage of a stored submission."""
    return _STAGES[row.state]


def row_of(session: Session, submission_id: int) -> SubmissionRow:
    """Return a submission's row. Raises `KeyError` for one that is not there."""
    with session.database.read() as connection:
        return outbox.submissions_of(connection, [submission_id])[submission_id]


def wait_for(
    session: Session,
    submissions: Sequence[Submission],
    stage: Stage,
    *,
    timeout: float | None = 120.0,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Return when all of `submissions` have reached `stage`; `progress` is told how many have.

    Raises `RefusedError` of the first that was refused, once none of the others is on its way;
    `StillWaitingError` after `timeout` seconds.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    waiting = [each.submission_id for each in submissions if each.submission_id is not None]
    for entry in (each for each in submissions if each.submission_id is None):
        entry.wait(stage, timeout=timeout)
    refused: list[int] = []
    fault: UnreachableError | None = None
    with Sending(session) as sending:
        while waiting:
            with session.database.read() as connection:
                stages = {
                    each: _STAGES[state]
                    for each, state in outbox.states_of(connection, waiting).items()
                }
                needed = outbox.accounts_of(connection, waiting)
            unsigned = [each for each in waiting if stages[each] is Stage.PREPARED]
            if unsigned:
                raise UnsignedError(unsigned[0])
            refused += [each for each in waiting if stages[each] is Stage.REFUSED]
            waiting = [
                each
                for each in waiting
                if stages[each] is not Stage.REFUSED and stages[each] not in _REACHED[stage]
            ]
            if progress is not None:
                progress(len(submissions) - len(waiting))
            if not waiting:
                break
            try:
                moved = sending.step(needed)
                fault = None
            except UnreachableError as error:
                moved, fault = False, error
            if deadline is not None and time.monotonic() > deadline:
                why = _held_up(session, waiting[0]) if fault is None else fault.what
                raise StillWaitingError(waiting[0], stages[waiting[0]], stage, why)
            if not moved:
                time.sleep(_IDLE_SECONDS)
    if refused:
        first = row_of(session, refused[0])
        raise RefusedError(first.submission_id, first.kind, first.refusal or "without a reason")


def _held_up(session: Session, submission_id: int) -> str:
    """How far a submission came that no block has, though nodes answer."""
    with session.database.read() as connection:
        carriers = outbox.carriers_of(connection, [submission_id])
    if not carriers:
        return "no transaction carries it yet"
    last = max(carriers, key=lambda row: row.transaction_id)
    return (
        f"its transaction 0x{last.hash.hex()} (nonce {last.nonce} of {last.account}) is "
        f"{last.state}, and was sent {last.broadcast_count} times"
    )
