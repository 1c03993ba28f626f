# SPDX-License-Identifier: Apache-2.0
"""The agency's numbers and the custody offered to it, as the console asks for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.chain.gateway import until
from tests.console.agency_world import ACCOUNT_PASSWORD, LAND, TAX, Seeded


@pytest.fixture
def signed_in(agency: Seeded) -> Iterator[httpx.Client]:
    """A client with the session of the steward."""
    with httpx.Client(base_url=agency.gateway.url, timeout=60) as client:
        body = {"name": "steward", "password": ACCOUNT_PASSWORD}
        assert client.post("/session", json=body).status_code == 200
        yield client


def test_numbers__are_those_of_the_records_there_are(signed_in: httpx.Client) -> None:
    def sealed() -> dict[str, Any] | None:
        found: dict[str, Any] = signed_in.get("/dashboard?days=7").json()
        return found if found["seals"] else None

    until(sealed)
    found = sealed()
    assert found is not None
    counted: Counter[tuple[str, str]] = Counter()
    for each in found["by_type"]:
        counted[each["type"], each["status"]] += each["count"]
    assert counted["land-deed", "in_force"] == 10
    assert counted["land-deed", "revoked"] == counted["land-deed", "superseded"] == 1
    # Other tests add to the journal, none takes away.
    assert counted["building-permit", "journal"] >= 240
    assert sum(each["direct"] for each in found["registered"]) >= 12
    assert sum(each["journal"] for each in found["registered"]) >= 240
    [journal] = found["journals"]
    assert journal["journal"] == 1
    assert journal["sizes"][-1]["size"] >= 240
    assert all(each["delay_seconds"] < 600 for each in found["seals"])
    assert {each["purpose"] for each in found["reads"]} >= {""}


def test_purpose__is_written_down_in_any_script(signed_in: httpx.Client, agency: Seeded) -> None:
    record, purpose = agency.records["deed"], "核对税款, 100 %"
    headers = {"Muniment-Purpose": quote(purpose, safe=" ,")}
    assert signed_in.get(f"/records/{record}/content", headers=headers).status_code == 200
    reads = signed_in.get("/dashboard").json()["reads"]
    assert {"purpose": purpose, "count": 1} in reads


def test_offers__are_those_to_this_agency(signed_in: httpx.Client, agency: Seeded) -> None:
    offers = signed_in.get("/offers").json()["items"]
    names = ("offered", "declined", "packed", "packed_too", "unwanted")
    assert {each["record"] for each in offers} == {agency.records[name] for name in names}
    assert {(each["custodian"], each["offered_to"]) for each in offers} == {(TAX, LAND)}


def test_numbers__are_for_those_who_may_read(agency: Seeded) -> None:
    for path in ("/dashboard", "/offers"):
        answer = httpx.get(agency.gateway.url + path)
        assert answer.status_code == 401
    with httpx.Client(base_url=agency.gateway.url) as client:
        assert client.get("/dashboard?days=0").status_code in (401, 422)


def test_health__moves_where_nothing_stands_still(agency: Seeded) -> None:
    def health() -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(agency.gateway.url + "/healthz", timeout=30).json()
        return found

    until(lambda: health()["status"] == "moving")
    assert set(health()["parts"]) >= {"chain", "indexer", "outbox"}
