# SPDX-License-Identifier: Apache-2.0
"""A picture of a record's life: time from left to right, and a lane for each thing one asks of it.

It is for somebody who never saw one: what happened, which content stood when, who kept it, when it
might not be changed, with whom it was shared, who was shown it. Words say what colours say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from muniment.analysis.drawing import Drawing, fitting, text_width
from muniment.analysis.flags import Flag, Mark, flags_of, marks_of
from muniment.analysis.life import Delivery, Life
from muniment.analysis.life_bars import Bar, lanes_of, rows_of, told_apart
from muniment.analysis.life_catalogue import Language
from muniment.analysis.life_words import (
    agency_words,
    short_id,
    sources_of,
    standing_words,
    story,
    time_words,
    type_words,
)
from muniment.analysis.timescale import TimeScale, clusters, moment_words, span_words

_WIDTH: Final = 1120.0
_LEFT: Final = 158.0
_RIGHT: Final = _WIDTH - 40.0
_MARGIN: Final = 28.0
_LABEL: Final = 12.5
_FLAG_ROW: Final = 19.0
_BAR: Final = 22.0
_ROW: Final = 28.0
_GAP: Final = 16.0
_TICKS_APART: Final = 92.0
_DOTS_APART: Final = 11.5
_COUNTS_APART: Final = 30.0


def picture(life: Life, language: Language = Language.ENGLISH) -> str:
    """Return the picture of a life, an SVG file for light and dark pages."""
    return _Picture(life, language).draw()


class _Picture:
    """The drawing of one life; `y` is how far down it is."""

    def __init__(self, life: Life, language: Language) -> None:
        """Lay the time axis over all moments that must be told apart."""
        self.language, self.say = language, language.say
        self.life, self.true_times = told_apart(life)
        times = self._times()
        self.now = float(max(life.trace.block.timestamp, max(times) + 1))
        self.true_times[int(self.now)] = life.trace.block.timestamp
        self.scale = TimeScale([*times, self.now], _LEFT, _RIGHT)
        self.marks = marks_of(self.life, language)
        lanes = lanes_of(self.life, self.now, language)
        self.lanes = [(name, rows_of(bars)) for name, bars in lanes]
        named = {"type": type_words(life, language), "record": short_id(life.record_id)}
        title = self.say("picture.title", **named)
        self.drawing = Drawing(_WIDTH, title, story(life, language), language.tag)
        self.y = 0.0
        self.used: set[str] = set()

    def _times(self) -> list[float]:
        life, found = self.life, [float(each.time) for each in self.life.acts]
        if life.entered is not None:
            found += [life.entered.time] if life.entered.time is not None else []
            found += [life.entered.seal.sealed_at] if life.entered.seal is not None else []
        found += [] if life.taken_over is None else [float(life.taken_over.at)]
        begun = min(found, default=float(life.trace.block.timestamp))
        for hold in life.holds:
            # A hold on the type may be older than the record.
            found += [each for each in (hold.since, hold.until) if each and each >= begun]
        for share in life.shares:
            found += [each for each in (share.granted_at, share.ended_at) if each]
            found.append(share.requested_at)
        found += [each.made_at for each in life.deliveries]
        if life.reads:
            found += [life.reads[0].read_ms / 1000, life.reads[-1].read_ms / 1000]
        return found or [begun]

    def draw(self) -> str:
        """Draw from top to bottom."""
        self._head()
        flags = flags_of(self.marks, self.scale, _LABEL, _WIDTH - _MARGIN)
        top = self.y + _FLAG_ROW * (max((each.row for each in flags), default=0) + 1)
        bottom = self._height_of_lanes(top)
        self._guides(top, bottom)
        self._flags(flags, top)
        self._dots(top)
        self.y = top + 24.0
        for name, rows in self.lanes:
            self._lane(name, rows)
        if self.life.deliveries:
            self._deliveries()
        if self.life.reads:
            self._reads()
        self._axis(bottom)
        self._foot()
        return self.drawing.to_svg(self.y + 20.0)

    # --- head -------------------------------------------------------------------------------------

    def _head(self) -> None:
        draw, life = self.drawing, self.life
        draw.heading(_MARGIN, 42, type_words(life, self.language), short_id(life.record_id))
        standing = fitting(standing_words(life, self.language), 14, _WIDTH - 340)
        draw.text(_MARGIN, 66, standing, size=14)
        block = life.trace.block
        at, number = time_words(block.timestamp), f"{block.number:,}"
        seen = self.say("picture.as-of", time=at, block=number)
        draw.text(_WIDTH - _MARGIN, 66, seen, size=12, kind="muted", anchor="end")
        draw.line(_MARGIN, 82, _WIDTH - _MARGIN, 82, "rule")
        self.y = 98.0

    # --- what happened ----------------------------------------------------------------------------

    def _flags(self, flags: list[Flag], line: float) -> None:
        draw = self.drawing
        draw.text(_MARGIN, line + 4, self.say("picture.acts"), size=_LABEL, weight=600)
        draw.line(_LEFT, line, _RIGHT, line, "axis")
        for each in flags:
            y = line - 16 - each.row * _FLAG_ROW
            draw.line(each.pole, y - 9, each.pole, line, "pole")
            x, anchor = (each.pole + 6, None) if each.is_right else (each.pole - 6, "end")
            draw.text(x, y, each.words, size=_LABEL, anchor=anchor)

    def _dots(self, line: float) -> None:
        def place(mark: Mark) -> float:
            return self.scale(mark.at)

        groups = clusters(self.marks, place, _DOTS_APART)
        if len(groups) < len(self.marks):
            groups = clusters(self.marks, place, _COUNTS_APART)
        for x, together in groups:
            hints = [
                self.say("picture.moment", words=each.words, time=self._when(each.at))
                for each in together
            ]
            if len(together) > 1:
                self._count(x, line, len(together), "open", hints)
                self.used.add("several")
            else:
                self._shape(together[0].shape, x, line, hints[0])

    def _when(self, at: float) -> str:
        """A moment as it was, which in the picture may lie a second later, in words."""
        return time_words(self.true_times.get(int(at), at))

    def _shape(self, shape: str, x: float, y: float, hint: str) -> None:
        self.used.add(shape)
        if shape == "end":
            path = f"M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10"
            self.drawing.add("path", d=path, kind="end", stroke_width=3.0, fill="none", hint=hint)
        elif shape == "claimed":
            self.drawing.add("circle", cx=x, cy=y, r=5.0, kind="open", stroke_width=2.0, hint=hint)
        else:
            self.drawing.add("circle", cx=x, cy=y, r=5.5, kind="act", hint=hint)

    def _count(self, x: float, y: float, count: int, kind: str, hints: Iterable[str]) -> None:
        words = f"{count:,}"
        width = text_width(words, 11) + 12
        self.drawing.add(
            "rect",
            x=x - width / 2,
            y=y - 9,
            width=width,
            height=18.0,
            rx=9.0,
            kind=kind,
            hint="\n".join(list(hints)[:20]),
        )
        words_kind = "on-read" if kind == "read" else None
        self.drawing.text(x, y + 4, words, size=11, anchor="middle", kind=words_kind, weight=600)

    # --- lanes ------------------------------------------------------------------------------------

    def _height_of_lanes(self, top: float) -> float:
        rows, lanes = sum(len(rows) for _, rows in self.lanes), len(self.lanes)
        single = bool(self.life.deliveries) + bool(self.life.reads)
        return top + 24.0 + (rows + single) * _ROW + (lanes + single) * _GAP

    def _lane(self, name: str, rows: list[list[Bar]]) -> None:
        self.drawing.text(_MARGIN, self.y + _BAR / 2 + 4.5, name, size=_LABEL, weight=600)
        for number, row in enumerate(rows):
            for bar in row:
                self._bar(bar, self.y + number * _ROW, is_last=bar is row[-1])
        self.y += len(rows) * _ROW + _GAP

    def _bar(self, bar: Bar, y: float, *, is_last: bool) -> None:
        self.used.add(bar.kind)
        x = self.scale(bar.since)
        width = max(self.scale(bar.until) - x, 3.0)
        # A hair's breadth apart, so that neighbours are seen to be two.
        shown = width - 1.5 if width > 4 else width
        self.drawing.add(
            "rect",
            x=x,
            y=y,
            width=shown,
            height=_BAR,
            rx=min(4.0, shown / 2),
            kind=bar.kind,
            stroke_dasharray="4 3" if bar.is_dashed else None,
            hint=self.say(
                "bar.hint",
                words=bar.words,
                since=self._when(bar.since),
                until=self._when(bar.until),
            ),
        )
        words = fitting(bar.words, 12, shown - 14)
        if words:
            self.drawing.text(x + 7, y + 15.5, words, size=12, kind=bar.words_kind or None)
        elif bar.kind in ("hold", "share", "asked") and is_last:
            beside = fitting(bar.words, 12, _RIGHT - x - shown - 8)
            self.drawing.text(x + shown + 5, y + 15.5, beside, size=12, kind="muted")

    def _deliveries(self) -> None:
        y = self.y + _BAR / 2
        self.drawing.text(_MARGIN, y + 4.5, self.say("lane.deliveries"), size=_LABEL, weight=600)
        deliveries = list(self.life.deliveries)
        for x, together in clusters(
            deliveries, lambda each: self.scale(each.made_at), _COUNTS_APART
        ):
            hints = [self._delivery_words(each) for each in together]
            if len(together) > 1:
                self._count(x, y, len(together), "open", hints)
                self.used.add("several")
                continue
            self._triangle(x, y, _delivery_kind(together[0]), hints[0])
        self.y += _ROW + _GAP

    def _delivery_words(self, delivery: Delivery) -> str:
        agency = agency_words(self.life, delivery.recipient, self.language)
        values = {"agency": agency, "time": time_words(delivery.made_at)}
        if delivery.received_at is None:
            return self.say("picture.delivered", **values)
        return self.say("picture.received", **values, received=time_words(delivery.received_at))

    def _triangle(self, x: float, y: float, kind: str, hint: str | None = None) -> None:
        self.used.add(kind)
        path = f"M{x - 5:.1f} {y - 6:.1f}l11 6l-11 6z"
        self.drawing.add("path", d=path, kind=kind, stroke_width=1.5, hint=hint)

    def _reads(self) -> None:
        self.used.add("read")
        y = self.y + _BAR / 2
        self.drawing.text(_MARGIN, y + 4.5, self.say("lane.reads"), size=_LABEL, weight=600)
        moments = [each.read_ms / 1000 for each in self.life.reads or ()]
        for x, together in clusters(moments, self.scale, _COUNTS_APART):
            if len(together) > 1:
                hints = [time_words(each) for each in together]
                self._count(x, y, len(together), "read", hints)
            else:
                hint = self.say("picture.read", time=time_words(together[0]))
                self.drawing.add("circle", cx=x, cy=y, r=4.5, kind="read", hint=hint)
        self.y += _ROW + _GAP

    # --- axis and foot ----------------------------------------------------------------------------

    def _guides(self, top: float, bottom: float) -> None:
        places = sorted({round(self.scale(mark.at), 1) for mark in self.marks})
        if len(places) > 40:
            return
        for x in places:
            self.drawing.line(x, top, x, bottom, "guide", stroke_dasharray="2 4")

    def _axis(self, y: float) -> None:
        draw, scale = self.drawing, self.scale
        draw.line(_LEFT, y, _RIGHT, y, "axis", stroke_width="1.5")
        span = scale.moments[-1] - scale.moments[0]
        said: set[str] = set()
        for moment in scale.ticks(_TICKS_APART):
            x, at = scale(moment), self.true_times.get(int(moment), moment)
            # The same day twice says nothing: then the time of day does, unless that is the same.
            words = next(
                (
                    each
                    for each in (
                        moment_words(at, span, self.language),
                        moment_words(at, 0, self.language),
                    )
                    if each not in said
                ),
                None,
            )
            if words is None:
                continue
            said.add(words)
            draw.line(x, y, x, y + 6, "axis")
            is_end = x > _RIGHT - 40
            draw.text(
                _RIGHT if is_end else x,
                y + 21,
                words,
                size=12,
                anchor="end" if is_end else "middle",
            )
        for cut in scale.cuts:
            self.used.add("cut")
            words = self.say("picture.later", span=span_words(cut.seconds, self.language))
            width = text_width(words, 11) + 14
            draw.add(
                "rect",
                x=cut.x - width / 2,
                y=y - 9,
                width=width,
                height=18.0,
                rx=9.0,
                kind="cut",
                stroke_dasharray="3 2",
            )
            draw.text(cut.x, y + 4, words, size=11, anchor="middle", kind="muted")
        draw.text(_MARGIN, y + 21, self.say("picture.time"), size=12, kind="muted")
        self.y = y + 44.0

    def _foot(self) -> None:
        draw = self.drawing
        draw.line(_MARGIN, self.y, _WIDTH - _MARGIN, self.y, "rule")
        self.y += 24.0
        x = _MARGIN
        for key in _LEGEND:
            if key not in self.used:
                continue
            words = self.say(f"legend.{key}")
            width = 22 + text_width(words, 12) + 20
            if x + width > _WIDTH - _MARGIN:
                x, self.y = _MARGIN, self.y + 22.0
            self._key(key, x + 7, self.y - 4)
            draw.text(x + 22, self.y, words, size=12, kind="muted")
            x += width
        self.y += 24.0
        for line in sources_of(self.life, self.language):
            draw.text(_MARGIN, self.y, line, size=12, kind="muted")
            self.y += 18.0
        self.y -= 14.0

    def _key(self, key: str, x: float, y: float) -> None:
        draw = self.drawing
        if key in ("act", "end", "claimed"):
            self._shape(key, x, y, self.say(f"legend.{key}"))
        elif key == "read":
            draw.add("circle", cx=x, cy=y, r=4.5, kind="read")
        elif key.startswith("delivery"):
            self._triangle(x, y, key)
        elif key == "several":
            self._count(x, y, 3, "open", [self.say("picture.several")])
        elif key in ("asked", "cut"):
            draw.add(
                "rect",
                x=x - 7,
                y=y - 6,
                width=15.0,
                height=12.0,
                rx=3.0,
                kind=key,
                stroke_dasharray="4 3",
            )
        else:
            draw.add("rect", x=x - 7, y=y - 6, width=15.0, height=12.0, rx=3.0, kind=key)


_LEGEND: Final = (
    "act",
    "claimed",
    "end",
    "several",
    "hold",
    "asked",
    "delivery",
    "delivery received",
    "read",
    "cut",
)


def _delivery_kind(delivery: Delivery) -> str:
    return "delivery" if delivery.received_at is None else "delivery received"
