# SPDX-License-Identifier: Apache-2.0
"""What a custody package says: exactly its form, or refused; and never its secret in a text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from muniment.exchange.custody import (
    DESTROYED,
    KEPT,
    ClosingMessage,
    HandedVersion,
    HandoverMessage,
)
from muniment.exchange.errors import EnvelopeError
from muniment.record.canonical import canonicalize
from muniment.record.commitment import Secret
from muniment.record.identifiers import RecordId

RECORD = RecordId(b"\xaa" * 32)
HANDED = HandedVersion(
    RECORD, 2, 1, 7, 3, b"d" * 32, 1, Secret(b"\x5e" * 32), ("land-register", "12/345")
)


@pytest.mark.parametrize("source", [None, ("land-register", "12/345")])
def test_version__is_what_was_written(source: tuple[str, str] | None) -> None:
    handed = HandedVersion(RECORD, 2, 1, 7, 3, b"d" * 32, 1, Secret(b"s" * 32), source)
    assert HandedVersion.from_bytes(handed.to_bytes()) == handed
    assert handed.record_type == (1, 7, 3)


def test_secret_and_source__are_in_no_text() -> None:
    assert "5e5e" not in repr(HANDED)
    assert "12/345" not in repr(HANDED)
    assert "^" not in repr(HANDED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", 0),
        ("version", 1 << 16),
        ("issuer", 0),
        ("type_version", 1 << 12),
        ("secret", "5e" * 31),
        ("secret", "5E" * 32),
        ("record", "aa"),
        ("source", ["one"]),
        ("source", ["one", 2]),
        ("source", ["x" * 5000, "y"]),
        ("format", "muniment/custody-version/v2"),
        ("more", 1),
    ],
)
def test_version__of_another_form(name: str, value: Any) -> None:
    changed = {**json.loads(HANDED.to_bytes()), name: value}
    with pytest.raises(EnvelopeError):
        HandedVersion.from_bytes(canonicalize(changed))


def test_version__that_is_not_canonical() -> None:
    with pytest.raises(EnvelopeError):
        HandedVersion.from_bytes(HANDED.to_bytes() + b" ")


def test_handover__is_what_was_written() -> None:
    message = HandoverMessage(b"h" * 32, 10_000)
    assert HandoverMessage.from_bytes(message.to_bytes()) == message
    with pytest.raises(EnvelopeError):
        HandoverMessage.from_bytes(HandoverMessage(b"h" * 32, 0).to_bytes())


@pytest.mark.parametrize(
    ("outcome", "share", "fits"),
    [
        (DESTROYED, None, True),
        (KEPT, b"s" * 32, True),
        (KEPT, None, False),
        (DESTROYED, b"s" * 32, False),
        ("lost", None, False),
    ],
)
def test_closing(outcome: str, share: bytes | None, fits: bool) -> None:
    message = ClosingMessage(b"h" * 32, outcome, share, 1_795_000_000, (RECORD,))
    if fits:
        assert ClosingMessage.from_bytes(message.to_bytes()) == message
    else:
        with pytest.raises(EnvelopeError):
            ClosingMessage.from_bytes(message.to_bytes())


@pytest.mark.parametrize("records", [(), (RECORD, RECORD)])
def test_closing__of_none_or_of_one_twice(records: tuple[RecordId, ...]) -> None:
    message = ClosingMessage(b"h" * 32, DESTROYED, None, 1, records)
    with pytest.raises(EnvelopeError):
        ClosingMessage.from_bytes(message.to_bytes())
