# SPDX-License-Identifier: Apache-2.0
"""Figures for Prometheus: calls as they are answered, and the parts as the observer saw them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from muniment.gateway.call_log import log_call
from muniment.gateway.observing import Observer
from muniment.gateway.registering import Registrar

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
CALLER: Final = "muniment.caller"
RESOURCE: Final = "muniment.resource"
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The figures of one gateway."""

    def __init__(self, observer: Observer, registrar: Registrar) -> None:
        """Begin to count."""
        self._collectors = CollectorRegistry(auto_describe=False)
        self.calls = Counter(
            "muniment_calls",
            "Calls that were answered",
            ["method", "resource", "status"],
            registry=self._collectors,
        )
        self.seconds = Histogram(
            "muniment_call_seconds",
            "How long answers took",
            ["method", "resource"],
            buckets=_SECONDS,
            registry=self._collectors,
        )
        self._collectors.register(_Seen(observer, registrar))

    def text(self) -> bytes:
        """Return the figures as Prometheus reads them."""
        return generate_latest(self._collectors)


class _Seen:
    """What the observer saw, as figures."""

    def __init__(self, observer: Observer, registrar: Registrar) -> None:
        self._observer = observer
        self._registrar = registrar

    def collect(self) -> Iterator[Metric]:
        sight = self._observer.sight
        moves = GaugeMetricFamily("muniment_moves", "Whether a part moves (1)", labels=["part"])
        age = GaugeMetricFamily(
            "muniment_oldest_work_seconds", "Age of a part's oldest work", labels=["part"]
        )
        for name, part in sight.parts.items():
            moves.add_metric([name], int(part.moves))
            age.add_metric([name], part.age or 0.0)
        yield moves
        yield age
        submissions = GaugeMetricFamily(
            "muniment_submissions", "Submissions by state", labels=["state"]
        )
        for state, count in sight.outbox.items():
            submissions.add_metric([str(state).lower()], count)
        yield submissions
        entries = GaugeMetricFamily(
            "muniment_journal_entries", "Entries of a journal so far", labels=["journal", "stage"]
        )
        for number, progress in sight.journals.items():
            for stage in ("acknowledged", "provable", "final"):
                entries.add_metric([str(number), stage], getattr(progress, stage))
        yield entries
        yield _one("muniment_mirrored_block", "The mirror's highest block", sight.mirrored)
        waiting = self._registrar.waiting
        yield _one("muniment_records_waiting", "Records that wait to be appended", waiting)
        yield from _of_chain(sight.chain)


def _of_chain(chain: Any) -> Iterator[Metric]:
    if chain is None:
        return
    nodes = GaugeMetricFamily("muniment_node_block", "A node's highest block", labels=["node"])
    up = GaugeMetricFamily("muniment_node_up", "Whether a node answers (1)", labels=["node"])
    for each in chain.nodes:
        up.add_metric([each.url], int(each.head is not None))
        if each.head is not None:
            nodes.add_metric([each.url], each.head.number)
    yield up
    yield nodes
    if chain.head is not None:
        yield _one("muniment_chain_block", "The chain's highest block", chain.head.number)
        yield _one("muniment_chain_block_age_seconds", "Age of that block", chain.age)
    proposed = GaugeMetricFamily(
        "muniment_validator_proposed", "Of the last blocks, proposed", labels=["validator"]
    )
    sealed = GaugeMetricFamily(
        "muniment_validator_sealed", "Of the last blocks, sealed", labels=["validator"]
    )
    heard = GaugeMetricFamily(
        "muniment_validator_heard", "Whether a node of it answers (1)", labels=["validator"]
    )
    for each in chain.validators:
        heard.add_metric([each.label], int(each.node is not None))
        proposed.add_metric([each.label], each.proposed)
        sealed.add_metric([each.label], each.sealed)
    yield heard
    yield proposed
    yield sealed


def _one(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)


class Accounting:
    """Counts each call and writes a line of it: method, resource, status, time, caller. A line has
    the resource's path with its names, not what stood in them, and no query."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Wrap an application."""
        self._app = app
        self._metrics = metrics
        self._figures: dict[
            tuple[str, str, int], tuple[Callable[[], None], Callable[[float], None]]
        ] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and write down."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        status = 500

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_counted)
        finally:
            seconds = time.perf_counter() - begun
            resource = scope.get(RESOURCE) or str(getattr(scope.get("route"), "path", "none"))
            method = scope["method"] if resource != "none" else "other"
            count, observe = self._figures_of(method, resource, status)
            count()
            observe(seconds)
            log_call(method, resource, status, seconds, scope.get(CALLER))

    def _figures_of(
        self, method: str, resource: str, status: int
    ) -> tuple[Callable[[], None], Callable[[float], None]]:
        """What counts calls of a kind: looked up once, for looking up takes longer."""
        key = (method, resource, status)
        found = self._figures.get(key)
        if found is None:
            count = self._metrics.calls.labels(method, resource, status).inc
            found = (count, self._metrics.seconds.labels(method, resource).observe)
            self._figures[key] = found
        return found
