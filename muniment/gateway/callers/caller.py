# SPDX-License-Identifier: Apache-2.0
"""Who is calling."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from muniment.chain.connection import Address
from muniment.gateway.callers.scopes import MACHINE_SCOPES, Scope
from muniment.gateway.refusals import ForbiddenCallError
from muniment.registry import Access


class CallerKind(enum.StrEnum):
    """How a caller is known."""

    TOKEN = "token"  # noqa: S105
    SESSION = "session"


_REMEDIES: Final = {
    (CallerKind.TOKEN, CallerKind.TOKEN): "make a token with that scope",
    (CallerKind.TOKEN, CallerKind.SESSION): "no token has it: an administrator signs in for this",
    (
        CallerKind.SESSION,
        CallerKind.SESSION,
    ): "ask the agency's administrator for the role on chain that this takes",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling: a token by its id, or an officer by the account's `name`.

    `address` is the officer's account on chain, None for machines, and `roles` those that it has in
    this agency; the gateway acts for no other.
    """

    kind: CallerKind
    name: str
    scopes: frozenset[Scope]
    address: Address | None = None
    roles: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What limits and idempotency keys are kept by."""
        return f"{self.kind}:{self.name}"

    def require(self, scope: Scope) -> None:
        """Raise `ForbiddenCallError` unless the caller has a scope."""
        if scope not in self.scopes:
            # Some a token never has: it would be looked for in vain.
            able = self.kind if scope in MACHINE_SCOPES else CallerKind.SESSION
            raise ForbiddenCallError(
                f"this {self.kind} has not the scope {scope.value!r}",
                f"a {able} with the scope {scope.value!r}",
                remedy=_REMEDIES[self.kind, able],
                scope=scope.value,
            )

    def access(self, purpose: str) -> Access:
        """Return on whose behalf content is read, for the reads journal. In `purpose`, a header,
        what is not ASCII is percent-encoded UTF-8."""
        purpose = unquote(purpose)
        return Access(purpose, self.name if self.address is None else f"{self.name} {self.address}")
