# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""The façade on a real Anvil, with a real database, key store and vault."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest

from muniment.errors import (
    ConflictError,
    DecryptionError,
    InvalidContentError,
    InvalidInputError,
    UnreachableError,
)
from muniment.record import RecordType, TypeId
from muniment.record.types import Sharing
from muniment.registry import (
    NewContent,
    RefusedError,
    Stage,
    StillWaitingError,
)
from tests.chain.agency import PASSWORD, SCHEMA, Open, deed, keystore, opened  # noqa: F401
from tests.chain.conftest import World

FIELDS = {"holder": "Ada Lovelace", "parcel": "12/345"}


def test_register__is_acknowledged_offline_then_provable_and_final(
    opened: Open, world: World
) -> None:
    away = opened("registrar", operators=True, urls=("http://127.0.0.1:9",))
    submission = away.register("land-deed", FIELDS, source_id="1990-000123")
    assert submission.stage is Stage.ACKNOWLEDGED
    with pytest.raises(StillWaitingError, match=r"127\.0\.0\.1:9"):
        submission.wait(timeout=0.2)
    registry = opened("registrar", operators=True)
    again = registry.register("land-deed", dict(reversed(FIELDS.items())), source_id="1990-000123")
    assert again.submission_id == submission.submission_id
    assert again.wait().stage is Stage.PROVABLE
    kept = registry.content(again.record_id or b"")
    assert kept.fields == FIELDS
    assert registry.standing(again.record_id or b"").commitment == kept.version.commitment
    world.connection.request("anvil_mine", ["0x5"])
    assert again.wait("final").stage is Stage.FINAL


def test_wait_that_is_over__says_how_far_it_came(opened: Open, world: World) -> None:
    registry = opened("registrar", operators=True)
    submission = registry.register("land-deed", FIELDS, source_id="1")
    world.connection.request("evm_setAutomine", [False])
    try:
        with pytest.raises(StillWaitingError, match=r"is SENT, and was sent \d+ times"):
            submission.wait(timeout=3)
    finally:
        world.connection.request("evm_setAutomine", [True])
    assert submission.wait().stage is Stage.PROVABLE


def test_other_content_of_one_source_id__is_refused_and_named(opened: Open) -> None:
    registry = opened("registrar")
    first = registry.register("land-deed", FIELDS, source_id="1")
    with pytest.raises(ConflictError, match="source id '1'") as caught:
        registry.register("land-deed", {**FIELDS, "parcel": "9"}, source_id="1")
    assert caught.value.record_id == first.record_id
    assert "12/345" not in caught.value.diagnostics()


def test_invalid_content__leaves_nothing(opened: Open) -> None:
    registry = opened("registrar")
    good = NewContent("1", FIELDS)
    with pytest.raises(InvalidContentError):
        registry.register_many("land-deed", [good, NewContent("2", {"holder": "A"})])
    with pytest.raises(InvalidInputError, match="comes once"):
        registry.register_many("land-deed", [good, good])
    assert list(registry.session.vault.list("packs/")) == []
    assert registry.find("land-deed", {"holder": "Ada Lovelace"}) == []


def test_life_of_a_record__by_its_officers(opened: Open, world: World) -> None:
    registry = opened("registrar")
    record = registry.register("land-deed", FIELDS, source_id="1").wait().record_id or b""
    registry.amend(record, {**FIELDS, "holder": "Grace Hopper"}).wait()
    assert registry.content(record).fields["holder"] == "Grace Hopper"
    assert registry.content(record, 1).fields["holder"] == "Ada Lovelace"
    assert registry.find("land-deed", {"holder": " GRACE  hopper "}) == [record]
    assert registry.find("land-deed", {"holder": "Ada Lovelace"}) == []
    other = registry.register("land-deed", {**FIELDS, "parcel": "2"}, source_id="2")
    other.wait()

    authority = opened("hold_authority")
    authority.hold(record, "case 7/2026").wait()
    with pytest.raises(RefusedError, match="RecordRegistryHeld"):
        registry.revoke(record, "error").wait()
    authority.release(record, "case 7/2026").wait()

    steward = opened("steward")
    steward.offer(record, 2).wait()
    steward.withdraw(record).wait()
    registry = opened("registrar")
    registry.supersede(record, other.record_id or b"").wait()
    assert [act.act.kind.name for act in registry.trace(record).acts] == [
        "REGISTERED",
        "AMENDED",
        "HELD",
        "RELEASED",
        "SUPERSEDED",
    ]
    world.connection.request("evm_increaseTime", [2 * 86_400])
    world.connection.request("evm_mine", [])
    registry.propose_disposition(other.record_id or b"", "mandate 3").wait()
    opened("steward").confirm_disposition(other.record_id or b"").wait()
    assert registry.standing(other.record_id or b"").state.status.name == "DISPOSED"


def test_attachments__come_back_whole_or_not_at_all(opened: Open, tmp_path: Path) -> None:
    scan, plan = tmp_path / "deed.pdf", tmp_path / "plan.tiff"
    scan.write_bytes(bytes(range(256)) * 9000)
    plan.write_bytes(b"")
    registry = opened("registrar")
    submission = registry.register(
        "land-deed", FIELDS, source_id="1", attach={"scan": scan, "plan": plan}
    )
    record = submission.record_id or b""
    assert (
        registry.register(
            "land-deed", FIELDS, source_id="1", attach={"scan": scan, "plan": plan}
        ).submission_id
        == submission.submission_id
    )
    target = tmp_path / "out.pdf"
    value = registry.extract(record, "scan", target)
    assert target.read_bytes() == scan.read_bytes()
    assert (value.media_type, value.length) == ("application/pdf", scan.stat().st_size)
    empty = io.BytesIO()
    registry.extract(record, "plan", empty)
    assert empty.getvalue() == b""
    with pytest.raises(InvalidInputError, match="target"):
        registry.extract(record, "scan", target)

    packs = [path for path in (tmp_path / "vault").rglob("*") if path.is_file()]
    largest = max(packs, key=lambda path: path.stat().st_size)
    whole = largest.read_bytes()
    largest.chmod(0o600)
    changed = bytes([whole[1_500_000] ^ 1])
    for damaged in (whole[:-1], whole[:1_500_000] + changed + whole[1_500_001:]):
        largest.write_bytes(damaged)
        with pytest.raises((DecryptionError,)):
            registry.extract(record, "scan", tmp_path / "damaged.pdf")
        assert not (tmp_path / "damaged.pdf").exists()
        assert not list(tmp_path.glob(".damaged*"))


def test_two_agencies_officers_and_types(opened: Open, world: World) -> None:
    admin = opened("agency_admin")
    admin.add_officer("steward", world.address("stranger")).wait()
    held = {(each.role, each.account) for each in admin.officers()}
    assert ("steward", world.address("stranger")) in held
    admin.replace_officer("steward", world.address("stranger"), world.address("other_admin")).wait()
    held = {(each.role, each.account) for each in admin.officers()}
    assert ("steward", world.address("stranger")) not in held
    assert ("steward", world.address("other_admin")) in held
    with pytest.raises(RefusedError, match="OperatorExclusive"):
        admin.add_officer("operator", world.address("registrar")).wait()
    for submission in admin.publish_keys():
        submission.wait()
    assert admin.publish_keys() == []
    changed = dataclasses.replace(deed(), retention_days=7)
    with pytest.raises(InvalidInputError, match="retention"):
        admin.add_type(changed)


def test_type_of_another_number_than_the_next__is_refused(opened: Open) -> None:
    # The registry counts types itself: a wrong number would name another type than the published.
    admin = opened("agency_admin")
    far = RecordType.define(
        "permit", TypeId(9), 1, SCHEMA, retention_days=0, sharing=Sharing.OPEN, searchable=[]
    )
    with pytest.raises(InvalidInputError, match="record type number is 9; expected the next one"):
        admin.publish_type(far)
    assert "permit" not in {each.name for each in admin.session.record_types.all()}


def test_node_away__is_said(opened: Open) -> None:
    with pytest.raises(UnreachableError):
        opened("registrar", urls=("http://127.0.0.1:9",)).standing(b"\1" * 32)
