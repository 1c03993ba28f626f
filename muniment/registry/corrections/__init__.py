# SPDX-License-Identifier: Apache-2.0
"""Corrections: a recipient says what is wrong in a record it was given; its custodian decides.

with Registry.open("safety.toml") as registry:
    registry.corrections.request(record, "wrong airport", target, fields={"airport": "SEA"})
"""

from __future__ import annotations

from muniment.registry.corrections.facade import Corrections

__all__ = ["Corrections"]
