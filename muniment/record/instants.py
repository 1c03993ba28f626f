# SPDX-License-Identifier: Apache-2.0
"""Moments as text, in UTC: as RFC 3339 has them where programs read them, shorter for people."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(seconds: float) -> str:
    """Return Unix seconds as RFC 3339 has them, whole seconds."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def instant_or_none(seconds: float | None) -> str | None:
    """Return an instant, None where there is none, or it is 0."""
    return None if not seconds else instant(seconds)


def precise_instant(milliseconds: int) -> str:
    """Return Unix milliseconds as RFC 3339 has them, with three digits after the second."""
    whole, rest = divmod(milliseconds, 1000)
    return f"{instant(whole).removesuffix('Z')}.{rest:03d}Z"


def in_words(seconds: float) -> str:
    """Return Unix seconds as people read them, 2026-11-22 22:40:07."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"


def day_of(seconds: float) -> str:
    """Return the day of a moment, 2026-11-22."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
