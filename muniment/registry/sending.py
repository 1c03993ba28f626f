# SPDX-License-Identifier: Apache-2.0
"""Sending from a command: it takes the leases of its lanes for its own duration.

Where `muniment run` holds a lane, a command only looks on. What no lane here can sign, because its
keystore is not in the profile, waits.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Iterable
from contextlib import ExitStack
from dataclasses import replace
from typing import Final, Self

from muniment.chain.connection import Address
from muniment.pipeline.lanes import Lane
from muniment.pipeline.sender import OutboxSender
from muniment.registry.session import Session
from muniment.store.leases import Lease

_LEAST_IN_FLIGHT: Final = 64
_RECORDS_IN_FLIGHT: Final = 512


def holder_name() -> str:
    """Return how this process calls itself in leases."""
    return f"{socket.gethostname()}:{os.getpid()}"


def in_flight(batch: int) -> int:
    """Return how many transactions of `batch` registrations a shared lane has on its way.

    A chain of validators makes one block a second: what is not on its way by then waits for the
    next one. Few small transactions at a time would be all that a lane could do a second.
    """
    return max(_LEAST_IN_FLIGHT, _RECORDS_IN_FLIGHT // batch)


def lane_lease(account: str) -> str:
    """Return the name of the lease that one must hold to send for an account."""
    return f"lane {account}"


class Sending:
    """The lanes that this process can have. Use it as a context: its end gives the leases back."""

    def __init__(self, session: Session, *, all_operators: bool = False) -> None:
        """Take nothing yet.

        `all_operators` is the daemon's way: it sends by every OPERATOR key and signs by no other;
        what an officer has signed it sees to, and holds the officer's lane no longer than that;
        what an officer must sign waits for the officer.
        """
        self._session = session
        self._held: dict[Address, ExitStack] = {}
        self._lanes: dict[Address, Lane] = {}
        self._officers: set[Address] = set()
        self._all_operators = all_operators

    def step(self, needed: Collection[tuple[str | None, bool]]) -> bool:
        """Take the lanes that are `needed` (account, and whether to sign), and send.

        Returns whether anything moved.

        Raises `UnreachableError`, `LeaseLostError`, and what unlocking a keystore raises.
        """
        if needed:
            self._take(needed)
        else:
            self._let_officers_go(())
        if not needed or not self._lanes:
            return False
        session = self._session
        sender = OutboxSender(
            session.database,
            session.nodes,
            list(self._lanes.values()),
            finality_depth=session.profile.chain.finality_depth,
            batch=session.profile.batch,
        )
        return sender.step().moved

    def __enter__(self) -> Self:
        """Use as a context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the leases back."""
        for account in list(self._lanes):
            self._give_back(account)

    def _take(self, needed: Iterable[tuple[str | None, bool]]) -> None:
        session = self._session
        keystores, operators = session.keystores(), session.operators()
        machines = session.machines() if self._all_operators else None
        wanted: dict[Address, bool] = {}
        for named, signs in needed:
            for account in self._accounts_for(named, operators):
                if signs and machines is not None and account not in machines:
                    continue
                wanted[account] = wanted.get(account, False) or signs
        self._let_officers_go(wanted)
        for account, signs in sorted(wanted.items()):
            lane = self._lanes.get(account) or self._new_lane(account, operators)
            if lane is None:
                continue
            # Given back in the end, even if its keystore does not open.
            self._lanes[account] = lane
            if machines is not None and account not in machines:
                self._officers.add(account)
            # Unlocking a keystore takes a second, and somebody's password: only to sign.
            if signs and lane.signer is None and account in keystores:
                self._lanes[account] = replace(lane, signer=session.signer(keystores[account]))

    def _let_officers_go(self, wanted: Collection[Address]) -> None:
        """Give officers' lanes back for whom nothing is on its way: they send by themselves too."""
        for account in self._officers.difference(wanted):
            self._give_back(account)

    def _give_back(self, account: Address) -> None:
        del self._lanes[account]
        self._officers.discard(account)
        self._held.pop(account).close()

    def _accounts_for(self, named: str | None, operators: set[Address]) -> list[Address]:
        if named is not None:
            return [Address(named)]
        if operators:
            return sorted(operators)[: None if self._all_operators else 1]
        officer = self._session.profile.keys.officer
        return [] if officer is None else [self._session.officer]

    def _new_lane(self, account: Address, operators: set[Address]) -> Lane | None:
        database = self._session.database
        lease = Lease.acquire(database, lane_lease(account), holder=holder_name())
        if lease is None:
            return None
        self._held[account] = ExitStack()
        self._held[account].enter_context(lease.kept())
        shared = account in operators or not operators
        room = in_flight(self._session.profile.batch) if shared else 1
        return Lane(account, None, shared, room, lease)
