# SPDX-License-Identifier: Apache-2.0
"""A record's history: its acts, and what is not on chain or not complete, labelled as such."""

from __future__ import annotations

from muniment.registry.history.gathering import full_history
from muniment.registry.history.lines import History, HistoryLine, Kind

__all__ = ["History", "HistoryLine", "Kind", "full_history"]
