# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Provenance and pictures of records that live on a chain."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import prov.model
import pytest

from muniment.analysis.gathering import life_of
from muniment.analysis.picture import picture
from muniment.analysis.provenance import provenance
from muniment.registry import Access, Registry
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.command_line import Muniment, content, muniment  # noqa: F401
from tests.chain.conftest import World, word
from tests.chain.test_access_entries import Officers, officer  # noqa: F401
from tests.chain.test_shares import agreed, registered
from tests.chain.two_agencies import Agencies, agencies  # noqa: F401


@pytest.fixture
def busy(officer: Officers, world: World) -> tuple[Registry, bytes]:
    """A deed that was amended, offered, held with its type, handed over and revoked."""
    registrar, steward = officer("registrar"), officer("steward")
    fields = {"holder": "Ada", "parcel": "1"}
    registrar.register("land-deed", fields, source_id="1").wait()
    record_id = registrar.record_id("1")
    records = world.registries.records
    registrar.amend(record_id, {"holder": "Eve", "parcel": "1"}).wait()
    world.send("hold_authority", records.place_hold(record_id, word("case")))
    world.send("hold_authority", records.hold_type(1, 2, word("a war")))
    world.send("hold_authority", records.release_hold(record_id, word("case")))
    world.send("hold_authority", records.release_type(1, 2, word("a war")))
    steward.offer(record_id, 2, days=2).wait()
    steward.withdraw(record_id).wait()
    steward.offer(record_id, 2, days=2).wait()
    now = registrar.standing(record_id)
    accepted = records.accept_custody(record_id, 2, now.commitment, now.trace_head)
    world.send("other_steward", accepted)
    world.send("other_registrar", records.revoke(record_id, 2, 2))
    registrar.content(record_id, access=Access("complaint", reader="Grace"))
    return registrar, record_id


def test_life__has_all_that_is_known(busy: tuple[Registry, bytes]) -> None:
    registry, record_id = busy
    life = life_of(registry, record_id)
    assert life.type_name == "land-deed"
    assert life.agencies == {1: "Aviation", 2: "Safety"}
    assert [each.act.kind.name for each in life.acts] == [
        "REGISTERED",
        "AMENDED",
        "HELD",
        "RELEASED",
        "TRANSFERRED",
        "REVOKED",
    ]
    held, of_type = life.holds
    assert (held.on_type, of_type.on_type) == (False, True)
    assert held.since <= of_type.since <= (of_type.until or 0)
    assert held.until is not None
    first, second = life.offers
    assert (first.from_agency, first.to_agency) == (second.from_agency, second.to_agency) == (1, 2)
    assert first.closed_at is not None
    assert second.closed_at == life.acts[4].time
    (read,) = life.reads
    assert read.purpose == "complaint"


def test_provenance_and_picture__of_what_stands_on_chain(busy: tuple[Registry, bytes]) -> None:
    registry, record_id = busy
    life = life_of(registry, record_id)
    document = prov.model.ProvDocument.deserialize(
        io.StringIO(provenance([life]).to_json()), format="json"
    )
    acts = document.get_records(prov.model.ProvActivity)
    assert {each.get_startTime().timestamp() for each in acts} == {each.time for each in life.acts}
    shown = picture(life)
    ET.fromstring(shown)
    for words in ("Handed over to Safety", "Revoked: fraud", "on all of its type"):
        assert words in shown
    assert "Grace" not in shown, "a picture goes from hand to hand"


def test_commands(muniment: Muniment, tmp_path: Path) -> None:
    for number in ("1", "2"):
        made = muniment("register", "land-deed", content(tmp_path), "--source-id", number)
        assert made.code == 0, made.err
    drawn = muniment("trace", "1", "--svg", "-o", str(tmp_path / "life.svg"))
    assert drawn.code == 0, drawn.err
    ET.parse(tmp_path / "life.svg")
    printed = muniment("trace", "1", "--svg")
    assert printed.out.endswith("</svg>\n")
    both = muniment("trace", "1", "2", "--prov", "json")
    assert len(json.loads(both.out)["activity"]) == 2
    notation = muniment("trace", "1", "--prov", "n")
    assert notation.out.startswith("document\n")
    assert muniment("trace", "1", "--json").json["status"] == "in_force"
    for wrong in (
        ["1", "2"],
        ["1", "--svg", "--json"],
        ["1", "--svg", "--prov", "n"],
        ["1", "--prov", "json", "--json"],
        ["1", "-o", "x"],
    ):
        refused = muniment("trace", *wrong)
        assert refused.code == 2, refused.err


def test_deliveries_and_their_receipts__are_in_the_life_of_both_ends(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    record_id = registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    giver, taker = first.open("steward"), second.open("steward")
    made = giver.exchange.deliver(share_id, tmp_path / "delivery")
    (waiting,) = life_of(giver, record_id).deliveries
    assert waiting.received_at is None
    assert "delivered, no receipt yet" in picture(life_of(giver, record_id))
    taken = taker.exchange.receive(tmp_path / "delivery")
    assert taken.submission is not None
    taken.submission.wait()
    for end in (giver, taker):
        life = life_of(end, record_id)
        (share,) = life.shares
        assert (share.requester, share.granter, share.of_type) == (2, 1, True)
        assert share.granted_at is not None
        (delivery,) = life.deliveries
        assert (delivery.digest, delivery.sender, delivery.recipient) == (made.digest, 1, 2)
        assert delivery.received_at is not None
        shown = picture(life)
        for words in ("Shared with", "Safety", "Delivered to Safety", "delivered, and received"):
            assert words in shown
        text = provenance([life]).to_prov_n()
        assert f"activity(r:delivery-{made.digest.hex()}" in text
        assert "prov:type='muniment:ShareGrant'" in text
    giver.exchange.revoke(share_id, "purpose-ended").wait()
    (ended,) = life_of(giver, record_id).shares
    assert ended.status == "revoked"
    assert ended.ended_at is not None
