# SPDX-License-Identifier: Apache-2.0
"""Witnesses: somebody outside of the validators who follows blocks and journals, and co-signs them.

What a witness promises: docs/spec/witness.md. How one is run: docs/guides/witness.md.
"""

from muniment.operations.witness.settings import (
    FollowedJournal,
    NamedValidators,
    WitnessSettings,
)
from muniment.operations.witness.witness import Round, Witness, create

__all__ = [
    "FollowedJournal",
    "NamedValidators",
    "Round",
    "Witness",
    "WitnessSettings",
    "create",
]
