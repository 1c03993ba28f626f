# SPDX-License-Identifier: Apache-2.0
"""Hand-overs: one set of validators says which set comes after it (docs/spec/evidence.md, § 6).

A header names its validators, but whoever forges a header writes that list too. So a change of the
set is a document of its own, signed by a quorum of the old set and by each who is new, with the
keys that they sign blocks with. It is made before the vote: blocks between it and the effect of the
vote are the old set's. So it says who may sign after a block, and not from which block on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import coincurve

from muniment.errors import InvalidInputError, InvalidJsonError, ProofError
from muniment.evidence.members import EvidenceFormError, Members, unhex
from muniment.proof.istanbul import (
    LARGEST_SET,
    IstanbulHeader,
    SealError,
    ValidatorSet,
    quorum,
    signer_of,
)
from muniment.record.canonical import canonicalize, parse_canonical
from muniment.record.keccak import keccak

FORMAT: Final = "muniment/handover/v1"
MOST: Final = 100
"""Most hand-overs that evidence may carry."""
_TAG: Final = FORMAT.encode() + b"\0"
_INTEGER: Final = (1 << 53) - 1
_SIGNATURE: Final = 65
_ADDRESS: Final = 20


class HandOverError(ProofError):
    """A hand-over, or a list of them, does not lead from one set of validators to another."""

    def __init__(self, what: str, expected: str) -> None:
        super().__init__(
            what,
            expected=expected,
            remedy="ask the operators of the validators for the document as they signed it",
        )


@dataclass(frozen=True, slots=True)
class HandOver:
    """That after block `number` of chain `chain_id` the set `new` may take the place of `old`.

    Sets are addresses of 20 bytes, ascending; `block_hash` 32 bytes; `signatures` 65 bytes each, in
    the order of their signers' addresses.
    """

    chain_id: int
    number: int
    block_hash: bytes
    old: tuple[bytes, ...]
    new: tuple[bytes, ...]
    signatures: tuple[bytes, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {**self._statement(), "signatures": [each.hex() for each in self.signatures]}

    def to_bytes(self) -> bytes:
        """Return the document."""
        return canonicalize(self.to_json())

    @classmethod
    def from_bytes(cls, data: bytes) -> HandOver:
        """Return the hand-over of a document's bytes. Raises `EvidenceFormError`."""
        try:
            value = parse_canonical(data)
        except (InvalidJsonError, InvalidInputError) as error:
            raise EvidenceFormError(f"the hand-over ({error.what})", "canonical JSON") from error
        return cls.from_json("the hand-over", value)

    @classmethod
    def from_json(cls, place: str, value: object) -> HandOver:
        """Return the hand-over of its JSON form; who signed it is not looked at. Raises
        `EvidenceFormError`."""
        members = Members(place, value)
        if members.take("format") != FORMAT:
            raise EvidenceFormError(f"{place}.format", FORMAT)
        found = cls(
            chain_id=members.integer("chain_id", _INTEGER, 1),
            number=members.integer("block_number", _INTEGER),
            block_hash=members.hexadecimal("block_hash", 32),
            old=_addresses(f"{place}.old", members.array("old", LARGEST_SET, 1)),
            new=_addresses(f"{place}.new", members.array("new", LARGEST_SET, 1)),
            signatures=tuple(
                unhex(f"{place}.signatures[{at}]", each, _SIGNATURE)
                for at, each in enumerate(members.array("signatures", 2 * LARGEST_SET))
            ),
        )
        members.end()
        if found.old == found.new:
            raise EvidenceFormError(f"{place}.new", "another set than the old one")
        return found

    @property
    def message(self) -> bytes:
        """What is signed, by its Keccak-256: a tag, and the document without signatures."""
        return _TAG + canonicalize(self._statement())

    @property
    def may_sign(self) -> frozenset[bytes]:
        """Whose signatures a hand-over may bear: the old set's, and those of who is new."""
        return frozenset(self.old) | frozenset(self.new)

    def signers(self) -> tuple[bytes, ...]:
        """Return who signed, in the order of signatures. Raises `HandOverError`."""
        try:
            return tuple(signer_of("hand-over", self.message, each) for each in self.signatures)
        except SealError as error:
            what = f"a signature of the hand-over at block {self.number} is none"
            raise HandOverError(what, error.expected or "a signature") from error

    def signed(self, keys: Iterable[bytes]) -> HandOver:
        """Return it with signatures of private keys (32 bytes each) added, those that count."""
        found = dict(zip(self.signers(), self.signatures, strict=True))
        for each in keys:
            private = coincurve.PrivateKey(each)
            address = keccak(private.public_key.format(compressed=False)[1:])[-_ADDRESS:]
            if address in self.may_sign:
                found[address] = private.sign_recoverable(self.message, hasher=keccak)
        return replace(self, signatures=tuple(found[address] for address in sorted(found)))

    def missing(self) -> tuple[int, tuple[bytes, ...]]:
        """Return how many signatures of the old set are missing, and which new members' are.

        Raises `HandOverError` for signatures that cannot stand there.
        """
        signers = self.signers()
        if not self.may_sign.issuperset(signers):
            stranger = next(each for each in signers if each not in self.may_sign)
            raise HandOverError(
                f"the hand-over at block {self.number} is signed by 0x{stranger.hex()}",
                "signatures of members of the two sets alone",
            )
        if list(signers) != sorted(set(signers)):
            raise HandOverError(
                f"the signatures of the hand-over at block {self.number} are not in order",
                "ascending by their signers, none twice",
            )
        old = quorum(len(self.old)) - len(set(self.old) & set(signers))
        joining = sorted(set(self.new) - set(self.old) - set(signers))
        return max(old, 0), tuple(joining)

    def require_signed(self) -> None:
        """Require a quorum of the old set, and each new member. Raises `HandOverError`."""
        old, joining = self.missing()
        if old:
            wanted = quorum(len(self.old))
            raise HandOverError(
                f"the hand-over at block {self.number} is signed by {wanted - old} of the old set",
                f"{wanted} of its {len(self.old)} validators",
            )
        if joining:
            raise HandOverError(
                f"the hand-over at block {self.number} is not signed by 0x{joining[0].hex()}",
                "a signature of each new member",
            )

    def _statement(self) -> dict[str, Any]:
        return {
            "block_hash": self.block_hash.hex(),
            "block_number": self.number,
            "chain_id": self.chain_id,
            "format": FORMAT,
            "new": [each.hex() for each in self.new],
            "old": [each.hex() for each in self.old],
        }


def require_chain(chain_id: int, handovers: Sequence[HandOver]) -> None:
    """Require that each hand-over is of this chain and signed, comes later than the one before it
    and goes on from that one's new set, and that no set comes twice. Raises `HandOverError`."""
    for place, each in enumerate(handovers):
        if each.chain_id != chain_id:
            what = f"the hand-over at block {each.number} is of chain {each.chain_id}"
            raise HandOverError(what, f"chain {chain_id}")
        each.require_signed()
        if place and each.number <= handovers[place - 1].number:
            raise HandOverError(
                f"the hand-over at block {each.number} comes after one at block "
                f"{handovers[place - 1].number}",
                "ascending blocks",
            )
        if place and each.old != handovers[place - 1].new:
            what = f"the hand-over at block {each.number} is of another old set"
            raise HandOverError(what, "the set that the one before it leads to")
        if each.new in {handovers[0].old, *(before.new for before in handovers[:place])}:
            what = f"the hand-over at block {each.number} leads back to an earlier set"
            raise HandOverError(what, "no hand-over that nothing needs")


def walked(
    pinned: Iterable[bytes], since: int, handovers: Sequence[HandOver], header: IstanbulHeader
) -> tuple[ValidatorSet, int]:
    """Return the set that must have signed a header, and how many hand-overs lead to it.

    `pinned` is the set that is trusted, since block `since`. Hand-overs that lead to it are
    history; those that go on from it are walked. Takes a list that `require_chain` has passed.
    Raises `HandOverError`.
    """
    start = tuple(sorted(pinned))
    ahead = handovers
    if handovers and handovers[0].old != start:
        places = [place for place, each in enumerate(handovers) if each.new == start]
        if not places or handovers[places[0]].number > since:
            raise HandOverError(
                f"the hand-over at block {handovers[0].number} is of another old set",
                "the trust file's set of validators",
            )
        ahead = handovers[places[0] + 1 :]
    sets = [ValidatorSet(start), *(ValidatorSet(each.new) for each in ahead)]
    if ahead and header.number <= ahead[-1].number:
        what = f"block {header.number} is not after the hand-over at block {ahead[-1].number}"
        raise HandOverError(what, "a later block")
    if any(has_signed(each, header) for each in sets[:-1]):
        raise HandOverError(
            f"block {header.number} is signed by a set that comes before the last hand-over",
            "no hand-over that nothing needs",
        )
    return sets[-1], len(ahead)


def shortest(
    start: Iterable[bytes], known: Iterable[HandOver], header: IstanbulHeader
) -> tuple[HandOver, ...] | None:
    """Return the fewest of `known` hand-overs that lead from a set to one that signed a header.

    None where none do. Of two ways as short the later one.
    """
    first = tuple(sorted(start))
    left = sorted(known, key=lambda each: each.number, reverse=True)
    ways: list[tuple[HandOver, ...]] = [()]
    while ways:
        longer = []
        for way in ways:
            at, number = (way[-1].new, way[-1].number) if way else (first, -1)
            if has_signed(ValidatorSet(at), header):
                return way
            # What is reached once is reached by no shorter way later.
            usable = [e for e in left if e.old == at and number < e.number < header.number]
            left = [each for each in left if each not in usable]
            longer += [(*way, each) for each in usable]
        ways = longer
    return None


def has_signed(validators: ValidatorSet, header: IstanbulHeader) -> bool:
    """Whether a quorum of a set has signed a header."""
    try:
        validators.check(header)
    except SealError:
        return False
    return True


def _addresses(place: str, values: Sequence[object]) -> tuple[bytes, ...]:
    found = tuple(unhex(f"{place}[{at}]", each, _ADDRESS) for at, each in enumerate(values))
    if list(found) != sorted(set(found)):
        raise EvidenceFormError(place, "ascending addresses, none twice")
    return found
