# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Webhooks: real receivers that fail, hang and come back, and nothing is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.exceptions import InvalidSignature

from muniment.gateway.events import telling
from muniment.gateway.events.telling import Telling
from muniment.gateway.events.webhooks import add_webhook, list_webhooks, replay_webhook
from muniment.gateway.outgoing import AddressRefusedError, Outgoing
from muniment.registry import Registry
from muniment.store.keys import KeyPurpose
from muniment.store.webhooks import START, EventPlace, Webhook, events_after
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.conftest import World
from tests.chain.gateway import until
from tests.chain.receivers import Receiver, verify_signature

LOOPBACK = Outgoing.of(["127.0.0.0/8"])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def registry(opened: Open, world: World, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """An agency whose keys are on chain, with some records, all of it final and mirrored."""
    monkeypatch.setattr(telling, "_FIRST_WAIT", 0.05)
    admin = opened("agency_admin")
    admin.wait(admin.publish_keys())
    found = opened("registrar")
    happen(found, world, 3)
    return found


def happen(registry: Registry, world: World, count: int, first: int = 1) -> None:
    contents = [{"holder": "Ada", "parcel": str(first + number)} for number in range(count)]
    registry.wait(
        [
            registry.register("land-deed", each, source_id=str(first + place))
            for place, each in enumerate(contents)
        ]
    )
    world.connection.request("anvil_mine", ["0x4"])
    registry.sync()


def state_of(registry: Registry) -> Webhook:
    [found] = list_webhooks(registry.session.database)
    return found


def every_id(registry: Registry) -> list[str]:
    with registry.session.database.read() as connection:
        logs = events_after(connection, START, 10_000)
    return [f"{each.block_number}-{each.log_index}" for each in logs]


def test_events__come_signed_in_order_and_hold_no_content(
    registry: Registry, receiver: Receiver
) -> None:
    add_webhook(registry.session.database, LOOPBACK, receiver.url, start=START)
    told = Telling(registry.session, LOOPBACK)
    told.start()
    wanted = every_id(registry)
    until(lambda: len(receiver.ids) >= len(wanted))
    told.close()
    assert receiver.ids == wanted
    [public] = [
        each.public
        for each in registry.session.keys.public_keys()
        if each.purpose is KeyPurpose.MESSAGES
    ]
    for headers, body in receiver.taken:
        verify_signature(headers, body, public)
        with pytest.raises(InvalidSignature):
            verify_signature(headers, body + b" ", public)
        assert headers["content-type"] == "application/cloudevents+json"
        assert b"Ada" not in body
    registered = [each for each in receiver.events if each["type"] == "muniment.records.registered"]
    record = f"0x{registry.record_id('1').hex()}"
    assert registered[0]["subject"] == registered[0]["data"]["record_id"] == record
    assert registered[0]["specversion"] == "1.0"
    assert registered[0]["time"].endswith("Z")
    assert str(registry.session.profile.chain.id) in registered[0]["source"]


def test_receiver_that_fails_and_restarts__gets_all_of_it_in_order(
    registry: Registry, receiver: Receiver, world: World
) -> None:
    receiver.answer = lambda tried: 500 if tried % 3 else 204
    add_webhook(registry.session.database, LOOPBACK, receiver.url, start=START)
    told = Telling(registry.session, LOOPBACK)
    told.start()
    until(lambda: len(receiver.ids) >= 2)
    receiver.stop()
    until(lambda: state_of(registry).fault == "nothing listens there")
    happen(registry, world, 2, first=4)
    receiver.start()
    until(lambda: receiver.ids and receiver.ids[-1] == every_id(registry)[-1])
    told.close()
    assert receiver.ids == every_id(registry)
    assert (state_of(registry).failures, state_of(registry).fault) == (0, "")


def test_receiver_that_hangs__is_given_up_and_holds_up_nobody(
    registry: Registry, receiver: Receiver
) -> None:
    slow = Receiver()
    slow.start()
    slow.hangs = 2.0
    add_webhook(registry.session.database, LOOPBACK, slow.url, start=START)
    add_webhook(registry.session.database, LOOPBACK, receiver.url, start=START)
    told = Telling(registry.session, LOOPBACK, answer_seconds=0.5)
    told.start()
    until(lambda: receiver.ids == every_id(registry))
    until(lambda: list_webhooks(registry.session.database)[0].fault == "no answer in time")
    slow.hangs = 0.0
    until(lambda: slow.ids[-1:] == every_id(registry)[-1:])
    told.close()
    slow.stop()
    # An answer that was lost: it comes again, with the same id.
    assert list(dict.fromkeys(slow.ids)) == every_id(registry)


def test_process_that_ended__another_goes_on_where_it_was(
    registry: Registry, receiver: Receiver, world: World
) -> None:
    add_webhook(registry.session.database, LOOPBACK, receiver.url, start=START)
    first = Telling(registry.session, LOOPBACK)
    first.start()
    until(lambda: receiver.ids == every_id(registry))
    first.close()
    happen(registry, world, 1, first=4)
    second = Telling(registry.session, LOOPBACK)
    second.start()
    until(lambda: receiver.ids[-1] == every_id(registry)[-1])
    second.close()
    assert receiver.ids == every_id(registry)


def test_replay__tells_again_from_an_event_on(registry: Registry, receiver: Receiver) -> None:
    database = registry.session.database
    made = add_webhook(
        database, LOOPBACK, receiver.url, ["muniment.records.registered"], start=START
    )
    told = Telling(registry.session, LOOPBACK)
    told.start()
    until(lambda: len(receiver.ids) == 3)
    again = receiver.ids[0]
    replay_webhook(database, made.webhook_id, EventPlace.parse(again))
    until(lambda: len(receiver.ids) == 5)
    told.close()
    assert receiver.ids[3:] == receiver.ids[1:3]
    assert {each["type"] for each in receiver.events} == {"muniment.records.registered"}


def test_receiver_that_is_gone_or_redirects(registry: Registry, receiver: Receiver) -> None:
    receiver.answer = lambda _: 307
    add_webhook(registry.session.database, LOOPBACK, receiver.url, start=START)
    told = Telling(registry.session, LOOPBACK)
    told.start()
    until(lambda: state_of(registry).fault == "it answered 307")
    receiver.answer = lambda _: 410
    until(lambda: state_of(registry).state == "stopped")
    told.close()
    assert receiver.taken == []
    # Where the name says something else by now, nothing is called.
    private = replace(LOOPBACK, private=())
    replay_webhook(registry.session.database, state_of(registry).webhook_id, START)
    tried = receiver.tried
    careful = Telling(registry.session, private)
    careful.start()
    until(lambda: "private" in state_of(registry).fault)
    careful.close()
    assert receiver.tried == tried


def test_name_that_changes__is_called_at_the_address_that_was_checked(receiver: Receiver) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        del port
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.9.9.9"]

    outgoing = replace(Outgoing.of(["127.0.0.1/32"]), resolve=resolve)
    url = f"http://host.invalid:{receiver.port}/"
    with outgoing.call("POST", url, b"{}", {}, timeout=10) as answer:
        assert answer.status == 204
    assert asked == ["host.invalid"]
    refused = pytest.raises(AddressRefusedError)
    with refused, outgoing.call("POST", url, b"{}", {}, timeout=10):
        pass
