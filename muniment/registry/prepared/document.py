# SPDX-License-Identifier: Apache-2.0
"""What an officer is given to sign, and what comes back: two JSON documents (docs/spec/rest.md).

The first says more than the call: in words what it does, and what opens its commitments. All of
that is there to be compared with the call, never to be believed instead of it (`signing.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from muniment.chain.accounts import UnsignedTransaction
from muniment.chain.connection import Address, address_of
from muniment.errors import InvalidInputError
from muniment.evidence.members import EvidenceFormError, Members
from muniment.registry.prepared.openings import hexadecimal

FORMAT: Final = "muniment/prepared/v1"
SIGNED_FORMAT: Final = "muniment/signed/v1"
_WORD: Final = 2**63 - 1
_LATEST: Final = 253_402_300_799  # the last second of the year 9999
_MANY: Final = 4096
_DIGITS: Final = 78


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """An act to be signed. `gas_price` in wei; `nonce` is the account's next one at this moment;
    `expires_at` in Unix seconds; `expected_versions` by record (0x), where acts name one."""

    prepared_id: bytes
    act: str
    state: str
    chain_id: int
    to: Address
    data: bytes
    account: Address
    nonce: int
    gas: int
    gas_price: int
    expires_at: int
    expected_versions: Mapping[str, int]
    description: tuple[str, ...]
    calls: tuple[Mapping[str, Any], ...]
    openings: tuple[Mapping[str, Any], ...]
    submissions: tuple[int, ...]

    @property
    def transaction(self) -> UnsignedTransaction:
        """What is to be signed."""
        return UnsignedTransaction(
            self.chain_id, self.nonce, self.gas, self.gas_price, self.to, self.data
        )

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form. Gas prices are text: they pass 2^53."""
        return {
            "format": FORMAT,
            "id": f"0x{self.prepared_id.hex()}",
            "act": self.act,
            "state": self.state,
            "chain_id": self.chain_id,
            "to": self.to,
            "data": f"0x{self.data.hex()}",
            "account": self.account,
            "nonce": self.nonce,
            "gas": self.gas,
            "gas_price": str(self.gas_price),
            "expires_at": self.expires_at,
            "expected_versions": dict(self.expected_versions),
            "description": list(self.description),
            "calls": [dict(each) for each in self.calls],
            "openings": [dict(each) for each in self.openings],
            "submissions": list(self.submissions),
        }

    @classmethod
    def from_json(cls, source: bytes) -> PreparedDocument:
        """Return the document of its JSON. Proves nothing. Raises `InvalidInputError`."""
        try:
            members = Members("prepared act", _parsed(source))
            members.constant("format", FORMAT)
            found = cls(
                prepared_id=hexadecimal(members, "id", 32),
                act=members.text("act"),
                state=members.text("state"),
                chain_id=members.integer("chain_id", _WORD),
                to=address_of("to", members.text("to")),
                data=hexadecimal(members, "data"),
                account=address_of("account", members.text("account")),
                nonce=members.integer("nonce", _WORD),
                gas=members.integer("gas", _WORD),
                gas_price=_price(members.text("gas_price")),
                expires_at=members.integer("expires_at", _LATEST),
                expected_versions=members.take("expected_versions"),
                description=tuple(members.array("description", _MANY)),
                calls=tuple(members.array("calls", _MANY)),
                openings=tuple(members.array("openings", _MANY)),
                submissions=tuple(members.array("submissions", _MANY)),
            )
            members.end()
        except EvidenceFormError as error:
            raise InvalidInputError("prepared act", error.expected, error.place) from error
        return found


def signed_json(prepared_id: bytes, raw: bytes) -> dict[str, str]:
    """Return what an officer hands in: the act's id, and the raw transaction."""
    return {"format": SIGNED_FORMAT, "id": f"0x{prepared_id.hex()}", "raw": f"0x{raw.hex()}"}


def signed_from_json(source: bytes) -> tuple[bytes, bytes]:
    """Return id and raw transaction of what an officer hands in. Raises `InvalidInputError`."""
    try:
        members = Members("signed act", _parsed(source))
        members.constant("format", SIGNED_FORMAT)
        found = hexadecimal(members, "id", 32), hexadecimal(members, "raw")
        members.end()
    except EvidenceFormError as error:
        raise InvalidInputError("signed act", error.expected, error.place) from error
    return found


def _price(text: str) -> int:
    if not text.isdecimal() or len(text) > _DIGITS:
        raise EvidenceFormError("gas_price", "a number, as text")
    return int(text)


def _parsed(source: bytes) -> object:
    try:
        return json.loads(source)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError("signed or prepared act", "a JSON object", "no JSON") from error
