# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Files and many rows: uploads that registrations name, and bulk NDJSON both ways."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from muniment.gateway import uploads
from muniment.registry.checking import check
from muniment.registry.sealing import progress_of
from tests.chain.gateway import Serve, deed, officer, opened, serve  # noqa: F401


def digest_of(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


@pytest.mark.parametrize("way", ["journal", "direct"])
def test_uploaded_file__is_registered_and_read_back(serve: Serve, way: str) -> None:
    gateway = serve()
    data = os.urandom(3_000_001)
    with gateway.client() as client, gateway.client() as another:
        headers = {"Content-Type": "application/pdf", "Content-Digest": digest_of(data)}
        kept = client.put("/uploads/scan-1", content=data, headers=headers)
        assert kept.status_code == 201, kept.text
        assert kept.json()["digest"] == "0x" + hashlib.sha256(data).hexdigest()
        assert client.put("/uploads/scan-1", content=data, headers=headers).status_code == 200
        body = deed(1) | {"attachments": {"scan": "scan-1"}}
        # An upload is its caller's own.
        assert another.post(f"/records?way={way}", json=body).status_code == 422
        made = client.post(f"/records?way={way}", json=body, headers={"Prefer": "wait=provable"})
        assert made.status_code == 201, made.text
        record = made.json()["record"]
        assert client.post(f"/records?way={way}", json=body).status_code == 200
        content = client.get(f"/records/{record}/content").json()["content"]
        assert content["scan"]["length"] == len(data)
        file = client.get(f"/records/{record}/files/scan")
        assert file.content == data
        assert file.headers["content-type"] == "application/pdf"
        assert client.get(f"/records/{record}/files/plan").status_code == 404
        # Without the upload, a value alone is no file.
        value = content["scan"]
        assert client.post("/records", json=deed(2, scan=value)).status_code == 422
    registry = gateway.registry
    assert registry is not None
    assert gateway.stop() == 0
    assert list(check(registry.session)) == []
    with registry.session.database.write() as connection:
        connection.exec_driver_sql("UPDATE uploads SET expires_ms = 0")
    assert uploads.drop_expired(registry.session) == 1
    assert list(registry.session.vault.list("uploads/")) == []
    # What was registered has its own copy.
    target = Path(registry.session.profile.path.parent) / "extracted"
    registry.extract(record, "scan", target)
    assert target.read_bytes() == data


def test_file_too_large_for_the_journal__is_sent_the_other_way(serve: Serve) -> None:
    gateway = serve()
    with gateway.client() as client:
        data = bytes((1 << 24) + 1)
        headers = {"Content-Type": "application/pdf"}
        assert client.put("/uploads/big", content=data, headers=headers).status_code == 201
        refused = client.post("/records", json=deed(1) | {"attachments": {"scan": "big"}})
        assert refused.status_code == 422
        assert "way=direct" in refused.json()["remedy"]


def test_bulk__answers_each_row(serve: Serve) -> None:
    gateway = serve()
    rows = [
        {"source_id": str(number), "content": {"holder": f"H {number}", "parcel": "1"}}
        for number in range(1200)
    ]
    lines = [json.dumps(each).encode() for each in rows]
    lines[3] = b"{"
    lines[5] = json.dumps({"source_id": "5", "content": {"holder": "H"}}).encode()
    lines[7] = json.dumps({**rows[7], "colour": "red"}).encode()
    lines[9] = lines[8]

    def body() -> Iterator[bytes]:
        whole = b"\n".join(lines) + b"\n\n"
        for at in range(0, len(whole), 777):
            yield whole[at : at + 777]

    with gateway.client() as client:
        headers = {"Content-Type": "application/x-ndjson"}
        answer = client.post("/records:bulk?type=land-deed", content=body(), headers=headers)
        assert answer.status_code == 200, answer.text
        *found, last = [json.loads(line) for line in answer.text.splitlines()]
        assert last == {"rows": 1200, "registered": 1196, "unchanged": 1, "refused": 3}
        assert [each["row"] for each in found] == list(range(1, 1201))
        refused = {each["row"]: each["error"] for each in found if "error" in each}
        assert set(refused) == {4, 6, 8}
        assert refused[8]["field"] == "colour"
        assert found[5]["source_id"] == "5"
        assert found[9]["new"] is False
        again = client.post("/records:bulk?type=land-deed", content=body(), headers=headers)
        last = json.loads(again.text.splitlines()[-1])
        assert (last["registered"], last["unchanged"]) == (0, 1197)
        assert client.post("/records:bulk?type=no", content=b"", headers=headers).status_code == 404
        wrong = client.post("/records:bulk?type=land-deed", json={})
        assert wrong.status_code == 415
    assert gateway.registry is not None
    assert progress_of(gateway.registry.session, 1).acknowledged == 1196
