# SPDX-License-Identifier: Apache-2.0
# Made by `ape run export` from the contracts' ABI and NatSpec. Do not edit.
"""ShareRegistry: values, events and functions, typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from muniment.chain.contract import Address, BlockId, Call, Contract, Event
from muniment.chain.values import ShareStatus


@dataclass(frozen=True, slots=True)
class Share:
    """`Share` of the interface."""

    requester: int
    granter: int
    type_id: int
    status: ShareStatus
    respond_by: int
    expires_at: int
    scope: bytes
    terms: bytes

    @classmethod
    def of(cls, values: Sequence[Any]) -> Share:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            int(values[2]),
            ShareStatus(values[3]),
            int(values[4]),
            int(values[5]),
            bytes(values[6]),
            bytes(values[7]),
        )


@dataclass(frozen=True, slots=True)
class DeliveryAcknowledged(Event):
    """A delivery arrived: the receipt."""

    sequence: int
    share_id: bytes
    delivery_digest: bytes
    account: Address

    @classmethod
    def of(cls, values: Sequence[Any]) -> DeliveryAcknowledged:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            bytes(values[2]),
            Address(values[3]),
        )


@dataclass(frozen=True, slots=True)
class ShareDenied(Event):
    """A request was denied."""

    sequence: int
    share_id: bytes
    account: Address
    reason: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> ShareDenied:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            Address(values[2]),
            int(values[3]),
        )


@dataclass(frozen=True, slots=True)
class ShareGranted(Event):
    """A share was granted; by the type's sharing attribute when `account` is the requester's
    officer.
    """

    sequence: int
    share_id: bytes
    account: Address
    terms: bytes
    expires_at: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> ShareGranted:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            Address(values[2]),
            bytes(values[3]),
            int(values[4]),
        )


@dataclass(frozen=True, slots=True)
class ShareRequested(Event):
    """A share was asked for."""

    sequence: int
    share_id: bytes
    requester: int
    granter: int
    account: Address
    type_id: int
    scope: bytes
    terms: bytes
    respond_by: int
    expires_at: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> ShareRequested:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            int(values[2]),
            int(values[3]),
            Address(values[4]),
            int(values[5]),
            bytes(values[6]),
            bytes(values[7]),
            int(values[8]),
            int(values[9]),
        )


@dataclass(frozen=True, slots=True)
class ShareRevoked(Event):
    """A grant was revoked."""

    sequence: int
    share_id: bytes
    account: Address
    reason: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> ShareRevoked:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            Address(values[2]),
            int(values[3]),
        )


class ShareRegistry(Contract):
    """The share registry at one address.

    Reads name their block; writes return a `Call`, which a `Sender` signs and sends.
    """

    contract_name = "ShareRegistry"
    events: ClassVar[dict[str, type[Event]]] = {
        "DeliveryAcknowledged": DeliveryAcknowledged,
        "ShareDenied": ShareDenied,
        "ShareGranted": ShareGranted,
        "ShareRequested": ShareRequested,
        "ShareRevoked": ShareRevoked,
    }

    def acknowledge_delivery(self, share_id: bytes, delivery_digest: bytes) -> Call:
        """Acknowledges that a delivery arrived, also after the grant has ended.

        STEWARD of the requester.
        """
        return self._call(
            "acknowledgeDelivery(bytes32,bytes32)",
            (
                share_id,
                delivery_digest,
            ),
        )

    def acknowledged_at(self, share_id: bytes, delivery_digest: bytes, *, block: BlockId) -> int:
        """When a delivery was acknowledged; 0 when it was not."""
        values = self._read(
            "acknowledgedAt(bytes32,bytes32)",
            (
                share_id,
                delivery_digest,
            ),
            block,
        )
        return int(values[0])

    def covers(self, share_id: bytes, record_id: bytes, salt: bytes, *, block: BlockId) -> bool:
        """Whether the share lets the requester read the record now: in force, the record within
        its scope, and in the granter's custody.
        """
        values = self._read(
            "covers(bytes32,bytes32,bytes32)",
            (
                share_id,
                record_id,
                salt,
            ),
            block,
        )
        return bool(values[0])

    def deny_share(self, share_id: bytes, reason: int) -> Call:
        """Denies a request.

        STEWARD of the granter.
        """
        return self._call(
            "denyShare(bytes32,uint16)",
            (
                share_id,
                reason,
            ),
        )

    def grant_share(self, share_id: bytes, terms: bytes, expires_at: int) -> Call:
        """Grants a request, on the terms and until the time named here.

        STEWARD of the granter.
        """
        return self._call(
            "grantShare(bytes32,bytes32,uint48)",
            (
                share_id,
                terms,
                expires_at,
            ),
        )

    def is_in_force(self, share_id: bytes, *, block: BlockId) -> bool:
        """Whether the share is granted and has not expired.

        Custody is not checked: see `covers`.
        """
        values = self._read("isInForce(bytes32)", (share_id,), block)
        return bool(values[0])

    def record_registry(self, *, block: BlockId) -> Address:
        """The record registry that is asked for custody."""
        values = self._read("recordRegistry()", (), block)
        return Address(values[0])

    def request_share(
        self,
        requester: int,
        granter: int,
        type_id: int,
        scope: bytes,
        terms: bytes,
        respond_by: int,
        expires_at: int,
    ) -> Call:
        """Asks for a share.

        Of an open record type it is granted at once, of a closed one refused. STEWARD of the
        requester.
        """
        return self._call(
            "requestShare(uint32,uint32,uint16,bytes32,bytes32,uint48,uint48)",
            (
                requester,
                granter,
                type_id,
                scope,
                terms,
                respond_by,
                expires_at,
            ),
        )

    def revoke_share(self, share_id: bytes, reason: int) -> Call:
        """Ends a grant.

        STEWARD of the granter.
        """
        return self._call(
            "revokeShare(bytes32,uint16)",
            (
                share_id,
                reason,
            ),
        )

    def sequence(self, *, block: BlockId) -> int:
        """The number of the last event."""
        values = self._read("sequence()", (), block)
        return int(values[0])

    def share(self, share_id: bytes, *, block: BlockId) -> Share:
        """One share; zeros when there is none."""
        values = self._read("share(bytes32)", (share_id,), block)
        return Share.of(values[0])
