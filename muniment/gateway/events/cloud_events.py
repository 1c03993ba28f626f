# SPDX-License-Identifier: Apache-2.0
"""Events of the mirror as CloudEvents 1.0, in the JSON form. They hold what the chain does: ids,
numbers and hashes, no content."""

from __future__ import annotations

import dataclasses
import enum
import json
import re
from functools import cache
from typing import Any, Final

from muniment.record.instants import instant
from muniment.store.folding import event_of
from muniment.store.mirror import NewLog
from muniment.store.subjects import CONTRACTS, placed_events
from muniment.store.webhooks import EventPlace

MEDIA_TYPE: Final = "application/cloudevents+json"
_LARGEST: Final = 2**53


def place_of(log: NewLog) -> EventPlace:
    """Return where an event stands."""
    return EventPlace(log.block_number, log.log_index)


def type_of(contract: str, name: str) -> str:
    """Return the type of an event: muniment, the contract, and what happened."""
    words = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
    return f"muniment.{contract}.{words}"


@cache
def event_types() -> tuple[str, ...]:
    """Return the types of all events that are told, in order."""
    return tuple(
        sorted(
            type_of(contract, placed.plan.name)
            for contract in CONTRACTS
            for placed in placed_events(contract).values()
            if placed.slices is not None
        )
    )


def cloud_event(source: str, log: NewLog) -> dict[str, Any]:
    """Return the event of a log. `source` names the registry; the id is the event's place."""
    event = event_of(log)
    values = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}  # type: ignore[arg-type]
    time = getattr(values.get("state"), "updated_at", None) or values.get("sealed_at")
    body: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(place_of(log)),
        "source": source,
        "type": type_of(log.contract, log.name),
        "subject": f"0x{log.subject.hex()}",
        "sequence": str(log.sequence),
        "datacontenttype": "application/json",
        "data": {
            "block": log.block_number,
            "transaction": f"0x{log.transaction_hash.hex()}",
            **{name: plain(value) for name, value in values.items() if name != "sequence"},
        },
    }
    if time:
        body["time"] = instant(time)
    return body


def event_bytes(source: str, log: NewLog) -> bytes:
    """Return the JSON of an event: always the same bytes for the same event."""
    body = cloud_event(source, log)
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def source_of(chain_id: int, registry: str) -> str:
    """Return how a registry is named as the source of events."""
    return f"urn:muniment:registry:{chain_id}:{registry.lower()}"


def plain(value: Any) -> Any:
    """Return a value of an event as JSON: bytes in hexadecimal, names for numbers that have one,
    numbers that pass 2^53 as text."""
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, enum.Enum):
        return value.name.lower()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and value >= _LARGEST:
        return str(value)
    return value
