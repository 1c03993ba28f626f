# SPDX-License-Identifier: Apache-2.0
"""Reading JSON members strictly: each known, each of its form, none left over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from muniment.errors import ProofError


class EvidenceFormError(ProofError):
    """An evidence file, or a part of it, does not have its form; `place` names the part."""

    def __init__(self, place: str, expected: str) -> None:
        super().__init__(f"{place} has another form", expected=expected)
        self.place = place


class Members:
    """The members of a JSON object at `place`; ask for each, then `end`."""

    def __init__(self, place: str, value: object) -> None:
        """Take a value. Raises `EvidenceFormError` for what is no object."""
        if not isinstance(value, Mapping):
            raise EvidenceFormError(place, "an object")
        self._place = place
        self._left: dict[str, Any] = dict(value)

    def take(self, name: str) -> Any:
        """Return a member that must be there."""
        if name not in self._left:
            raise EvidenceFormError(f"{self._place}.{name}", "to be there")
        return self._left.pop(name)

    def has(self, name: str) -> bool:
        """Whether a member is there that need not be."""
        return name in self._left

    def constant(self, name: str, value: str) -> None:
        """Require that a member is this text."""
        if self.take(name) != value:
            raise EvidenceFormError(f"{self._place}.{name}", value)

    def hexadecimal(self, name: str, size: int | None = None) -> bytes:
        """Return the bytes of a member in lower-case hexadecimal, of `size` bytes."""
        return unhex(f"{self._place}.{name}", self.take(name), size)

    def integer(self, name: str, limit: int, least: int = 0) -> int:
        """Return an integer from `least` to `limit`."""
        value = self.take(name)
        if type(value) is not int or not least <= value <= limit:
            raise EvidenceFormError(f"{self._place}.{name}", f"an integer, {least} to {limit}")
        return value

    def array(self, name: str, most: int, least: int = 0) -> list[Any]:
        """Return an array of `least` to `most` items."""
        value = self.take(name)
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise EvidenceFormError(f"{self._place}.{name}", f"an array of {least} to {most} items")
        return value

    def text(self, name: str) -> str:
        """Return a text."""
        value = self.take(name)
        if not isinstance(value, str):
            raise EvidenceFormError(f"{self._place}.{name}", "a text")
        return value

    def end(self) -> None:
        """Refuse members that nobody asked for."""
        if self._left:
            raise EvidenceFormError(f"{self._place}.{min(self._left)}", "not to be there")


def unhex(place: str, value: object, size: int | None = None) -> bytes:
    """Return the bytes of lower-case hexadecimal. Raises `EvidenceFormError`."""
    expected = "lower-case hex" if size is None else f"{size} bytes in lower-case hex"
    try:
        found = bytes.fromhex(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    # fromhex takes spaces and capitals too, so the result is written back and compared.
    if found is None or found.hex() != value or (size is not None and len(found) != size):
        raise EvidenceFormError(place, expected)
    return found
