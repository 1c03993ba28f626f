# SPDX-License-Identifier: Apache-2.0
"""Several nodes of one chain: fail-over that never mixes the answers of two in one read.

nodes = Nodes(["http://10.0.0.1:8545", "http://10.0.0.2:8545"], chain_id=7001)
record = nodes.read(lambda connection: ...)  # all of it from one node, or all anew from the next
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from muniment.chain.connection import Connection
from muniment.errors import ChainError, InvalidInputError, UnreachableError

Result = TypeVar("Result")


class Nodes:
    """Nodes at `urls`, the preferred one first, all of chain `chain_id`; `timeout` in seconds.

    Connections are made when they are first needed, so that one node that is away does no harm.
    A node of another chain is never used: `WrongChainError` is raised, not skipped, for it is a
    mistake in the configuration.
    """

    def __init__(self, urls: Sequence[str], chain_id: int, *, timeout: float = 30.0) -> None:
        """Remember the nodes; nothing is sent."""
        if not urls:
            raise InvalidInputError("chain urls", "at least one URL of a node", "empty")
        self.urls = tuple(urls)
        self.chain_id = chain_id
        self.timeout = timeout
        self._connections: dict[str, Connection] = {}
        self._first = 0

    def read(
        self,
        reading: Callable[[Connection], Result],
        *,
        distrust: tuple[type[ChainError], ...] = (),
    ) -> Result:
        """Return what `reading` makes of one node; when it goes away, start anew with the next.

        So it does too when `reading` raises one of `distrust`, by which it says that the node
        answers wrongly. `reading` may be called several times: it must keep nothing of an earlier
        call. Raises the error of the last node when none answers, and whatever else `reading`
        raises.
        """
        passed_over: tuple[type[ChainError], ...] = (UnreachableError, *distrust)
        for turn in range(len(self.urls)):
            place = (self._first + turn) % len(self.urls)
            try:
                result = reading(self._connection(self.urls[place]))
            except passed_over:
                if turn + 1 == len(self.urls):
                    raise
                continue
            # The one that answered is asked first from now on: no switching to and fro.
            self._first = place
            return result
        raise AssertionError("there is at least one node")

    def each(self, asking: Callable[[Connection], Result]) -> list[Result]:
        """Return what every node that answers says; raise `UnreachableError` when none does."""
        answers: list[Result] = []
        fault: UnreachableError | None = None
        for url in self.urls:
            try:
                answers.append(asking(self._connection(url)))
            except UnreachableError as error:
                fault = error
        if fault is not None and not answers:
            raise fault
        return answers

    def _connection(self, url: str) -> Connection:
        found = self._connections.get(url)
        if found is None:
            found = self._connections[url] = Connection(url, self.chain_id, timeout=self.timeout)
        return found
