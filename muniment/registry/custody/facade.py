# SPDX-License-Identifier: Apache-2.0
"""`Registry.handovers`: custody handed over and taken over, with its content."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from muniment.errors import InvalidInputError
from muniment.exchange.errors import CustodyError, UnknownHandoverError
from muniment.record.identifiers import RecordId
from muniment.registry.custody import accepting, closing, offering
from muniment.registry.custody.accepting import Accepted, Checked
from muniment.registry.custody.closing import Closed
from muniment.registry.custody.copies import CopyStatement, copy_statement
from muniment.registry.custody.offering import Offered
from muniment.registry.custody.packages import kept_package
from muniment.registry.custody.proven import mirrored_block
from muniment.registry.custody.selecting import records_of_type
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.store import handovers
from muniment.store.handovers import Handover, HandoverRecord


@dataclass(frozen=True, slots=True)
class HandoverView:
    """A hand-over, whether this agency gave it, and how many of its records are in each state.

    States are those of `store/handovers.py`: offered, arrived, accepting, outstanding (it went
    over, and the former custodian's copy is outstanding), destroyed, kept, returned, ended.
    """

    handover: Handover
    given: bool
    counts: Mapping[str, int]

    @property
    def counterpart(self) -> int:
        """The other agency."""
        return self.handover.to_agency if self.given else self.handover.from_agency


class Handovers:
    """Custody with its content. Hand-overs are named by their ids (32 bytes), packages are files;
    one that came and waits here is named by its hand-over.

    Acts are submissions that the officer's own key signs. Errors are those of
    `muniment.exchange.errors`.
    """

    def __init__(self, session: Session) -> None:
        """Take a session; `Registry.handovers` makes one."""
        self._session = session

    def offer(
        self,
        record_ids: Sequence[RecordId],
        to_agency: int,
        target: Path | None,
        *,
        days: int = 30,
        lenient: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> Offered:
        """Write a package of records, or leave it to be fetched, and offer their custody; see
        `offering.offer`."""
        return offering.offer(
            self._session,
            record_ids,
            to_agency,
            target,
            days=days,
            lenient=lenient,
            progress=progress,
        )

    def offer_type(
        self,
        record_type: str,
        to_agency: int,
        target: Path | None,
        *,
        issuer: int | None = None,
        days: int = 30,
        lenient: bool = True,
        progress: Callable[[int], None] | None = None,
    ) -> Offered:
        """Offer all records of a type, of this agency's or of another `issuer`'s, that are in this
        agency's custody; what something stops is left out, and named, if `lenient`."""
        mirrored_block(self._session)
        agency_id = self._session.profile.agency.id if issuer is None else issuer
        type_id = self._session.types_of(agency_id).latest(record_type).type_id
        found = records_of_type(self._session, agency_id, type_id)
        return self.offer(found, to_agency, target, days=days, lenient=lenient, progress=progress)

    def withdraw(self, handover_id: bytes) -> list[Submission]:
        """Withdraw all offers of a hand-over that are open."""
        view = self.handover(handover_id)
        rows = self.records(handover_id, [handovers.OFFERED])
        if not view.given or not rows:
            raise CustodyError("no offer of it is open", "a hand-over that this agency offered")
        return offering.withdraw(self._session, [row.record_id for row in rows])

    def check(
        self, package: Path | bytes, progress: Callable[[int], None] | None = None
    ) -> Checked:
        """Check a package, and keep nothing of it; see `accepting.check`."""
        with self._file_of(package) as path:
            return accepting.check(self._session, path, progress)

    def accept(
        self,
        package: Path | bytes,
        only: Iterable[RecordId] | None = None,
        *,
        all_or_nothing: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> Accepted:
        """Accept the custody of a package's records, once it is checked and kept; see
        `accepting.accept`. The content is taken in when the transfer is final."""
        with self._file_of(package) as path:
            return accepting.accept(
                self._session, path, only, all_or_nothing=all_or_nothing, progress=progress
            )

    def decline(self, package: Path | bytes) -> list[Submission]:
        """Decline all that is on offer of a package."""
        with self._file_of(package) as path:
            return accepting.decline_package(self._session, path)

    def close(
        self,
        handover_id: bytes,
        target: Path | None,
        *,
        share_id: bytes | None = None,
        record_ids: Sequence[RecordId] | None = None,
    ) -> Closed:
        """Destroy this agency's copies of what it handed over, or keep them under a share of the
        new custodian's, and write its word of that; see `closing.close`."""
        return closing.close(
            self._session, handover_id, target, share_id=share_id, record_ids=record_ids
        )

    def handovers(self) -> list[HandoverView]:
        """Return all hand-overs, the earliest first."""
        with self._session.database.read() as connection:
            counts = handovers.counts(connection)
            found = handovers.all_of(connection)
        return [self._view(each, counts.get(each.handover_id, {})) for each in found]

    def handover(self, handover_id: bytes) -> HandoverView:
        """Return a hand-over. Raises `UnknownHandoverError`."""
        with self._session.database.read() as connection:
            found = handovers.of_id(connection, handover_id)
            counts = handovers.counts(connection).get(handover_id, {})
        if found is None:
            raise UnknownHandoverError(handover_id)
        return self._view(found, counts)

    def records(self, handover_id: bytes, states: Iterable[str] = ()) -> list[HandoverRecord]:
        """Return the records of a hand-over, of some states or all."""
        with self._session.database.read() as connection:
            return handovers.records_of(connection, handover_id, states)

    def latest_of(self, record_id: RecordId) -> HandoverView:
        """Return the latest hand-over of a record by this agency. Raises `CustodyError`."""
        own = self._session.profile.agency.id
        with self._session.database.read() as connection:
            found = [
                handover
                for handover, _ in handovers.of_record(connection, record_id)
                if handover.from_agency == own
            ]
        if not found:
            raise CustodyError(
                f"this agency has handed record 0x{record_id.hex()} over by no package",
                "a record of one of `muniment custody list`",
            )
        return self.handover(found[-1].handover_id)

    def copies(self, record_id: RecordId) -> list[CopyStatement]:
        """Return what is known of the copies that former custodians had of a record."""
        with self._session.database.read() as connection:
            found = handovers.of_record(connection, record_id)
        return [
            copy_statement(handover, row)
            for handover, row in found
            if row.state in handovers.WENT_OVER
        ]

    def _file_of(self, package: Path | bytes) -> AbstractContextManager[Path]:
        if isinstance(package, bytes):
            return kept_package(self._session, package)
        return nullcontext(package)

    def _view(self, handover: Handover, counts: Mapping[str, int]) -> HandoverView:
        own = self._session.profile.agency.id
        return HandoverView(handover, handover.from_agency == own, counts)


def handover_id_of(text: str) -> bytes:
    """Return a hand-over's id of its hexadecimal text. Raises `InvalidInputError`."""
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 32:
        raise InvalidInputError("hand-over", "0x and 64 hex digits", "something else")
    return found
