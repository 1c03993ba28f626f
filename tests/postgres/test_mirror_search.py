# SPDX-License-Identifier: Apache-2.0
"""Searches of the mirror again, on PostgreSQL."""

from __future__ import annotations

from tests.unit.store.test_mirror_search import *  # noqa: F403
