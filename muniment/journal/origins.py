# SPDX-License-Identifier: Apache-2.0
"""The names of journals in their checkpoints."""

from __future__ import annotations

from muniment.record.identifiers import Lineage


def origin_of(lineage: Lineage, agency_id: int, journal: int) -> str:
    """Return a journal's name in its checkpoints, unlike that of any other journal anywhere."""
    return f"muniment/{lineage.hex()}/{agency_id}/{journal}"
