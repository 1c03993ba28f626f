# SPDX-License-Identifier: Apache-2.0
"""Instants as answers and events have them."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(seconds: float) -> str:
    """Return Unix seconds as RFC 3339 has them, in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def instant_or_none(seconds: float | None) -> str | None:
    """Return an instant, None where there is none."""
    return None if not seconds else instant(seconds)
