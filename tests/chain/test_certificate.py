# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Disposition certificates: made, checked, and forged in every member."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muniment.chain.deployment import find
from muniment.errors import InvalidInputError
from muniment.evidence import Outcome, TrustFile
from muniment.record.canonical import canonicalize
from muniment.record.identifiers import RecordId
from muniment.registry import Registry, Stage
from muniment.registry.disposition.certificate import _TAG, Certificate
from muniment.registry.disposition.certificate_checking import CheckedCertificate, check_certificate
from muniment.registry.disposition.certifying import NotDestroyedError
from muniment.registry.evidence_making import make_trust
from muniment.store.disposition_tables import mandates
from muniment.store.keys import KeyPurpose
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.command_line import Muniment, content, muniment  # noqa: F401
from tests.chain.conftest import World
from tests.chain.test_disposition import later, registered

Change = Callable[[dict[str, Any]], None]


def disposed(opened: Open, world: World) -> tuple[Registry, RecordId]:
    """A record of two versions that was disposed of, its secrets destroyed."""
    admin, registrar, steward = opened("agency_admin"), opened("registrar"), opened("steward")
    admin.wait(admin.publish_keys())
    [record_id] = registered(registrar, 1)
    registrar.amend(record_id, {"holder": "Grace", "parcel": "1"}).wait()
    with pytest.raises(NotDestroyedError, match="not disposed of"):
        registrar.disposition.certificate(record_id)
    later(world)
    registrar.propose_disposition(record_id, "schedule 4, item 2").wait()
    confirmed = steward.confirm_disposition(record_id)
    confirmed.wait()
    with pytest.raises(NotDestroyedError, match="not final"):
        registrar.disposition.certificate(record_id)
    world.connection.request("anvil_mine", ["0x3"])
    steward.wait([confirmed], Stage.FINAL)
    return registrar, record_id


@pytest.fixture
def certified(opened: Open, world: World) -> tuple[Registry, bytes]:
    registrar, record_id = disposed(opened, world)
    return registrar, registrar.disposition.certificate(record_id)


def checked(world: World, data: bytes, **more: Any) -> CheckedCertificate:
    registries = find(
        world.connection,
        world.registries.records.address,
        first_block=world.registries.first_block,
        shares=world.registries.shares.address if world.registries.shares else None,
    )
    return check_certificate(data, chain=(world.connection, registries), **more)


def test_it_says_what_was_done__and_holds_by_the_chain(
    certified: tuple[Registry, bytes], world: World
) -> None:
    registrar, data = certified
    found = checked(world, data)
    assert (found.outcome, found.step, found.not_done) == (Outcome.VALID, None, [8])
    made = Certificate.from_bytes(data)
    assert (made.act.words, made.rule.name, made.agency_id) == (
        "schedule 4, item 2",
        "land-deed",
        1,
    )
    assert f"0x{made.act.proposer.hex()}".lower() == world.address("registrar").lower()
    assert f"0x{made.act.confirmer.hex()}".lower() == world.address("steward").lower()
    assert [(each.version, each.epoch, each.is_dropped) for each in made.destroyed] == [
        (1, 1, False),
        (2, 1, False),
    ]
    assert all(abs(each.time - time.time()) < 600 for each in made.destroyed)
    assert made.recipients == ()
    assert made.reads is None
    assert made.backups.last_dies_at is None
    assert len(made.does_not_prove) >= 7
    # Once the wrapping epoch is dropped, no backup of before can be read.
    keys = registrar.session.keys
    keys.begin_epoch()
    list(keys.rewrap())
    keys.drop_epoch(1)
    again = Certificate.from_bytes(registrar.disposition.certificate(RecordId(made.record_id)))
    assert [each.is_dropped for each in again.destroyed] == [True, True]


def test_offline__by_a_key_and_the_evidence_in_it(
    certified: tuple[Registry, bytes], world: World
) -> None:
    registrar, data = certified
    trust = make_trust(registrar.session, days=30, greatest_age_days=30, nodes=())
    trust = TrustFile.from_bytes(trust.to_bytes())
    key = registrar.session.keys.agency_key(KeyPurpose.MESSAGES).public
    now = world.connection.block().timestamp

    def known(number: int) -> bytes:
        return world.connection.block(number).hash

    found = check_certificate(data, key=key, trust=trust, now=now, block_hash=known)
    assert (found.outcome, found.not_done) == (Outcome.VALID, [5, 6, 7])
    alone = check_certificate(data)
    assert (alone.outcome, alone.step) == (Outcome.UNKNOWN, 3)
    by_key = check_certificate(data, key=key)
    assert (by_key.outcome, by_key.step) == (Outcome.UNKNOWN, 5)
    other = check_certificate(data, key=bytes(32), trust=trust, now=now)
    assert (other.outcome, other.step) == (Outcome.INVALID, 3)


def test_one_byte_changed__it_does_not_hold(
    certified: tuple[Registry, bytes], world: World
) -> None:
    _, data = certified
    for place in range(0, len(data), 61):
        changed = bytearray(data)
        changed[place] ^= 1
        found = check_certificate(bytes(changed))
        assert (found.outcome, found.step in (1, 2)) == (Outcome.INVALID, True), place
    for cut in (b"", data[:-1], data + b"\n"):
        assert check_certificate(cut).step == 1


FORGERIES: dict[str, tuple[int, Change]] = {
    "another record": (5, lambda body: body.update(record="11" * 32)),
    "another agency": (3, lambda body: body.update(agency=2)),
    "another epoch": (3, lambda body: body["signer"].update(epoch=2)),
    "one officer": (4, lambda body: body["act"].update(proposer=body["act"]["confirmer"])),
    "another proposer": (5, lambda body: body["act"].update(proposer="22" * 20)),
    "another confirmer": (5, lambda body: body["act"].update(confirmer="22" * 20)),
    "another block": (5, lambda body: body["act"].update(block=body["act"]["block"] - 1)),
    "a block that is not there": (5, lambda body: body["act"].update(block=10**9)),
    "another block hash": (5, lambda body: body["act"].update(block_hash="22" * 32)),
    "another transaction": (5, lambda body: body["act"].update(transaction="22" * 32)),
    "another time": (5, lambda body: body["act"].update(time=body["act"]["time"] + 1)),
    "other words": (4, lambda body: body["act"]["mandate"].update(words="schedule 5")),
    "another mandate": (
        5,
        lambda body: body["act"]["mandate"].update(commitment="22" * 32, words=None, salt=None),
    ),
    "still retained": (4, lambda body: body["rule"].update(last_day=40_000)),
    "another last day": (6, lambda body: body["rule"].update(last_day=1)),
    "another retention": (6, lambda body: body["rule"].update(retention_days=7)),
    "another type": (6, lambda body: body["rule"].update(type=1)),
    "a version left out": (5, lambda body: body["destroyed"].pop()),
    "a version twice": (4, lambda body: body["destroyed"].append(body["destroyed"][0])),
    "a receipt that is none": (
        7,
        lambda body: body["recipients"].append(
            {
                "acknowledged": True,
                "agency": 2,
                "digest": "22" * 32,
                "kind": "delivery",
                "share": "33" * 32,
                "time": 1,
                "versions": [1],
            }
        ),
    ),
    "nothing that it does not prove": (1, lambda body: body.update(does_not_prove=[])),
    "another format": (1, lambda body: body.update(format="muniment/disposition/v2")),
    "another chain": (5, lambda body: body.update(chain_id=1)),
    "a member too many": (1, lambda body: body.update(more=1)),
}


def test_signed_all_the_same__what_is_not_so_is_found(
    certified: tuple[Registry, bytes], world: World
) -> None:
    """By an agency that lies: the signature is right each time."""
    registrar, data = certified
    key = registrar.session.keys.agency_key(KeyPurpose.MESSAGES).ed25519()
    for name, (step, change) in FORGERIES.items():
        found = checked(world, signed_again(data, key, change))
        assert (found.outcome, found.step) == (Outcome.INVALID, step), name
    stranger = Ed25519PrivateKey.generate()
    found = checked(
        world,
        signed_again(
            data,
            stranger,
            lambda body: body["signer"].update(key=stranger.public_key().public_bytes_raw().hex()),
        ),
    )
    assert (found.outcome, found.step) == (Outcome.INVALID, 3)


def signed_again(data: bytes, key: Ed25519PrivateKey, change: Change) -> bytes:
    body = json.loads(data)
    del body["signature"]
    change(body)
    return canonicalize({**body, "signature": key.sign(_TAG + canonicalize(body)).hex()})


def test_evidence_of_another_record_in_it__is_found(
    certified: tuple[Registry, bytes], opened: Open, world: World
) -> None:
    registrar, data = certified
    key = registrar.session.keys.agency_key(KeyPurpose.MESSAGES)
    [other] = registered(registrar, 1, "other")
    world.connection.request("anvil_mine", ["0x3"])
    evidence = json.loads(registrar.evidence(other))
    trust = TrustFile.from_bytes(
        make_trust(registrar.session, days=30, greatest_age_days=30, nodes=()).to_bytes()
    )
    forged = signed_again(data, key.ed25519(), lambda body: body.update(evidence=evidence))
    found = check_certificate(
        forged,
        key=key.public,
        trust=trust,
        now=world.connection.block().timestamp,
        block_hash=lambda number: world.connection.block(number).hash,
    )
    assert (found.outcome, found.step) == (Outcome.INVALID, 8)


def test_words_that_are_not_kept__can_be_given(
    certified: tuple[Registry, bytes], world: World
) -> None:
    registrar, data = certified
    record_id = RecordId(Certificate.from_bytes(data).record_id)
    with registrar.session.database.write() as connection:
        connection.execute(mandates.delete())
    bare = registrar.disposition.certificate(record_id)
    assert Certificate.from_bytes(bare).act.words is None
    assert checked(world, bare).outcome is Outcome.VALID
    given = registrar.disposition.certificate(record_id, mandate="schedule 4, item 2")
    assert Certificate.from_bytes(given).act.words == "schedule 4, item 2"
    with pytest.raises(InvalidInputError, match="mandate"):
        registrar.disposition.certificate(record_id, mandate="schedule 5")


def test_commands(muniment: Muniment, tmp_path: Path, world: World) -> None:
    assert muniment("keys", "publish", role="agency_admin").code == 0
    assert muniment("register", "land-deed", content(tmp_path), "--source-id", "1").code == 0
    later(world)
    file, old = str(tmp_path / "certificate.json"), str(tmp_path / "old.json")
    assert muniment("evidence", "1", "--all-fields", "-o", old).code == 0
    early = muniment("certificate", "1", "-o", file)
    assert early.code == 3
    assert "not disposed of" in early.err
    assert muniment("dispose", "1", "--propose", "schedule 4").code == 0
    assert muniment("dispose", "1", "--confirm", role="steward").code == 0
    world.connection.request("anvil_mine", ["0x3"])
    assert muniment("certificate", "1", "-o", file).code == 0
    assert muniment("show", "1", "--json").json["content"] is None
    trust = str(tmp_path / "trust.toml")
    assert muniment("trust", "make", trust, "--node", world.connection.url).code == 0
    # Old evidence: with the chain at hand it is told that the record is no more.
    asked = muniment("verify", old, "--trust", trust, "--json")
    assert (asked.code, asked.json["outcome"]) == (14, "disposed")
    assert "says the node" in asked.json["reason"]
    assert asked.json["fields"] == {"holder": "Ada", "parcel": "12/345"}
    by_profile = muniment("certificate", "--check", file, "--json")
    assert (by_profile.code, by_profile.json["outcome"]) == (0, "valid")
    by_trust = muniment("certificate", "--check", file, "--trust", trust)
    assert by_trust.code == 0
    assert "schedule 4" in by_trust.out
    assert muniment("certificate", "--check", file, "--offline").code == 15
    listed = muniment("keys", "list", "--json").json
    [key] = [each["public"] for each in listed if each["purpose"] == "messages"]
    assert muniment("certificate", "--check", file, "--offline", "--key", key).code == 15
    both = muniment("certificate", "1", "--check", file)
    assert both.code == 2
    Path(file).write_bytes(Path(file).read_bytes().replace(b"schedule 4", b"schedule 5"))
    assert muniment("certificate", "--check", file).code == 10
