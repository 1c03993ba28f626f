# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""The gateway from registration to evidence, by HTTP alone."""

from __future__ import annotations

from muniment.evidence import EvidenceFile
from tests.chain.conftest import World
from tests.chain.gateway import Serve, deed, officer, opened, serve, until  # noqa: F401


def mine(world: World, blocks: int = 4) -> None:
    world.connection.request("anvil_mine", [hex(blocks)])


def test_record__is_registered_read_and_proven(serve: Serve, world: World) -> None:
    gateway = serve()
    with gateway.client() as client:
        answer = client.post("/records", json=deed(1), headers={"Prefer": "wait=provable"})
        assert answer.status_code == 201, answer.text
        submission = answer.json()
        assert submission["stage"] == "provable"
        assert answer.headers["preference-applied"] == "wait=provable"
        record = submission["record"]
        assert answer.headers["location"] == f"/records/{record}"
        mine(world)
        watched = client.get(submission["watch"], headers={"Prefer": "wait=final"})
        assert watched.json()["stage"] == "final"

        shown = client.get(f"/records/{record}")
        assert shown.status_code == 200, shown.text
        assert shown.json()["status"] == "in_force"
        assert shown.json()["journal"] == {"journal": 1, "index": 0, "stage": "final"}
        again = client.get(f"/records/{record}", headers={"If-None-Match": shown.headers["etag"]})
        assert again.status_code == 304
        content = client.get(f"/records/{record}/content").json()
        assert content["content"] == {"holder": "Holder 1", "parcel": "1/7"}

        bare = client.get(f"/records/{record}/evidence")
        assert bare.status_code == 200, bare.text
        [part] = EvidenceFile.from_bytes(bare.content).records
        assert part.record_id == bytes.fromhex(record[2:])
        made = client.post(f"/records/{record}/evidence", json={"fields": ["holder"]})
        [part] = EvidenceFile.from_bytes(made.content).records
        assert part.content is not None
        assert [each.text for each in part.content.disclosure.fields] == ['["holder","Holder 1"]']

        trace = client.get(f"/records/{record}/trace").json()
        assert trace["acts"] == []
        drawn = client.get(f"/records/{record}/trace?format=svg")
        assert drawn.headers["content-type"].startswith("image/svg+xml")
        assert "<svg" in drawn.text
        history = client.get(f"/records/{record}/history").json()
        assert [each["what"] for each in history["lines"]] == ["registered"]


def test_same_record_again__is_the_same_and_another_content_a_conflict(serve: Serve) -> None:
    gateway = serve()
    with gateway.client() as client:
        first = client.post("/records", json=deed(1))
        again = client.post("/records", json=deed(1))
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json()["index"] == first.json()["index"]
        other = client.post("/records", json=deed(1, holder="Somebody else"))
        assert other.status_code == 409
        assert other.headers["content-type"] == "application/problem+json"
        assert other.json()["type"] == "urn:muniment:problem:conflict"
        assert other.json()["record"] == first.json()["record"]
        key = {"Idempotency-Key": "one"}
        keyed, replayed = (client.post("/records", json=deed(2), headers=key) for _ in range(2))
        assert (replayed.status_code, replayed.json()) == (201, keyed.json())
        assert replayed.headers["idempotency-replayed"] == "true"
        changed = client.post("/records", json=deed(3), headers=key)
        assert (changed.status_code, changed.json()["field"]) == (422, "Idempotency-Key")


def test_direct_way__puts_the_state_on_chain(serve: Serve) -> None:
    gateway = serve()
    with gateway.client() as client:
        answer = client.post(
            "/records?way=direct", json=deed("d"), headers={"Prefer": "wait=provable"}
        )
        assert answer.status_code == 201, answer.text
        body = answer.json()
        assert (body["way"], body["stage"]) == ("direct", "provable")
        until(lambda: client.get("/records?type=land-deed").json()["items"])
        [listed] = client.get("/records?type=land-deed").json()["items"]
        assert listed["record"] == body["record"]
        trace = client.get(f"/records/{body['record']}/trace").json()
        assert [each["act"] for each in trace["acts"]] == ["registered"]


def test_lists__go_on_by_signed_cursors(serve: Serve) -> None:
    gateway = serve()
    with gateway.client() as client:
        for number in range(7):
            assert client.post("/records", json=deed(number)).status_code == 201
        first = client.get("/records?where=journal&limit=3").json()
        assert [each["source_id"] for each in first["items"]] == ["6", "5", "4"]
        second = client.get(
            "/records", params={"where": "journal", "limit": 3, "cursor": first["next"]}
        ).json()
        assert [each["source_id"] for each in second["items"]] == ["3", "2", "1"]
        # Of another query, and changed.
        for query in (
            {"where": "chain", "cursor": first["next"]},
            {"where": "journal", "cursor": "A" + first["next"][1:]},
        ):
            assert client.get("/records", params=query).status_code == 422
        found = client.get("/records/find", params={"source_id": "3"}).json()["items"]
        assert [each["index"] for each in found] == [3]
        fields = {"type": "land-deed", "field.holder": "HOLDER 5"}
        found = client.get("/records/find", params=fields).json()["items"]
        assert [each["source_id"] for each in found] == ["5"]
        not_searchable = {"type": "land-deed", "field.parcel": "5/7"}
        assert client.get("/records/find", params=not_searchable).status_code == 422


def test_directory__tells_types_agencies_and_officers(serve: Serve) -> None:
    gateway = serve()
    with gateway.client() as client:
        [deed_type] = client.get("/types").json()["items"]
        assert deed_type["searchable"] == ["holder"]
        assert deed_type["schema"]["required"] == ["holder", "parcel"]
        assert client.get("/types/land-deed").json() == deed_type
        assert client.get("/types/none").status_code == 404
        until(lambda: len(client.get("/agencies").json()["items"]) == 2)
        assert [each["own"] for each in client.get("/agencies").json()["items"]] == [True, False]
        listed = client.get("/agencies/1/officers").json()
        assert "registrar" in {each["role"] for each in listed["items"]}
        assert client.get("/agencies/99/officers").status_code == 404


def test_journal__is_open_but_for_its_entries(serve: Serve) -> None:
    gateway = serve()
    with gateway.client() as client, gateway.client("read") as reader:
        client.post("/records", json=deed(1), headers={"Prefer": "wait=provable"})
        nobody = {"Authorization": ""}
        [listed] = client.get("/journals").json()["items"]
        assert (listed["journal"], listed["use"], listed["closed"]) == (1, "records", False)
        assert (listed["acknowledged"], listed["provable"], listed["seals"]) == (1, 1, 1)
        [seal] = client.get("/journals/1/seals").json()["items"]
        assert (seal["size"], seal["previous_size"]) == (1, 0)
        assert 0 <= seal["delay_seconds"] == listed["delay_seconds"] < 600
        assert client.get("/journals/2/seals").status_code == 404
        checkpoint = client.get("/journal/1/checkpoint", headers=nobody)
        assert checkpoint.status_code == 200
        assert checkpoint.text.splitlines()[1] == "1"
        assert len(client.get("/journal/1/tile/0/000.p/1", headers=nobody).content) == 32
        assert client.get("/journal/1/tile/entries/000.p/1", headers=nobody).status_code == 401
        assert reader.get("/journal/1/tile/entries/000.p/1").status_code == 403
        assert client.get("/journal/1/tile/entries/000.p/1").content[:2] == (78).to_bytes(2, "big")
        for path in ("tile/0/001", "tile/9/000/../x", "keys", "tile/0/00"):
            assert client.get(f"/journal/1/{path}", headers=nobody).status_code == 404
