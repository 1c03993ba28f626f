# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""The gateway from registration to evidence, by HTTP alone."""

from __future__ import annotations

from tests.chain.gateway import Serve, deed, officer, opened, serve  # noqa: F401


def test_record__is_registered_read_and_proven(serve: Serve) -> None:
    gateway = serve()
    with gateway.client() as client:
        answer = client.post("/records", json=deed(1), headers={"Prefer": "wait=provable"})
        assert answer.status_code == 201, answer.text
        submission = answer.json()
        assert submission["stage"] == "provable"
        record = submission["record"]
        assert answer.headers["location"] == f"/records/{record}"
        shown = client.get(f"/records/{record}")
        assert shown.status_code == 200, shown.text
        assert shown.json()["status"] == "in_force"
        again = client.get(f"/records/{record}", headers={"If-None-Match": shown.headers["etag"]})
        assert again.status_code == 304
        content = client.get(f"/records/{record}/content").json()
        assert content["content"] == {"holder": "Holder 1", "parcel": "1/7"}
