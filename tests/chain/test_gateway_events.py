# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Events of a running gateway: streams that pages follow, and webhooks by command."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from muniment.registry import Registry
from tests.chain.agency import PASSWORD
from tests.chain.command_line import answer
from tests.chain.conftest import World
from tests.chain.gateway import Serve, deed, officer, opened, serve, until  # noqa: F401
from tests.chain.prepared_acts import signed
from tests.chain.receivers import Receiver


class Page:
    """A page that follows events, as EventSource does."""

    def __init__(self, client: httpx.Client, **headers: str) -> None:
        self.events: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.is_over = False
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._follow, args=[client, headers], daemon=True)
        self._thread.start()
        until(lambda: self.ids)

    def _follow(self, client: httpx.Client, headers: dict[str, str]) -> None:
        with client.stream("GET", "/events", headers=headers) as stream:
            assert stream.status_code == 200
            assert stream.headers["content-type"].startswith("text/event-stream")
            for line in stream.iter_lines():
                if line.startswith("id: "):
                    self.ids.append(line[4:])
                if line.startswith("data: "):
                    self.events.append(json.loads(line[6:]))
                if self._leave.is_set():
                    break
        self.is_over = True


class Followed:
    """The stages of one submission, as a page is told them."""

    def __init__(self, client: httpx.Client, watch: str) -> None:
        self.stages: list[str] = []
        self.last: dict[str, Any] = {}
        self.is_over = False
        threading.Thread(target=self._follow, args=[client, watch], daemon=True).start()

    def _follow(self, client: httpx.Client, watch: str) -> None:
        with client.stream("GET", watch, headers={"Accept": "text/event-stream"}) as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    self.last = json.loads(line[6:])
                    self.stages.append(self.last["stage"])
        self.is_over = True


def test_page__follows_events_and_misses_nothing_when_it_comes_back(
    serve: Serve, world: World
) -> None:
    gateway = serve()
    with gateway.client() as client, gateway.client() as other:
        page = Page(other)
        client.post("/records?way=direct", json=deed(1), headers={"Prefer": "wait=provable"})
        world.connection.request("anvil_mine", ["0x4"])
        until(lambda: any(each["type"].endswith(".registered") for each in page.events))
        last = page.ids[-1]
        client.post("/records?way=direct", json=deed(2), headers={"Prefer": "wait=provable"})
        world.connection.request("anvil_mine", ["0x4"])
        back = Page(gateway.client("read"), **{"Last-Event-ID": last})
        until(lambda: any(each["type"].endswith(".registered") for each in back.events))
        assert all(each["id"] != last for each in back.events)
        made = client.post("/records?way=direct", json=deed(3)).json()
        followed = Followed(other, made["watch"])
        until(lambda: "provable" in followed.stages)
        world.connection.request("anvil_mine", ["0x4"])
        until(lambda: followed.is_over)
        order = ["acknowledged", "provable", "final"]
        assert followed.stages == order[order.index(followed.stages[0]) :]
        assert followed.last["record"] == made["record"]
        by_journal = client.post("/records", json=deed(4)).json()
        client.get(by_journal["watch"], headers={"Prefer": "wait=provable"})
        world.connection.request("anvil_mine", ["0x4"])
        known = Followed(other, by_journal["watch"])
        until(lambda: known.is_over)
        assert known.stages[-1] == "final"
        assert client.get("/events?after=nonsense").status_code == 422
        assert httpx.get(f"{gateway.url}/events").status_code == 401
        begun = time.monotonic()
        assert gateway.stop() == 0
        # Open streams do not hold it up.
        assert time.monotonic() - begun < 25
        until(lambda: page.is_over and back.is_over)


def test_webhook__by_command_and_told_by_the_gateway(
    serve: Serve,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    receiver = Receiver()
    receiver.start()
    gateway = serve(outgoing={"private": ["127.0.0.1/32"]})
    monkeypatch.setenv("MUNIMENT_PASSWORD", PASSWORD)
    monkeypatch.setenv("MUNIMENT_PROFILE", str(tmp_path / "profile.toml"))

    def run(*arguments: str) -> Any:
        return answer(("webhook", *arguments), "", tmp_path, monkeypatch, capfd)

    registry = gateway.registry
    assert registry is not None
    refused = run("add", "https://169.254.169.254/latest")
    assert (refused.code, "private" in refused.err) == (1, True)
    assert run("add", receiver.url, "--type", "muniment.records.nonsense").code == 2
    added = run("add", receiver.url, "--type", "muniment.records.registered", "--json")
    assert added.code == 0, added.err
    with gateway.client() as client:
        client.post("/records?way=direct", json=deed(1), headers={"Prefer": "wait=provable"})
        world.connection.request("anvil_mine", ["0x4"])
        # Its keys are not on chain yet: nothing is told unsigned, and nothing is lost.
        until(lambda: "messages" in (run("list", "--json").json[0]["fault"] or ""))
        admin = world.address("agency_admin")
        documents, _ = registry.prepared.prepare(admin, lambda s: Registry(s).publish_keys())
        for each in documents:
            now = registry.prepared.document(each.prepared_id)
            raw = signed(registry, "agency_admin", now)
            [key] = registry.prepared.submit(each.prepared_id, raw)
            key.wait()
        until(lambda: len(receiver.events) == 1)
        assert receiver.events[0]["type"] == "muniment.records.registered"
        name = added.json["webhook"]
        assert run("replay", name, "--after", "start").code == 0
        until(lambda: len(receiver.events) == 2)
        assert run("remove", name).code == 0
        assert run("list", "--json").json == []
        # Webhooks are for administrators who signed in.
        assert client.get("/webhooks").status_code == 403
    receiver.stop()
