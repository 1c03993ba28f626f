# SPDX-License-Identifier: Apache-2.0
"""Setting up agencies from a data file: what `ape run agencies` and the demo share."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import click
from ape import project

from muniment.record import RecordType, Sharing, TypeId
from scripts._deployments import account_of, address_of

_GLOBAL = ("HOLD_AUTHORITY", "PAUSER", "UNPAUSER")
_OFFICERS = ("REGISTRAR", "STEWARD", "OPERATOR", "AGENCY_ADMIN")


def set_up(file: Path, deployment: dict[str, Any]) -> None:
    """Create what the file names and the chain does not have yet.

    Only who has something to sign needs a key here: admins may run the same file one by one.
    """
    wanted = tomllib.loads(file.read_text())
    contracts = deployment["contracts"]
    agencies = project.AgencyRegistry.at(contracts["AgencyRegistry"]["address"])
    records = project.RecordRegistry.at(contracts["RecordRegistry"]["address"])
    registry_admin = wanted["registry_admin"]
    for entry in wanted.get("roles", []):
        _require(entry["role"] in _GLOBAL, f"roles: {entry['role']} is none of {_GLOBAL}")
        role = getattr(agencies, entry["role"])()
        _grant(agencies, role, entry["account"], registry_admin, entry["role"])
    known = {agencies.agencyName(i): i for i in range(1, agencies.agencyCount() + 1)}
    for agency in wanted.get("agencies", []):
        agency_id = known.get(agency["name"])
        if agency_id is None:
            admin = address_of(agency["admin"])
            agencies.createAgency(agency["name"], admin, sender=account_of(registry_admin))
            agency_id = agencies.agencyCount()
            click.echo(f"created agency {agency_id}, {agency['name']}")
        _fill(agencies, records, agency_id, agency, file.parent)


def _fill(agencies: Any, records: Any, agency_id: int, agency: dict[str, Any], at: Path) -> None:
    admin = agency["admin"]
    for officer in agency.get("officers", []):
        known = officer["role"] in _OFFICERS
        _require(known, f"{agency['name']}: {officer['role']} is none of {_OFFICERS}")
        role = agencies.agencyRole(getattr(agencies, officer["role"])(), agency_id)
        _grant(agencies, role, officer["account"], admin, f"{officer['role']} of {agency['name']}")
    for number, entry in enumerate(agency.get("record_types", []), start=1):
        _publish(agencies, agency_id, number, entry, admin, at)
    for journal in range(records.journalCount(agency_id), agency.get("journals", 0)):
        records.openJournal(agency_id, sender=account_of(admin))
        click.echo(f"opened journal {journal + 1} of {agency['name']}")


def _publish(
    agencies: Any, agency_id: int, number: int, entry: dict[str, Any], admin: str, at: Path
) -> None:
    latest = agencies.latestTypeVersion(agency_id, number)
    defined = RecordType.define(
        entry["name"],
        TypeId(number),
        latest + 1,
        json.loads((at / entry["schema"]).read_text()),
        retention_days=entry["retention_days"],
        sharing=Sharing[entry["sharing"].upper()],
    )
    terms = (defined.schema_digest, defined.retention_days, int(defined.sharing))
    if latest:
        published = agencies.recordType(agency_id, number, latest)
        stands = (published.schemaDigest, published.retentionDays, int(published.sharing))
        if (bytes(stands[0]), *stands[1:]) == terms:
            return
        agencies.publishRecordType(
            agency_id, number, entry["name"], *terms, sender=account_of(admin)
        )
    else:
        agencies.createRecordType(agency_id, entry["name"], *terms, sender=account_of(admin))
    click.echo(f"published {entry['name']}, version {latest + 1}, of agency {agency_id}")


def _grant(agencies: Any, role: bytes, alias: str, admin: str, what: str) -> None:
    address = address_of(alias)
    if not agencies.hasRole(role, address):
        agencies.grantRole(role, address, sender=account_of(admin))
        click.echo(f"granted {what} to {address}")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise click.ClickException(message)
