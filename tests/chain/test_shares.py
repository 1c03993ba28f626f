# SPDX-License-Identifier: Apache-2.0
"""Shares between two agencies: asked for, granted, delivered, received, acknowledged."""

from __future__ import annotations

from pathlib import Path

import pytest

from muniment.exchange.errors import NotSharedError
from muniment.exchange.terms import Terms
from muniment.record.identifiers import RecordId
from muniment.registry import Registry
from muniment.registry.exchange.shares import Asked
from tests.chain.two_agencies import Agencies, agencies

__all__ = ["agencies"]

TERMS = Terms.of("boundary dispute 7/26", "Land Act § 12", ["parcel"])


def registered(registry: Registry, parcel: str = "12/345", scan: Path | None = None) -> RecordId:
    made = registry.register(
        "land-deed",
        {"holder": "Ada Lovelace", "parcel": parcel}
        if scan is None
        else {
            "holder": "Ada Lovelace",
            "parcel": parcel,
            "scan": {"mediaType": "application/pdf"},
        },
        source_id=parcel,
        attach={} if scan is None else {"scan": scan},
    )
    made.wait("final")
    return RecordId(made.record_id or b"")


def agreed(agencies: Agencies, folder: Path, terms: Terms = TERMS) -> bytes:
    """Agency 2 asks for all deeds of agency 1, which grants it; returns the share's id."""
    first, second = agencies
    asking = second.open("steward").exchange
    asked = asking.request(1, terms, record_type="land-deed", target=folder / "request.envelope")
    asked.submission.wait()
    deciding = first.open("steward").exchange
    taken = deciding.receive(folder / "request.envelope")
    assert taken.share is not None
    granted = deciding.grant(taken.share.share_id)
    assert not isinstance(granted, Asked)
    granted.wait()
    return taken.share.share_id


def test_agreement__is_asked_for_granted_delivered_and_acknowledged(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    deeds = [registered(first.open("registrar"), f"12/{number}") for number in range(3)]
    share_id = agreed(agencies, tmp_path)
    giver, taker = first.open("steward"), second.open("steward")
    assert giver.exchange.share(share_id).terms == TERMS
    assert sorted(giver.exchange.deliverable(share_id)) == sorted(deeds)

    made = giver.exchange.deliver(share_id, tmp_path / "delivery")
    taken = taker.exchange.receive(tmp_path / "delivery")
    assert (taken.count, taken.evidence, taken.row.digest) == (3, 3, made.digest)
    assert taken.submission is not None
    taken.submission.wait()

    [received] = taker.exchange.received(deeds[0])
    assert received.values == {"parcel": "12/0"}
    assert received.shared.terms.purpose == "boundary dispute 7/26"
    again = taker.exchange.receive(tmp_path / "delivery")
    assert (again.submission, again.count) == (None, 3)


def test_share__that_is_revoked_delivers_nothing(agencies: Agencies, tmp_path: Path) -> None:
    first, _ = agencies
    registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    giver = first.open("steward").exchange
    giver.revoke(share_id, "purpose-ended").wait()
    with pytest.raises(NotSharedError, match="revoked"):
        giver.deliver(share_id, tmp_path / "delivery")
    assert not (tmp_path / "delivery").exists()
