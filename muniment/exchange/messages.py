# SPDX-License-Identifier: Apache-2.0
"""Messages of shares: what a request, a grant and a delivery say beside what stands on chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from muniment.evidence.members import EvidenceFormError, Members
from muniment.exchange.bodies import body_of
from muniment.exchange.terms import SALT_SIZE, Terms
from muniment.record.canonical import canonicalize
from muniment.record.keccak import keccak

REQUEST: Final = "muniment/share-request/v1"
GRANT: Final = "muniment/share-grant/v1"
DELIVERY: Final = "muniment/delivery/v1"


@dataclass(frozen=True, slots=True)
class SharedTerms:
    """Terms with the salt (32 bytes) that opens their commitment on chain."""

    terms: Terms
    salt: bytes

    @property
    def commitment(self) -> bytes:
        """What stands on chain for them."""
        return self.terms.commitment(self.salt)


@dataclass(frozen=True, slots=True)
class RequestMessage:
    """A request: its terms, and for a share of one record the record (32 bytes) with the salt of
    its scope (32 bytes)."""

    shared: SharedTerms
    record_id: bytes | None
    scope_salt: bytes | None

    @property
    def scope(self) -> bytes:
        """What stands on chain for the record; zeros in an agreement."""
        if self.record_id is None or self.scope_salt is None:
            return bytes(32)
        return scope_of(self.record_id, self.scope_salt)

    def to_bytes(self) -> bytes:
        """Return its canonical JSON."""
        return canonicalize(
            {
                "format": REQUEST,
                "record": None if self.record_id is None else self.record_id.hex(),
                "salt": self.shared.salt.hex(),
                "scope_salt": None if self.scope_salt is None else self.scope_salt.hex(),
                "terms": self.shared.terms.to_json(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> RequestMessage:
        """Return the request of a message's bytes. Raises `EnvelopeError`."""

        def made(members: Members) -> RequestMessage:
            record, salt = _optional(members, "record"), _optional(members, "scope_salt")
            if (record is None) != (salt is None):
                raise EvidenceFormError("body.record", "a record with its salt, or neither")
            return cls(_shared(members), record, salt)

        return body_of(data, REQUEST, made)


@dataclass(frozen=True, slots=True)
class GrantMessage:
    """The terms of a share as they were granted."""

    share_id: bytes
    shared: SharedTerms
    form: str = GRANT

    def to_bytes(self) -> bytes:
        """Return its canonical JSON."""
        return canonicalize(
            {
                "format": self.form,
                "salt": self.shared.salt.hex(),
                "share": self.share_id.hex(),
                "terms": self.shared.terms.to_json(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes, form: str = GRANT) -> GrantMessage:
        """Return the grant of a message's bytes; a delivery begins with one too (`form`).

        Raises `EnvelopeError`.
        """

        def made(members: Members) -> GrantMessage:
            return cls(members.hexadecimal("share", 32), _shared(members), form)

        return body_of(data, form, made)


def scope_of(record_id: bytes, salt: bytes) -> bytes:
    """Return what stands on chain for the record of a share: H(abi.encode(record id, salt))."""
    return keccak(record_id + salt)


def _shared(members: Members) -> SharedTerms:
    salt = members.hexadecimal("salt", SALT_SIZE)
    return SharedTerms(Terms.from_json("body.terms", members.take("terms")), salt)


def _optional(members: Members, name: str) -> bytes | None:
    value: Any = members.take(name)
    return None if value is None else Members("body", {name: value}).hexadecimal(name, 32)
