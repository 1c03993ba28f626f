# SPDX-License-Identifier: Apache-2.0
"""Tables of other releases again, on PostgreSQL."""

from __future__ import annotations

from tests.unit.store.test_migrations import *  # noqa: F403
