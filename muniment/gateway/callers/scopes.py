# SPDX-License-Identifier: Apache-2.0
"""Scopes: what a caller may ask the gateway for. They only narrow: the chain's roles decide."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Final

from muniment.errors import InvalidInputError


class Scope(enum.StrEnum):
    """What a caller may do here."""

    READ = "read"
    """See records: what the chain says, content, traces, histories; make evidence of them."""
    REGISTER = "register"
    """Register records by the agency's OPERATOR keys, and upload their files."""
    PREPARE = "prepare"
    """Have acts prepared for an officer to sign, and hand signed ones in."""
    EXCHANGE = "exchange"
    """See shares, deliveries and hand-overs, make deliveries under shares that are granted, fetch
    what was made, hand in what was received."""
    ENTRIES = "entries"
    """Read the entry bundles of the agency's journals."""
    METRICS = "metrics"
    """Read the gateway's metrics."""
    ADMINISTER = "administer"
    """Make and revoke tokens and officers' accounts; webhooks."""


MACHINE_SCOPES: Final = frozenset(Scope) - {Scope.ADMINISTER}
"""What a token may have: who may call the gateway is not for machines to say."""

OF_ROLES: Final = {
    "agency_admin": frozenset(
        {Scope.READ, Scope.PREPARE, Scope.EXCHANGE, Scope.METRICS, Scope.ADMINISTER}
    ),
    "registrar": frozenset({Scope.READ, Scope.REGISTER, Scope.PREPARE, Scope.EXCHANGE}),
    "steward": frozenset({Scope.READ, Scope.PREPARE, Scope.EXCHANGE}),
    "hold_authority": frozenset({Scope.READ, Scope.PREPARE}),
    # They see to agencies from outside, and read none of their records.
    "registry_admin": frozenset({Scope.PREPARE}),
    "guardian": frozenset({Scope.PREPARE}),
}
"""What officers who signed in may ask for, by their roles on chain."""


def scopes_of(words: Iterable[str]) -> frozenset[Scope]:
    """Return scopes by their names. Raises `InvalidInputError` for one that a token cannot have."""
    known = sorted(MACHINE_SCOPES)
    found = set()
    for word in words:
        if word not in known:
            raise InvalidInputError("scopes", "of " + ", ".join(known), repr(word))
        found.add(Scope(word))
    if not found:
        raise InvalidInputError("scopes", "at least one of " + ", ".join(known), "none")
    return frozenset(found)
