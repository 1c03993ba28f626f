# SPDX-License-Identifier: Apache-2.0
"""The lines of a history, and what proves each."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from muniment.record.identifiers import RecordId
from muniment.registry.session import Session

OUR_WORD: Final = "this agency's word"
"""What proves a line that nothing but this agency's own database has."""


class Kind(enum.StrEnum):
    """What a line is about. Of one moment they come in this order."""

    ENTRY = "entry"
    """The journal's entry that registered the record."""
    ACT = "act"
    """An act: the chain's, complete and checked."""
    CUSTODY = "custody"
    """A hand-over of custody with the content."""
    SHARE = "share"
    """A request, grant, denial or revocation, or a receipt: the chain's."""
    DELIVERY = "delivery"
    """Content that went to another agency, or came from one."""
    CORRECTION = "correction"
    """A request for a correction, or the answer to one: signed by its sender."""
    READ = "read"
    """Content that was shown here."""
    ATTEMPT = "attempt"
    """What was refused here."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """Something that happened to a record, at `time` (Unix seconds).

    `who` did it, or says that it happened; `note` is a purpose or a reason in words; `proof` says
    what proves the line. `values` are what JSON shows of it.
    """

    kind: Kind
    time: float
    what: str
    who: str
    version: int | None
    note: str
    proof: str
    values: Mapping[str, Any] = field(default_factory=dict)


Source = Callable[[Session, RecordId], Iterable[HistoryLine]]
"""Tells the lines of some kind about a record. May raise `UnreachableError`: the others go on."""


@dataclass(frozen=True, slots=True)
class History:
    """All lines about a record, by time.

    `unread` are the kinds that the chain has and no node answered for, with the reason in
    `unreachable`.
    """

    record_id: RecordId
    lines: tuple[HistoryLine, ...]
    unread: frozenset[Kind]
    unreachable: str

    def of(self, kind: Kind) -> list[HistoryLine] | None:
        """Return the lines of a kind, None where they could not be read."""
        return None if kind in self.unread else [each for each in self.lines if each.kind is kind]


def on_chain(block: int) -> str:
    """Return the proof of a line that stands in a block."""
    return f"on chain, block {block}"
