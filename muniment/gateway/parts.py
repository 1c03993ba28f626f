# SPDX-License-Identifier: Apache-2.0
"""What the resources work with: one `Parts` an application, at `request.app.state.parts`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from muniment.gateway.callers.caller import Caller
from muniment.gateway.callers.identifying import Identifying
from muniment.gateway.callers.scopes import Scope
from muniment.gateway.limits import Buckets
from muniment.gateway.metrics import CALLER, Metrics
from muniment.gateway.observing import Observer
from muniment.gateway.refusals import NotSignedInError
from muniment.gateway.registering import Registrar
from muniment.gateway.settings import GatewaySettings
from muniment.registry import Registry
from muniment.registry.session import Session
from muniment.store.database import Database


@dataclass(frozen=True, slots=True)
class Parts:
    """The agency's registry as the gateway has it, its settings, and what it keeps by itself."""

    registry: Registry
    settings: GatewaySettings
    identifying: Identifying
    registrar: Registrar
    observer: Observer
    metrics: Metrics
    calls: Buckets
    sign_ins: Buckets
    cursor_key: bytes = field(repr=False)

    @property
    def session(self) -> Session:
        """The registry's session."""
        return self.registry.session

    @property
    def database(self) -> Database:
        """The agency's database."""
        return self.registry.session.database


def parts_of(request: Request) -> Parts:
    """Return the parts of the application that was called."""
    parts: Parts = request.app.state.parts
    return parts


async def caller_of(request: Request) -> Caller:
    """Return who calls, within the limits of how often. Raises `NotSignedInError`,
    `TooFastError`, `ForbiddenCallError`."""
    parts: Parts = request.app.state.parts
    try:
        caller = await parts.identifying.caller(request)
    except NotSignedInError:
        # Whoever tries tokens is slowed down too.
        parts.calls.take(f"open:{request.client.host if request.client else ''}")
        raise
    request.scope[CALLER] = caller.key
    parts.calls.take(caller.key)
    return caller


def requires(scope: Scope, *others: Scope) -> Callable[[Request], Awaitable[Caller]]:
    """Return a dependency that gives the caller, who must have a scope, or one of `others`."""

    async def with_scope(request: Request) -> Caller:
        caller = await caller_of(request)
        if not caller.scopes.intersection(others):
            caller.require(scope)
        return caller

    return with_scope


PartsHere = Annotated[Parts, Depends(parts_of)]
Reader = Annotated[Caller, Depends(requires(Scope.READ))]
ChainReader = Annotated[Caller, Depends(requires(Scope.READ, Scope.PREPARE))]
"""Of what is public on chain, and how an act goes: whoever signs one without reading records."""
Registering = Annotated[Caller, Depends(requires(Scope.REGISTER))]
Preparing = Annotated[Caller, Depends(requires(Scope.PREPARE))]
Uploading = Annotated[Caller, Depends(requires(Scope.REGISTER, Scope.PREPARE))]
Exchanging = Annotated[Caller, Depends(requires(Scope.EXCHANGE))]
Administrator = Annotated[Caller, Depends(requires(Scope.ADMINISTER))]
Anybody = Annotated[Caller, Depends(caller_of)]
