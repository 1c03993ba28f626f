# SPDX-License-Identifier: Apache-2.0
"""What became of an envelope that another agency sent."""

from __future__ import annotations

from dataclasses import dataclass

from muniment.registry.exchange.shares import ShareView
from muniment.registry.submission import Submission
from muniment.store.envelopes import EnvelopeRow


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What was taken in, and what followed: the act that was submitted because of it, None for
    none; `count` how many records were in it, `evidence` how many evidence files held."""

    row: EnvelopeRow
    submission: Submission | None = None
    count: int = 0
    evidence: int = 0
    share: ShareView | None = None
