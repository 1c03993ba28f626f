# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Shares between two agencies: asked for, granted, delivered, received, acknowledged."""

from __future__ import annotations

from pathlib import Path

import pytest

from muniment.exchange.errors import NotSharedError
from muniment.exchange.terms import Terms
from muniment.record import RecordType, TypeId
from muniment.record.identifiers import RecordId
from muniment.record.types import Sharing
from muniment.registry import Registry, Stage
from muniment.registry.exchange.shares import Asked
from tests.chain.agency import SCHEMA
from tests.chain.test_journals import imported, seal, write
from tests.chain.two_agencies import Agencies, Say, agencies, say  # noqa: F401

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


def test_file__of_a_granted_field_goes_along_and_no_other(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    scan = tmp_path / "deed.pdf"
    scan.write_bytes(bytes(range(256)) * 10_000)
    registry = first.open("registrar")
    made = registry.register(
        "land-deed",
        {"holder": "Ada", "parcel": "7"},
        source_id="7",
        attach={"scan": scan, "plan": scan},
    )
    made.wait("final")
    terms = Terms.of("a study", "a law", ["scan"])
    share_id = agreed(agencies, tmp_path, terms)
    first.open("steward").exchange.deliver(share_id, tmp_path / "delivery")
    taker = second.open("steward")
    assert taker.exchange.receive(tmp_path / "delivery").count == 1
    [received] = taker.exchange.received(RecordId(made.record_id or b""))
    assert list(received.values) == ["scan"]
    taker.exchange.extract(received, "scan", tmp_path / "received.pdf")
    assert (tmp_path / "received.pdf").read_bytes() == scan.read_bytes()


def test_record_of_a_journal__is_delivered_with_its_entry(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    journal = first.open_journal()
    registrar = first.open("registrar", journal=journal)
    assert imported(registrar, write(tmp_path, 5)).size == 5
    seal(registrar, Stage.FINAL)
    deeds = [registrar.record_id(str(number)) for number in range(5)]
    share_id = agreed(agencies, tmp_path)
    giver = first.open("steward", journal=journal)
    giver.exchange.deliver(share_id, tmp_path / "delivery", with_evidence=False)
    taker = second.open("steward")
    taken = taker.exchange.receive(tmp_path / "delivery")
    assert (taken.count, taken.evidence) == (5, 0)
    [received] = taker.exchange.received(deeds[3])
    assert received.delivered.entry is not None
    assert received.values == {"parcel": "3/7"}


def test_open_type__is_granted_at_once_and_a_closed_one_refused(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    admin = first.open("admin")
    for number, sharing in ((3, Sharing.OPEN), (4, Sharing.CLOSED)):
        kind = RecordType.define(sharing.name.lower(), TypeId(number), 1, SCHEMA, sharing=sharing)
        published = admin.publish_type(kind)
        assert published is not None
        published.wait()
    asking = second.open("steward").exchange
    asked = asking.request(1, TERMS, record_type="open", target=tmp_path / "open.envelope")
    asked.submission.wait()
    assert asking.share_of_request(asked).status == "granted"
    with pytest.raises(NotSharedError, match="closed to sharing"):
        asking.request(1, TERMS, record_type="closed")
    deeds = {}
    registrar = first.open("registrar")
    for name in ("open", "closed"):
        made = registrar.register(name, {"holder": "Ada", "parcel": name}, source_id=name)
        made.wait("final")
        deeds[name] = RecordId(made.record_id or b"")
    # Of one record the chain does not know the type: the granter's tool decides by it.
    one = asking.request(1, TERMS, record_id=deeds["open"], target=tmp_path / "one.envelope")
    one.submission.wait()
    taken = first.open("steward").exchange.receive(tmp_path / "one.envelope")
    assert taken.submission is not None
    taken.submission.wait()
    assert asking.share_of_request(one).status == "granted"
    with pytest.raises(NotSharedError, match="closed to sharing"):
        asking.request(1, TERMS, record_id=deeds["closed"])


def test_commands(agencies: Agencies, say: Say, tmp_path: Path) -> None:
    first, _ = agencies
    deeds = [registered(first.open("registrar"), f"1/{number}") for number in range(2)]
    catalogue = say(2, "steward", "catalogue", "--json")
    assert [(each["agency"], each["name"], each["sharing"]) for each in catalogue.json] == [
        (1, "deed", "conditional"),
        (1, "land-deed", "conditional"),
    ]
    assert [each["schema"] for each in catalogue.json] == [None, None]
    handed = tmp_path / "deed.schema.json"
    handed.write_text(say(1, "steward", "type", "show", "land-deed").out)
    known = say(2, "steward", "catalogue", "--agency", "1", "--add", str(handed), "--json")
    assert [each["schema"] for each in known.json] == [SCHEMA], known.err
    handed.write_text(handed.read_text().replace("parcel", "parcels"))
    changed = say(2, "steward", "catalogue", "--agency", "1", "--add", str(handed))
    assert (changed.code, "published" in changed.err) == (2, True)
    asked = say(
        2,
        "steward",
        *("share", "request", "--of", "1", "--type", "land-deed", "--field", "parcel"),
        *("--field", "holder", "--purpose", "a study", "--legal-basis", "a law", "--onward"),
        *("-o", str(tmp_path / "request.envelope"), "--json"),
    )
    assert asked.code == 0, asked.err
    share = asked.json["share"]
    waiting = say(1, "steward", "share", "list", "--to-decide", "--json").json
    assert [(each["share"], each["terms"]) for each in waiting] == [(share, None)]
    assert say(1, "steward", "share", "grant", share).code == 18
    taken = say(1, "steward", "receive", str(tmp_path / "request.envelope"), "--json")
    assert taken.json["share"]["terms"]["purpose"] == "a study"

    wider = say(1, "steward", "share", "grant", share, "--field", "scan")
    assert wider.code == 18
    assert "more than was asked" in wider.err
    terms = str(tmp_path / "terms.envelope")
    narrowed = ("--field", "parcel", "--no-onward", "--days", "30", "-o", terms)
    assert say(1, "steward", "share", "grant", share, *narrowed).code == 0
    assert say(2, "steward", "receive", terms).code == 0
    shown = say(2, "steward", "share", "show", share, "--json").json
    assert (shown["status"], shown["terms"]["fields"], shown["terms"]["onward"]) == (
        "granted",
        ["parcel"],
        False,
    )

    delivery = str(tmp_path / "some.delivery")
    found = say(1, "steward", "deliver", share, "--query", "holder=Ada Lovelace", "-o", delivery)
    assert found.code == 0, found.err
    assert "2 records" in found.err
    again = say(1, "steward", "deliver", share, f"0x{deeds[0].hex()}", "-o", delivery)
    assert again.code == 2
    received = say(2, "steward", "receive", delivery, "--wait", "final", "--json")
    assert received.code == 0, received.err
    assert received.json["records"] == 2
    assert received.json["submission"]["stage"] == "final"

    assert say(1, "steward", "share", "revoke", share, "--reason", "terms-broken").code == 0
    refused = say(1, "steward", "deliver", share, "-o", str(tmp_path / "other.delivery"))
    assert refused.code == 18
    assert "revoked" in refused.err
    assert say(1, "steward", "share", "list", "--status", "revoked").out.count(share) == 1
    assert say(2, "steward", "share", "deny", share, "--reason", "nonsense").code == 2


def test_denied_request__delivers_nothing(agencies: Agencies, say: Say, tmp_path: Path) -> None:
    asked = say(
        2,
        "steward",
        *("share", "request", "--of", "1", "--type", "land-deed", "--purpose", "curiosity"),
        *("--legal-basis", "none", "-o", str(tmp_path / "request.envelope")),
    )
    share = asked.out.strip()
    assert say(1, "steward", "receive", str(tmp_path / "request.envelope")).code == 0
    denied = say(1, "steward", "share", "deny", share, "--reason", "no-legal-basis")
    assert denied.code == 0, denied.err
    refused = say(1, "steward", "deliver", share, "-o", str(tmp_path / "delivery"))
    assert refused.code == 18
    assert say(1, "steward", "share", "grant", share).code == 18
