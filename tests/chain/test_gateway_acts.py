# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Acts of officers by HTTP: prepared at the gateway, signed elsewhere, handed in."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import httpx

from muniment.chain.connection import address_of
from muniment.registry.prepared.document import PreparedDocument
from muniment.registry.prepared.signing import TrustedRegistry, review, sign
from tests.chain.conftest import World
from tests.chain.gateway import Serve, deed, officer, opened, serve, until  # noqa: F401
from tests.chain.prepared_acts import officer as officer_key


def trusted(world: World) -> TrustedRegistry:
    registries = world.registries
    assert registries.shares is not None
    return TrustedRegistry(
        world.connection.chain_id,
        address_of("records", registries.records.address),
        address_of("shares", registries.shares.address),
    )


def prepared(client: httpx.Client, world: World, role: str, **body: Any) -> PreparedDocument:
    answer = client.post("/acts", json={**body, "signer": world.address(role)})
    assert answer.status_code == 202, answer.text
    document = PreparedDocument.from_json(answer.content)
    assert answer.headers["location"] == f"/acts/0x{document.prepared_id.hex()}"
    return document


def signed(world: World, role: str, document: PreparedDocument) -> dict[str, str]:
    raw = sign(review(document, trusted(world)), officer_key(role))
    return {"raw": f"0x{raw.hex()}"}


def hand_in(client: httpx.Client, document: PreparedDocument, body: dict[str, str]) -> Any:
    path = f"/acts/0x{document.prepared_id.hex()}/signed"
    answer = client.post(path, json=body, headers={"Prefer": "wait=provable"})
    assert answer.status_code == 200, answer.text
    [item] = answer.json()["items"]
    return item


def test_acts__prepared_signed_and_followed(serve: Serve, world: World) -> None:
    gateway = serve()
    with gateway.client() as client:
        body = {"act": "register", **deed(1)}
        document = prepared(client, world, "registrar", **body)
        listed = client.get("/acts", params={"signer": world.address("registrar")}).json()
        assert [each["act"] for each in listed["items"]] == ["register"]
        watched = client.get(f"/submissions/{document.submissions[0]}").json()
        assert watched["stage"] == "prepared"
        item = hand_in(client, document, signed(world, "registrar", document))
        assert item["stage"] == "provable"
        record = item["record"]
        assert client.get(item["watch"]).json()["stage"] in ("provable", "final")
        # Amended as the record was read, and not otherwise.
        shown = client.get(f"/records/{record}")
        content = {"holder": "Grace", "parcel": "1/7"}
        path, amend = f"/records/{record}/content", {"content": content}
        amend["signer"] = world.address("registrar")  # type: ignore[assignment]
        assert client.put(path, json=amend).status_code == 428
        stale = client.put(path, json=amend, headers={"If-Match": '"9-00"'})
        assert (stale.status_code, stale.json()["current_version"]) == (409, 1)
        answer = client.put(path, json=amend, headers={"If-Match": shown.headers["etag"]})
        assert answer.status_code == 202, answer.text
        second = PreparedDocument.from_json(answer.content)
        hand_in(client, second, signed(world, "registrar", second))
        assert client.get(path).json()["content"] == content
        # With a file, which was uploaded before.
        upload = {"Content-Type": "application/pdf"}
        assert client.put("/uploads/scan", content=b"%PDF-1", headers=upload).status_code == 201
        filed = {"act": "register", **deed(2), "attachments": {"scan": "scan"}}
        third = prepared(client, world, "registrar", **filed)
        assert "scan" in third.openings[0]["fields"]
        done = hand_in(client, third, signed(world, "registrar", third))
        assert client.get(f"/records/{done['record']}/files/scan").content == b"%PDF-1"
        # What the contract would refuse is refused before anybody signs.
        held = prepared(client, world, "hold_authority", act="hold", record=record, case="K 1")
        hand_in(client, held, signed(world, "hold_authority", held))
        revoke = {"act": "revoke", "record": record, "reason": "error"}
        refused = client.post("/acts", json={**revoke, "signer": world.address("registrar")})
        assert refused.status_code == 409, refused.text
        assert "held" in refused.json()["type"]
        replaced(client, world)


def replaced(client: httpx.Client, world: World) -> None:
    """The way back from lost keys: announced for all to see, not before its time, then done."""
    stranger, who = world.address("stranger"), "registry_admin"
    body = {"act": "schedule_admin_replacement", "agency": 2, "account": stranger}
    scheduled = prepared(client, world, who, **body)
    hand_in(client, scheduled, signed(world, who, scheduled))
    until(lambda: client.get("/agencies/2/officers").json()["replacement"] is not None)
    announced = client.get("/agencies/2/officers").json()["replacement"]
    assert announced["new_admin"] == stranger
    execute = {"act": "execute_admin_replacement", "agency": 2}
    early = client.post("/acts", json={**execute, "signer": world.address(who)})
    assert (early.status_code, early.json()["type"].rpartition(":")[2]) == (
        409,
        "agency-registry-not-ready",
    )
    world.connection.request("evm_increaseTime", [8 * 86_400])
    world.connection.request("evm_mine", [])
    executed = prepared(client, world, who, **execute)
    hand_in(client, executed, signed(world, who, executed))
    until(lambda: client.get("/agencies/2/officers").json()["replacement"] is None)
    left = client.get("/agencies/2/officers").json()["items"]
    assert left == [{"role": "agency_admin", "account": stranger}]


def test_acts__of_others_are_not_shown_and_no_secret_is_stored_in_the_open(
    serve: Serve, world: World, tmp_path: Path
) -> None:
    gateway = serve()
    with gateway.client() as client, gateway.client() as other, gateway.client("read") as reader:
        document = prepared(client, world, "registrar", act="register", **deed(1))
        path = f"/acts/0x{document.prepared_id.hex()}"
        assert client.get(path).json()["openings"][0]["fields"]["holder"] == "Holder 1"
        assert other.get(path).status_code == 403
        assert other.delete(path).status_code == 403
        listed = other.get("/acts", params={"signer": world.address("registrar")}).json()
        assert listed["items"] == []
        assert reader.get(path).status_code == 403
        assert client.delete(path).status_code == 204
        late = client.post(f"{path}/signed", json=signed(world, "registrar", document))
        assert late.status_code == 409
        unknown = client.get("/acts/0x" + "00" * 32)
        assert unknown.status_code == 404
        body = {"act": "register", **deed(2), "signer": world.address("registrar")}
        key = {"Idempotency-Key": "one"}
        first = client.post("/acts", json=body, headers=key)
        again = client.post("/acts", json=body, headers=key)
        assert first.status_code == again.status_code == 202, first.text + again.text
        assert first.json()["id"] == again.json()["id"]
        assert again.headers["idempotency-replayed"] == "true"
        assert client.post("/acts", json={**body, "seconds": 9}, headers=key).status_code == 422
    secret = first.json()["openings"][0]["secret"][2:]
    for file in tmp_path.glob("*.db*"):
        held = file.read_bytes()
        assert secret.encode() not in held
        assert bytes.fromhex(secret) not in held


BAD_BODIES: list[tuple[dict[str, Any], str]] = [
    ({"act": "nonsense"}, "act"),
    ({}, "act"),
    ({"act": "revoke", "record": "0x12", "reason": "error"}, "record"),
    ({"act": "revoke", "record": "0x" + "12" * 32}, "reason"),
    ({"act": "revoke", "reason": "error", "record": 1}, "record"),
    ({"act": "open_journal", "journal": 1}, "journal"),
]


def test_bad_calls__are_refused_and_name_the_field(serve: Serve, world: World) -> None:
    gateway = serve()
    with gateway.client() as client:
        for body, field in BAD_BODIES:
            answer = client.post("/acts", json={**body, "signer": world.address("registrar")})
            assert (answer.status_code, answer.json().get("field")) == (422, field), answer.text
        nobody = client.post("/acts", json={"act": "open_journal"})
        assert (nobody.status_code, nobody.json()["field"]) == (422, "signer")
        document = prepared(client, world, "registrar", act="register", **deed(1))
        path = f"/acts/0x{document.prepared_id.hex()}/signed"
        for raw in ("", "0x", "0xzz", "0x" + "00" * 40):
            answer = client.post(path, json={"raw": raw})
            assert answer.status_code == 422, (raw, answer.text)
        other = client.post(path, json=signed(world, "registrar", document) | {"id": "0x" + "11"})
        assert other.status_code == 422
        stranger = json.loads(json.dumps(document.to_json()))
        stranger["account"] = world.address("agency_admin")
        theirs = PreparedDocument.from_json(json.dumps(stranger).encode())
        answer = client.post(path, json=signed(world, "agency_admin", theirs))
        assert (answer.status_code, "signer" in answer.json()["detail"]) == (422, True)


def test_signed_act__survives_a_kill_before_any_node_has_seen_it(
    serve: Serve, world: World
) -> None:
    gateway = serve("--no-daemon")
    with gateway.client() as client:
        document = prepared(client, world, "registrar", act="register", **deed(1))
        path = f"/acts/0x{document.prepared_id.hex()}/signed"
        answer = client.post(path, json=signed(world, "registrar", document))
        assert answer.json()["items"][0]["stage"] == "acknowledged", answer.text
    gateway.stop(signal.SIGKILL)
    again = serve()
    with again.client() as client:
        watch = answer.json()["items"][0]["watch"]
        item = client.get(watch, headers={"Prefer": "wait=provable"}).json()
        assert item["stage"] in ("provable", "final")
