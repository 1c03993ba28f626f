# SPDX-License-Identifier: Apache-2.0
"""A record's life in plain words, for people who never saw a registry."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from muniment.analysis.life import Life
from muniment.chain.bindings import record_registry as events
from muniment.chain.traces import TracedAct
from muniment.record.state import Status
from muniment.record.trace import ActKind
from muniment.registry.acts import REASONS

_STANDING: Final = {
    Status.NONE: "Not on chain",
    Status.IN_FORCE: "In force",
    Status.SUPERSEDED: "Superseded by another record",
    Status.REVOKED: "Revoked",
    Status.DISPOSED: "Destroyed after its retention",
}
_SHORT: Final = 4


def short_id(identifier: bytes) -> str:
    """Return an id as people compare it: its first and last bytes."""
    return f"0x{identifier[:_SHORT].hex()}…{identifier[-2:].hex()}"


def type_words(life: Life) -> str:
    """Return the record type's name as a title: "Land deed"."""
    name = (life.type_name or "record").replace("-", " ").replace("_", " ")
    return name[:1].upper() + name[1:]


def standing_words(life: Life) -> str:
    """Return how the record stands: "In force, version 3, kept by State archive"."""
    state = life.trace.state
    if state.status is Status.NONE:
        if life.entered is None:
            return _STANDING[Status.NONE]
        sealed = "nothing was done to it since" if life.entered.seal else "not provable yet"
        return f"In force, version 1, {sealed}, kept by {life.agency(life.entered.agency_id)}"
    words = f"{_STANDING[state.status]}, version {state.version}"
    words += f", kept by {life.agency(state.custodian)}"
    count = sum(hold.until is None for hold in life.holds)
    if count:
        words += ", on hold" if count == 1 else f", under {count} holds"
    return words


def act_words(life: Life, traced: TracedAct) -> str:
    """Return an act as a short sentence without a subject: "Changed to version 2"."""
    act, event = traced.act, traced.event
    if act.kind is ActKind.REGISTERED:
        return f"Registered by {life.agency(act.agency_id)}"
    if act.kind is ActKind.ENROLLED:
        return "Brought on chain from the journal"
    if act.kind is ActKind.AMENDED:
        return f"Changed to version {act.state.version}"
    if isinstance(event, events.Superseded):
        return f"Superseded by {short_id(event.replacement_id)}"
    if isinstance(event, events.Revoked):
        return f"Revoked: {reason_words(event.reason)}"
    if act.kind is ActKind.HELD:
        return "Put on hold"
    if act.kind is ActKind.RELEASED:
        return "Released from a hold"
    if act.kind is ActKind.TRANSFERRED:
        return f"Handed over to {life.agency(act.agency_id)}"
    return "Destroyed"


def reason_words(code: int) -> str:
    """Return the reason of a revocation."""
    named = {number: name for name, number in REASONS.items()}
    return named.get(code, f"reason {code}")


def time_words(seconds: float) -> str:
    """Return a moment in full, in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def story(life: Life, most: int = 60) -> str:
    """Return the whole life as sentences, at most so many acts of it, the earliest and latest."""
    sentences = [f"{type_words(life)} 0x{life.record_id.hex()}. {standing_words(life)}."]
    entered = life.entered
    if entered is not None:
        when = "" if entered.time is None else f" at {time_words(entered.time)}, as the agency says"
        place = f"entry {entered.index} of journal {entered.journal}"
        sentences.append(f"Entered by {life.agency(entered.agency_id)} as {place}{when}.")
        if entered.seal is not None:
            sentences.append(f"Sealed at {time_words(entered.seal.sealed_at)}.")
    acts = list(life.acts)
    left_out = len(acts) - most
    if left_out > 0:
        acts = [*acts[: most // 2], *acts[-(most - most // 2) :]]
    for number, each in enumerate(acts):
        if left_out > 0 and number == most // 2:
            sentences.append(f"{left_out} more acts.")
        sentences.append(f"{act_words(life, each)} at {time_words(each.time)}.")
    for share in life.shares:
        parties = f"{life.agency(share.granter)} and {life.agency(share.requester)}"
        sentences.append(f"Share between {parties}: {share.status}.")
    if life.deliveries:
        sentences.append(f"Deliveries: {len(life.deliveries)}.")
    if life.reads:
        sentences.append(f"Reads written down: {len(life.reads)}.")
    return " ".join(sentences)
