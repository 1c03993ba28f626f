# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""What was shared: a share that runs stops disposition, and the certificate names who has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from muniment.errors import ErasedError
from muniment.record.identifiers import RecordId
from muniment.registry import Registry, Stage
from muniment.registry.disposition.certificate import Certificate
from muniment.registry.disposition.certificate_checking import check_certificate
from muniment.registry.disposition.stops import ShareRunsError, StopKind
from muniment.registry.exchange.shares import Asked
from tests.chain.conftest import World
from tests.chain.test_custody import handed_over
from tests.chain.test_disposition import later
from tests.chain.test_shares import TERMS, registered
from tests.chain.two_agencies import Agencies, Agency, agencies  # noqa: F401


def shared(giver: Agency, taker: Agency, record_id: RecordId, folder: Path) -> bytes:
    """One agency asks for one record of another's, which grants it; returns the share's id."""
    asking = taker.open("steward").exchange
    asked = asking.request(giver.number, TERMS, record_id=record_id, target=folder / "request")
    asked.submission.wait()
    deciding = giver.open("steward").exchange
    taken = deciding.receive(folder / "request")
    assert taken.share is not None
    granted = deciding.grant(taken.share.share_id)
    assert not isinstance(granted, Asked)
    granted.wait()
    return taken.share.share_id


def proposed(registrar: Registry, ids: list[RecordId]) -> None:
    registrar.wait(registrar.disposition.propose(ids, "schedule 4").submissions)


def test_share_that_runs__stops_it_and_the_certificate_names_the_recipient(
    agencies: Agencies, world: World, tmp_path: Path
) -> None:
    first, second = agencies
    registrar, steward = first.open("registrar"), first.open("steward")
    record_id = registered(registrar)
    later(world)
    proposed(registrar, [record_id])
    share_id = shared(first, second, record_id, tmp_path)
    made = steward.exchange.deliver(share_id, tmp_path / "delivery")
    taken = second.open("steward").exchange.receive(tmp_path / "delivery")
    assert taken.submission is not None
    taken.submission.wait()

    [due] = registrar.disposition.due()
    assert [stop.kind for stop in due.stops] == [StopKind.SHARED]
    assert share_id.hex() in due.stops[0].what
    assert registrar.disposition.propose([record_id], "schedule 4").submissions == ()
    assert steward.disposition.confirm(None).submissions == ()
    # The registry cannot know of the share, and would let it through.
    with pytest.raises(ShareRunsError, match=share_id.hex()) as caught:
        steward.confirm_disposition(record_id)
    assert caught.value.share_ids == (share_id,)
    assert caught.value.exit_code == 18

    steward.exchange.revoke(share_id, "purpose-ended").wait()
    confirmed = steward.disposition.confirm([record_id])
    assert confirmed.stops == ()
    steward.wait(confirmed.submissions, Stage.FINAL)
    certificate = Certificate.from_bytes(registrar.disposition.certificate(record_id))
    [recipient] = certificate.recipients
    assert (recipient.agency_id, recipient.kind, recipient.share_id, recipient.digest) == (
        2,
        "delivery",
        share_id,
        made.digest,
    )
    assert (recipient.versions, recipient.is_acknowledged) == ((1,), True)
    data = registrar.disposition.certificate(record_id)
    found = check_certificate(data, chain=(world.connection, world.registries))
    assert (str(found.outcome), found.step) == ("valid", None)
    # What it was given the recipient keeps: destruction does not reach it.
    [kept] = second.open("steward").exchange.received(record_id)
    assert kept.values == {"parcel": "12/345"}


def test_record_that_was_handed_over__copies_of_the_former_custodian_are_named(
    agencies: Agencies, world: World, tmp_path: Path
) -> None:
    first, second = agencies
    registrar = first.open("registrar")
    kept, outstanding = registered(registrar, "1/1"), registered(registrar, "1/2")
    handover_id, accepted = handed_over(first, second, [kept, outstanding], tmp_path / "package")
    assert not accepted.faults
    share_id = shared(second, first, kept, tmp_path)
    former = first.open("steward")
    former.handovers.close(handover_id, tmp_path / "closing", share_id=share_id, record_ids=[kept])
    steward = second.open("steward")
    steward.exchange.receive(tmp_path / "closing")
    steward.exchange.revoke(share_id, "purpose-ended").wait()
    later(world)
    with second.open("registrar") as taker:
        proposed(taker, [kept, outstanding])
    confirmed = steward.disposition.confirm(None)
    assert confirmed.stops == ()
    steward.wait(confirmed.submissions, Stage.FINAL)

    made = {
        each: Certificate.from_bytes(steward.disposition.certificate(each))
        for each in (kept, outstanding)
    }
    for record_id, state in ((kept, "kept"), (outstanding, "outstanding")):
        certificate = made[record_id]
        [copy] = certificate.former
        assert (copy.agency_id, copy.state) == (1, state)
        assert (certificate.agency_id, certificate.rule.issuer) == (2, 1)
        with pytest.raises(ErasedError):
            steward.content(record_id)
    assert made[kept].former[0].share_id == share_id
    assert made[kept].former[0].statement is not None
    # A copy that was kept under a share is the former custodian's; what it had not decided on goes.
    former.sync()
    assert former.content(kept).fields["parcel"] == "1/1"
    with pytest.raises(ErasedError):
        former.content(outstanding)
