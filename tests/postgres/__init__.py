# SPDX-License-Identifier: Apache-2.0
"""Tests on a real PostgreSQL, started for them; those that run on SQLite too are imported."""
