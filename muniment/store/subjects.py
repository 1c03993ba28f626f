# SPDX-License-Identifier: Apache-2.0
"""What an event is about, so that all events of one thing are found and folded together.

| subject | bytes | events |
| --- | --- | --- |
| a record, or a share | its id, 32 bytes | those with `recordId` or `shareId` |
| an agency | its id, 4 bytes | officers, keys, types, holds on its types, replacements |
| a journal | agency id and journal, 4 bytes each | opened, sealed, closed, repudiated, adopted |
| the registry | 4 zero bytes | officers of the whole registry, pause, succession |

No event of one subject changes what is folded of another. Unnumbered events, OpenZeppelin's own,
have no subject and are not kept: each says what a numbered one says too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from muniment.chain.decoding import WORD, EventPlan, event_plans

REGISTRY: Final = bytes(4)
CONTRACTS: Final = {
    "records": "RecordRegistry",
    "agencies": "AgencyRegistry",
    "shares": "ShareRegistry",
}
"""The contracts' names in the table `events`, and those of their artifacts."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An event's plan, and the slices of its topics that are its subject (None: it has none)."""

    plan: EventPlan
    slices: tuple[slice, ...] | None

    def subject(self, topics: bytes) -> bytes:
        """Return the subject of a log of this event; it must have one."""
        if not self.slices:
            return REGISTRY
        if len(self.slices) == 1:
            return topics[self.slices[0]]
        return b"".join([topics[each] for each in self.slices])


@cache
def placed_events(contract: str) -> dict[bytes, Placed]:
    """Return the events of a contract (`records`, `agencies`, `shares`) by first topic."""
    return {
        topic: Placed(plan, _slices(plan))
        for topic, plan in event_plans(CONTRACTS[contract]).items()
    }


def _slices(plan: EventPlan) -> tuple[slice, ...] | None:
    if not plan.numbered:
        return None
    indexed = [item["name"] for item in plan.inputs if item["indexed"]]
    whole = [slice(at * WORD, (at + 1) * WORD) for at in range(len(indexed) + 1)]
    for place, name in enumerate(indexed, start=1):
        if name in {"recordId", "shareId"}:
            return (whole[place],)
    return tuple(
        slice((place + 1) * WORD - 4, (place + 1) * WORD)
        for place, name in enumerate(indexed, start=1)
        if name in {"agencyId", "journal"}
    )
