# SPDX-License-Identifier: Apache-2.0
"""What lasted in a life, as bars: versions, custody, holds, shares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from muniment.analysis.life import ENDING, Hold, Life, LifeShare, holds_of
from muniment.analysis.life_catalogue import Language
from muniment.analysis.life_words import agency_words, share_words
from muniment.chain.traces import TracedAct
from muniment.record.state import Status
from muniment.record.trace import ActKind

_FIRST: Final = (ActKind.REGISTERED, ActKind.ENROLLED)
_MOST_ROWS: Final = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that lasted: from, to (Unix seconds), its words, and the classes of both."""

    since: float
    until: float
    words: str
    kind: str
    words_kind: str = "on-dark"
    is_dashed: bool = False


def told_apart(life: Life) -> tuple[Life, dict[int, int]]:
    """Return a life whose acts of one second are a second apart, and the true times by these."""
    acts: list[TracedAct] = []
    true_times: dict[int, int] = {}
    for each in life.acts:
        at = max(each.time, acts[-1].time + 1) if acts else each.time
        true_times[at] = each.time
        acts.append(replace(each, time=at))
    on_type = [each for each in life.holds if each.on_type]
    trace = replace(life.trace, acts=tuple(acts))
    holds = (*holds_of(acts, life.taken_over), *on_type)
    return replace(life, trace=trace, holds=holds), true_times


def lanes_of(
    life: Life, now: float, language: Language = Language.ENGLISH
) -> list[tuple[str, list[Bar]]]:
    """Return the lanes that have something in them, by name, up to `now` (Unix seconds)."""
    named = [
        ("content", _versions(life, now, language)),
        ("custody", _custody(life, now, language)),
        ("holds", [_hold(each, now, language) for each in life.holds]),
        ("shares", [_share(life, each, now, language) for each in life.shares]),
    ]
    return [(language.say(f"lane.{name}"), bars) for name, bars in named if bars]


def rows_of(bars: list[Bar]) -> list[list[Bar]]:
    """Return bars in rows: those that overlap go into rows of their own, down to a last one for
    all that is left."""
    rows: list[list[Bar]] = []
    for bar in bars:
        free = next((row for row in rows if row[-1].until <= bar.since), None)
        if free is not None:
            free.append(bar)
        elif len(rows) < _MOST_ROWS:
            rows.append([bar])
        else:
            rows[-1].append(bar)
    return rows


def _versions(life: Life, now: float, language: Language) -> list[Bar]:
    starts = _begun(life, *_FIRST, ActKind.AMENDED)
    if not starts:
        return []
    taken = life.taken_over
    if taken is not None and taken.status is not Status.IN_FORCE:
        words = language.say(f"over.{taken.status.name.lower()}")
        return [Bar(float(taken.at), now, words, "over", "on-grey")]
    ends = [each for each in life.acts if each.act.kind in ENDING]
    over = float(ends[0].time) if ends else now
    bars = []
    for place, (since, number, _) in enumerate(starts):
        is_latest = place + 1 == len(starts)
        until = over if is_latest else starts[place + 1][0]
        phrase = "bar.version-now" if is_latest and not ends else "bar.version"
        words = language.say(phrase, number=number)
        bars.append(Bar(since, until, words, "version" if number % 2 else "version odd"))
    for place, each in enumerate(ends):
        until = float(ends[place + 1].time) if place + 1 < len(ends) else now
        words = language.say(f"over.{each.act.state.status.name.lower()}")
        bars.append(Bar(float(each.time), until, words, "over", "on-grey"))
    return bars


def _begun(life: Life, *kinds: ActKind) -> list[tuple[float, int, int]]:
    """When acts of some kinds began something, with the version and the custodian after them. What
    came by a journal began when it was entered."""
    entered, at = life.entered, None
    if entered is not None:
        at = entered.seal.sealed_at if entered.time is None and entered.seal else entered.time
    found = [
        (float(each.time), each.act.state.version, int(each.act.state.custodian))
        for each in life.acts
        if each.act.kind in kinds and (at is None or each.act.kind is not ActKind.ENROLLED)
    ]
    taken = life.taken_over
    if taken is not None:
        found.insert(0, (float(taken.at), taken.version, taken.custodian))
    if entered is not None and at is not None:
        found.insert(0, (float(at), 1, entered.agency_id))
    return found


def _custody(life: Life, now: float, language: Language) -> list[Bar]:
    starts = _begun(life, *_FIRST, ActKind.TRANSFERRED)
    ends = [*(since for since, _, _ in starts[1:]), *([now] if starts else [])]
    return [
        Bar(
            since,
            until,
            agency_words(life, agency, language),
            "custody odd" if place % 2 else "custody",
        )
        for place, ((since, _, agency), until) in enumerate(zip(starts, ends, strict=True))
    ]


def _hold(hold: Hold, now: float, language: Language) -> Bar:
    until = now if hold.until is None else float(hold.until)
    authority = f"{hold.authority[:6]}…{hold.authority[-4:]}"
    words = language.say("bar.hold-type" if hold.on_type else "bar.hold", authority=authority)
    return Bar(float(hold.since), until, words, "hold", "on-hold")


def _share(life: Life, share: LifeShare, now: float, language: Language) -> Bar:
    who = agency_words(life, share.requester, language)
    if share.granted_at is None:
        until = float(share.ended_at or now)
        phrase = "bar.share-denied" if share.status == "denied" else "bar.share-asked"
        words = language.say(phrase, agency=who)
        return Bar(float(share.requested_at), until, words, "asked", "", is_dashed=True)
    until = float(share.ended_at or min(float(share.expires_at), now))
    if share.ended_at:
        status = share_words(share.status, language)
        words = language.say("bar.share-ended", agency=who, status=status)
    elif share.expires_at <= now:
        words = language.say("bar.share-expired", agency=who)
    else:
        words = who
    return Bar(float(share.granted_at), until, words, "share")
