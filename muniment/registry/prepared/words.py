# SPDX-License-Identifier: Apache-2.0
"""A call in plain words, read from its data alone: what an officer sees before signing.

Every writing function of the contracts has its sentence (a test enumerates them), and every
argument is in it: what two calls differ in shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import rlp

from muniment.chain.calls import DecodedCall
from muniment.chain.connection import Address, address_of
from muniment.chain.values import KeyPurpose
from muniment.record.instants import in_words
from muniment.record.keccak import keccak
from muniment.record.types import Sharing

_KINDS: Final = ("AGENCY_ADMIN", "REGISTRAR", "STEWARD", "OPERATOR")
_GLOBAL: Final = ("HOLD_AUTHORITY", "PAUSER", "UNPAUSER", "GUARDIAN")
_AGENCIES: Final = 4096
"""Up to which agency's number a role's id is told by name."""

Arguments = Mapping[str, Any]


def agency_registry_of(records: str) -> Address:
    """Return the address of the agency registry that a record registry made when it was deployed:
    its first contract, so its address follows from the other."""
    made = keccak(rlp.encode([bytes.fromhex(records[2:]), b"\x01"]))[12:]
    return address_of("agency registry", f"0x{made.hex()}")


def describe(call: DecodedCall) -> list[str]:
    """Return what a call does, a sentence for each act in order."""
    return [_SENTENCES[each.contract_name, each.function](each.arguments) for each in call.leaves()]


def _hex(value: bytes) -> str:
    return f"0x{value.hex()}"


def _time(seconds: int) -> str:
    try:
        return f"{in_words(seconds)} UTC"
    except (ValueError, OverflowError, OSError):
        return f"second {seconds}"


def _account(value: str) -> str:
    return address_of("account", value)


def _plain(value: Any) -> str:
    """A value of any kind, as a person can compare it."""
    if isinstance(value, bytes):
        return _hex(value)
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return str(value)


@cache
def _roles() -> dict[bytes, str]:
    named = {bytes(32): "the registry admin"}
    named |= {keccak(each.encode()): each for each in _GLOBAL}
    for kind in _KINDS:
        head = keccak(kind.encode())
        for agency in range(1, _AGENCIES):
            word = agency.to_bytes(32, "big")
            named[keccak(head + word)] = f"{kind} of agency {agency}"
    return named


def _role(value: bytes) -> str:
    return _roles().get(value, _hex(value))


def _text(value: str) -> str:
    return repr(value)


def _sharing(number: int) -> str:
    return Sharing(number).name.lower() if number in set(Sharing) else f"sharing {number}"


def _purpose(number: int) -> str:
    return KeyPurpose(number).name.lower() if number in set(KeyPurpose) else f"purpose {number}"


def _type(a: Arguments) -> str:
    return (
        f"name {_text(a['name'])}, schema {_hex(a['schemaDigest'])}, retention "
        f"{a['retentionDays']} days, sharing {_sharing(a['sharing'])}"
    )


def _all(what: str) -> Callable[[Arguments], str]:
    """A sentence that lists all arguments by their names: for what officers hardly ever sign."""

    def sentence(a: Arguments) -> str:
        listed = ", ".join(f"{name} {_plain(value)}" for name, value in a.items())
        return f"{what}: {listed}" if listed else what

    return sentence


_RECORDS: Final[dict[str, Callable[[Arguments], str]]] = {
    "register": lambda a: (
        f"register a record of agency {a['agencyId']}, type {a['typeId']} version "
        f"{a['typeVersion']}, local id {_hex(a['localId'])}, with content of commitment "
        f"{_hex(a['commitment'])} (algorithm {a['algorithm']})"
    ),
    "registerMany": lambda a: (
        f"register {len(a['localIds'])} records of agency {a['agencyId']}, type {a['typeId']} "
        f"version {a['typeVersion']} (algorithm {a['algorithm']}): local ids "
        f"{_plain(a['localIds'])}, with content of commitments {_plain(a['commitments'])}"
    ),
    "amend": lambda a: (
        f"amend record {_hex(a['recordId'])}, whose version is {a['expectedVersion']}: content of "
        f"commitment {_hex(a['commitment'])} (type version {a['typeVersion']}, algorithm "
        f"{a['algorithm']})"
    ),
    "supersede": lambda a: (
        f"supersede record {_hex(a['recordId'])}, whose version is {a['expectedVersion']}, by "
        f"record {_hex(a['replacementId'])}"
    ),
    "revoke": lambda a: (
        f"revoke record {_hex(a['recordId'])}, whose version is {a['expectedVersion']}, for reason "
        f"{a['reason']}"
    ),
    "placeHold": lambda a: (
        f"hold record {_hex(a['recordId'])}, for the case of commitment {_hex(a['caseCommitment'])}"
    ),
    "releaseHold": lambda a: (
        f"release the hold on record {_hex(a['recordId'])}, for the case of commitment "
        f"{_hex(a['caseCommitment'])}"
    ),
    "holdType": lambda a: (
        f"hold ALL records of type {a['typeId']} of agency {a['agencyId']}, for the case of "
        f"commitment {_hex(a['caseCommitment'])}"
    ),
    "releaseType": lambda a: (
        f"release the hold on all records of type {a['typeId']} of agency {a['agencyId']}, for the "
        f"case of commitment {_hex(a['caseCommitment'])}"
    ),
    "offerCustody": lambda a: (
        f"offer custody of record {_hex(a['recordId'])}, whose version is {a['expectedVersion']}, "
        f"to agency {a['toAgency']} until {_time(a['expiresAt'])}"
    ),
    "acceptCustody": lambda a: (
        f"accept custody of record {_hex(a['recordId'])} as it stands: version "
        f"{a['expectedVersion']}, commitment {_hex(a['expectedCommitment'])}, trace head "
        f"{_hex(a['expectedTraceHead'])}"
    ),
    "declineCustody": lambda a: f"decline custody of record {_hex(a['recordId'])}",
    "withdrawCustody": lambda a: f"withdraw the offer of custody of record {_hex(a['recordId'])}",
    "proposeDisposition": lambda a: (
        f"PROPOSE TO DESTROY record {_hex(a['recordId'])}, whose version is "
        f"{a['expectedVersion']}, under the mandate of commitment {_hex(a['mandate'])}, until "
        f"{_time(a['expiresAt'])}"
    ),
    "confirmDisposition": lambda a: (
        f"CONFIRM TO DESTROY record {_hex(a['recordId'])}, whose version is "
        f"{a['expectedVersion']}: its content can never be read again"
    ),
    "openJournal": lambda a: f"open the next journal of agency {a['agencyId']}",
    "closeJournal": lambda a: f"close journal {a['journal']} of agency {a['agencyId']} for good",
    "repudiateJournal": lambda a: (
        f"REPUDIATE journal {a['journal']} of agency {a['agencyId']} from entry {a['fromIndex']} "
        f"on, for reason {a['reason']}"
    ),
    "enrol": lambda a: (
        f"bring entry {a['place'][2]} of journal {a['place'][1]} of agency {a['place'][0]} on "
        f"chain: entry {_plain(a['entry'])}, seal {_plain(a['named'])}, proof {_plain(a['proof'])}"
    ),
    "sealJournal": _all("seal a journal"),
    "adoptJournal": _all("adopt a journal of the registry before"),
    "adoptRecord": _all("adopt a record of the registry before"),
    "adoptTypeHold": _all("adopt a hold on a type of the registry before"),
    "onAgencyCreated": _all("tell the registry of an agency (for the agency registry alone)"),
    "onPaused": _all("tell the registry of a pause (for the agency registry alone)"),
    "onRecordTypePublished": _all("tell the registry of a type (for the agency registry alone)"),
    "onRoleChanged": _all("tell the registry of a role (for the agency registry alone)"),
    "onSucceeded": _all("tell the registry of its successor (for the agency registry alone)"),
}
_OF_AGENCIES: Final[dict[str, Callable[[Arguments], str]]] = {
    "grantRole": lambda a: f"GIVE the role {_role(a['role'])} to {_account(a['account'])}",
    "revokeRole": lambda a: f"take the role {_role(a['role'])} from {_account(a['account'])}",
    "renounceRole": lambda a: f"give up the role {_role(a['role'])} of {_account(a['account'])}",
    "createAgency": lambda a: (
        f"create an agency, name {_text(a['name'])}, with {_account(a['admin'])} as its admin"
    ),
    "createRecordType": lambda a: f"create a record type of agency {a['agencyId']}: {_type(a)}",
    "publishRecordType": lambda a: (
        f"publish the next version of type {a['typeId']} of agency {a['agencyId']}: {_type(a)}"
    ),
    "setAgencyKey": lambda a: (
        f"publish a key of agency {a['agencyId']} for {_purpose(a['purpose'])}: {_hex(a['key'])}"
    ),
    "retireAgencyKey": lambda a: (
        f"retire the key of agency {a['agencyId']} for {_purpose(a['purpose'])}, epoch {a['epoch']}"
    ),
    "scheduleAdminReplacement": lambda a: (
        f"ANNOUNCE that {_account(a['newAdmin'])} replaces all officers of agency {a['agencyId']}"
    ),
    "cancelAdminReplacement": lambda a: (
        f"cancel the announced replacement of the officers of agency {a['agencyId']}"
    ),
    "executeAdminReplacement": lambda a: (
        f"EXECUTE the announced replacement of the officers of agency {a['agencyId']}"
    ),
    "pause": lambda a: f"PAUSE all writing, reason {_text(a['reason'])}",
    "unpause": lambda _: "end the pause",
    "beginDefaultAdminTransfer": _all("BEGIN to hand over the registry admin's role"),
    "acceptDefaultAdminTransfer": _all("take over the registry admin's role"),
    "cancelDefaultAdminTransfer": _all("cancel the handing over of the registry admin's role"),
    "changeDefaultAdminDelay": _all("change the delay of handing over the registry admin's role"),
    "rollbackDefaultAdminDelay": _all("leave that delay as it was"),
    "nameSuccessor": _all("NAME the registry that is to succeed this one"),
    "scheduleSuccession": _all("ANNOUNCE the succession"),
    "cancelSuccession": _all("cancel the announced succession"),
    "finaliseSuccession": _all("FINALISE the succession: this registry is over"),
}
_SHARES: Final[dict[str, Callable[[Arguments], str]]] = {
    "requestShare": lambda a: (
        f"ask, for agency {a['requester']}, agency {a['granter']} for a share of "
        + (f"all records of its type {a['typeId']}" if a["typeId"] else "one record")
        + f" (scope {_hex(a['scope'])}), on terms of commitment {_hex(a['terms'])}, to be decided "
        f"by {_time(a['respondBy'])}, until {_time(a['expiresAt'])}"
    ),
    "grantShare": lambda a: (
        f"GRANT share {_hex(a['shareId'])} on terms of commitment {_hex(a['terms'])}, until "
        f"{_time(a['expiresAt'])}"
    ),
    "denyShare": lambda a: f"deny share {_hex(a['shareId'])} for reason {a['reason']}",
    "revokeShare": lambda a: f"revoke share {_hex(a['shareId'])} for reason {a['reason']}",
    "acknowledgeDelivery": lambda a: (
        f"acknowledge the delivery of digest {_hex(a['deliveryDigest'])} under share "
        f"{_hex(a['shareId'])}"
    ),
}
_SENTENCES: Final = {
    (contract, function): sentence
    for contract, sentences in (
        ("RecordRegistry", _RECORDS),
        ("AgencyRegistry", _OF_AGENCIES),
        ("ShareRegistry", _SHARES),
    )
    for function, sentence in sentences.items()
}
SENTENCES: Final = frozenset(_SENTENCES)
"""The functions that have a sentence, by contract."""
