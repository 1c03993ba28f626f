# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Bad input: each gets the one body of errors that names the field and what was expected."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from muniment.registry.sealing import progress_of
from tests.chain.conftest import World
from tests.chain.gateway import Gateway, Officers, Serve, deed, officer, opened, serve  # noqa: F401


def problem(answer: httpx.Response, status: int, field: str | None = None) -> dict[str, object]:
    """The body of a refusal, whose form is checked."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"].startswith("urn:muniment:problem:")
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["instance"].startswith("/")
    if field is not None:
        assert body["field"] == field
        assert body["expected"]
    return dict(body)


@pytest.fixture
def gateway(serve: Serve) -> Gateway:
    return serve(body_bytes=20_000, pause_seconds=4)


def test_bodies__that_cannot_be_used(gateway: Gateway) -> None:
    """One gateway for all of these: starting it takes longer than they do."""
    with gateway.client() as client:
        # Another content type.
        answer = client.post("/records", content=b"a,b", headers={"Content-Type": "text/csv"})
        assert problem(answer, 415, "Content-Type")["expected"] == "application/json"
        # An unknown field, a missing one, one of another kind.
        problem(client.post("/records", json={**deed(1), "colour": "red"}), 422, "colour")
        problem(client.post("/records", json={"type": "land-deed"}), 422, "source_id")
        problem(client.post("/records", json={**deed(1), "source_id": 7}), 422, "source_id")
        # Of the content: the schema's rules, by the field's name, without its value.
        refused = problem(
            client.post("/records", json=deed(1, holder=3, secret="x")), 422, "content/holder"
        )
        assert "Holder" not in json.dumps(refused)
        # What is no strict JSON.
        for text in (b'{"type": "a", "type": "b"}', b"{", b"[1.5]", b"\xff"):
            headers = {"Content-Type": "application/json"}
            problem(client.post("/records", content=text, headers=headers), 400)
        # An oversized body, said or not.
        long = json.dumps(deed(1, holder="x" * 30_000)).encode()
        headers = {"Content-Type": "application/json"}
        problem(client.post("/records", content=long, headers=headers), 413)
        pieces = (long[at : at + 1000] for at in range(0, len(long), 1000))
        problem(client.post("/records", content=pieces, headers=headers), 413)
        # Unknown types, records, paths, methods.
        problem(client.post("/records", json={**deed(1), "type": "none"}), 404)
        problem(client.get(f"/records/0x{'0' * 64}"), 404)
        problem(client.get("/records/7"), 422)
        problem(client.get("/nothing"), 404)
        problem(client.delete("/types"), 405)
        problem(client.get("/records?limit=501"), 422, "limit")
        headers = {"Prefer": "wait=soon"}
        problem(client.post("/records", json=deed(1), headers=headers), 422, "Prefer")
        assert client.get("/records?where=journal").json()["items"] == []


def test_idempotency_key__is_of_one_body(gateway: Gateway) -> None:
    with gateway.client() as client, gateway.client() as another:
        key = {"Idempotency-Key": "a-key"}
        first = client.post("/records", json=deed(1), headers=key)
        assert first.status_code == 201
        again = client.post("/records", json=deed(1), headers=key)
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        assert again.headers["idempotency-replayed"] == "true"
        problem(client.post("/records", json=deed(2), headers=key), 422, "Idempotency-Key")
        direct = client.post("/records?way=direct", json=deed(1), headers=key)
        problem(direct, 422, "Idempotency-Key")
        # Keys are each caller's own.
        assert another.post("/records", json=deed(2), headers=key).status_code == 201
        bad = {"Idempotency-Key": "x" * 200}
        problem(client.post("/records", json=deed(3), headers=bad), 422, "Idempotency-Key")


def test_the_same_key_at_once__registers_once(gateway: Gateway) -> None:
    with gateway.client() as client, ThreadPoolExecutor(8) as pool:
        headers = [{"Idempotency-Key": "k"}] * 16
        answers = list(
            pool.map(
                lambda at: client.post("/records", json=deed(at % 2), headers=headers[at]),
                range(16),
            )
        )
        assert {each.status_code for each in answers} == {201, 422}
        [listed] = client.get("/records?where=journal").json()["items"]
        assert listed["index"] == 0


def test_scope__narrows_what_a_token_may_do(gateway: Gateway) -> None:
    with gateway.client("read") as reader, gateway.client("register") as registrar:
        assert problem(reader.post("/records", json=deed(1)), 403)["scope"] == "register"
        assert registrar.post("/records", json=deed(1)).status_code == 201
        problem(registrar.get("/records"), 403)
        problem(reader.get("/tokens"), 403)
        problem(reader.get("/metrics"), 403)
        for shown in ("Bearer mun_" + "0" * 16 + "_" + "A" * 43, "Basic YTpi", "Bearer x"):
            answer = reader.get("/records", headers={"Authorization": shown})
            problem(answer, 401, "Authorization")
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_too_fast__is_told_when_to_come_again(serve: Serve) -> None:
    gateway = serve(requests_per_second=1, burst=3)
    with (
        gateway.client("read") as client,
        gateway.client("read") as another,
        ThreadPoolExecutor(8) as pool,
    ):
        answers = list(pool.map(lambda _: client.get("/types"), range(40)))
        assert {each.status_code for each in answers} == {200, 429}
        for each in answers:
            if each.status_code == 429:
                problem(each, 429)
                assert int(each.headers["retry-after"]) >= 1
        # Others are not held up, and who waits as long as was said is let in again.
        assert another.get("/types").status_code == 200
        time.sleep(max(int(each.headers.get("retry-after", 0)) for each in answers) + 1)
        assert client.get("/types").status_code == 200


def test_truncated_upload__keeps_nothing(gateway: Gateway) -> None:
    data = b"page" * 100_000
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    with gateway.client() as client:
        said = {"Content-Type": "application/pdf", "Content-Digest": f"sha-256=:{digest}:"}
        cut = client.put("/uploads/scan", content=data[:-1], headers=said)
        assert problem(cut, 400)["type"] == "urn:muniment:problem:truncated-body"
        unreadable = {**said, "Content-Digest": "md5=:x:"}
        problem(client.put("/uploads/scan", content=data, headers=unreadable), 400)
        unknown = {"Content-Type": "pdf"}
        problem(client.put("/uploads/scan", content=data, headers=unknown), 415, "Content-Type")
        # A connection that breaks off.
        parts = urlsplit(gateway.url)
        with socket.create_connection((parts.hostname, parts.port)) as raw:
            head = (
                f"PUT /uploads/scan HTTP/1.1\r\nHost: x\r\nContent-Type: application/pdf\r\n"
                f"Authorization: {client.headers['authorization']}\r\n"
                f"Content-Length: {len(data)}\r\n\r\n"
            )
            raw.sendall(head.encode() + data[:200_000])
        named = deed(1) | {"attachments": {"scan": "scan"}}
        problem(client.post("/records?way=direct", json=named), 422, "attachments")
        # One that stands still, which is told so.
        with socket.create_connection((parts.hostname, parts.port)) as raw:
            raw.settimeout(60)
            raw.sendall(head.encode() + data[:200_000])
            assert b" 408 " in raw.recv(65536).splitlines()[0]
        # All of it is taken under the same id: nothing of the attempts is left.
        whole = client.put("/uploads/scan", content=data, headers=said)
        assert whole.status_code == 201, whole.text
        other = client.put("/uploads/scan", content=b"x", headers={"Content-Type": "a/b"})
        problem(other, 409)
    assert gateway.registry is not None
    objects = list(gateway.registry.session.vault.list("uploads/"))
    assert len(objects) == 1


def test_amendment__of_a_stale_version_or_a_held_record(
    gateway: Gateway, officer: Officers, world: World
) -> None:
    with gateway.client() as client:
        headers = {"Prefer": "wait=provable"}
        made = client.post("/records?way=direct", json=deed(1), headers=headers).json()
        path = f"/records/{made['record']}"
        etag = client.get(path).headers["etag"]
        change = {"content": {"holder": "Grace", "parcel": "1/7"}}
        change["signer"] = world.address("registrar")  # type: ignore[assignment]
        problem(client.put(f"{path}/content", json=change), 428, "If-Match")
        stale = client.put(f"{path}/content", json=change, headers={"If-Match": '"9-00"'})
        assert problem(stale, 409, "If-Match")["current_version"] == 1
        ready = client.put(f"{path}/content", json=change, headers={"If-Match": etag})
        assert ready.status_code == 202, ready.text
        holder = officer("hold_authority")
        holder.hold(made["record"], "K 1").wait()
        etag = client.get(path).headers["etag"]
        held = client.put(f"{path}/content", json=change, headers={"If-Match": etag})
        assert problem(held, 409)["type"] == "urn:muniment:problem:held-record"


def test_chain_away__the_journal_goes_on_and_direct_writes_do_not(serve: Serve) -> None:
    gateway = serve(urls=("http://127.0.0.1:9",))
    with gateway.client() as client:
        written = client.post("/records", json=deed(1), headers={"Prefer": "wait=final; seconds=1"})
        assert written.status_code == 201, written.text
        assert written.json()["stage"] == "acknowledged"
        direct = client.post("/records?way=direct", json=deed(2))
        problem(direct, 503)
        assert int(direct.headers["retry-after"]) >= 1
        shown = client.get(f"/records/{written.json()['record']}").json()
        assert (shown["source"], shown["status"]) == ("mirror", "in_force")
        problem(client.get(f"/records/{written.json()['record']}/trace"), 503)
        # Nothing half done: the source id is free, and the journal has one entry.
        assert client.get("/records/find?source_id=2").json()["items"] == []
        health = client.get("/healthz")
        assert health.status_code == 503
        assert "chain" in health.json()["still"]
    assert gateway.registry is not None
    assert progress_of(gateway.registry.session, 1).acknowledged == 1
