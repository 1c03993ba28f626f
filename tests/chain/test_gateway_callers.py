# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Who calls: tokens of the command line, officers who sign in, and what each may do."""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx
import pytest

from muniment.gateway.callers.accounts import add_account
from tests.chain.command_line import Muniment, muniment  # noqa: F401
from tests.chain.conftest import World
from tests.chain.gateway import Gateway, Serve, deed, officer, opened, serve, until  # noqa: F401

PASSWORD = "long enough a password"


@pytest.fixture
def gateway(serve: Serve, world: World) -> Gateway:
    running = serve(sign_ins_per_minute=6)
    assert running.registry is not None
    database = running.registry.session.database
    for role in ("agency_admin", "registrar", "steward", "other_registrar", "stranger"):
        add_account(database, role, world.address(role), password=PASSWORD)
    with running.client("read") as client:
        # Roles are by the mirror.
        until(lambda: len(client.get("/agencies").json()["items"]) == 2)
    return running


def signed_in(gateway: Gateway, name: str) -> tuple[httpx.Client, dict[str, object]]:
    client = httpx.Client(base_url=gateway.url, timeout=60)
    answer = client.post("/session", json={"name": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=strict" in answer.headers["set-cookie"]
    return client, answer.json()


def test_officers__may_what_their_roles_on_chain_say(gateway: Gateway) -> None:
    registrar, shown = signed_in(gateway, "registrar")
    assert shown["roles"] == ["registrar"]
    assert shown["agency"] == 1
    writing = {"Muniment-CSRF": str(shown["csrf"])}
    assert registrar.post("/records", json=deed(1), headers=writing).status_code == 201
    assert registrar.get("/records").status_code == 200
    assert registrar.get("/tokens").status_code == 403

    steward, shown = signed_in(gateway, "steward")
    writing = {"Muniment-CSRF": str(shown["csrf"])}
    assert steward.post("/records", json=deed(2), headers=writing).status_code == 403

    admin, shown = signed_in(gateway, "agency_admin")
    writing = {"Muniment-CSRF": str(shown["csrf"])}
    made = admin.post("/tokens", json={"name": "x", "scopes": ["read"]}, headers=writing)
    assert made.status_code == 201
    bearer = {"Authorization": f"Bearer {made.json()['token']}"}
    assert httpx.get(f"{gateway.url}/records", headers=bearer).status_code == 200
    assert made.json()["token"] not in admin.get("/tokens").text
    # A token cannot be given what makes tokens.
    more = admin.post("/tokens", json={"name": "x", "scopes": ["administer"]}, headers=writing)
    assert more.status_code == 422
    gone = admin.delete(f"/tokens/{made.json()['id']}", headers=writing)
    assert gone.status_code == 200
    assert httpx.get(f"{gateway.url}/records", headers=bearer).status_code == 401


def test_officers_of_another_agency__cannot_sign_in(gateway: Gateway) -> None:
    for name in ("other_registrar", "stranger"):
        given = {"name": name, "password": PASSWORD}
        answer = httpx.post(f"{gateway.url}/session", json=given)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_session__writes_for_its_own_pages_alone(gateway: Gateway) -> None:
    client, shown = signed_in(gateway, "registrar")
    csrf = {"Muniment-CSRF": str(shown["csrf"])}
    for headers in (
        {},
        {"Muniment-CSRF": "0" * 64},
        csrf | {"Origin": "https://elsewhere.example"},
        csrf | {"Sec-Fetch-Site": "cross-site"},
    ):
        refused = client.post("/records", json=deed(1), headers=headers)
        assert refused.status_code == 403, headers
    own = csrf | {"Origin": gateway.url, "Sec-Fetch-Site": "same-origin"}
    assert client.post("/records", json=deed(1), headers=own).status_code == 201
    assert client.get("/session").json()["csrf"] == shown["csrf"]
    # No other site's page may call, with a session or without.
    asked = httpx.options(f"{gateway.url}/records", headers={"Origin": "https://x.example"})
    assert "access-control-allow-origin" not in asked.headers
    for name in ("content-security-policy", "x-content-type-options", "x-frame-options"):
        assert name in asked.headers
    cookie = client.cookies["muniment"]
    assert client.delete("/session", headers=csrf).status_code == 204
    kept = httpx.get(f"{gateway.url}/records", cookies={"muniment": cookie})
    assert kept.status_code == 401


def test_wrong_passwords__are_slowed_down(gateway: Gateway) -> None:
    answers = []
    for _ in range(8):
        given = {"name": "registrar", "password": "not the password"}
        answers.append(httpx.post(f"{gateway.url}/session", json=given, timeout=60))
    codes = [each.status_code for each in answers]
    assert codes[:3] == [401] * 3
    assert codes[-1] == 429
    assert "retry-after" in answers[-1].headers
    # Said to a person, not to a system.
    remedies = [answers[at].json()["remedy"] for at in (0, -1)]
    assert not any("token" in each or "/records" in each for each in remedies)


def test_account_that_lost_its_role__may_nothing_more(gateway: Gateway, world: World) -> None:
    client, _ = signed_in(gateway, "registrar")
    assert client.get("/records").status_code == 200
    agencies = world.registries.agencies
    block = world.connection.block()
    role = agencies.agency_role(agencies.registrar(block=block), 1, block=block)
    world.send("agency_admin", agencies.revoke_role(role, world.address("registrar")))
    deadline = time.monotonic() + 60
    while client.get("/records").status_code != 403:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_token_commands(muniment: Muniment) -> None:
    made = muniment("token", "make", "case system", "--scope", "read", "--days", "7", "--json")
    assert made.code == 0, made.err
    token = made.json["token"]
    listed = muniment("token", "list", "--json")
    assert token not in listed.out
    [shown] = listed.json
    assert (shown["name"], shown["scopes"], shown["state"]) == (
        "case system",
        ["read"],
        "in force",
    )
    assert muniment("token", "revoke", shown["id"]).code == 0
    assert muniment("token", "list", "--json").json[0]["state"] == "revoked"
    assert muniment("token", "make", "x", "--scope", "everything").code == 2


def test_account_commands(muniment: Muniment, world: World, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    address = world.address("registrar")
    added = muniment(
        *("account", "add", "ada", "--address", address),
        *("--password-file", str(file), "--json"),
    )
    assert added.code == 0, added.err
    assert json.loads(added.out)["address"] == address
    assert muniment("account", "password", "ada", "--password-file", str(file)).code == 0
    assert muniment("account", "disable", "ada").code == 0
    assert muniment("account", "list", "--json").json[0]["state"] == "disabled"
    assert muniment("account", "disable", "nobody").code == 2
