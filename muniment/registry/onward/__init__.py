# SPDX-License-Identifier: Apache-2.0
"""What this agency received: shown here, proven as received, and shown to others if it may be.

with Registry.open("safety.toml") as registry:
    proof = registry.received.prove(record)
"""

from __future__ import annotations

from muniment.registry.onward.facade import Received

__all__ = ["Received"]
