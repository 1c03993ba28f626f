# SPDX-License-Identifier: Apache-2.0
"""A time axis for lives: seconds and decades on one line.

Between neighbouring moments the axis is as long as the time is, but never so short that two moments
fall together, nor so long that a quiet time pushes all else aside: such a time is cut, and said to
be.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from typing import Final, TypeVar

from muniment.analysis.life_catalogue import Language

Moment = TypeVar("Moment")

_DAY: Final = 86_400
_YEAR: Final = 365.25 * _DAY
_CLEAR: Final = 26.0
"""Points between two moments, where there is room."""
_LONGEST: Final = 0.34
"""The share of the axis that one quiet time may take, where there are several."""
_SPANS: Final = (
    (_YEAR, "year"),
    (_YEAR / 12, "month"),
    (_DAY, "day"),
    (3600, "hour"),
    (60, "minute"),
    (1, "second"),
)


@dataclass(frozen=True, slots=True)
class Cut:
    """A quiet time that is shown shorter than it was: its middle on the axis, and its seconds."""

    x: float
    seconds: float


class TimeScale:
    """Places of moments (Unix seconds) between `left` and `right`."""

    def __init__(self, moments: Iterable[float], left: float, right: float) -> None:
        """Take the moments that must be told apart; the first and the last are the ends."""
        self.moments = sorted(set(moments))
        self.left, self.right = left, right
        spans = [later - earlier for earlier, later in pairwise(self.moments)]
        widths, longest = _widths(spans, right - left)
        self._places = list(accumulate(widths, initial=left))
        self.cuts = [
            Cut((self._places[place] + self._places[place + 1]) / 2, span)
            for place, (span, width) in enumerate(zip(spans, widths, strict=True))
            if longest is not None and width >= longest
        ]

    def __call__(self, moment: float) -> float:
        """Return the place of a moment; those outside lie at the ends."""
        if moment <= self.moments[0]:
            return self.left
        if moment >= self.moments[-1]:
            return self._places[-1]
        place = bisect_right(self.moments, moment) - 1
        start, end = self.moments[place], self.moments[place + 1]
        part = (moment - start) / (end - start)
        return self._places[place] + part * (self._places[place + 1] - self._places[place])

    def ticks(self, apart: float) -> list[float]:
        """Return moments to be labelled, at least `apart` from one another, the ends first."""
        chosen: list[float] = []
        last = self.moments[-1]
        for moment in [self.moments[0], last, *self.moments[1:-1]]:
            if all(abs(self(moment) - self(each)) >= apart for each in chosen):
                chosen.append(moment)
        return sorted(chosen)


def clusters(
    values: list[Moment], place: Callable[[Moment], float], apart: float
) -> list[tuple[float, list[Moment]]]:
    """Return values in groups, each with the middle of its places: those nearer than `apart` to the
    first of a group are in it."""
    found: list[list[Moment]] = []
    begun = float("-inf")
    for each in values:
        x = place(each)
        if found and x - begun < apart:
            found[-1].append(each)
        else:
            found.append([each])
            begun = x
    return [(sum(map(place, each)) / len(each), each) for each in found]


def _widths(spans: list[float], width: float) -> tuple[list[float], float | None]:
    """The widths of spans, which add up to `width`, and the greatest; None where none was cut."""
    if not spans:
        return [], None
    shortest = min(_CLEAR, width / (2 * len(spans)))
    longest = max(_LONGEST * width, width / len(spans)) if len(spans) > 1 else width

    def at(scale: float) -> list[float]:
        return [min(max(shortest, scale * span), longest) for span in spans]

    low, high = 0.0, width / min(spans)
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(at(middle)) < width else (low, middle)
    found = at(high)
    # What bisection left over goes to all alike.
    stretch = width / sum(found)
    linear = width / sum(spans)
    is_cut = any(
        each >= longest and linear * span > 1.5 * longest
        for each, span in zip(found, spans, strict=True)
    )
    return [each * stretch for each in found], longest * stretch if is_cut else None


def span_words(seconds: float, language: Language = Language.ENGLISH) -> str:
    """Return a length of time in its greatest unit: "11 years"."""
    for unit, name in _SPANS:
        count = round(seconds / unit)
        if count >= 2 or (count == 1 and unit == 1):
            return language.say(f"span.{name}{'' if count == 1 else 's'}", count=f"{count:,}")
    return language.say("span.less")


def moment_words(moment: float, span: float, language: Language = Language.ENGLISH) -> str:
    """Return a moment as short as the span of the axis (seconds) allows, in UTC."""
    at = datetime.fromtimestamp(moment, UTC)
    if span <= 120:
        return f"{at:%H:%M:%S}"
    if language is Language.CHINESE:
        day = f"{at.month}月{at.day}日"
        return f"{at.year}年{day}" if span > 3 * _DAY else f"{day} {at:%H:%M}"
    return f"{at.day} {at:%b %Y}" if span > 3 * _DAY else f"{at.day} {at:%b %H:%M}"
