# SPDX-License-Identifier: Apache-2.0
"""The plans of queries again, on PostgreSQL."""

from __future__ import annotations

from tests.unit.store.test_query_plans import *  # noqa: F403
