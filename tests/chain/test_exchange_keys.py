# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Keys of agencies: rotated, retired, missing, and such as no honest agency publishes."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from muniment.chain.values import KeyPurpose as ChainPurpose
from muniment.errors import ContractError
from muniment.exchange.envelope import read_opening
from muniment.exchange.envelope_header import EnvelopeHeader
from muniment.exchange.errors import (
    AgencyKeyError,
    EnvelopeError,
    NotAddressedError,
)
from muniment.store.keys import KeyPurpose
from tests.chain.conftest import World
from tests.chain.hostile_sender import (
    attempts,
    refused,
)
from tests.chain.test_shares import agreed, registered
from tests.chain.two_agencies import Agencies, Agency, agencies, third  # noqa: F401


def test_keys__rotated_and_retired_on_both_sides(
    agencies: Agencies, world: World, tmp_path: Path
) -> None:
    first, second = agencies
    deed = registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    giver, taker = first.open("steward"), second.open("steward")
    for name in ("early", "late"):
        giver.exchange.deliver(share_id, tmp_path / name)

    # The recipient rotates: what was on its way opens; a new one is for the new epoch.
    keys = second.open("admin")
    keys.session.keys.rotate_agency_key(KeyPurpose.ENCRYPTION)
    keys.wait(keys.publish_keys())
    assert taker.exchange.receive(tmp_path / "early").count == 1
    giver.exchange.deliver(share_id, tmp_path / "anew")
    with (tmp_path / "anew").open("rb") as reader:
        assert read_opening(reader).header.recipient_epoch == 2
    assert taker.exchange.received(deed)[0].values == {"parcel": "12/345"}
    # It retires the old epoch: what is for it opens no more, what it had taken in is readable.
    keys.session.keys.retire_agency_key(KeyPurpose.ENCRYPTION, 1)
    refused(taker, tmp_path / "late", NotAddressedError, "epoch 1 .* is not here")
    assert taker.exchange.received(deed)[0].values == {"parcel": "12/345"}
    assert taker.exchange.receive(tmp_path / "anew").count == 1

    # An epoch that says it is the new one, and is not: the header is bound to the key.
    with (tmp_path / "late").open("rb") as reader:
        header = read_opening(reader).header
    data = (tmp_path / "late").read_bytes()
    other = replace(header, recipient_epoch=2).to_bytes()
    (tmp_path / "forged").write_bytes(data.replace(header.to_bytes(), other))
    refused(taker, tmp_path / "forged", EnvelopeError, "its statement is of another file")

    # The sender's key for messages is retired on chain: stolen, it signs nothing more.
    giver.exchange.deliver(share_id, tmp_path / "signed-before")
    agencies_ = world.registries.agencies
    world.send("agency_admin", agencies_.retire_agency_key(1, ChainPurpose.MESSAGES, 1))
    refused(taker, tmp_path / "signed-before", AgencyKeyError, "epoch 1 is retired")
    with pytest.raises(AgencyKeyError, match="is retired"):
        giver.exchange.deliver(share_id, tmp_path / "retired")
    assert attempts(giver)[-1].what == "deliver"
    assert not (tmp_path / "retired").exists()
    # A signature under an epoch that is not there.
    later_epoch = replace(header, sender_epoch=9).to_bytes()
    (tmp_path / "forged").write_bytes(data.replace(header.to_bytes(), later_epoch))
    refused(taker, tmp_path / "forged", AgencyKeyError, "epoch 9 is not on chain")


def test_encryption_key_of_small_order__gets_no_delivery(
    agencies: Agencies, world: World, tmp_path: Path
) -> None:
    first, _ = agencies
    registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    giver, registry = first.open("steward"), world.registries.agencies
    field = 2**255 - 19
    order_8 = 325606250916557431795983626356110631294008115727848805560023387167927233504
    with pytest.raises(ContractError):
        world.send("other_admin", registry.set_agency_key(2, ChainPurpose.ENCRYPTION, bytes(32)))
    for point in (1, order_8, field - 1, field, field + 1):
        key = point.to_bytes(32, "little")
        world.send("other_admin", registry.set_agency_key(2, ChainPurpose.ENCRYPTION, key))
        with pytest.raises(EnvelopeError, match="agency 2 is none that can be used"):
            giver.exchange.deliver(share_id, tmp_path / "delivery")
        assert attempts(giver)[-1].agency_id == 2
    assert [each.name for each in tmp_path.glob("*.half")] == []
    assert not (tmp_path / "delivery").exists()


def test_message_key_of_small_order__signs_nothing(
    agencies: Agencies, world: World, tmp_path: Path
) -> None:
    """Under it anybody can make a signature that fits any text."""
    first, second = agencies
    registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    first.open("steward").exchange.deliver(share_id, tmp_path / "delivery")
    identity = (1).to_bytes(32, "little")
    registry = world.registries.agencies
    world.send("agency_admin", registry.set_agency_key(1, ChainPurpose.MESSAGES, identity))
    data = (tmp_path / "delivery").read_bytes()
    with (tmp_path / "delivery").open("rb") as reader:
        header: EnvelopeHeader = read_opening(reader).header
    other = replace(header, sender_epoch=2).to_bytes()
    before = data[:-136].replace(header.to_bytes(), other)
    statement = data[-136:-96] + hashlib.sha256(before).digest() + identity + bytes(32)
    (tmp_path / "forged").write_bytes(before + statement)
    refused(second.open("steward"), tmp_path / "forged", EnvelopeError, "is of small order")
