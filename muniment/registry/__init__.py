# SPDX-License-Identifier: Apache-2.0
"""The façade that agencies call.

with Registry.open("aviation.toml") as registry:
    submission = registry.register("wildlife-strike", report, source_id="1990-000123")
    submission.wait("final")
"""

from __future__ import annotations

from muniment.registry.access_entries import Access, AccessEntry
from muniment.registry.facade import Registry, record_id_of
from muniment.registry.new_content import NewContent
from muniment.registry.profile import AgencyProfile, ChainProfile, KeysProfile, Profile
from muniment.registry.reading import KeptVersion, Standing
from muniment.registry.submission import (
    RefusedError,
    Stage,
    StillWaitingError,
    Submission,
)
from muniment.registry.unkept import UnkeptVersionError

__all__ = [
    "Access",
    "AccessEntry",
    "AgencyProfile",
    "ChainProfile",
    "KeptVersion",
    "KeysProfile",
    "NewContent",
    "Profile",
    "RefusedError",
    "Registry",
    "Stage",
    "Standing",
    "StillWaitingError",
    "Submission",
    "UnkeptVersionError",
    "record_id_of",
]
