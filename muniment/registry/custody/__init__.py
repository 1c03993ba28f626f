# SPDX-License-Identifier: Apache-2.0
"""Custody with its content: offered in a package, checked before it is accepted, taken in, closed.

with Registry.open("archive.toml") as registry:
    accepted = registry.handovers.accept(path)
"""

from __future__ import annotations

from muniment.registry.custody.facade import Handovers

__all__ = ["Handovers"]
