# SPDX-License-Identifier: Apache-2.0
"""The agency itself: officers, record types, keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from muniment.chain.connection import Address, Connection, address_of
from muniment.chain.values import KeyPurpose as ChainPurpose
from muniment.errors import InvalidInputError
from muniment.record.types import RecordType
from muniment.registry import acts
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.store.keys import KeyPurpose

ROLES: Final = ("admin", "registrar", "steward", "operator")
_PURPOSES: Final = {
    KeyPurpose.ENCRYPTION: ChainPurpose.ENCRYPTION,
    KeyPurpose.MESSAGES: ChainPurpose.MESSAGES,
    KeyPurpose.CHECKPOINTS: ChainPurpose.CHECKPOINTS,
}


@dataclass(frozen=True, slots=True)
class Officer:
    """An account and a role that it has."""

    role: str
    account: Address


def role_id(session: Session, role: str) -> bytes:
    """Return the id of a role of the agency, 32 bytes. Raises `InvalidInputError`."""
    if role not in ROLES:
        raise InvalidInputError("role", f"one of {', '.join(ROLES)}", repr(role))

    def read(connection: Connection) -> bytes:
        block = connection.block()
        agencies = session.registries(connection, block).agencies
        kind = ROLES.index(role) + 1
        return agencies.role_of_kind(kind, session.profile.agency.id, block=block)

    return session.nodes.read(read)


def officers(session: Session, agency_id: int) -> list[Officer]:
    """Return the officers of an agency as the chain has them now, by role."""

    def read(connection: Connection) -> tuple[bytes, ...]:
        block = connection.block()
        return session.registries(connection, block).agencies.officers(agency_id, block=block)

    found = []
    for word in session.nodes.read(read):
        packed = int.from_bytes(word, "big")
        account = address_of("officer", f"0x{packed & ((1 << 160) - 1):040x}")
        found.append(Officer(ROLES[((packed >> 160) & 0xFF) - 1], account))
    return sorted(found, key=lambda officer: (ROLES.index(officer.role), officer.account))


def publish_type(session: Session, record_type: RecordType) -> Submission | None:
    """Publish a version of a type unless it stands on chain; keep its schema either way."""
    head, count = _type_version(session, record_type.type_id)
    if record_type.version <= head:
        add_type(session, record_type)
        return None
    if record_type.version != head + 1:
        raise InvalidInputError(
            "record type version", f"the next one, {head + 1}", str(record_type.version)
        )
    if head == 0 and record_type.type_id != count + 1:
        raise InvalidInputError(
            "record type number",
            f"the next one, {count + 1}: the registry counts them",
            str(record_type.type_id),
        )
    session.record_types.add(record_type)
    agencies, agency_id = session.agencies, session.profile.agency.id
    values = (
        record_type.name,
        record_type.schema_digest,
        record_type.retention_days,
        record_type.sharing,
    )
    call = (
        agencies.create_record_type(agency_id, *values)
        if head == 0
        else agencies.publish_record_type(agency_id, record_type.type_id, *values)
    )
    return acts.submit(session, "publish type", call)


def add_type(session: Session, record_type: RecordType) -> bool:
    """Keep a type whose digest, name and rules are those on chain. Raises `InvalidInputError`."""

    def read(connection: Connection) -> tuple[bytes, int, int]:
        block = connection.block()
        agencies = session.registries(connection, block).agencies
        found = agencies.record_type(
            session.profile.agency.id, record_type.type_id, record_type.version, block=block
        )
        return found.schema_digest, found.retention_days, int(found.sharing)

    digest, retention, sharing = session.nodes.read(read)
    if digest != record_type.schema_digest:
        raise InvalidInputError(
            f"schema of {record_type.name!r}, version {record_type.version}",
            f"the one whose digest is 0x{digest.hex()}" if any(digest) else "a published type",
            f"another, 0x{record_type.schema_digest.hex()}",
        )
    if (retention, sharing) != (record_type.retention_days, int(record_type.sharing)):
        raise InvalidInputError(
            f"record type {record_type.name!r}",
            f"retention {retention} days and sharing {sharing}, as on chain",
            f"retention {record_type.retention_days} days and sharing {int(record_type.sharing)}",
        )
    return session.record_types.add(record_type)


def publish_keys(session: Session) -> list[Submission]:
    """Publish the agency's latest public keys where the chain has others or none."""
    newest = {key.purpose: key for key in session.keys.public_keys()}

    def read(connection: Connection) -> dict[KeyPurpose, bytes]:
        block = connection.block()
        agencies = session.registries(connection, block).agencies
        agency_id = session.profile.agency.id
        found = {}
        for purpose in newest:
            epoch = agencies.agency_key_epoch(agency_id, _PURPOSES[purpose], block=block)
            if epoch:
                key = agencies.agency_key(agency_id, _PURPOSES[purpose], epoch, block=block)
                found[purpose] = key.key
        return found

    published = session.nodes.read(read)
    return [
        acts.submit(
            session,
            "publish key",
            session.agencies.set_agency_key(
                session.profile.agency.id, _PURPOSES[purpose], key.public
            ),
        )
        for purpose, key in newest.items()
        if published.get(purpose) != key.public
    ]


def type_count(session: Session) -> int:
    """Return how many record types the agency has on chain."""
    return _type_version(session, 1)[1]


def _type_version(session: Session, type_id: int) -> tuple[int, int]:
    """Return the latest version of a type, 0 for none, and how many types the agency has."""

    def read(connection: Connection) -> tuple[int, int]:
        block = connection.block()
        registries = session.registries(connection, block)
        agency_id = session.profile.agency.id
        head = registries.records.record_type_head(agency_id, type_id, block=block)
        return head.latest_version, registries.agencies.record_type_count(agency_id, block=block)

    return session.nodes.read(read)
