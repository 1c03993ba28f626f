# SPDX-License-Identifier: Apache-2.0
"""Dates and instants of texts: ISO 8601 at once, other forms by strptime patterns.

A local time becomes an instant by a time zone that the mapping names. One that comes twice, or not
at all, when the clocks change is refused: which instant was meant cannot be known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from muniment.errors import InvalidInputError
from muniment.intake.refusals import Refusal
from muniment.record.schema import is_instant

_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_FAR_YEAR: Final = re.compile(r"(?:0000|[-+][0-9]{4,}|[0-9]{5,})-[0-9]{2}-[0-9]{2}").match
_ISO_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]+)?"
    r" ?(?:([Zz])|([+-][0-9]{2}):?([0-9]{2}))?"
).fullmatch

_YEARS: Final = Refusal("a date out of range", "a year from 0001 to 9999")
_NO_DATE: Final = Refusal("no date of this form", "a date as YYYY-MM-DD; else say its format")
_NO_INSTANT: Final = Refusal(
    "no instant of this form", "an instant as YYYY-MM-DDThh:mm:ssZ; else say its format"
)
_AMBIGUOUS_FORM: Final = Refusal(
    "more than one of the formats fits, with another meaning", "one format that fits"
)
_NO_ZONE: Final = Refusal(
    "a local time, and the mapping names no time zone", "an offset or Z; else say time_zone"
)
_TWICE: Final = Refusal(
    "a local time that comes twice when the clocks go back", "an instant with its offset"
)
_NEVER: Final = Refusal(
    "a local time that is left out when the clocks go forward", "a time that was there"
)

Dates = Callable[[str], str | Refusal]


def zone_of(name: str, entry: str) -> ZoneInfo:
    """Return an IANA time zone. Raises `InvalidInputError`, which names the mapping's `entry`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        expected = "an IANA time zone, such as Europe/Oslo"
        raise InvalidInputError(entry, expected, "another name") from error


def date_reader(formats: Sequence[str]) -> Dates:
    """Return what makes ISO dates of texts, in `formats` (strptime patterns) or, without, ISO."""
    return (lambda text: _by_formats(text, formats, _date_text)) if formats else iso_date


def instant_reader(formats: Sequence[str], zone: ZoneInfo | None) -> Dates:
    """Return what makes RFC 3339 instants in UTC of texts; local ones are read in `zone`."""
    if not formats:
        return lambda text: iso_instant(text, zone)
    return lambda text: _by_formats(text, formats, lambda found: instant_text(found, zone))


def iso_date(text: str) -> str | Refusal:
    """Return the text if it is a date as RFC 3339 has them."""
    try:
        if _ISO_DATE(text):
            date.fromisoformat(text)
            return text
    except ValueError:
        pass
    return _YEARS if _FAR_YEAR(text) else _NO_DATE


def iso_instant(text: str, zone: ZoneInfo | None) -> str | Refusal:
    """Return the instant in UTC that an ISO 8601 text names, its fraction digit by digit."""
    if is_instant(text):
        return text
    found = _ISO_INSTANT(text)
    if found is None:
        return _YEARS if _FAR_YEAR(text) else _NO_INSTANT
    day, minute, second, fraction, utc, hours, minutes = found.groups()
    if fraction and not second:
        return _NO_INSTANT
    offset = "+00:00" if utc else f"{hours}:{minutes}" if hours else ""
    try:
        moment = datetime.fromisoformat(f"{day}T{minute}{second or ':00'}{offset}")
    except ValueError:
        return _YEARS if _FAR_YEAR(text) else _NO_INSTANT
    whole = instant_text(moment, zone)
    return whole if isinstance(whole, Refusal) else f"{whole[:-1]}{fraction or ''}Z"


def instant_text(moment: datetime, zone: ZoneInfo | None) -> str | Refusal:
    """Return the RFC 3339 text in UTC of a moment, which is of `zone` if it has no offset."""
    if moment.tzinfo is None:
        if zone is None:
            return _NO_ZONE
        early, late = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        if early.utcoffset() != late.utcoffset():
            there = any(
                each.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment
                for each in (early, late)
            )
            return _TWICE if there else _NEVER
        moment = early
    try:
        return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
    except OverflowError:
        return _YEARS


def _by_formats(
    text: str, formats: Sequence[str], made: Callable[[datetime], str | Refusal]
) -> str | Refusal:
    found: list[str | Refusal] = []
    for each in formats:
        try:
            found.append(made(datetime.strptime(text, each)))  # noqa: DTZ007
        except ValueError:
            continue
    if not found:
        return Refusal("no text of the format", " or ".join(formats))
    return found[0] if all(each == found[0] for each in found) else _AMBIGUOUS_FORM


def _date_text(found: datetime) -> str:
    return found.date().isoformat()
