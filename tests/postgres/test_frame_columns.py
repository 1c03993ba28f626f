# SPDX-License-Identifier: Apache-2.0
"""The columns of frames again, read from PostgreSQL."""

from __future__ import annotations

from tests.unit.analysis.test_columns import *  # noqa: F403
