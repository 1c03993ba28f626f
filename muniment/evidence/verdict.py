# SPDX-License-Identifier: Apache-2.0
"""What the verifier says of a record."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

from muniment.record.canonical import JsonValue


class Outcome(enum.StrEnum):
    """What holds of a version as of the evidence's block. The lower names are for good."""

    VALID = "valid"
    STALE = "stale"
    UNKNOWN = "unknown"
    INVALID = "invalid"
    CONFLICT = "conflict"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
    DISPOSED = "disposed"


@dataclass(slots=True)
class Verdict:
    """The verdict on one record, as far as the steps went.

    `step` is the one that decided an INVALID or UNKNOWN. `fields` are the disclosed values that
    were proven. Times are Unix seconds. `witnesses`, where there are enough, vouch that the
    journal registers no id twice. Where seals decided, `committers` are the addresses of who signed
    the block, of so many `validators`, after so many `handovers`; `block_witnesses` are those who
    saw the block, where the file has their note.
    """

    record_id: bytes
    trust: str
    outcome: Outcome = Outcome.UNKNOWN
    step: int | None = None
    reason: str = ""
    done: list[int] = field(default_factory=list)
    chain_id: int | None = None
    registry: str | None = None
    block_number: int | None = None
    block_time: int | None = None
    committers: list[str] | None = None
    validators: int | None = None
    handovers: int | None = None
    block_witnesses: list[str] | None = None
    issuer: int | None = None
    custodian: int | None = None
    type_id: int | None = None
    version: int | None = None
    latest_version: int | None = None
    journal: int | None = None
    entry_index: int | None = None
    witnesses: list[str] | None = None
    registered_at: int | None = None
    updated_at: int | None = None
    holds: int | None = None
    type_holds: int | None = None
    superseded_by: str | None = None
    revocation_reason: int | None = None
    fields: dict[str, JsonValue] | None = None
    document: str | None = None

    def to_json(self, steps: int) -> dict[str, Any]:
        """Return the verdict for JSON, with the steps that were not done of `steps` in all."""
        shown: dict[str, Any] = {
            name: getattr(self, name) for name in self.__slots__ if name != "record_id"
        }
        shown["record"] = f"0x{self.record_id.hex()}"
        shown["outcome"] = str(self.outcome)
        shown["not_done"] = [each for each in range(1, steps + 1) if each not in self.done]
        return shown
