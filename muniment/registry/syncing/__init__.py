# SPDX-License-Identifier: Apache-2.0
"""Live sync: tables and queries of other databases are followed, row by row."""

from __future__ import annotations

from muniment.registry.syncing.facade import Syncing
from muniment.registry.syncing.outcome import (
    COMPARISON,
    WATERMARK,
    SyncOptions,
    SyncPass,
    SyncTally,
)
from muniment.registry.syncing.vanished import Decision, VanishedRow

__all__ = [
    "COMPARISON",
    "WATERMARK",
    "Decision",
    "SyncOptions",
    "SyncPass",
    "SyncTally",
    "Syncing",
    "VanishedRow",
]
