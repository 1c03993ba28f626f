# SPDX-License-Identifier: Apache-2.0
"""Agencies, journals and shares from their events: one change of a table for each."""

from __future__ import annotations

from functools import cache, singledispatch
from typing import Final

import sqlalchemy as sa
from eth_utils.crypto import keccak
from sqlalchemy.engine import Connection

from muniment.chain.bindings import agency_registry as agencies_events
from muniment.chain.bindings import record_registry as records_events
from muniment.chain.bindings import share_registry as shares_events
from muniment.chain.contract import Event
from muniment.store.tables import (
    agencies,
    agency_keys,
    journals,
    officers,
    record_types,
    replacements,
    seals,
    shares,
    type_holds,
)

_NEVER: Final = (1 << 64) - 1
_AGENCY_ROLES: Final = ("AGENCY_ADMIN", "REGISTRAR", "STEWARD", "OPERATOR")
_GLOBAL_ROLES: Final = ("HOLD_AUTHORITY", "PAUSER", "UNPAUSER", "GUARDIAN")


@singledispatch
def _changes(event: Event, block: int) -> tuple[sa.Executable, ...]:
    """The changes that an event makes. Some tell nothing that a table holds."""
    del event, block
    return ()


def apply(connection: Connection, event: Event, block: int) -> None:
    """Change the tables as an event says that was logged in a block of this number."""
    for change in _changes(event, block):
        connection.execute(change)


@cache
def role_name(agency_id: int, role: bytes) -> str:
    """Return the name of a role by its id, that of the whole registry for agency 0."""
    if agency_id == 0:
        names = {keccak(text=name): name for name in _GLOBAL_ROLES}
        return {**names, bytes(32): "REGISTRY_ADMIN"}.get(role, f"0x{role.hex()}")
    number = agency_id.to_bytes(32, "big")
    names = {keccak(keccak(text=name) + number): name for name in _AGENCY_ROLES}
    return names.get(role, f"0x{role.hex()}")


@_changes.register
def _(event: agencies_events.AgencyCreated, _: int) -> tuple[sa.Executable, ...]:
    return (sa.insert(agencies).values(agency_id=event.agency_id, name=event.name),)


@_changes.register
def _(event: agencies_events.RoleAssigned, _: int) -> tuple[sa.Executable, ...]:
    return (
        sa.insert(officers).values(
            agency_id=event.agency_id,
            role=role_name(event.agency_id, event.role),
            account=event.account,
        ),
    )


@_changes.register
def _(event: agencies_events.RoleRemoved, _: int) -> tuple[sa.Executable, ...]:
    return (
        sa.delete(officers).where(
            officers.c.agency_id == event.agency_id,
            officers.c.role == role_name(event.agency_id, event.role),
            officers.c.account == event.account,
        ),
    )


@_changes.register
def _(event: agencies_events.AdminReplacementScheduled, _: int) -> tuple[sa.Executable, ...]:
    # One that lapsed is replaced without an event of its own.
    return (
        sa.delete(replacements).where(replacements.c.agency_id == event.agency_id),
        sa.insert(replacements).values(
            agency_id=event.agency_id, new_admin=event.new_admin, ready_at=event.ready_at
        ),
    )


@_changes.register
def _(event: agencies_events.AdminReplacementCancelled, _: int) -> tuple[sa.Executable, ...]:
    return (sa.delete(replacements).where(replacements.c.agency_id == event.agency_id),)


@_changes.register
def _(event: agencies_events.AdminReplaced, _: int) -> tuple[sa.Executable, ...]:
    return (sa.delete(replacements).where(replacements.c.agency_id == event.agency_id),)


@_changes.register
def _(event: agencies_events.AgencyKeySet, _: int) -> tuple[sa.Executable, ...]:
    return (
        sa.insert(agency_keys).values(
            agency_id=event.agency_id,
            purpose=event.purpose.name,
            epoch=event.epoch,
            key=event.key,
            retired=False,
        ),
    )


@_changes.register
def _(event: agencies_events.AgencyKeyRetired, _: int) -> tuple[sa.Executable, ...]:
    return (
        sa.update(agency_keys)
        .where(
            agency_keys.c.agency_id == event.agency_id,
            agency_keys.c.purpose == event.purpose.name,
            agency_keys.c.epoch == event.epoch,
        )
        .values(retired=True),
    )


@_changes.register
def _(event: agencies_events.RecordTypePublished, _: int) -> tuple[sa.Executable, ...]:
    return (
        sa.insert(record_types).values(
            agency_id=event.agency_id,
            type_id=event.type_id,
            version=event.version,
            name=event.name,
            schema_digest=event.schema_digest,
            retention_days=event.retention_days,
            sharing=event.sharing.name,
        ),
    )


@_changes.register
def _(event: records_events.TypeHeld, block: int) -> tuple[sa.Executable, ...]:
    return (
        sa.insert(type_holds).values(
            agency_id=event.agency_id,
            type_id=event.type_id,
            authority=event.authority,
            case_commitment=event.case_commitment,
            block_number=block,
        ),
    )


@_changes.register
def _(event: records_events.TypeReleased, _: int) -> tuple[sa.Executable, ...]:
    return (
        sa.delete(type_holds).where(
            type_holds.c.agency_id == event.agency_id,
            type_holds.c.type_id == event.type_id,
            type_holds.c.authority == event.authority,
            type_holds.c.case_commitment == event.case_commitment,
        ),
    )


def _journal(agency_id: int, journal: int) -> sa.ColumnElement[bool]:
    return sa.and_(journals.c.agency_id == agency_id, journals.c.journal == journal)


@_changes.register
def _(event: records_events.JournalOpened, _: int) -> tuple[sa.Executable, ...]:
    return (
        sa.insert(journals).values(
            agency_id=event.agency_id, journal=event.journal, size=0, closed=False
        ),
    )


@_changes.register
def _(event: records_events.JournalAdopted, _: int) -> tuple[sa.Executable, ...]:
    # A successor's journal; its seals stay with the predecessor.
    head = event.head
    return (
        sa.delete(journals).where(_journal(event.agency_id, event.journal)),
        sa.insert(journals).values(
            agency_id=event.agency_id,
            journal=event.journal,
            size=head.size,
            closed=head.closed,
            repudiated_from=None if head.repudiated_from == _NEVER else head.repudiated_from,
        ),
    )


@_changes.register
def _(event: records_events.JournalSealed, block: int) -> tuple[sa.Executable, ...]:
    return (
        sa.update(journals).where(_journal(event.agency_id, event.journal)).values(size=event.size),
        sa.insert(seals).values(
            agency_id=event.agency_id,
            journal=event.journal,
            size=event.size,
            root=event.root,
            previous_size=event.previous_size,
            sealed_at=event.sealed_at,
            block_number=block,
        ),
    )


@_changes.register
def _(event: records_events.JournalClosed, _: int) -> tuple[sa.Executable, ...]:
    return (
        sa.update(journals).where(_journal(event.agency_id, event.journal)).values(closed=True),
    )


@_changes.register
def _(event: records_events.JournalRepudiated, _: int) -> tuple[sa.Executable, ...]:
    return (
        sa.update(journals)
        .where(_journal(event.agency_id, event.journal))
        # It is closed too, without an event of its own.
        .values(repudiated_from=event.from_index, closed=True),
    )


@_changes.register
def _(event: shares_events.ShareRequested, _: int) -> tuple[sa.Executable, ...]:
    return (
        sa.insert(shares).values(
            share_id=event.share_id,
            requester=event.requester,
            granter=event.granter,
            type_id=event.type_id,
            scope=event.scope,
            terms=event.terms,
            respond_by=event.respond_by,
            expires_at=event.expires_at,
            status="REQUESTED",
        ),
    )


@_changes.register
def _(event: shares_events.ShareGranted, _: int) -> tuple[sa.Executable, ...]:
    return (
        sa.update(shares)
        .where(shares.c.share_id == event.share_id)
        .values(status="GRANTED", terms=event.terms, expires_at=event.expires_at),
    )


@_changes.register
def _(event: shares_events.ShareDenied, _: int) -> tuple[sa.Executable, ...]:
    return (sa.update(shares).where(shares.c.share_id == event.share_id).values(status="DENIED"),)


@_changes.register
def _(event: shares_events.ShareRevoked, _: int) -> tuple[sa.Executable, ...]:
    return (sa.update(shares).where(shares.c.share_id == event.share_id).values(status="REVOKED"),)
