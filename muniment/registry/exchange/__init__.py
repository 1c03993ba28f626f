# SPDX-License-Identifier: Apache-2.0
"""What this agency exchanges with others: shares, deliveries, messages.

with Registry.open("safety.toml") as registry:
    asked = registry.exchange.request(1, terms, record_type="wildlife-strike", target=path)
"""

from __future__ import annotations

from muniment.registry.exchange.facade import Exchange

__all__ = ["Exchange"]
