# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""What may be destroyed, what stops it, and deciding on many at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from muniment.errors import ErasedError
from muniment.record.identifiers import RecordId
from muniment.record.state import Status
from muniment.registry import NewContent, Registry, Stage
from muniment.registry.checking import check
from muniment.registry.disposition.stops import StopKind
from muniment.store.tables import transactions
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.conftest import World, word
from tests.chain.test_journals import Officers, imported, officer, seal, write  # noqa: F401

DAY = 86_400


def later(world: World, days: int = 2) -> None:
    world.connection.request("evm_increaseTime", [days * DAY])
    world.connection.request("anvil_mine", ["0x3"])


def registered(registry: Registry, count: int, prefix: str = "d") -> list[RecordId]:
    contents = [
        NewContent(f"{prefix}{i}", {"holder": f"Holder {i}", "parcel": f"{i}/7"})
        for i in range(count)
    ]
    many = registry.register_many("land-deed", contents)
    registry.wait(many)
    return [RecordId(each.record_id or b"") for each in many]


def statuses(registry: Registry, ids: list[RecordId]) -> set[str]:
    registry.sync()
    return {each.state.status.name for each in registry.search(record_ids=ids, limit=len(ids))}


def test_due__names_what_stops_each(opened: Open, world: World) -> None:
    registrar, steward = opened("registrar"), opened("steward")
    free, held, offered, revoked = registered(registrar, 4)
    assert registrar.disposition.due() == []
    authority = opened("hold_authority")
    later(world)
    authority.hold(held, "case 1").wait()
    steward.offer(offered, 2).wait()
    registrar.revoke(revoked, "error").wait()
    found = {each.candidate.record_id: each.stops for each in registrar.disposition.due()}
    assert set(found) == {free, held, offered, revoked}
    kinds = {each: [stop.kind for stop in stops] for each, stops in found.items()}
    assert kinds == {
        free: [],
        held: [StopKind.HELD],
        offered: [StopKind.OFFERED],
        revoked: [],
    }
    assert world.address("hold_authority") in found[held][0].what
    assert "agency 2" in found[offered][0].what
    authority.hold_type(1, 2, "case 2").wait()
    for each in registrar.disposition.due("land-deed"):
        assert StopKind.TYPE_HELD in [stop.kind for stop in each.stops]
    assert registrar.disposition.due("another type") == []


def test_some_are_stopped__they_are_named_and_the_rest_goes_through(
    opened: Open, world: World
) -> None:
    registrar, steward = opened("registrar"), opened("steward")
    ids = registered(registrar, 30)
    missing = RecordId(b"\1" * 32)
    too_early = registrar.disposition.propose(ids[:2], "schedule 4")
    assert [each.kind for each in too_early.stops] == [StopKind.RETAINED] * 2
    assert too_early.submissions == ()
    later(world)
    opened("hold_authority").hold(ids[3], "case 1").wait()
    proposed = registrar.disposition.propose([*ids, missing], "schedule 4")
    assert {(each.record_id, each.kind) for each in proposed.stops} == {
        (ids[3], StopKind.HELD),
        (missing, StopKind.UNKNOWN),
    }
    registrar.wait(proposed.submissions)
    # Done again, nothing is left to do.
    again = registrar.disposition.propose(None, "schedule 4")
    assert (again.submissions, again.already) == ((), 29)
    alone = registrar.disposition.confirm(ids[:1])
    assert [each.kind for each in alone.stops] == [StopKind.SAME_OFFICER]

    # A hold between proposal and confirmation; an act of another kind voids the proposal.
    opened("hold_authority").hold(ids[4], "case 2").wait()
    registrar.revoke(ids[5], "error").wait()
    confirmed = steward.disposition.confirm(ids)
    assert {(each.record_id, each.kind) for each in confirmed.stops} == {
        (ids[3], StopKind.HELD),
        (ids[4], StopKind.HELD),
        (ids[5], StopKind.NOT_PROPOSED),
    }
    steward.wait(confirmed.submissions)
    gone = [each for each in ids if each not in ids[3:6]]
    assert len(confirmed.submissions) == len(gone) == 27
    assert statuses(registrar, gone) == {"DISPOSED"}
    assert statuses(registrar, [ids[3], ids[4]]) == {"IN_FORCE"}
    assert registrar.standing(ids[5]).state.status is Status.REVOKED
    with registrar.session.database.read() as connection:
        carried = connection.execute(
            sa.select(sa.func.count())
            .select_from(transactions)
            .where(transactions.c.account == world.address("steward"))
        ).scalar()
    assert carried == 1, "27 confirmations share a transaction"


def test_one_that_the_registry_refuses__does_not_stop_the_others(
    opened: Open, world: World
) -> None:
    registrar = opened("registrar")
    ids = registered(registrar, 12)
    later(world)
    proposed = registrar.disposition.propose(ids, "schedule 4")
    # Between the look and the transaction, by an authority with a database of its own.
    world.send("hold_authority", world.registries.records.place_hold(ids[7], word("case")))
    with pytest.raises(Exception, match="RecordRegistryHeld"):
        registrar.wait(proposed.submissions)
    stages = {each.record_id: each.stage for each in proposed.submissions}
    assert stages.pop(ids[7]) is Stage.REFUSED
    assert set(stages.values()) <= {Stage.PROVABLE, Stage.FINAL}


def test_records_of_a_journal__are_enrolled_by_the_act(
    officer: Officers, world: World, tmp_path: Path
) -> None:
    registrar, steward = officer("registrar"), officer("steward")
    imported(registrar, write(tmp_path, 130))
    assert registrar.disposition.due() == []
    seal(registrar)
    later(world)
    # A later seal does not begin their retention anew.
    imported(registrar, write(tmp_path, 140))
    seal(registrar)
    found = registrar.disposition.due()
    assert len(found) == 130
    assert all(not each.stops for each in found)
    ids = [each.candidate.record_id for each in found]
    proposed = registrar.disposition.propose(None, "schedule 4")
    registrar.wait(proposed.submissions)
    confirmed = steward.disposition.confirm(None)
    steward.wait(confirmed.submissions)
    assert len(proposed.submissions) == len(confirmed.submissions) == 130
    assert statuses(registrar, ids) == {"DISPOSED"}
    world.connection.request("anvil_mine", ["0x3"])
    steward.wait(confirmed.submissions, Stage.FINAL)
    registrar.sync()
    for each in ids[:3]:
        with pytest.raises(ErasedError):
            registrar.content(each)
    left = registrar.record_id("135")
    assert registrar.content(left).fields["parcel"] == "135/7"
    assert list(check(registrar.session)) == []
