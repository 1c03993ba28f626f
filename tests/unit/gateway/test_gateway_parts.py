# SPDX-License-Identifier: Apache-2.0
"""Limits, cursors, settings, preferences, streams: the gateway's parts, without a server."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.requests import Request

from muniment.chain.connection import Block
from muniment.errors import InvalidInputError, StoreError
from muniment.gateway.bodies import Member, members_in
from muniment.gateway.body_schemas import described_body
from muniment.gateway.callers.scopes import Scope, scopes_of
from muniment.gateway.cursors import make_cursor, place_of
from muniment.gateway.limits import Buckets
from muniment.gateway.observing import part_of_chain
from muniment.gateway.piping import Incoming, Outgoing
from muniment.gateway.refusals import TooFastError, UnfitCallError
from muniment.gateway.settings import GatewaySettings
from muniment.gateway.watching import preference_of
from muniment.registry import Stage
from muniment.registry.standing_of_chain import ChainStanding

KEY = bytes(32)


def test_bucket__fills_again() -> None:
    now = [0.0]
    buckets = Buckets(2, 4, clock=lambda: now[0])
    for _ in range(4):
        buckets.take("a")
    with pytest.raises(TooFastError) as raised:
        buckets.take("a")
    assert raised.value.retry_after == 1
    buckets.take("b")
    now[0] = 1.0
    buckets.take("a", 2)
    with pytest.raises(TooFastError):
        buckets.take("a")
    buckets.refill("a")
    buckets.take("a", 4)


def test_cursor__is_of_one_query_and_key() -> None:
    cursor = make_cursor(KEY, ["records", "a"], [7, "ff"])
    assert place_of(KEY, ["records", "a"], cursor) == [7, "ff"]
    assert place_of(KEY, ["records", "a"], None) is None
    changed = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    for key, query, shown in (
        (KEY, ["records", "b"], cursor),
        (b"k" * 32, ["records", "a"], cursor),
        (KEY, ["records", "a"], changed),
        (KEY, ["records", "a"], ""),
        (KEY, ["records", "a"], "%%"),
        (KEY, ["records", "a"], "ä"),
    ):
        with pytest.raises(UnfitCallError):
            place_of(key, query, shown)


def settings(**values: Any) -> GatewaySettings:
    profile = SimpleNamespace(gateway=values, path=Path("/srv/profile.toml"))
    return GatewaySettings.of(cast(Any, profile))


def test_settings__are_checked_by_name() -> None:
    assert settings() == GatewaySettings()
    made = settings(
        origin="https://records.example.gov",
        burst=7,
        allowed_origins=["https://portal.example.gov"],
        openid={"issuer": "https://id.example.gov", "client_id": "m", "secret_file": "s"},
        webhooks={"any": 1},
    )
    assert made.is_secure
    assert made.burst == 7
    assert made.openid is not None
    assert made.openid.secret_file == Path("/srv/s")
    assert made.others == {"webhooks": {"any": 1}}
    assert not settings(origin="http://127.0.0.1:8080").is_secure
    for wrong in (
        {"origin": "http://records.example.gov"},
        {"origin": "https://records.example.gov/"},
        {"origin": "https://a@records.example.gov"},
        {"burst": 0},
        {"burst": True},
        {"burst": "7"},
        {"colour": 1},
        {"allowed_origins": "https://a.example"},
        {"allowed_origins": ["*"]},
        {"openid": {"issuer": "x"}},
    ):
        with pytest.raises(InvalidInputError, match="gateway"):
            settings(**wrong)


def test_scopes__of_tokens_never_administer() -> None:
    assert scopes_of(["read", "register"]) == {Scope.READ, Scope.REGISTER}
    for words in ([], ["administer"], ["everything"]):
        with pytest.raises(InvalidInputError):
            scopes_of(words)


@pytest.mark.parametrize(
    ("header", "stage", "seconds"),
    [
        (None, Stage.ACKNOWLEDGED, 0),
        ("return=minimal", Stage.ACKNOWLEDGED, 0),
        ("wait=provable", Stage.PROVABLE, 30),
        ("return=minimal, wait=final; seconds=5", Stage.FINAL, 5),
        ("wait=final; seconds=9999", Stage.FINAL, 30),
    ],
)
def test_preference__is_read(header: str | None, stage: Stage, seconds: int) -> None:
    headers = [] if header is None else [(b"prefer", header.encode())]
    found = preference_of(Request({"type": "http", "headers": headers}), 30)
    assert (found.stage, found.seconds) == (stage, seconds)


def test_preference__that_cannot_be_read_is_refused() -> None:
    for header in (b"wait=soon", b"wait=refused", b"wait=final; seconds=x"):
        with pytest.raises(UnfitCallError):
            preference_of(Request({"type": "http", "headers": [(b"prefer", header)]}), 30)


def test_outgoing__gives_all_and_then_the_fault() -> None:
    def work(target: Outgoing) -> None:
        target.write(b"a" * 1_000_000)
        raise StoreError("it broke off")

    came = io.BytesIO()
    with pytest.raises(StoreError):
        came.writelines(Outgoing().pieces(work))
    assert came.getvalue() == b"a" * 1_000_000


def test_outgoing__stops_when_nobody_reads() -> None:
    ended = Event()

    def work(target: Outgoing) -> None:
        try:
            while True:
                target.write(bytes(1 << 16))
        finally:
            ended.set()

    pieces = Outgoing().pieces(work)
    next(pieces)
    pieces.close()
    assert ended.wait(60)


def test_incoming__gives_pieces_and_faults_to_the_reader() -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"ab"
        raise ConnectionError

    async def run() -> bytes:
        incoming = Incoming()

        def read() -> bytes:
            got = b""
            try:
                while piece := incoming.read(3):
                    got += piece
            except ConnectionError:
                return got + b"!"
            return got

        work = asyncio.get_running_loop().run_in_executor(None, read)
        with pytest.raises(ConnectionError):
            await incoming.feed(stream(), lambda: not work.done())
        return await work

    assert asyncio.run(run()) == b"ab" * 20 + b"!"


def test_member_that_must_be_filled__is_named_where_it_is_empty() -> None:
    members = {"source_id": Member(str, "the agency's own number", filled=True)}
    assert members_in({"source_id": "0"}, members) == {"source_id": "0"}
    with pytest.raises(UnfitCallError, match="'source_id' is empty") as caught:
        members_in({"source_id": ""}, members, "rows/")
    assert caught.value.field == "rows/source_id"
    described = described_body(members)["requestBody"]["content"]["application/json"]["schema"]
    assert described["properties"]["source_id"]["minLength"] == 1


@pytest.mark.parametrize(("ahead", "age"), [(-40, 40.0), (86_400, 0.0)])
def test_chain__has_no_age_below_nothing(ahead: int, age: float) -> None:
    now = 1_795_900_000
    part = part_of_chain(ChainStanding(now, (), Block(7, bytes(32), bytes(32), now + ahead)))
    assert (part.moves, part.body()["age_seconds"], part.values["block"]) == (True, age, 7)
