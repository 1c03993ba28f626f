# SPDX-License-Identifier: Apache-2.0
"""The gateway put together: one application of one agency."""

from __future__ import annotations

import hmac
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from muniment import __version__
from muniment.gateway.callers.identifying import Identifying
from muniment.gateway.described import describe
from muniment.gateway.errors import add_handlers
from muniment.gateway.events.telling import Telling
from muniment.gateway.events.webhooks import outgoing_of
from muniment.gateway.limits import BodyLimit, Buckets
from muniment.gateway.metrics import Accounting, Metrics
from muniment.gateway.observing import Observer
from muniment.gateway.parts import Parts
from muniment.gateway.registering import Registrar
from muniment.gateway.resources.registering import QuickRegistration
from muniment.gateway.security import SecurityHeaders
from muniment.gateway.settings import GatewaySettings
from muniment.gateway.upkeep import Upkeep
from muniment.registry import Registry

RESOURCES: Final = (
    "registering",
    "bulk",
    "uploads",
    "finding",
    "records",
    "proving",
    "directory",
    "holds",
    "exchange",
    "carrying",
    "handovers",
    "received",
    "corrections",
    "acts",
    "events",
    "webhooks",
    "between",
    "journal",
    "journals",
    "openid",
    "session",
    "administration",
    "dashboard",
    "health",
    "pages",
)
"""The modules of `resources/`, in the order in which their paths are looked through."""

_CURSOR_TAG: Final = b"muniment/gateway-cursor/v1\0"


def create_application(registry: Registry, settings: GatewaySettings | None = None) -> FastAPI:
    """Return the application of an agency's registry, which the caller closes after it.

    Its stores are opened now, so that what is wrong with them shows before anybody calls. Raises
    what opening them raises.
    """
    session = registry.session
    chosen = GatewaySettings.of(session.profile) if settings is None else settings
    registrar = Registrar(session, group=chosen.group_records, waiting=chosen.waiting_records)
    observer = Observer(session, registrar)
    upkeep = Upkeep(session)
    telling = Telling(session, outgoing_of(chosen))
    parts = Parts(
        registry=registry,
        settings=chosen,
        identifying=Identifying(session.database, session.profile.agency.id, chosen),
        registrar=registrar,
        observer=observer,
        metrics=Metrics(observer, registrar),
        calls=Buckets(chosen.requests_per_second, chosen.burst),
        sign_ins=Buckets(chosen.sign_ins_per_minute / 60, chosen.sign_ins_per_minute),
        cursor_key=hmac.digest(session.keys.local_id_key(), _CURSOR_TAG, "sha256"),
    )

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        registrar.start()
        observer.start()
        upkeep.start()
        telling.start()
        try:
            yield
        finally:
            # Whoever was told "acknowledged" is right: what waits is appended first.
            await run_in_threadpool(registrar.close)
            observer.close()
            upkeep.close()
            await run_in_threadpool(telling.close)

    application = FastAPI(
        title="Muniment gateway",
        version=__version__,
        summary="An agency's records: signed, ordered and provable.",
        lifespan=life,
        docs_url=None,
        redoc_url=None,
    )
    application.state.parts = parts
    for name in RESOURCES:
        module = importlib.import_module(f"muniment.gateway.resources.{name}")
        application.include_router(module.router)
    add_handlers(application)
    describe(application)
    # The last one added is the first to see a call.
    application.add_middleware(QuickRegistration)
    application.add_middleware(BodyLimit, settings=chosen)
    application.add_middleware(SecurityHeaders, settings=chosen)
    application.add_middleware(Accounting, metrics=parts.metrics)
    return application
