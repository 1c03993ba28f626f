# SPDX-License-Identifier: Apache-2.0
"""Bodies of parts that are JSON: strictly of their form, or refused by one typed error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from muniment.errors import InvalidInputError, InvalidJsonError
from muniment.evidence.members import EvidenceFormError, Members
from muniment.exchange.errors import EnvelopeError
from muniment.record.canonical import parse_canonical

_Made = TypeVar("_Made")


def body_of(data: bytes, form: str, made: Callable[[Members], _Made]) -> _Made:
    """Return what `made` makes of the members of canonical JSON whose `format` is `form`.

    Raises `EnvelopeError` and no other error.
    """
    try:
        members = Members("body", parse_canonical(data))
        members.constant("format", form)
        found = made(members)
        members.end()
    except (InvalidJsonError, InvalidInputError, EvidenceFormError) as error:
        raise EnvelopeError(error.what, error.expected) from error
    return found
