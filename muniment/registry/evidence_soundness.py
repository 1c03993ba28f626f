# SPDX-License-Identifier: Apache-2.0
"""Evidence is verified by whoever makes it, before anybody else has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from muniment.chain.connection import Block
from muniment.errors import RecordError
from muniment.evidence import Anchor, Outcome, TrustFile, Verifier
from muniment.evidence.trust import PinnedValidators
from muniment.proof.istanbul import IstanbulHeader
from muniment.record.algorithms import available_algorithms
from muniment.registry.consensus import trusted_validators
from muniment.registry.session import Session

_YEAR: Final = 365 * 86_400


class UnprovableError(RecordError):
    """What was read does not verify: a node that contradicts itself, an entry that was repudiated,
    or a record that another registry handed over."""

    def __init__(self, record_id: bytes, reason: str) -> None:
        super().__init__(
            f"evidence of record 0x{record_id.hex()} does not verify: {reason}",
            expected="slots and acts of one block that agree",
            remedy="try again, or with another node; an entry that its agency repudiated has no "
            "evidence, and a record adopted from a predecessor needs evidence of that registry",
        )


class AdoptedRecordError(UnprovableError):
    """The registry took the record over: the beginning of its trace is its predecessor's."""

    def __init__(self, record_id: bytes) -> None:
        RecordError.__init__(
            self,
            f"record 0x{record_id.hex()} was adopted from the registry before, which has the "
            "beginning of its trace",
            expected="a record whose whole trace this registry has",
            remedy="make evidence by the registry before; `muniment trace` shows the acts since",
        )


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Evidence that was made: its bytes, what to verify it by, and the block that it is as of."""

    data: bytes
    trust: TrustFile
    block: Block


def trust_of_itself(session: Session, anchor: Anchor, block: Block) -> TrustFile:
    """Return what evidence that was just made is verified by: its own registry and code, and the
    validators whom the profile's trust file names; else its own block."""
    validators = trusted_validators(session) if anchor.engine else None
    blocks = {block.number: block.hash} if validators is None else {}
    if anchor.engine and validators is None:
        validators = PinnedValidators(
            block.number, IstanbulHeader.from_rlp(anchor.header).committers()
        )
    return TrustFile(
        chain_id=anchor.chain_id,
        registry=anchor.registry,
        code_hash=b"",
        blocks=blocks,
        nodes=(),
        algorithms=available_algorithms(),
        expires=block.timestamp + _YEAR,
        greatest_age=_YEAR,
        agencies={},
        operator=None,
        fingerprint="",
        lineage=session.lineage,
        validators=validators,
    )


def first_fault(made: Unchecked) -> tuple[bytes, str] | None:
    """Return the first record that does not verify, with the reason, None where all do."""
    verifier = Verifier(made.trust, now=made.block.timestamp, any_code=True)
    for verdict in verifier.verify(made.data):
        if verdict.outcome is Outcome.INVALID:
            return verdict.record_id, verdict.reason
    return None


def require_sound(made: Unchecked) -> None:
    """Verify what was made. Raises `UnprovableError`."""
    fault = first_fault(made)
    if fault is not None:
        raise UnprovableError(*fault)
