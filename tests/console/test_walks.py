# SPDX-License-Identifier: Apache-2.0
"""Each person of DESIGN § 1 goes through the console, in Chromium, of a real gateway and chain.

Pictures of all that they saw lie in `web/console/.build/screenshots`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from muniment.chain.values import KeyPurpose as ChainPurpose
from muniment.record.state import Status
from muniment.registry import record_id_of
from muniment.registry.exchange.receiving import acknowledged_under
from muniment.store.keys import KeyPurpose
from tests.console.agency_world import ACCOUNTS, ARCHIVE, LAND, TAX, Seeded

SECONDS = 600


def walk(compiled: Path, agency: Seeded, *arguments: str) -> dict[str, str]:
    """Take a walk, and return what it did by its own names: ids of records."""
    if shutil.which("chromium") is None:
        pytest.fail("no chromium; install Debian's package of that name")
    done = subprocess.run(
        ["node", ".build/tests/walks/walk.js", str(agency.folder / "facts.json"), *arguments],
        cwd=compiled,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:] + agency.gateway.said[-2000:]
    told: dict[str, str] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("person", ACCOUNTS)
def test_pages__stand_axe_a_narrow_screen_and_a_strict_policy(
    compiled: Path, agency: Seeded, person: str, language: str
) -> None:
    scheme = "dark" if (language == "zh") == (person in ("steward", "auditor")) else "light"
    walk(compiled, agency, "tour", person, language, scheme)


def test_gateway_that_lies__gets_no_signature(compiled: Path, agency: Seeded) -> None:
    walk(compiled, agency, "lies", "registrar", "en")


def test_keyboard__does_all_that_a_mouse_does(compiled: Path, agency: Seeded) -> None:
    walk(compiled, agency, "keyboard", "registrar", "en")


def _registrars_acts(agency: Seeded, done: dict[str, str]) -> None:
    amended = agency.registry.standing(done["amended"]).state
    assert (amended.status, amended.version) == (Status.REVOKED, 2)
    content = agency.registry.content(done["amended"]).fields
    assert (content["holder"], content["scan"]["length"]) == ("R. Franklin", 200_000)
    replaced = agency.registry.standing(agency.records["replaced"]).state
    assert replaced.status is Status.SUPERSEDED
    due, block = agency.records["due"], agency.world.connection.block()
    records = agency.world.registries.records
    proposal = records.disposition_proposal(bytes.fromhex(due[2:]), block=block)
    assert proposal.proposer == agency.world.address("registrar")
    with agency.gateway.client("read") as client:
        listed = {each["record"]: each for each in client.get("/retention").json()["items"]}
        assert listed[due]["proposed"]["account"] == proposal.proposer
        assert client.get(f"/records/{due}").json()["proposed"] == listed[due]["proposed"]
        assert listed[agency.records["free"]]["proposed"] is None


def _stewards_acts(agency: Seeded, done: dict[str, str]) -> None:
    assert agency.registry.standing(agency.records["offered"]).state.custodian == LAND
    declined = agency.registry.standing(agency.records["declined"]).state
    assert (declined.custodian, declined.offered_to) == (TAX, 0)
    disposed = agency.registry.standing(agency.records["proposed"]).state
    assert disposed.status is Status.DISPOSED
    agency.registry.sync()
    shares = agency.registry.exchange.shares()
    found = {each.shared.terms.purpose: each.status for each in shares if each.shared is not None}
    assert found["property tax of 2026"] == "revoked"
    assert found["statistics of forests"] == "denied"


def _auditors_acts(agency: Seeded, done: dict[str, str]) -> None:
    acts = [str(each.act.kind.name) for each in agency.registry.trace(agency.records["deed"]).acts]
    assert acts[-2:] == ["HELD", "RELEASED"]


def _administrators_acts(agency: Seeded, done: dict[str, str]) -> None:
    agencies, block = agency.world.registries.agencies, agency.world.connection.block()
    public = {each.purpose: each for each in agency.registry.session.keys.public_keys()}
    for purpose, number in (("encryption", 0), ("messages", 1)):
        key = agencies.agency_key(LAND, ChainPurpose(number), 2, block=block)
        assert key.key == public[KeyPurpose(purpose)].public
    retired = [
        agencies.agency_key(LAND, each, 1, block=block).retired_at > 0 for each in ChainPurpose
    ]
    assert retired == [False, True, False]
    first = agency.registry.standing(done["first"]).state
    assert (first.status, first.issuer, first.type_version) == (Status.IN_FORCE, LAND, 1)
    assert first.type_id == agencies.record_type_count(LAND, block=block)


# Each in one language; the tours see the pages in both.
ACTS: Final[dict[str, tuple[str, Callable[[Seeded, dict[str, str]], None]]]] = {
    "administrator": ("zh", _administrators_acts),
    "registrar": ("en", _registrars_acts),
    "steward": ("zh", _stewards_acts),
    "auditor": ("en", _auditors_acts),
}


@pytest.mark.parametrize("person", ACTS)
def test_acts__are_signed_in_the_browser_and_stand_on_chain(
    compiled: Path, agency: Seeded, person: str
) -> None:
    if person == "administrator":
        # Two keys of the agency are new, and not published yet.
        for each in (KeyPurpose.ENCRYPTION, KeyPurpose.MESSAGES):
            agency.registry.session.keys.rotate_agency_key(each)
    language, check = ACTS[person]
    check(agency, walk(compiled, agency, "acts", person, language))


def test_journals_webhooks_and_a_replacement__are_seen_to_by_the_administrator(
    compiled: Path, agency: Seeded
) -> None:
    walk(compiled, agency, "service", "administrator", "zh")
    told = agency.receiver.ids
    assert len(told) > len(set(told)) > 10, "all of them, and again from the beginning"


def test_officers_of_an_agency__are_replaced_by_the_registry_admin(
    compiled: Path, agency: Seeded
) -> None:
    walk(compiled, agency, "service", "registry_admin", "en")
    found = agency.registry.officers(ARCHIVE)
    assert [each.account for each in found] == [agency.world.address("other_steward")]


def test_deliveries__go_to_another_agency_and_come_from_it(compiled: Path, agency: Seeded) -> None:
    walk(compiled, agency, "service", "steward", "zh")
    others = agency.others
    others.sync()
    taken = others.exchange.receive(agency.folder / "deeds.envelope", acknowledge=False)
    assert taken.count == 2
    shown = others.exchange.received(record_id_of(agency.records["deed"]))
    assert {name for each in shown for name in each.values} == {"holder", "parcel"}
    # What they delivered is acknowledged on chain.
    delivered = [each for each in others.exchange.shares() if each.granter == TAX]
    [share] = [each.share_id for each in delivered if each.status == "granted"]
    assert len(acknowledged_under(others.session, [share])) == 1
    # Of two packages one is here with its content, and nothing is of the other.
    for name, payer in (("packed", "Mary Somerville"), ("packed_too", "Emmy Noether")):
        assert agency.registry.standing(agency.records[name]).state.custodian == LAND
        content = agency.registry.content(record_id_of(agency.records[name]))
        assert content.fields["payer"] == payer
    unwanted = agency.registry.standing(agency.records["unwanted"]).state
    assert (unwanted.custodian, unwanted.offered_to) == (TAX, 0)
