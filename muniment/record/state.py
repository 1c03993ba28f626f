# SPDX-License-Identifier: Apache-2.0
"""The packed state of a record on chain (docs/SPEC.md § 4, `RecordState.sol`)."""

from __future__ import annotations

import enum
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final

from muniment.errors import InvalidInputError
from muniment.record.identifiers import AgencyId, TypeId

RETAIN_FOREVER_DAY: Final = 0xFFFFF
"""Last day of a retention without end."""

PLACES: Final = {
    "issuer": (0, 32),
    "custodian": (32, 32),
    "offered_to": (64, 32),
    "offer_expires_at": (96, 36),
    "type_id": (132, 16),
    "type_version": (148, 12),
    "version": (160, 16),
    "algorithm": (176, 8),
    "status": (184, 4),
    "hold_count": (188, 12),
    "updated_at": (200, 36),
    "retain_until": (236, 20),
}
"""Each field's lowest bit and how many it has."""

_NO_AGENCY: Final = AgencyId(0)
_NO_TYPE: Final = TypeId(0)
_OFFER_BITS: Final = ((1 << 68) - 1) << 64
_MOST: Final = tuple((name, (1 << bits) - 1) for name, (_, bits) in PLACES.items())
# In one call: searches make states by the hundred.
_values: Final = attrgetter(*PLACES)


class Status(enum.IntEnum):
    """Where a record stands. NONE: nothing was ever registered under the id."""

    NONE = 0
    IN_FORCE = 1
    SUPERSEDED = 2
    REVOKED = 3
    DISPOSED = 4


@dataclass(frozen=True, slots=True)
class RecordState:
    """What one storage slot says of a record. Times are Unix seconds, `retain_until` a day number.

    `offered_to` is 0 where custody is not on offer. Raises `InvalidInputError` for values that do
    not fit their bits.
    """

    issuer: AgencyId = _NO_AGENCY
    custodian: AgencyId = _NO_AGENCY
    offered_to: AgencyId = _NO_AGENCY
    offer_expires_at: int = 0
    type_id: TypeId = _NO_TYPE
    type_version: int = 0
    version: int = 0
    algorithm: int = 0
    status: Status = Status.NONE
    hold_count: int = 0
    updated_at: int = 0
    retain_until: int = 0

    def __post_init__(self) -> None:
        """Refuse values that do not fit."""
        for value, (name, most) in zip(_values(self), _MOST, strict=True):
            if not isinstance(value, int) or not 0 <= value <= most:
                raise InvalidInputError(f"state {name}", f"0 to {most}", str(value))

    @classmethod
    def from_word(cls, word: int) -> RecordState:
        """Return the state of a 256-bit word. Raises `InvalidInputError`."""
        if not 0 <= word < 1 << 256:
            raise InvalidInputError("state word", "256 bits", str(word))
        values = {name: (word >> at) & ((1 << bits) - 1) for name, (at, bits) in PLACES.items()}
        status = values.pop("status")
        if status not in Status._value2member_map_:
            raise InvalidInputError("state status", "0 to 4", str(status))
        return cls(status=Status(status), **values)  # type: ignore[arg-type]

    def to_word(self) -> int:
        """Return the 256-bit word."""
        return sum(int(getattr(self, name)) << at for name, (at, _) in PLACES.items())

    def hashed_word(self) -> int:
        """Return the word as every hash contains it: offers are no acts."""
        return self.to_word() & ~_OFFER_BITS

    @property
    def is_empty(self) -> bool:
        """Whether no act has ever touched the id, not even a hold."""
        return all(getattr(self, field.name) == 0 for field in fields(self))
