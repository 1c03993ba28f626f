# SPDX-License-Identifier: Apache-2.0
"""What is known of an officer's account."""

from __future__ import annotations

from dataclasses import dataclass

from muniment.chain.connection import Address


@dataclass(frozen=True, slots=True)
class Account:
    """An officer's account: `address` on chain; how it signs in; None for what it does not."""

    name: str
    address: Address
    has_password: bool
    openid_subject: str | None
    created_ms: int
    disabled_ms: int | None
