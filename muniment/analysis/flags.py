# SPDX-License-Identifier: Apache-2.0
"""What happened in a life, as flags over a line: words on poles that never run into words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from muniment.analysis.drawing import text_width
from muniment.analysis.life import ENDING, Life
from muniment.analysis.life_catalogue import Language
from muniment.analysis.life_words import act_words, agency_words
from muniment.record.trace import ActKind

_ROWS: Final = 4
_FEW: Final = 12
_IMPORTANCE: Final = (
    ActKind.REGISTERED,
    ActKind.ENROLLED,
    ActKind.DISPOSED,
    ActKind.REVOKED,
    ActKind.SUPERSEDED,
    ActKind.TRANSFERRED,
    ActKind.HELD,
    ActKind.RELEASED,
    ActKind.AMENDED,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a moment (Unix seconds): its words, and how it is drawn. The
    smaller its `weight`, the sooner its words are shown; None: never."""

    at: float
    words: str
    shape: str
    weight: int | None


@dataclass(frozen=True, slots=True)
class Flag:
    """The words of a mark: in which row over the line, 0 the lowest, where its pole stands, and
    from where to where the words go."""

    words: str
    row: int
    pole: float
    start: float
    end: float

    @property
    def is_right(self) -> bool:
        """Whether the words are to the right of the pole."""
        return self.start == self.pole

    def is_apart(self, other: Flag) -> bool:
        """Whether words lie beside words, and no pole goes through words that hang lower."""
        if self.row == other.row:
            return self.end <= other.start or other.end <= self.start
        high, low = (self, other) if self.row > other.row else (other, self)
        return not low.start - 3 < high.pole < low.end


def marks_of(life: Life, language: Language = Language.ENGLISH) -> list[Mark]:
    """Return what happened in a life, in order."""
    amended = [each for each in life.acts if each.act.kind is ActKind.AMENDED]
    # Of many changes only the latest is worth words.
    hidden = set(map(id, amended[:-1])) if len(amended) > _FEW else set()
    found = [
        Mark(
            each.time,
            act_words(life, each, language),
            "end" if each.act.kind in ENDING else "act",
            None if id(each) in hidden else _IMPORTANCE.index(each.act.kind),
        )
        for each in life.acts
    ]
    if life.taken_over is not None:
        found.append(Mark(life.taken_over.at, language.say("taken-over"), "act", 0))
    entered = life.entered
    if entered is not None:
        if entered.time is not None:
            agency = agency_words(life, entered.agency_id, language)
            words = language.say("entered", agency=agency)
            found.append(Mark(entered.time, words, "claimed", 0))
        if entered.seal is not None:
            found.append(Mark(entered.seal.sealed_at, language.say("sealed"), "act", 1))
    return sorted(found, key=lambda mark: mark.at)


def flags_of(
    marks: list[Mark], place: Callable[[float], float], size: float, right: float
) -> list[Flag]:
    """Return the flags that there is room for, up to `right`, in words of a font size.

    The important marks choose first; another joins where there is place for all of them.
    """
    flags: list[Flag] = []
    chosen: list[int] = []
    candidates = [
        (mark.weight, number) for number, mark in enumerate(marks) if mark.weight is not None
    ]
    for _, number in sorted(candidates):
        more = sorted([*chosen, number], reverse=True)
        found = _stacked([marks[each] for each in more], place, size, right)
        if found is not None:
            flags, chosen = found, more
    return flags


def _stacked(
    marks: list[Mark], place: Callable[[float], float], size: float, right: float
) -> list[Flag] | None:
    """Flags of marks from right to left, each in the lowest row that is free; None where they are
    too many."""
    standing: list[Flag] = []
    for mark in marks:
        x, width = place(mark.at), text_width(mark.words, size) + 12
        start = x if x + width <= right else x - width
        free = (
            flag
            for row in range(_ROWS)
            for flag in (Flag(mark.words, row, x, start, start + width),)
            if all(flag.is_apart(each) for each in standing)
        )
        flag = next(free, None)
        if flag is None:
            return None
        standing.append(flag)
    return standing
