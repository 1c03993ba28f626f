# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Keys that are rotated and retired: what was received stays readable, or is said to be lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from muniment.errors import KeystoreError
from muniment.exchange.errors import NotAddressedError
from muniment.registry.exchange.parties import published_key
from muniment.store import envelopes
from muniment.store.envelopes import RECEIVED
from muniment.store.keys import KeyPurpose
from tests.chain.test_shares import agreed, registered
from tests.chain.two_agencies import Agencies, Say, agencies, say  # noqa: F401


def test_rotated_rewrapped_retired(agencies: Agencies, say: Say, tmp_path: Path) -> None:
    first, second = agencies
    deed = registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    first.open("steward").exchange.deliver(share_id, tmp_path / "delivery")
    taker = second.open("steward")
    assert taker.exchange.receive(tmp_path / "delivery").count == 1

    # The only epoch cannot go, nor one whose follower nobody can see yet.
    assert say(2, "admin", "keys", "retire", "encryption", "1").code == 1
    assert say(2, "admin", "keys", "retire", "encryption", "1", "--yes").code == 2
    assert say(2, "admin", "keys", "rotate", "encryption").code == 0
    early = say(2, "admin", "keys", "retire", "encryption", "1", "--yes")
    assert early.code == 2
    assert "publish" in early.err
    assert say(2, "admin", "keys", "publish").code == 0
    # What still needs it is said, and asked about.
    asked = say(2, "admin", "keys", "retire", "encryption", "1")
    assert asked.code == 1
    assert "can be opened by it alone" in asked.err
    assert published_key(taker.session, 2, KeyPurpose.ENCRYPTION, 1).retired_at == 0

    rewrapped = say(2, "admin", "keys", "rewrap", "--json")
    assert rewrapped.json["envelopes"] >= 1
    assert say(2, "admin", "keys", "rewrap", "--json").json["envelopes"] == 0
    with taker.session.database.read() as connection:
        rows = envelopes.find(connection, direction=RECEIVED)
    assert {row.epoch for row in rows} == {2}
    assert all(row.rewrapped_ms is not None for row in rows)

    done = say(2, "admin", "keys", "retire", "encryption", "1", "--json")
    assert (done.code, done.json["epoch"]) == (0, 1)
    assert "alone" not in done.err
    assert published_key(taker.session, 2, KeyPurpose.ENCRYPTION, 1).retired_at > 0
    with pytest.raises(KeystoreError, match="retired"):
        taker.session.keys.agency_key(KeyPurpose.ENCRYPTION, 1)
    assert taker.exchange.received(deed)[0].values == {"parcel": "12/345"}
    # Ended between chain and key store, it goes on; done, it is nothing to do.
    again = say(2, "admin", "keys", "retire", "encryption", "1", "--json")
    assert again.json == done.json


def test_retired_all_the_same__what_needs_it_is_lost(
    agencies: Agencies, say: Say, tmp_path: Path
) -> None:
    first, second = agencies
    deed = registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    first.open("steward").exchange.deliver(share_id, tmp_path / "delivery")
    taker = second.open("steward")
    taker.exchange.receive(tmp_path / "delivery")
    assert say(2, "admin", "keys", "rotate", "encryption").code == 0
    assert say(2, "admin", "keys", "publish").code == 0
    assert say(2, "admin", "keys", "retire", "encryption", "1", "--yes").code == 0
    with pytest.raises(NotAddressedError, match="retired"):
        taker.exchange.received(deed)


def test_message_key_retired__by_its_admin_alone(agencies: Agencies, say: Say) -> None:
    assert say(1, "admin", "keys", "rotate", "messages").code == 0
    assert say(1, "admin", "keys", "publish").code == 0
    refused = say(1, "registrar", "keys", "retire", "messages", "1")
    assert refused.code == 5
    registry = agencies[0].open("admin")
    assert registry.session.keys.agency_key(KeyPurpose.MESSAGES, 1).epoch == 1
    assert say(1, "admin", "keys", "retire", "messages", "1").code == 0
    assert say(1, "admin", "keys", "retire", "messages", "2").code == 2
