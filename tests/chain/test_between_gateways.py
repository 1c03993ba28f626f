# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Two agencies' gateways, each its own process: envelopes pushed and fetched, once, by the right
ones."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from muniment.gateway.between import calling
from muniment.gateway.between.calling import (
    GatewayRefusedError,
    OtherGateway,
    fetch_all,
    gateway_of,
)
from muniment.gateway.between.signatures import KeyName, signed_call
from muniment.gateway.events.signatures import AgencySigning, SigningKey
from muniment.gateway.outgoing import AddressRefusedError
from muniment.registry import Registry
from muniment.registry.session import Session
from muniment.store import envelopes
from tests.chain.agency import PASSWORD
from tests.chain.command_line import answer
from tests.chain.gateway import Gateway, set_gateway, start_gateway
from tests.chain.test_shares import TERMS, agreed, registered
from tests.chain.two_agencies import Agencies, Agency, agencies  # noqa: F401
from toolchain.local_chain import free_port

PRIVATE = {"outgoing": {"private": ["127.0.0.1/32"]}}
Start = Callable[..., Gateway]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the gateway of an agency, at a port that may be chosen, which knows `peers`."""
    started: list[Gateway] = []

    def run(agency: Agency, port: int = 0, **peers: str) -> Gateway:
        steward(agency, **peers)
        (agency.folder / "profile.toml").write_text((agency.folder / "steward.toml").read_text())
        started.append(start_gateway(agency.folder, "--port", str(port)))
        return started[-1]

    yield run
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.wait()


def steward(agency: Agency, **peers: str) -> Registry:
    """The agency's registry as its steward opens it, whose profile lets it call this machine."""
    registry = agency.open("steward")
    path = registry.session.profile.path
    set_gateway(path, **PRIVATE, **({"peers": peers} if peers else {}))
    made = Registry.open(path, password=PASSWORD)
    agency.open_ones.append(made)
    return made


def delivered(agencies: Agencies, folder: Path, count: int = 2) -> Path:
    """A delivery of agency 1 for agency 2, as a file."""
    first = agencies[0]
    for number in range(count):
        registered(first.open("registrar"), f"12/{number}")
    share_id = agreed(agencies, folder, TERMS)
    target = folder / "delivery"
    first.open("steward").exchange.deliver(share_id, target)
    return target


def test_delivery__is_pushed_to_a_gateway_that_comes_back_and_fetched_from_another(
    agencies: Agencies,
    tmp_path: Path,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    file = delivered(agencies, tmp_path)
    first, second = agencies
    port, own_port = free_port(), free_port()
    peers = {"1": f"http://127.0.0.1:{own_port}", "2": f"http://127.0.0.1:{port}"}
    sending = steward(first, **peers)
    gateway = gateway_of(sending.session, "2", seconds=120)
    done: list[object] = []
    pushing = threading.Thread(target=lambda: done.append(gateway.push(file)))
    pushing.start()
    # It is down: the push waits for it.
    time.sleep(1)
    assert (pushing.is_alive(), done) == (True, [])
    theirs = start(second, port, **peers)
    pushing.join(90)
    [pushed] = done
    assert pushed.records == 2  # type: ignore[attr-defined]
    taken_in = second.open("steward")
    with taken_in.session.database.read() as connection:
        [row] = envelopes.find(connection, kinds=["delivery"], direction="received")
    assert f"0x{row.digest.hex()}" == pushed.digest  # type: ignore[attr-defined]
    # Pushed again it is the same one.
    assert gateway.push(file) == pushed
    assert not list((second.folder / "inbox").glob("*.part"))
    # Its receipt is an act of a steward.
    share = taken_in.exchange.share(row.subject)
    assert share.status == "granted"
    # The other way round: agency 2 fetches what agency 1 has for it, and has it already but for
    # what was not pushed.
    ours = start(first, own_port, **peers)
    monkeypatch.setenv("MUNIMENT_PASSWORD", PASSWORD)
    monkeypatch.setenv("MUNIMENT_PROFILE", str(second.folder / "profile.toml"))
    second_delivery = tmp_path / "more"
    sending.exchange.deliver(share.share_id, second_delivery)
    monkeypatch.setenv("MUNIMENT_PROFILE", str(sending.session.profile.path))
    left = answer(
        ("send", str(second_delivery), "--leave", "--json"), "", tmp_path, monkeypatch, capfd
    )
    assert left.code == 0, left.err
    monkeypatch.setenv("MUNIMENT_PROFILE", str(second.folder / "profile.toml"))
    fetched = answer(
        ("fetch", "--from-gateway", ours.url, "--json"), "", tmp_path, monkeypatch, capfd
    )
    assert fetched.code == 0, fetched.err
    assert [(each["envelope"], each["records"]) for each in fetched.json] == [
        (left.json["envelope"], 2)
    ]
    assert list(sending.session.vault.list("tray/")) == []
    again = answer(
        ("fetch", "--from-gateway", ours.url, "--json"), "", tmp_path, monkeypatch, capfd
    )
    assert again.json == []
    sent = answer(
        ("send", str(file), "--to-gateway", ours.url, "--json"), "", tmp_path, monkeypatch, capfd
    )
    assert sent.code == 18, sent.err
    ours.registry, theirs.registry = sending, taken_in
    officers_carry(ours, theirs, f"0x{share.share_id.hex()}")
    assert theirs.process.poll() is None


def officers_carry(ours: Gateway, theirs: Gateway, share: str) -> None:
    """Deliver, push and fetch by REST, each answered in lines while it goes on."""
    ndjson = {"Accept": "application/x-ndjson"}
    with ours.client("exchange") as giver, theirs.client("exchange", "read") as taker:

        def lines(client: httpx.Client, path: str, **body: Any) -> list[dict[str, Any]]:
            done = client.post(path, json=body, headers=ndjson)
            assert done.status_code == 200, done.text
            assert done.headers["content-type"].startswith("application/x-ndjson")
            return [json.loads(each) for each in done.text.splitlines()]

        first, *_, made = lines(giver, f"/shares/{share}/deliveries", with_evidence=False)
        assert (first, made["records"]) == ({"delivered": 2}, 2)
        *_, pushed = lines(giver, f"/deliveries/{made['delivery']}/push")
        assert (pushed["delivery"], pushed["kind"]) == (made["delivery"], "delivery")
        assert giver.get(f"/deliveries/{made['delivery']}").json()["size"] is None
        gone = giver.post(f"/deliveries/{made['delivery']}/push")
        assert gone.status_code == 404
        shown = taker.get("/deliveries?order=latest&limit=1").json()["items"]
        assert [(each["delivery"], each["acknowledged"]) for each in shown] == [
            (made["delivery"], False)
        ]
        # Left there, it is fetched from here.
        *_, left = lines(giver, f"/shares/{share}/deliveries")
        *_, fetched = lines(taker, "/deliveries:fetch", agency=1)
        assert [(each["delivery"], each["fault"]) for each in fetched["items"]] == [
            (left["delivery"], None)
        ]
        assert lines(taker, "/deliveries:fetch", agency=1) == [{"items": []}]
        unknown = taker.post("/deliveries:fetch", json={"agency": 3})
        assert (unknown.status_code, unknown.json()["field"]) == (422, "gateway")
        # What no share lets go is refused as any call, and told.
        none = taker.post(f"/shares/{share}/deliveries", json={}, headers=ndjson)
        assert none.status_code == 403, none.text
        [refused] = taker.get("/attempts").json()["items"]
        assert (refused["what"], refused["share"]) == ("deliver", share)
        [agency] = [each for each in taker.get("/agencies").json()["items"] if each["agency"] == 1]
        assert agency["gateway"] is True


def test_push__goes_on_where_it_was(
    agencies: Agencies, tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = delivered(agencies, tmp_path)
    monkeypatch.setattr(calling, "PIECE", 512)
    first, second = agencies
    theirs = start(second)
    session = steward(first).session
    places: list[int] = []

    class StoppedError(Exception):
        pass

    def stop_in_the_middle(received: int) -> None:
        places.append(received)
        if len(places) == 4:
            raise StoppedError

    with pytest.raises(StoppedError):
        OtherGateway(session, theirs.url).push(file, stop_in_the_middle)
    # The gateway ends too, and comes back.
    theirs.stop()
    again = start(second)
    rest: list[int] = []
    pushed = OtherGateway(session, again.url).push(file, rest.append)
    assert pushed.records == 2
    assert rest[0] == places[-1] == 3 * 512


def test_calls__that_no_agency_signed_now_and_here_are_refused(
    agencies: Agencies, tmp_path: Path, start: Start
) -> None:
    first, second = agencies
    theirs = start(second)
    session = steward(first).session
    steward(second).sync()
    key, name = AgencySigning(session).key(), key_name(session)
    url = f"{theirs.url}/exchange/outbox?after=0"
    now = int(time.time())

    def call(headers: dict[str, str], method: str = "GET", to: str = url, body: bytes = b"") -> int:
        return httpx.request(method, to, headers=headers, content=body).status_code

    good = signed_call(key, name, "GET", url, b"", now)
    assert call(good) == 200
    # Replayed, by whoever has seen it.
    assert call(good) == 401
    theirs.stop()
    theirs = start(second, urlsplit(theirs.url).port or 0)
    assert call(good) == 401

    def fresh(**other: Any) -> dict[str, str]:
        usual: dict[str, Any] = {"key": key, "name": name, "method": "GET", "url": url}
        return signed_call(**{**usual, "body": b"", "now": now, **other})

    assert call(fresh()) == 200
    assert call({}) == 401
    assert call(fresh(now=now - 400)) == 401
    assert call(fresh(now=now + 400)) == 401
    assert call(fresh(), to=f"{theirs.url}/exchange/outbox?after=1") == 401
    assert call(fresh(url="http://other.example/exchange/outbox?after=0")) == 401
    assert call(fresh(body=b"x")) == 401
    digest = "0x" + "11" * 32
    put = f"{theirs.url}/exchange/inbox/{digest}?size=3&offset=0"
    signed = fresh(method="PUT", url=put, body=b"abc")
    assert call(signed, "PUT", put, b"abd") == 401
    for wrong in (
        KeyName(name.chain_id, name.registry, 2, 1),
        KeyName(name.chain_id, name.registry, 3, 1),
        KeyName(name.chain_id, name.registry, 1, 2),
        KeyName(1, name.registry, 1, 1),
        KeyName(name.chain_id, "0x" + "11" * 20, 1, 1),
    ):
        assert call(fresh(name=wrong)) == 401
    other = AgencySigning(steward(second).session).key()
    assert call(fresh(key=SigningKey(key.epoch, key.public, other.private))) == 401
    spelled = fresh()
    for header, change in (
        ("Signature-Input", lambda text: text.replace(";created", "; created")),
        ("Signature-Input", lambda text: text.replace('"@query" ', "")),
        ("Signature-Input", lambda text: text + ", sig2=()"),
        ("Signature-Input", lambda text: text.replace("ed25519", "hmac-sha256")),
        ("Signature", lambda text: text.replace("sig1", "sig2")),
        ("Content-Digest", lambda text: text.replace("sha-256", "sha-512")),
    ):
        assert call({**spelled, header: change(spelled[header])}) == 401
    assert call(spelled) == 200


def key_name(session: Session) -> KeyName:
    chain = session.profile.chain
    return KeyName(chain.id, chain.registry.lower(), session.profile.agency.id, 1)


def test_files__of_others_and_nonsense_are_refused_and_leave_nothing(
    agencies: Agencies, tmp_path: Path, start: Start
) -> None:
    file = delivered(agencies, tmp_path)
    first, second = agencies
    theirs = start(second)
    session = steward(first).session
    gateway = OtherGateway(session, theirs.url, seconds=5)
    nonsense = tmp_path / "nonsense"
    nonsense.write_bytes(b"no envelope" * 100)
    changed = tmp_path / "changed"
    data = bytearray(file.read_bytes())
    data[-100] ^= 1
    changed.write_bytes(bytes(data))
    for each in (nonsense, changed):
        with pytest.raises(GatewayRefusedError) as caught:
            gateway.push(each)
        assert caught.value.status == 422
    # An agency pushes its own envelopes alone: one of agency 1, by agency 2 to agency 1.
    ours = start(first)
    with pytest.raises(GatewayRefusedError) as caught:
        OtherGateway(steward(second).session, ours.url, seconds=5).push(file)
    assert caught.value.status == 403
    for agency in agencies:
        assert not list((agency.folder / "inbox").glob("*.part"))
    # Nobody fetches what is for another: agency 2 has nothing for agency 1, whatever it names.
    assert fetch_all(steward(first), gateway, acknowledge=False) == []
    # A gateway at a private address is called only where the profile allows it.
    bare = first.open("registrar")
    with pytest.raises(AddressRefusedError):
        gateway_of(bare.session, theirs.url).push(file)
