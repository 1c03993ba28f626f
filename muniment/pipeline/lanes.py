# SPDX-License-Identifier: Apache-2.0
"""Who sends, and what a step of sending did."""

from __future__ import annotations

from dataclasses import dataclass

from muniment.chain.accounts import Signer
from muniment.store.leases import Lease


@dataclass(frozen=True, slots=True)
class Lane:
    """An account that sends. Without a signer it only sees to what was signed before.

    `shared` lanes are OPERATOR keys: they take what names no account. Others take what names
    them. `in_flight` is how many transactions are on their way at a time.
    """

    account: str
    signer: Signer | None = None
    shared: bool = False
    in_flight: int = 1
    lease: Lease | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """What one step did, in transactions; `open` are still to be decided or final."""

    signed: int
    sent: int
    settled: int
    open: int

    @property
    def moved(self) -> bool:
        """Whether anything happened."""
        return bool(self.signed or self.sent or self.settled)
