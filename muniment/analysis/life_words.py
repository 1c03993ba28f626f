# SPDX-License-Identifier: Apache-2.0
"""A record's life in plain words, for people who never saw a registry."""

from __future__ import annotations

from typing import Final

from muniment.analysis.life import Life
from muniment.analysis.life_catalogue import Language
from muniment.chain.bindings import record_registry as events
from muniment.chain.traces import TracedAct
from muniment.record.instants import in_words
from muniment.record.state import Status
from muniment.registry.acts import REASONS

_SHORT: Final = 4


def short_id(identifier: bytes) -> str:
    """Return an id as people compare it: its first and last bytes."""
    return f"0x{identifier[:_SHORT].hex()}…{identifier[-2:].hex()}"


def agency_words(life: Life, agency_id: int, language: Language = Language.ENGLISH) -> str:
    """Return an agency's name, or its number where the mirror has no name."""
    return life.agencies.get(agency_id) or language.say("agency", number=agency_id)


def type_words(life: Life, language: Language = Language.ENGLISH) -> str:
    """Return the record type's name as a title: "Land deed"."""
    name = (life.type_name or language.say("record")).replace("-", " ").replace("_", " ")
    return name[:1].upper() + name[1:]


def standing_words(life: Life, language: Language = Language.ENGLISH) -> str:
    """Return how the record stands: "In force, version 3, kept by State archive"."""
    state = life.trace.state
    if state.status is Status.NONE:
        if life.entered is None:
            return language.say("standing.none")
        sealed = "unsealed" if life.entered.seal is None else "sealed"
        agency = agency_words(life, life.entered.agency_id, language)
        return language.say(f"standing.{sealed}", agency=agency)
    words = language.say(
        "standing",
        status=language.say(f"standing.{state.status.name.lower()}"),
        version=state.version,
        agency=agency_words(life, state.custodian, language),
    )
    count = sum(hold.until is None for hold in life.holds)
    if count == 1:
        return words + language.say("standing.on-hold")
    return words + language.say("standing.holds", count=count) if count else words


def act_words(life: Life, traced: TracedAct, language: Language = Language.ENGLISH) -> str:
    """Return an act as a short sentence without a subject: "Changed to version 2"."""
    act, event = traced.act, traced.event
    values: dict[str, object] = {
        "agency": agency_words(life, act.agency_id, language),
        "version": act.state.version,
    }
    if isinstance(event, events.Superseded):
        values["record"] = short_id(event.replacement_id)
    if isinstance(event, events.Revoked):
        values["reason"] = reason_words(event.reason, language)
    return language.say(f"act.{act.kind.name.lower()}", **values)


def reason_words(code: int, language: Language = Language.ENGLISH) -> str:
    """Return the reason of a revocation."""
    name = next((name for name, number in REASONS.items() if number == code), None)
    return language.say("reason", code=code) if name is None else language.say(f"reason.{name}")


def share_words(status: str, language: Language) -> str:
    """Return how a share stands."""
    phrase = f"share.{status}"
    return language.say(phrase) if language.knows(phrase) else status


def time_words(seconds: float) -> str:
    """Return a moment in full, in UTC."""
    return f"{in_words(seconds)} UTC"


def story(life: Life, language: Language = Language.ENGLISH, most: int = 60) -> str:
    """Return the whole life as sentences, at most so many acts of it, the earliest and latest."""
    say = language.say
    sentences = [
        say(
            "story.title",
            type=type_words(life, language),
            record=f"0x{life.record_id.hex()}",
            standing=standing_words(life, language),
        ),
        *_entered(life, language),
    ]
    if life.taken_over is not None:
        time = time_words(life.taken_over.at)
        sentences.append(say("story.taken-over", time=time, version=life.taken_over.version))
    acts = list(life.acts)
    left_out = len(acts) - most
    if left_out > 0:
        acts = [*acts[: most // 2], *acts[-(most - most // 2) :]]
    for number, each in enumerate(acts):
        if left_out > 0 and number == most // 2:
            sentences.append(say("story.more", count=left_out))
        words = act_words(life, each, language)
        sentences.append(say("story.act", act=words, time=time_words(each.time)))
    sentences += [
        say(
            "story.share",
            granter=agency_words(life, share.granter, language),
            requester=agency_words(life, share.requester, language),
            status=share_words(share.status, language),
        )
        for share in life.shares
    ]
    if life.deliveries:
        sentences.append(say("story.deliveries", count=len(life.deliveries)))
    if life.reads:
        sentences.append(say("story.reads", count=len(life.reads)))
    return (" " if language is Language.ENGLISH else "").join(sentences)


def sources_of(life: Life, language: Language) -> list[str]:
    """Return what the picture of a life says of where it is from, and of what there is none."""
    say = language.say
    if life.taken_over is not None:
        lines = [say("sources.taken-over", time=time_words(life.taken_over.at))]
    else:
        is_told = life.shares or life.deliveries or life.reads
        lines = [say("sources.proven-and-told" if is_told else "sources.proven")]
    missing = [
        say(f"sources.{what}")
        for what, there in (
            ("no-holds", life.holds),
            ("no-shares", life.shares or life.deliveries),
            ("no-reads", life.reads is None or life.reads),
        )
        if not there
    ]
    if missing:
        said = say("sources.comma").join(missing)
        lines.append(say("sources.missing", missing=f"{said[:1].upper()}{said[1:]}"))
    return [*lines, say("sources.order")]


def _entered(life: Life, language: Language) -> list[str]:
    entered = life.entered
    if entered is None:
        return []
    values: dict[str, object] = {
        "agency": agency_words(life, entered.agency_id, language),
        "index": entered.index,
        "journal": entered.journal,
    }
    if entered.time is None:
        found = [language.say("story.entered", **values)]
    else:
        found = [language.say("story.entered-at", **values, time=time_words(entered.time))]
    if entered.seal is not None:
        found.append(language.say("story.sealed", time=time_words(entered.seal.sealed_at)))
    return found
