# SPDX-License-Identifier: Apache-2.0
"""What the registry knows, for analysis: provenance, pictures, archives, frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from muniment.analysis.framing import Frames
    from muniment.registry import Registry

__all__ = ["frames"]


def frames(registry: Registry) -> Frames:
    """Return the registry's records, versions, acts, shares, reads and seals as pandas frames.

    Raises `InvalidInputError` where pandas and what else they need are not installed.
    """
    from muniment.analysis.arrow_reading import analysis_package  # noqa: PLC0415  (heavy)

    # All that takes its time to load is loaded now, and not with the first frame.
    for name in ("pandas", "pyarrow", "adbc_driver_manager", "adbc_driver_manager.dbapi"):
        analysis_package(name)
    from muniment.analysis.framing import Frames  # noqa: PLC0415

    return Frames(registry)
