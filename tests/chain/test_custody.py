# SPDX-License-Identifier: Apache-2.0

"""Custody with its content between two agencies: offered, accepted, taken in, closed, returned."""

from __future__ import annotations

from pathlib import Path

import pytest

from muniment.errors import ErasedError
from muniment.exchange.errors import CustodyError, NotCustodianError
from muniment.record.identifiers import RecordId
from muniment.registry import Registry, UnkeptVersionError
from muniment.registry.checking import check
from muniment.registry.custody.accepting import Accepted
from tests.chain.two_agencies import Agencies, Agency, agencies

__all__ = ["agencies"]

SCAN = bytes(range(256)) * 5000


def registered(registry: Registry, parcel: str, scan: Path | None = None) -> RecordId:
    made = registry.register(
        "land-deed",
        {"holder": "Ada Lovelace", "parcel": parcel},
        source_id=parcel,
        attach={} if scan is None else {"scan": scan},
    )
    made.wait("final")
    return RecordId(made.record_id or b"")


def handed_over(
    giver: Agency, taker: Agency, records: list[RecordId], package: Path
) -> tuple[bytes, Accepted]:
    """One agency hands records over to the other, which takes them in; returns the hand-over."""
    giving, taking = giver.open("steward"), taker.open("steward")
    offered = giving.handovers.offer(records, taker.number, package)
    giving.wait(offered.submissions, "final")
    accepted = taking.handovers.accept(package)
    taking.wait(accepted.submissions, "final")
    taking.sync()
    giving.sync()
    return offered.handover_id, accepted


def findings(registry: Registry) -> list[str]:
    return [str(each) for each in check(registry.session)]


def states(registry: Registry, handover_id: bytes) -> dict[str, int]:
    return dict(registry.handovers.handover(handover_id).counts)


def test_custody__goes_over_with_all_versions_and_files(agencies: Agencies, tmp_path: Path) -> None:
    first, second = agencies
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(SCAN)
    registrar = first.open("registrar")
    record = registered(registrar, "12/1", scan)
    plain = registered(registrar, "12/2")
    registrar.amend(
        record, {"holder": "Grace Hopper", "parcel": "12/1"}, attach={"scan": scan}
    ).wait("final")
    handover_id, accepted = handed_over(first, second, [record, plain], tmp_path / "package")
    assert not accepted.faults

    taker = second.open("registrar")
    assert states(taker, handover_id) == {"outstanding": 2}
    assert taker.content(record, 1).fields["holder"] == "Ada Lovelace"
    assert taker.content(record).fields["holder"] == "Grace Hopper"
    taker.extract(record, "scan", tmp_path / "out.pdf")
    assert (tmp_path / "out.pdf").read_bytes() == SCAN
    assert taker.find("land-deed", {"holder": "ADA lovelace"}, issuer=1) == [plain]
    with second.open("steward").session.database.read():
        pass
    assert not list(taker.session.vault.list("exchange/")), "the package is a copy of secrets"
    assert findings(taker) == []

    # From then on it is the new custodian's to act on, and the former's no more.
    taker.amend(plain, {"holder": "Katherine Johnson", "parcel": "12/2"}).wait("final")
    evidence = taker.evidence(plain, fields=["holder"])
    assert b"Katherine Johnson" in evidence
    with pytest.raises(NotCustodianError):
        first.open("registrar").amend(plain, {"holder": "Ada", "parcel": "12/2"})
    with pytest.raises(NotCustodianError):
        first.open("steward").offer(plain, 2)
    with pytest.raises(CustodyError) as refused:
        first.open("steward").handovers.offer([plain], 2, tmp_path / "again")
    assert "custody of agency 2" in refused.value.faults[plain]


def test_copy__is_outstanding_until_it_is_destroyed_and_comes_back(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    record = registered(first.open("registrar"), "12/1")
    handover_id, _ = handed_over(first, second, [record], tmp_path / "package")
    former, custodian = first.open("steward"), second.open("steward")
    for registry in (former, custodian):
        [copy] = registry.handovers.copies(record)
        assert copy.words == "copy outstanding at agency 1"
    former.handovers.close(handover_id, tmp_path / "closing")
    with pytest.raises(ErasedError):
        former.content(record)
    custodian.exchange.receive(tmp_path / "closing")
    for registry in (former, custodian):
        [copy] = registry.handovers.copies(record)
        assert copy.words == "copy destroyed (agency 1's word, signed)"
        assert findings(registry) == []

    # And back: what was destroyed here is read here again, and by its own number.
    handed_over(second, first, [record], tmp_path / "back")
    assert former.content(record).fields["parcel"] == "12/1"
    assert former.record_id("12/1") == record
    assert findings(former) == []
    with pytest.raises(NotCustodianError):
        custodian.offer(record, 1)


def test_offer__that_is_declined__leaves_nothing_behind(agencies: Agencies, tmp_path: Path) -> None:
    first, second = agencies
    record = registered(first.open("registrar"), "12/1")
    giver, taker = first.open("steward"), second.open("steward")
    offered = giver.handovers.offer([record], 2, tmp_path / "package")
    giver.wait(offered.submissions, "final")
    declined = taker.handovers.decline(tmp_path / "package")
    taker.wait(declined, "final")
    for registry in (taker, giver):
        registry.sync()
    assert taker.handovers.handovers() == []
    assert states(giver, offered.handover_id) == {"ended": 1}
    assert not list(taker.session.vault.list("exchange/"))
    with pytest.raises(UnkeptVersionError):
        taker.content(record)
    with pytest.raises(CustodyError) as refused:
        taker.handovers.accept(tmp_path / "package")
    assert refused.value.faults == {record: "its custody is not on offer to this agency"}
