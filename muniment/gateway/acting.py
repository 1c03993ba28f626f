# SPDX-License-Identifier: Apache-2.0
"""The acts that officers have prepared here, by name: what each takes, and what makes it.

What makes them is the agency's registry, in the session in which they are prepared; nothing of an
act is known here but its name and its values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from muniment.errors import InvalidInputError
from muniment.exchange.terms import Terms
from muniment.gateway.answers import record_in_path
from muniment.gateway.bodies import Member
from muniment.gateway.refusals import StaleCallError, UnknownResourceError
from muniment.record.identifiers import RecordId, TypeId
from muniment.record.types import RecordType, Sharing
from muniment.registry import Registry, acts, agency_keys, journals
from muniment.registry.agency import ROLES
from muniment.registry.session import Session
from muniment.store import envelopes
from muniment.store.envelopes import RECEIVED
from muniment.store.keys import KeyPurpose

Values = Mapping[str, Any]

_RECORD: Final = Member(str, "a record's id: 0x and 64 digits of lower-case hex")
_EXPECTED: Final = Member(int, "the version that the act expects", needed=False)
_DAYS: Final = Member(int, "a number of days from 1 on", needed=False)
_CASE: Final = Member(str, "the case, as the authority names it")
_NUMBER: Final = Member(int, "a number")
_SHARE: Final = Member(str, "a share's id: 0x and 64 digits of lower-case hex")
_HANDOVER: Final = Member(str, "a hand-over's id: 0x and 64 digits of lower-case hex")
_REASON: Final = Member((str, int), "one of the reasons, or a code of the agency's own")
_ROLE: Final = Member(str, "one of " + ", ".join(ROLES))
_ACCOUNT: Final = Member(str, "an account on chain: 0x and 40 digits of hex")
_ON_RECORD: Final = {"record": _RECORD, "expected_version": _EXPECTED}
_UPLOADS: Final = Member(dict, "uploads' ids by the fields that they are of", needed=False)
_LISTED: Final = (list, type(None))


@dataclass(frozen=True, slots=True)
class Kind:
    """An act of a name: the members that its body has besides, and what makes it."""

    members: Mapping[str, Member]
    make: Callable[[Registry, Values], object]


def id_of(name: str, value: str) -> bytes:
    """Return the 32 bytes that a member `name` has. Raises `InvalidInputError`."""
    try:
        return bytes(record_in_path(value))
    except InvalidInputError:
        expected = "0x and 64 digits of lower-case hex"
        raise InvalidInputError(name, expected, "another text") from None


def _record(values: Values) -> bytes:
    return id_of("record", values["record"])


def _version(values: Values) -> int | None:
    found: int | None = values.get("expected_version")
    return found


def _register(registry: Registry, values: Values) -> object:
    return registry.register(
        values["type"],
        values["content"],
        source_id=values["source_id"],
        source_system=values.get("source_system"),
        attach=values.get("attachments"),
    )


def _amend(registry: Registry, values: Values) -> object:
    return registry.amend(
        _record(values),
        values["content"],
        attach=values.get("attachments"),
        expected_version=_version(values),
    )


def _accept(registry: Registry, values: Values) -> object:
    expected, now = _version(values), registry.standing(_record(values)).state.version
    if expected not in (None, now):
        raise StaleCallError(
            "the record has changed since it was read",
            f"version {now}",
            remedy="read the record again, and decide anew",
            field="expected_version",
            current_version=now,
        )
    return registry.accept(_record(values))


def records_of(values: Values, name: str) -> list[RecordId]:
    """Return the records that a member names, one at least. Raises `InvalidInputError`."""
    named = values[name]
    if not named or not all(isinstance(each, str) for each in named):
        raise InvalidInputError(name, "one record's id or more", "none, or something else")
    return [RecordId(id_of(name, each)) for each in named]


def _offer_package(registry: Registry, values: Values) -> object:
    name, to_agency = values.get("type"), values["to_agency"]
    days, lenient = values.get("days", 30), values.get("lenient", False)
    if (name is None) is ("records" not in values):
        got = "neither" if name is None else "both"
        raise InvalidInputError("records", "records, or a type in their place", got)
    if name is None:
        chosen = records_of(values, "records")
        return registry.handovers.offer(chosen, to_agency, None, days=days, lenient=lenient)
    return registry.handovers.offer_type(
        name, to_agency, None, issuer=values.get("issuer"), days=days, lenient=lenient
    )


def _accept_package(registry: Registry, values: Values) -> object:
    only = records_of(values, "only") if "only" in values else None
    return registry.handovers.accept(
        id_of("handover", values["handover"]), only, all_or_nothing=True
    )


def _request_share(registry: Registry, values: Values) -> object:
    record = values.get("record")
    return registry.exchange.request(
        values["granter"],
        Terms.of(
            values["purpose"],
            values["legal_basis"],
            values.get("fields"),
            onward=values.get("onward", False),
        ),
        record_type=values.get("type"),
        record_id=None if record is None else _record(values),
        days=values.get("days", 365),
        respond_days=values.get("respond_days", 14),
    )


def _grant_share(registry: Registry, values: Values) -> object:
    return registry.exchange.grant(
        id_of("share", values["share"]),
        fields=values.get("fields"),
        onward=values.get("onward"),
        days=values.get("days"),
    )


def _acknowledge(registry: Registry, values: Values) -> object:
    session, digest = registry.session, id_of("delivery", values["delivery"])
    with session.database.read() as connection:
        row = envelopes.of_digest(connection, digest)
    if row is None or row.direction != RECEIVED:
        raise UnknownResourceError(
            "this delivery was not received here", "the digest of a delivery that was"
        )
    call = session.shares.acknowledge_delivery(row.subject, digest)
    return acts.submit(session, "acknowledge delivery", call)


def _publish_type(registry: Registry, values: Values) -> object:
    sharing = values["sharing"].upper()
    if sharing not in Sharing.__members__:
        known = ", ".join(each.lower() for each in Sharing.__members__)
        raise InvalidInputError("sharing", f"one of {known}", "another word")
    return registry.publish_type(
        RecordType.define(
            values["name"],
            TypeId(values["type_id"]),
            values["version"],
            values["schema"],
            retention_days=values["retention_days"],
            sharing=Sharing[sharing],
            searchable=values.get("searchable") or [],
        )
    )


def _retire_key(registry: Registry, values: Values) -> object:
    words = {str(each): each for each in KeyPurpose}
    if values["purpose"] not in words:
        raise InvalidInputError("purpose", "one of " + ", ".join(words), "another word")
    return agency_keys.retire_on_chain(registry.session, words[values["purpose"]], values["epoch"])


def _session(registry: Registry) -> Session:
    return registry.session


KINDS: Final[Mapping[str, Kind]] = {
    "register": Kind(
        {
            "type": Member(str, "the name of one of the agency's record types"),
            "source_id": Member(str, "the agency's own number of the record", filled=True),
            "content": Member(dict, "a JSON object that the type's schema allows"),
            "source_system": Member(str, "where that number comes from", needed=False),
            "attachments": _UPLOADS,
        },
        _register,
    ),
    "amend": Kind(
        {
            **_ON_RECORD,
            "content": Member(dict, "a JSON object that the type's schema allows"),
            "attachments": _UPLOADS,
        },
        _amend,
    ),
    "supersede": Kind(
        {**_ON_RECORD, "replacement": _RECORD},
        lambda r, v: r.supersede(
            _record(v), id_of("replacement", v["replacement"]), expected_version=_version(v)
        ),
    ),
    "revoke": Kind(
        {**_ON_RECORD, "reason": _REASON},
        lambda r, v: r.revoke(_record(v), v["reason"], expected_version=_version(v)),
    ),
    "hold": Kind({"record": _RECORD, "case": _CASE}, lambda r, v: r.hold(_record(v), v["case"])),
    "release": Kind(
        {"record": _RECORD, "case": _CASE}, lambda r, v: r.release(_record(v), v["case"])
    ),
    "hold_type": Kind(
        {"agency": _NUMBER, "type_id": _NUMBER, "case": _CASE},
        lambda r, v: r.hold_type(v["agency"], v["type_id"], v["case"]),
    ),
    "release_type": Kind(
        {"agency": _NUMBER, "type_id": _NUMBER, "case": _CASE},
        lambda r, v: r.release_type(v["agency"], v["type_id"], v["case"]),
    ),
    "offer": Kind(
        {**_ON_RECORD, "to_agency": _NUMBER, "days": _DAYS},
        lambda r, v: r.offer(
            _record(v), v["to_agency"], days=v.get("days", 30), expected_version=_version(v)
        ),
    ),
    "accept": Kind(_ON_RECORD, _accept),
    "decline": Kind({"record": _RECORD}, lambda r, v: r.decline(_record(v))),
    "withdraw": Kind({"record": _RECORD}, lambda r, v: r.withdraw(_record(v))),
    "offer_package": Kind(
        {
            "to_agency": _NUMBER,
            "records": Member(list, "records' ids", needed=False),
            "type": Member(str, "the name of a type, all whose records are meant", needed=False),
            "issuer": Member(int, "the agency whose type it is", needed=False),
            "days": _DAYS,
            "lenient": Member(bool, "whether what something stops is left out", needed=False),
        },
        _offer_package,
    ),
    "accept_package": Kind(
        {
            "handover": _HANDOVER,
            "only": Member(list, "ids of records of it, in place of all", needed=False),
        },
        _accept_package,
    ),
    "decline_package": Kind(
        {"handover": _HANDOVER}, lambda r, v: r.handovers.decline(id_of("handover", v["handover"]))
    ),
    "withdraw_package": Kind(
        {"handover": _HANDOVER}, lambda r, v: r.handovers.withdraw(id_of("handover", v["handover"]))
    ),
    "propose_disposition": Kind(
        {**_ON_RECORD, "mandate": Member(str, "the words of the mandate"), "days": _DAYS},
        lambda r, v: r.propose_disposition(
            _record(v), v["mandate"], days=v.get("days", 30), expected_version=_version(v)
        ),
    ),
    "confirm_disposition": Kind(
        _ON_RECORD, lambda r, v: r.confirm_disposition(_record(v), expected_version=_version(v))
    ),
    "request_share": Kind(
        {
            "granter": _NUMBER,
            "type": Member(str, "the name of one of that agency's types", needed=False),
            "record": Member(str, "a record's id", needed=False),
            "purpose": Member(str, "what it is read for"),
            "legal_basis": Member(str, "the law that allows it"),
            "fields": Member(_LISTED, "names of fields, null for all", needed=False),
            "onward": Member(bool, "whether it may be shown to others", needed=False),
            "days": _DAYS,
            "respond_days": _DAYS,
        },
        _request_share,
    ),
    "grant_share": Kind(
        {
            "share": _SHARE,
            "fields": Member(_LISTED, "names of fields, null for what was asked", needed=False),
            "onward": Member(bool, "whether it may be shown to others", needed=False),
            "days": _DAYS,
        },
        _grant_share,
    ),
    "deny_share": Kind(
        {"share": _SHARE, "reason": _REASON},
        lambda r, v: r.exchange.deny(id_of("share", v["share"]), v["reason"]),
    ),
    "revoke_share": Kind(
        {"share": _SHARE, "reason": _REASON},
        lambda r, v: r.exchange.revoke(id_of("share", v["share"]), v["reason"]),
    ),
    "acknowledge_delivery": Kind(
        {"delivery": Member(str, "the digest of a delivery that was received")}, _acknowledge
    ),
    "add_officer": Kind(
        {"role": _ROLE, "account": _ACCOUNT}, lambda r, v: r.add_officer(v["role"], v["account"])
    ),
    "remove_officer": Kind(
        {"role": _ROLE, "account": _ACCOUNT},
        lambda r, v: r.remove_officer(v["role"], v["account"]),
    ),
    "replace_officer": Kind(
        {"role": _ROLE, "account": _ACCOUNT, "by": _ACCOUNT},
        lambda r, v: r.replace_officer(v["role"], v["account"], v["by"]),
    ),
    "schedule_admin_replacement": Kind(
        {"agency": _NUMBER, "account": _ACCOUNT},
        lambda r, v: r.schedule_admin_replacement(v["agency"], v["account"]),
    ),
    "execute_admin_replacement": Kind(
        {"agency": _NUMBER}, lambda r, v: r.execute_admin_replacement(v["agency"])
    ),
    "cancel_admin_replacement": Kind(
        {"agency": _NUMBER}, lambda r, v: r.cancel_admin_replacement(v["agency"])
    ),
    "publish_keys": Kind({}, lambda r, _: r.publish_keys()),
    "retire_key": Kind(
        {"purpose": Member(str, "what the key is for"), "epoch": _NUMBER}, _retire_key
    ),
    "publish_type": Kind(
        {
            "name": Member(str, "the type's name"),
            "type_id": _NUMBER,
            "version": _NUMBER,
            "schema": Member(dict, "a JSON Schema"),
            "retention_days": _NUMBER,
            "sharing": Member(str, "open, conditional or closed"),
            "searchable": Member(list, "names of fields", needed=False),
        },
        _publish_type,
    ),
    "open_journal": Kind({}, lambda r, _: journals.open_journal(_session(r))),
    "close_journal": Kind(
        {"journal": _NUMBER}, lambda r, v: journals.close_journal(_session(r), v["journal"])
    ),
    "repudiate_journal": Kind(
        {"journal": _NUMBER, "from_index": _NUMBER, "reason": _NUMBER},
        lambda r, v: journals.repudiate_journal(
            _session(r), v["journal"], v["from_index"], v["reason"]
        ),
    ),
}
"""The acts by name."""
