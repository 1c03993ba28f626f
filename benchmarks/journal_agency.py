# SPDX-License-Identifier: Apache-2.0
"""An agency with a journal, which real flights are imported into."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

from benchmarks.local_agency import PASSWORD, open_agency
from benchmarks.local_registry import LocalRegistry
from muniment.chain.accounts import new_keystore
from muniment.intake.mapping import FieldMapping
from muniment.intake.sources import Source, open_source
from muniment.record import RecordType, Sharing, TypeId
from muniment.registry import Registry, journals
from muniment.registry.profile import JournalProfile
from muniment.registry.session import address_in
from toolchain.local_chain import ROOT, development_keys

FLIGHTS = ROOT / "node_modules" / "vega-datasets" / "data" / "flights-3m.parquet"
MAPPING = ROOT / "data" / "flights.map.toml"
_SEALERS_KEY = 12


def flight_type(number: int = 2) -> RecordType:
    """The record type of a flight: ten fields."""
    schema = json.loads((ROOT / "data" / "schemas" / "flight.json").read_text())
    return RecordType.define("flight", TypeId(number), 1, schema, sharing=Sharing.OPEN)


def flights() -> tuple[Source, FieldMapping]:
    """Three million flights, and how each becomes a record."""
    return open_source(FLIGHTS), FieldMapping.load(MAPPING)


def journal_agency(
    local: LocalRegistry,
    folder: Path,
    closing: ExitStack,
    *,
    database: str | None = None,
    vault: str | None = None,
) -> Registry:
    """Open the agency's journal 1; return the registry as its registrar has it.

    Database and vault lie at these URLs, or in the folder.
    """
    sealer = folder / "sealer.json"
    new_keystore(sealer, PASSWORD, development_keys(_SEALERS_KEY + 1)[_SEALERS_KEY])
    with open_agency(local, folder, "agency_admin", database=database, vault=vault) as admin:
        published = admin.publish_type(flight_type())
        assert published is not None
        published.wait("final")
        admin.add_officer("operator", address_in(sealer)).wait("final")
        journals.open_journal(admin.session).wait("final")
    journal = JournalProfile(1, sealer, entries=1_000_000, seconds=1)
    return closing.enter_context(
        open_agency(local, folder, "registrar", journal, database=database, vault=vault)
    )
