# SPDX-License-Identifier: Apache-2.0
"""A file is content by its digest, length and media type."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import InvalidInputError
from muniment.record import FileValue

VALUE = FileValue(hashlib.sha256(b"deed").digest(), 4, "application/pdf")


def test_read__file__gives_digest_and_length() -> None:
    assert FileValue.read(io.BytesIO(b"deed"), "application/pdf") == VALUE


@pytest.mark.parametrize("answer", [None, "text"])
def test_read__reader_without_data_at_hand__never_passes_for_the_end(answer: Any) -> None:
    class Stuck:
        def read(self, _size: int, /) -> Any:
            return answer

    with pytest.raises(InvalidInputError, match="blocking reader"):
        FileValue.read(Stuck(), "application/pdf")


def test_to_json__has_the_three_members_of_the_specification() -> None:
    assert VALUE.to_json() == {
        "digest": "sha256:" + hashlib.sha256(b"deed").hexdigest(),
        "length": 4,
        "mediaType": "application/pdf",
    }


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**53 - 1))
def test_from_json__what_to_json_wrote__gives_it_back(digest: bytes, length: int) -> None:
    value = FileValue(digest, length, "image/svg+xml")
    assert FileValue.from_json(value.to_json()) == value


@pytest.mark.parametrize(
    "change",
    [
        {"digest": "ab" * 32},
        {"digest": "sha256:" + "AB" * 32},
        {"digest": "sha256:" + "ab" * 31},
        {"digest": "xsha256:" + "ab" * 32},
        {"length": -1},
        {"length": True},
        {"length": "4"},
        {"mediaType": "application"},
        {"mediaType": "Application/PDF"},
        {"mediaType": "text/plain; charset=utf-8"},
        {"mediaType": "text/plain\n"},
        {"name": "deed.pdf"},
    ],
    ids=str,
)
def test_from_json__another_form__is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        FileValue.from_json(VALUE.to_json() | change)


@pytest.mark.parametrize("value", [None, "x", [], {}, {"digest": "sha256:"}])
def test_from_json__no_file_value__is_refused(value: Any) -> None:
    with pytest.raises(InvalidInputError):
        FileValue.from_json(value)
