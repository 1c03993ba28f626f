# SPDX-License-Identifier: Apache-2.0
"""The terms of a share: for what, on what basis, which fields, and whether it may go on.

They are private. On chain stands SHA-256("muniment/terms/v1\\0" || salt || JCS(terms)).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from muniment.errors import InvalidInputError
from muniment.evidence.members import EvidenceFormError, Members
from muniment.record.canonical import canonicalize
from muniment.record.commitment import MAX_DIGESTS
from muniment.record.identifiers import require_bytes

SALT_SIZE: Final = 32
_TAG: Final = b"muniment/terms/v1\0"
_LONGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class Terms:
    """What a share allows. `fields` are the names of those that may be shown, in order, None for
    all; `onward` whether the recipient may show them to others."""

    purpose: str
    legal_basis: str
    fields: tuple[str, ...] | None
    onward: bool

    def __post_init__(self) -> None:
        """Refuse what says nothing. Raises `InvalidInputError`."""
        for name in ("purpose", "legal_basis"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST:
                raise InvalidInputError(
                    name.replace("_", " "), f"a text of 1 to {_LONGEST} characters", "another"
                )
        if self.fields is not None:
            names = list(self.fields)
            if not names or names != sorted(set(names)) or not all(names):
                raise InvalidInputError("fields", "names in order, each once", "others")

    @classmethod
    def of(
        cls, purpose: str, legal_basis: str, fields: list[str] | None, *, onward: bool = False
    ) -> Terms:
        """Return terms, with the fields in any order."""
        return cls(
            purpose, legal_basis, None if fields is None else tuple(sorted(set(fields))), onward
        )

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "fields": None if self.fields is None else list(self.fields),
            "legal_basis": self.legal_basis,
            "onward": self.onward,
            "purpose": self.purpose,
        }

    @classmethod
    def from_json(cls, place: str, value: object) -> Terms:
        """Return the terms of their JSON form. Raises `EvidenceFormError`."""
        members = Members(place, value)
        fields = None
        named = members.take("fields")
        if named is not None:
            fields = Members(place, {"fields": named}).array("fields", MAX_DIGESTS, 1)
        onward = members.take("onward")
        texts = members.text("legal_basis"), members.text("purpose")
        members.end()
        if type(onward) is not bool or not all(isinstance(each, str) for each in fields or ()):
            raise EvidenceFormError(place, "names of fields, and onward true or false")
        try:
            return cls(texts[1], texts[0], None if fields is None else tuple(fields), onward)
        except InvalidInputError as error:
            raise EvidenceFormError(f"{place}: {error.field}", error.expected) from error

    def commitment(self, salt: bytes) -> bytes:
        """Return what stands on chain for them (32 bytes); `salt` 32 random bytes."""
        require_bytes("salt of terms", salt, SALT_SIZE)
        return hashlib.sha256(_TAG + salt + canonicalize(self.to_json())).digest()

    def granted(self, names: list[str]) -> list[str]:
        """Return those of `names` that may be shown, in their order."""
        return names if self.fields is None else [each for each in names if each in self.fields]

    def is_within(self, other: Terms) -> bool:
        """Whether nothing is allowed here that `other` does not allow."""
        if self.onward and not other.onward:
            return False
        if other.fields is None:
            return True
        return self.fields is not None and set(self.fields) <= set(other.fields)
