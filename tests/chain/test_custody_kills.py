# SPDX-License-Identifier: Apache-2.0
"""Hand-overs of custody whose processes end at every place where it can matter."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from muniment.chain.connection import Connection
from muniment.record.identifiers import RecordId
from muniment.registry import NewContent, Registry
from muniment.registry.checking import check
from muniment.store.database import Database
from muniment.store.handovers import OFFERED
from muniment.store.tables import leases
from muniment.store.vault.folder import FolderVault
from tests.chain.forked import Forked
from tests.chain.killed_handing_over import work
from tests.chain.test_custody import registered
from tests.chain.two_agencies import Agencies, Agency, agencies

__all__ = ["agencies"]

BEYOND = 10_000
MANY = 300
LEAST = 8
"""Places that there are at the very least."""


class EndedError(BaseException):
    """The process ends here: nothing that it would have done after happens."""


@contextmanager
def ended_at(last: int) -> Iterator[list[int]]:
    """Ends what is done inside at its nth place: after a commit, a broadcast, a change of the
    vault. Yields how many there were."""
    count = [0]
    patch = pytest.MonkeyPatch()

    def passed() -> None:
        count[0] += 1
        if count[0] == last:
            raise EndedError

    write, request_many = Database.write, Connection.request_many

    @contextmanager
    def counted_write(self: Database, *, durable: bool = True) -> Iterator[Any]:
        with write(self, durable=durable) as connection:
            yield connection
        passed()

    def counted_requests(self: Connection, method: str, *arguments: Any, **named: Any) -> list[Any]:
        answers = request_many(self, method, *arguments, **named)
        if method == "eth_sendRawTransaction":
            passed()
        return answers

    def counted(method: Any) -> Any:
        def call(self: FolderVault, *arguments: Any) -> Any:
            found = method(self, *arguments)
            passed()
            return found

        return call

    patch.setattr(Database, "write", counted_write)
    patch.setattr(Connection, "request_many", counted_requests)
    for name in ("put_if_absent", "delete"):
        patch.setattr(FolderVault, name, counted(getattr(FolderVault, name)))
    try:
        yield count
    finally:
        patch.undo()


def ended(place: int, work: Callable[[], None]) -> bool:
    """Do something until a place; whether it ended there."""
    with ended_at(place):
        try:
            work()
        except EndedError:
            return True
    return False


def forgotten(registry: Registry) -> None:
    """What an ended process held is free again: seconds later, but they need not be waited for."""
    with registry.session.database.write() as connection:
        connection.execute(sa.delete(leases))


def offer(giver: Registry, package: Path, records: list[RecordId]) -> None:
    made = giver.handovers.offer(records, 2, package)
    giver.wait(made.submissions, "final", timeout=60)
    giver.sync()


def accept(taker: Registry, package: Path) -> None:
    made = taker.handovers.accept(package)
    taker.wait(made.submissions, "final", timeout=60)
    taker.sync()


def deeds(registrar: Registry, folder: Path, prefix: str) -> list[RecordId]:
    scan = folder / "scan.pdf"
    scan.write_bytes(b"scan" * 1000)
    return [registered(registrar, f"{prefix}/1", scan), registered(registrar, f"{prefix}/2")]


def require_taken(giver: Registry, taker: Registry, records: list[RecordId]) -> None:
    giver.sync()
    for each in records:
        assert taker.content(each).fields["holder"] == "Ada Lovelace"
        assert taker.standing(each).state.custodian == 2
        assert giver.handovers.latest_of(each).counts == {"outstanding": 2}
    assert not list(taker.session.vault.list("exchange/"))


def test_offering__ended_anywhere_goes_on(agencies: Agencies, tmp_path: Path) -> None:
    first, _ = agencies
    registrar, giver = first.open("registrar"), first.open("steward")
    for place in itertools.count(1):
        records, package = deeds(registrar, tmp_path, str(place)), tmp_path / str(place)
        if not ended(place, lambda: offer(giver, package, records)):  # noqa: B023
            break
        forgotten(giver)
        offer(giver, package, records)
        view = giver.handovers.latest_of(records[0])
        assert view.counts == {OFFERED: 2}
        assert giver.standing(records[1]).state.offered_to == 2
    assert place > LEAST
    assert [str(each) for each in check(giver.session)] == []


def test_accepting__ended_anywhere_goes_on(agencies: Agencies, tmp_path: Path) -> None:
    first, second = agencies
    registrar, giver = first.open("registrar"), first.open("steward")
    taker = second.open("steward")
    for place in itertools.count(1):
        records, package = deeds(registrar, tmp_path, str(place)), tmp_path / str(place)
        offer(giver, package, records)
        if not ended(place, lambda: accept(taker, package)):  # noqa: B023
            break
        forgotten(taker)
        accept(taker, package)
        require_taken(giver, taker, records)
    assert place > LEAST
    require_taken(giver, taker, records)
    assert [str(each) for each in check(taker.session)] == []


def test_accepting__ended_and_then_withdrawn__leaves_nothing(
    agencies: Agencies, tmp_path: Path
) -> None:
    """What an ended process had kept goes when the offers come to nothing."""
    first, second = agencies
    registrar, giver = first.open("registrar"), first.open("steward")
    taker = second.open("steward")
    for place in (1, 2, 3, 4, 5):
        records, package = deeds(registrar, tmp_path, str(place)), tmp_path / str(place)
        offer(giver, package, records)
        taker.sync()
        ended(place, lambda: taker.handovers.accept(package))  # noqa: B023
        forgotten(taker)
        view = giver.handovers.latest_of(records[0])
        withdrawn = giver.handovers.withdraw(view.handover.handover_id)
        giver.wait(withdrawn, "final")
        taker.sync()
        assert taker.handovers.handovers() == []
        assert not list(taker.session.vault.list("exchange/"))
        assert not list(taker.session.keys.places())


def run(what: str, agency: Agency, last: int, package: Path, records: list[RecordId]) -> bool:
    """Work in a process of its own until place `last`; whether it was killed there."""
    with agency.open("steward") as steward:
        forgotten(steward)
    profile = agency.folder / "steward.toml"
    answer = Forked(work, what, profile, last, package, records).ended(600)
    assert answer.returncode in (0, -signal.SIGKILL), answer.stderr
    return answer.returncode != 0


@pytest.mark.slow
def test_killed_again_and_again__goes_on(agencies: Agencies, tmp_path: Path) -> None:
    first, second = agencies
    records = deeds(first.open("registrar"), tmp_path, "killed")
    package = tmp_path / "package"
    for what, agency in (("offer", first), ("accept", second)):
        kills = [run(what, agency, place, package, records) for place in (1, 3, 6)]
        assert any(kills)
        assert not run(what, agency, BEYOND, package, records)
    require_taken(first.open("steward"), second.open("steward"), records)


@pytest.mark.slow
def test_whole_type__some_hundreds_resume_after_kills(agencies: Agencies, tmp_path: Path) -> None:
    first, second = agencies
    registrar = first.open("registrar")
    many = registrar.register_many(
        "land-deed",
        [NewContent(f"{i}", {"holder": f"Holder {i}", "parcel": f"{i}/7"}) for i in range(MANY)],
    )
    registrar.wait(many, "final")
    records = [RecordId(each.record_id or b"") for each in many]
    package = tmp_path / "package"
    for what, agency in (("offer", first), ("accept", second)):
        named = records if what == "offer" else []
        assert [run(what, agency, place, package, named) for place in (2, 4, 9)].count(True) >= 2
        assert not run(what, agency, BEYOND, package, named)
    giver, taker = first.open("steward"), second.open("steward")
    giver.sync()
    [view] = giver.handovers.handovers()
    assert view.counts == {"outstanding": MANY}
    assert taker.handovers.handover(view.handover.handover_id).counts == {"outstanding": MANY}
    for number in (0, MANY // 2, MANY - 1):
        assert taker.content(records[number]).fields["holder"] == f"Holder {number}"
