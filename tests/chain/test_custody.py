# SPDX-License-Identifier: Apache-2.0

"""Custody with its content between two agencies: offered, accepted, taken in, closed, returned."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from muniment.errors import ErasedError
from muniment.exchange.errors import CustodyError, NotCustodianError, NotSharedError
from muniment.exchange.terms import Terms
from muniment.record.identifiers import RecordId
from muniment.registry import Registry, Stage, UnkeptVersionError, journals
from muniment.registry.checking import check
from muniment.registry.custody.accepting import Accepted
from muniment.registry.exchange.shares import Asked
from muniment.registry.profile import JournalProfile
from muniment.registry.rebuilding import rebuild
from muniment.registry.session import address_in
from muniment.store.tables import objects, search_terms, versions
from tests.chain.agency import sealer
from tests.chain.conftest import World
from tests.chain.test_journals import imported, seal, write
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


def test_offer__that_expires__leaves_nothing_behind(
    agencies: Agencies, tmp_path: Path, world: World
) -> None:
    """Kept before its acceptance came onto the chain, which it never did."""
    first, second = agencies
    records = [registered(first.open("registrar"), f"12/{number}") for number in range(2)]
    giver, taker = first.open("steward"), second.open("steward")
    offered = giver.handovers.offer(records, 2, tmp_path / "package", days=1)
    giver.wait(offered.submissions, "final")
    taker.handovers.accept(tmp_path / "package")
    assert list(taker.session.vault.list("exchange/"))
    taker.sync()
    assert states(taker, offered.handover_id) == {"accepting": 2}
    world.connection.request("evm_increaseTime", [2 * 86_400])
    world.connection.request("anvil_mine", ["0x3"])
    for registry in (taker, giver):
        registry.sync()
    assert taker.handovers.handovers() == []
    assert states(giver, offered.handover_id) == {"ended": 2}
    assert not list(taker.session.vault.list("exchange/"))
    assert not list(taker.session.keys.places())
    # And the record is the giver's, to act on as before.
    first.open("registrar").revoke(records[0], "error").wait("final")


def test_copy__is_kept_under_a_share_of_the_new_custodian(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    record, other = (registered(first.open("registrar"), f"12/{number}") for number in range(2))
    handover_id, _ = handed_over(first, second, [record, other], tmp_path / "package")
    former, custodian = first.open("steward"), second.open("steward")
    terms = Terms.of("continuing cases", "Archives Act § 4", None)
    asked = former.exchange.request(2, terms, record_id=record, target=tmp_path / "request")
    asked.submission.wait("final")
    taken = custodian.exchange.receive(tmp_path / "request")
    assert taken.share is not None
    share_id = taken.share.share_id
    with pytest.raises(NotSharedError, match="not in force"):
        former.handovers.close(
            handover_id, tmp_path / "early", share_id=share_id, record_ids=[record]
        )
    granted = custodian.exchange.grant(share_id)
    assert not isinstance(granted, Asked)
    granted.wait("final")
    with pytest.raises(NotSharedError, match="is not of it"):
        former.handovers.close(handover_id, tmp_path / "all", share_id=share_id)
    former.handovers.close(
        handover_id, tmp_path / "closing", share_id=share_id, record_ids=[record]
    )
    custodian.exchange.receive(tmp_path / "closing")
    assert states(former, handover_id) == {"kept": 1, "outstanding": 1}
    assert former.content(record).fields["holder"] == "Ada Lovelace"
    for registry in (former, custodian):
        [copy] = registry.handovers.copies(record)
        assert copy.words == (f"copy kept under share 0x{share_id.hex()} (agency 1's word, signed)")


def test_journal_records__go_over_and_come_back(agencies: Agencies, tmp_path: Path) -> None:
    """What stands in a journal alone is enrolled with its offer."""
    first, second = agencies
    admin, keystore = first.open("admin"), sealer(first.folder)
    admin.wait([admin.add_officer("operator", address_in(keystore))])
    admin.wait([journals.open_journal(admin.session)])
    journal = JournalProfile(1, keystore, entries=100_000, seconds=1)
    registrar = first.open("registrar", journal=journal, operators=True)
    imported(registrar, write(tmp_path, 5))
    seal(registrar, Stage.FINAL)
    records = [registrar.record_id(str(number)) for number in range(5)]
    giver = first.open("steward", journal=journal, operators=True)
    offered = giver.handovers.offer_type("land-deed", 2, tmp_path / "package")
    assert offered.left_out == {}
    giver.wait(offered.submissions, "final")
    taker = second.open("steward")
    accepted = taker.handovers.accept(tmp_path / "package")
    taker.wait(accepted.submissions, "final")
    taker.sync()
    for number, each in enumerate(records):
        assert taker.content(each).fields["parcel"] == f"{number}/7"
    giver.sync()
    giver.handovers.close(offered.handover_id, tmp_path / "closing")
    with pytest.raises(ErasedError):
        giver.content(records[0])
    assert findings(giver) == []
    assert findings(taker) == []
    # All but one come back: their secrets to the same places.
    back = taker.handovers.offer(records[1:], 1, tmp_path / "back")
    taker.wait(back.submissions, "final")
    returned = giver.handovers.accept(tmp_path / "back")
    giver.wait(returned.submissions, "final")
    giver.sync()
    assert giver.content(records[1]).row.source_id == "1"
    assert giver.find("land-deed", {"holder": "Holder 2"}) == [records[2]]
    assert findings(giver) == []
    assert b"1/7" in giver.evidence(records[1], fields=["parcel"])


def test_rebuild__after_custody_came__keeps_what_was_taken_in(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    registrar = first.open("registrar")
    record = registered(registrar, "12/1")
    registrar.amend(record, {"holder": "Grace", "parcel": "12/1"}).wait("final")
    handed_over(first, second, [record], tmp_path / "package")
    taker = second.open("steward")
    with taker.session.database.write() as connection:
        for table in (search_terms, objects, versions):
            connection.execute(sa.delete(table))
    done = rebuild(taker.session)
    assert (done.versions, done.to_be_sent, done.found_on_chain) == (2, 0, 0)
    assert taker.content(record).fields["holder"] == "Grace"
    assert taker.find("land-deed", {"holder": "Grace"}, issuer=1) == [record]
    assert findings(taker) == []
    # The former custodian's, too: it makes no act of what others did.
    first.open("steward").handovers.close(
        first.open("steward").handovers.latest_of(record).handover.handover_id,
        tmp_path / "closing",
    )
    former = first.open("registrar")
    again = rebuild(former.session)
    assert (again.to_be_sent, again.erased) == (0, 2)
    assert findings(former) == []
