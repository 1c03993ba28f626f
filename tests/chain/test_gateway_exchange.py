# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Two agencies by HTTP alone: shares and deliveries, custody with its content, holds, retention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from muniment.evidence import EvidenceFile
from muniment.gateway.between.calling import OtherGateway, fetch_all
from muniment.gateway.callers.accounts import add_account
from muniment.record import RecordType, TypeId
from muniment.record.identifiers import RecordId
from muniment.record.types import Sharing
from muniment.registry.exchange.clearing import clear_tray
from tests.chain.agency import SCHEMA
from tests.chain.conftest import World
from tests.chain.gateway import Gateway, until
from tests.chain.test_between_gateways import Start, start, steward  # noqa: F401
from tests.chain.test_gateway_acts import prepared, signed
from tests.chain.test_gateway_callers import PASSWORD
from tests.chain.test_shares import registered
from tests.chain.two_agencies import OFFICERS, Agencies, Agency, agencies  # noqa: F401

DAY = 86_400
KEPT_DAYS = 30
LONGEST = 36_500
LEASE: dict[str, Any] = dict(SCHEMA)


@dataclass
class Party:
    """An agency, its gateway, and a client with a token there."""

    agency: Agency
    gateway: Gateway
    client: httpx.Client
    world: World

    def act(self, role: str, **body: Any) -> None:
        """Have an act prepared here, sign it elsewhere, hand it in, and see it on chain."""
        name = OFFICERS[self.agency.number].get(role, role)
        document = prepared(self.client, self.world, name, **body)
        path = f"/acts/0x{document.prepared_id.hex()}/signed"
        raw = signed(self.world, name, document)
        answer = self.client.post(path, json=raw, headers={"Prefer": "wait=provable"})
        assert answer.status_code == 200, answer.text
        items = answer.json()["items"]
        assert {each["stage"] for each in items} <= {"provable", "final"}
        assert len(items) == len(document.submissions)

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def carry(self, path: str, other: Party) -> Any:
        """Take an envelope's file from here to the other gateway, as somebody would."""
        fetched = self.client.get(path)
        assert fetched.status_code == 200, fetched.text
        assert int(fetched.headers["content-length"]) == len(fetched.content)
        octets = {"Content-Type": "application/octet-stream"}
        given = other.client.post("/deliveries", content=fetched.content, headers=octets)
        assert given.status_code == 201, given.text
        again = other.client.post("/deliveries", content=fetched.content, headers=octets)
        assert again.status_code == 200, again.text
        return given.json()


@pytest.fixture
def parties(agencies: Agencies, start: Start, world: World) -> Iterator[tuple[Party, Party]]:
    found = []
    for each in agencies:
        gateway = start(each)
        gateway.registry = each.open("steward")
        found.append(Party(each, gateway, gateway.client(), world))
    yield found[0], found[1]
    for party in found:
        party.client.close()


def test_two_agencies__share_and_hand_over_by_their_gateways(
    parties: tuple[Party, Party],
) -> None:
    """One world for all of these: starting two gateways takes longer than they do."""
    first = parties[0]
    registrar = first.agency.open("registrar")
    deeds = [registered(registrar, f"12/{number}") for number in range(4)]
    shared(*parties, deeds)
    read_and_shown_on(*parties, deeds[0])
    corrected(*parties, deeds[0])
    unsigned(*parties, deeds[0])
    handed_over(*parties, deeds[:2])
    fetched_and_declined(*parties, deeds[2])
    held(first, deeds[3])
    retained(first, deeds[3])


def shared(first: Party, second: Party, deeds: list[RecordId]) -> None:
    """Asked for, granted, delivered, taken in and acknowledged."""
    terms = {"purpose": "boundary dispute 7/26", "legal_basis": "Land Act § 12"}
    wanted = {"type": "land-deed", "fields": ["parcel"], "onward": True, "days": 90}
    body = {"granter": 1, **wanted, **terms}
    second.act("steward", act="request_share", **body)
    [message] = second.get("/deliveries?kind=share-request&direction=sent")["items"]
    asked = first.world.connection.block().timestamp
    taken = second.carry(f"/deliveries/{message['delivery']}/envelope", first)
    assert taken["kind"] == "share-request"
    [first_share] = first.get("/shares?to_decide=true")["items"]
    assert first_share == taken["share"]
    assert (first_share["requester"], first_share["granted_by_us"]) == (2, True)
    assert (first_share["status"], first_share["type_id"]) == ("requested", 2)
    assert {**terms, "fields": ["parcel"]}.items() <= first_share["terms"].items()
    expires = datetime.fromisoformat(first_share["expires_at"]).timestamp()
    assert abs(expires - (asked + 90 * DAY)) < 3600
    share = first_share["share"]
    path = f"/shares/{share}/deliveries"
    early = first.client.post(path, json={})
    assert (early.status_code, early.json()["type"]) == (403, "urn:muniment:problem:not-shared")
    first.act("steward", act="grant_share", share=share)
    until(lambda: second.get(f"/shares/{share}")["status"] == "granted")
    until(lambda: first.get(f"/shares/{share}")["status"] == "granted")
    assert first.get("/shares?to_decide=true")["items"] == []
    second_share = second.get("/shares?status=granted")["items"]
    assert [(each["share"], each["granted_by_us"]) for each in second_share] == [(share, False)]

    named = {"records": [f"0x{each.hex()}" for each in deeds[:2]]}
    key = {"Idempotency-Key": "one"}
    made = first.client.post(path, json=named, headers=key)
    assert (made.status_code, made.json()["records"]) == (201, 2), made.text
    again = first.client.post(path, json=named, headers=key)
    assert (again.json(), again.headers["idempotency-replayed"]) == (made.json(), "true")
    stranger = first.client.post(path, json={"records": ["0x" + "12" * 32]})
    assert stranger.status_code == 403, stranger.text
    reader = first.gateway.client("read")
    assert reader.post(path, json=named).status_code == 403
    where = made.headers["location"]
    listed = first.get(where)
    assert (listed["state"], listed["subject"], listed["size"] > 0) == ("kept", share, True)
    assert sorted(each["record"] for each in listed["records"]) == sorted(named["records"])
    # Without records it is all that the share covers; and a file that was carried may go.
    every = first.client.post(path, json={"with_evidence": False})
    assert every.json()["records"] == len(deeds)
    other = every.headers["location"]
    assert first.client.delete(f"{other}/envelope").status_code == 204
    assert first.get(other)["size"] is None
    received = first.carry(f"{where}/envelope", second)
    assert (received["records"], received["evidence"]) == (2, 2)
    assert received["share"]["share"] == share
    delivery = received["delivery"]
    [shown] = second.get(f"/deliveries?direction=received&share={share}")["items"]
    assert (shown["delivery"], shown["agency"]) == (delivery, 1)
    second.act("steward", act="acknowledge_delivery", delivery=delivery)
    # Its receipt stands on chain: the file need not lie here any longer.
    registry = first.agency.open("steward")
    registry.sync()
    until(lambda: clear_tray(registry.session) == 1 or first.get(where)["size"] is None)
    assert first.client.get(f"{where}/envelope").status_code == 404


def read_and_shown_on(first: Party, second: Party, deed: RecordId) -> None:
    """What came is read by REST, and proven to others as far as the terms allow."""
    name = f"0x{deed.hex()}"
    every = second.get("/received")["items"]
    assert len(every) == 2
    page = second.get("/received?limit=1")
    rest = second.get(f"/received?limit=1&cursor={page['next']}")
    assert page["items"] + rest["items"] == every
    [listed] = second.get(f"/received?record={name}")["items"]
    shown = second.get(f"/received/{name}")
    assert (shown["values"], shown["from"], shown["version"]) == ({"parcel": "12/0"}, 1, 1)
    assert shown["delivery"] == listed["delivery"]
    assert shown["terms"]["purpose"] == "boundary dispute 7/26"
    nothing = second.client.get("/received/0x" + "12" * 32)
    assert (nothing.status_code, nothing.json()["status"]) == (403, 403)
    assert second.client.get(f"/received/{name}/files/parcel").status_code == 422
    proof = second.client.get(f"/received/{name}/proof")
    json_type = {"Content-Type": "application/json"}
    checked = first.client.post("/received/check", content=proof.content, headers=json_type)
    assert checked.status_code == 200, checked.text
    assert (checked.json()["to"], checked.json()["values"]) == (2, {"parcel": "12/0"})
    forged = proof.content.replace(b"12/0", b"12/9")
    refused = first.client.post("/received/check", content=forged, headers=json_type)
    assert refused.status_code in (400, 422), refused.text
    path, chosen = f"/received/{name}/evidence", {"fields": ["parcel"]}
    [part] = EvidenceFile.from_bytes(second.client.post(path, json=chosen).content).records
    assert part.content is not None
    assert [each.text for each in part.content.disclosure.fields] == ['["parcel","12/0"]']
    hidden = second.client.post(path, json={"fields": ["holder"]})
    assert hidden.status_code in (403, 422), hidden.text


def corrected(first: Party, second: Party, deed: RecordId) -> None:
    """What is wrong is said, amended by a registrar's act, and answered."""
    name = f"0x{deed.hex()}"
    body = {"record": name, "reason": "it was divided", "fields": {"parcel": "12/0a"}}
    asked = second.client.post("/corrections", json=body)
    assert (asked.status_code, asked.json()["custodian"]) == (201, 1), asked.text
    request = asked.json()["request"]
    assert first.client.get(f"/corrections/{request}").status_code == 404
    second.carry(f"/deliveries/{request}/envelope", first)
    [waiting] = first.get("/corrections?status=open")["items"]
    assert (waiting["request"], waiting["agency"]) == (request, 2)
    assert (waiting["reason"], waiting["proposed"]) == ("it was divided", {"parcel": "12/0a"})
    path = f"/corrections/{request}/answer"
    early = first.client.post(path, json={"decision": "accepted", "version": 2})
    assert early.status_code == 422, early.text
    wrong = first.client.post(path, json={"decision": "accepted"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "version")
    content = {"holder": "Ada Lovelace", "parcel": "12/0a"}
    first.act("registrar", act="amend", record=name, content=content)
    answered = first.client.post(path, json={"decision": "accepted", "version": 2})
    assert answered.status_code == 201, answered.text
    again = first.client.post(path, json={"decision": "accepted", "version": 2})
    assert again.json() == answered.json()
    first.carry(f"{answered.headers['location']}/envelope", second)
    shown = second.get(f"/corrections/{request}")
    assert (shown["status"], shown["answer"]["version"]) == ("accepted", 2)
    assert second.get("/corrections?status=open")["items"] == []


def offered(first: Party, record: RecordId) -> tuple[str, Any]:
    """A package of one record, its offer prepared: the hand-over and the document."""
    body = {"act": "offer_package", "records": [f"0x{record.hex()}"], "to_agency": 2}
    signer = {"signer": first.world.address("steward")}
    answer = first.client.post("/acts", json={**body, **signer})
    assert answer.status_code == 202, answer.text
    handover = answer.links["related"]["url"].removeprefix("/handovers/")
    return handover, answer.json()


def unsigned(first: Party, second: Party, record: RecordId) -> None:
    """A package that its steward does not sign for is nobody's to have, and goes."""
    handover, act = offered(first, record)
    package = first.get(f"/handovers/{handover}")["package"]
    assert first.client.get(f"/deliveries/{package}/envelope").status_code == 404
    calling = OtherGateway(steward(second.agency).session, first.gateway.url)
    assert [each for each in calling.waiting() if each["kind"] == "custody"] == []
    assert first.client.delete(f"/acts/{act['id']}").status_code == 204
    session = first.agency.open("steward").session
    assert (clear_tray(session), clear_tray(session)) == (1, 0)
    assert first.client.get(f"/handovers/{handover}").status_code == 404
    assert first.client.get(f"/deliveries/{package}").status_code == 404


def handed_over(first: Party, second: Party, deeds: list[RecordId]) -> None:
    """Offered, carried, checked, accepted, taken in; the copies closed."""
    named = [f"0x{each.hex()}" for each in deeds]
    missing = {"act": "offer_package", "to_agency": 2, "records": [*named, "0x" + "12" * 32]}
    refused = first.client.post("/acts", json={**missing, "signer": first.world.address("steward")})
    assert (refused.status_code, list(refused.json()["records"])) == (409, ["0x" + "12" * 32])
    first.act("steward", act="offer_package", records=named, to_agency=2)
    [given] = first.get("/handovers?direction=given&state=offered")["items"]
    assert (given["agency"], given["records"]) == (2, {"offered": 2})
    handover, package = given["handover"], given["package"]
    until(lambda: first.get(f"/deliveries/{package}")["size"])
    taken = first.carry(f"/deliveries/{package}/envelope", second)
    assert (taken["kind"], taken["records"], taken["subject"]) == ("custody", 2, handover)
    [arrived] = second.get("/handovers?state=arrived")["items"]
    assert (arrived["direction"], arrived["agency"]) == ("taken", 1)
    checked = second.get(f"/handovers/{handover}/check")
    holds = {each["record"]: each for each in checked["holds"]}
    assert (sorted(holds), checked["refused"]) == (sorted(named), {})
    assert sorted(checked["offered"]) == sorted(named)
    for record, each in holds.items():
        standing = second.get(f"/records/{record}")
        shown = ("issuer", "type_id", "version", "commitment", "trace_head")
        assert [each[name] for name in shown] == [standing[name] for name in shown]
        assert each["accepts"] is True
    # One of them first, then the rest.
    second.act("steward", act="accept_package", handover=handover, only=[named[0]])
    waiting = second.get("/handovers?state=arrived&state=accepting")["items"]
    assert [each["handover"] for each in waiting] == [handover]
    until(lambda: second.get(f"/handovers/{handover}/check")["offered"] == [named[1]])
    left = second.get(f"/handovers/{handover}/check")["holds"]
    assert {each["record"]: each["accepts"] for each in left} == {named[0]: False, named[1]: True}
    second.act("steward", act="accept_package", handover=handover)
    until(lambda: second.get(f"/handovers/{handover}")["records"] == {"outstanding": 2})
    for each in named:
        content = second.get(f"/records/{each}/content")["content"]
        assert content["holder"] == "Ada Lovelace"
    until(lambda: first.get(f"/handovers/{handover}")["records"] == {"outstanding": 2})
    clear_tray(first.agency.open("steward").session)
    assert first.get(f"/deliveries/{package}")["size"] is None
    # Taken in, the package is a copy of secrets that nobody needs.
    until(lambda: second.get(f"/deliveries/{package}")["size"] is None)
    # What becomes of the copies is a steward's to say, and no token's.
    path, end = f"/handovers/{handover}/closing", {"copies": "destroyed"}
    assert first.client.post(path, json=end).status_code == 403
    database = first.agency.open("steward").session.database
    add_account(database, "steward", first.world.address("steward"), password=PASSWORD)
    officer = httpx.Client(base_url=first.gateway.url, timeout=60)
    session = officer.post("/session", json={"name": "steward", "password": PASSWORD}).json()
    officer.headers["Muniment-CSRF"] = session["csrf"]
    wrong = officer.post(path, json={"copies": "kept"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "share")
    closed = officer.post(path, json=end)
    assert (closed.status_code, closed.json()["records"]) == (201, 2), closed.text
    assert first.client.get(f"/records/{named[0]}/content").status_code == 410
    first.carry(f"{closed.headers['location']}/envelope", second)
    each = second.get(f"/handovers/{handover}")["each"]
    assert {row["state"] for row in each} == {"destroyed"}
    assert {row["statement"] for row in each} == {closed.json()["statement"]}


def fetched_and_declined(first: Party, second: Party, record: RecordId) -> None:
    """The way between gateways: fetched, and declined; nothing of it is left at either."""
    first.act("steward", act="offer_package", records=[f"0x{record.hex()}"], to_agency=2)
    registry = steward(second.agency)
    calling = OtherGateway(registry.session, first.gateway.url)
    until(lambda: [each for each in calling.waiting() if each["kind"] == "custody"])
    fetched = fetch_all(registry, calling, acknowledge=False)
    [package] = [each for each in fetched if each.kind == "custody"]
    assert (package.fault, package.taken is not None) == ("", True)
    assert first.get(f"/deliveries/{package.digest}")["size"] is None
    [arrived] = second.get("/handovers?state=arrived")["items"]
    second.act("steward", act="decline_package", handover=arrived["handover"])
    gone = f"/handovers/{arrived['handover']}"
    until(lambda: second.client.get(gone).status_code == 404)
    until(lambda: first.get(gone)["records"] == {"ended": 1})
    assert first.get(gone)["each"][0]["reason"] == "declined"


def held(first: Party, record: RecordId) -> None:
    """A hold of a record and one of its type are shown with who placed them, until released."""
    name = f"0x{record.hex()}"
    authority = first.world.address("hold_authority")
    first.act("hold_authority", act="hold", record=name, case="K 7/26")
    first.act("hold_authority", act="hold_type", agency=1, type_id=2, case="K 8/26")
    until(lambda: first.get("/holds")["items"])
    shown = first.get("/holds")
    [hold], [of_type] = shown["items"], shown["types"]
    assert (hold["record"], hold["authority"], hold["custodian"]) == (name, authority, 1)
    assert hold["block"] <= first.world.connection.block().number
    assert (of_type["agency"], of_type["type_id"], of_type["authority"]) == (1, 2, authority)
    assert hold["case"] != of_type["case"]
    assert listed(first, f"within_days={LONGEST}")[name]["held"] is True
    body = {"act": "offer_package", "records": [name], "to_agency": 2}
    refused = first.client.post("/acts", json={**body, "signer": first.world.address("steward")})
    assert refused.status_code == 409
    assert "held" in refused.json()["records"][name]
    first.act("hold_authority", act="release", record=name, case="K 7/26")
    first.act("hold_authority", act="release_type", agency=1, type_id=2, case="K 8/26")
    until(lambda: not first.get("/holds")["items"] and not first.get("/holds")["types"])


def listed(party: Party, query: str) -> dict[str, Any]:
    """What /retention lists, by record."""
    return {each["record"]: each for each in party.get(f"/retention?{query}")["items"]}


def retained(first: Party, deed: RecordId) -> None:
    """What may be destroyed soon, and what in some weeks, each with its day."""
    leases = RecordType.define(
        "lease", TypeId(3), 1, LEASE, retention_days=KEPT_DAYS, sharing=Sharing.CLOSED
    )
    first.agency.publish(leases)
    content = {"holder": "Grace", "parcel": "9/1"}
    made = first.agency.open("registrar").register("lease", content, source_id="9/1")
    made.wait("final")
    lease = f"0x{(made.record_id or b'').hex()}"
    registered_at = first.world.connection.block().timestamp
    until(lambda: lease in listed(first, f"within_days={LONGEST}"))
    every = listed(first, f"within_days={LONGEST}")
    # Those that were handed over are another agency's to destroy.
    assert (f"0x{deed.hex()}" in every, len(every)) == (True, 3)
    assert list(listed(first, f"within_days={LONGEST}&type=lease")) == [lease]
    shown = every[lease]
    assert (shown["due"], shown["held"], shown["status"]) == (False, False, "in_force")
    last = datetime.fromisoformat(shown["retained_until"])
    day = datetime.fromtimestamp(registered_at + KEPT_DAYS * DAY, UTC).date()
    # The chain's day may have ended meanwhile.
    assert 0 <= (day - last.date()).days <= 1
    left = (last - datetime.now(UTC)).days + 1
    assert lease not in listed(first, f"within_days={left - 1}")
    assert lease in listed(first, f"within_days={left + 2}")
    deed_day = datetime.fromisoformat(every[f"0x{deed.hex()}"]["retained_until"])
    assert 0 <= (last - deed_day).days - KEPT_DAYS <= 1
