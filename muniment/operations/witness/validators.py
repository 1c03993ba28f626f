# SPDX-License-Identifier: Apache-2.0
"""Who may sign a block of a height, as sets of validators come one after another.

A set that is named at a block may sign what comes after it; the set before it still may, for a vote
takes effect some blocks later. Once a block of the newer set was signed by the witness, the older
ones are out for all that comes after.

Sets are named by the settings, and by hand-overs (docs/spec/evidence.md, § 6) that somebody has put
into the witness's folder: documents by which a quorum of one set names the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from muniment.errors import ProofError
from muniment.evidence.handovers import HandOver
from muniment.operations.witness.settings import NamedValidators, WitnessSettingsError
from muniment.proof.istanbul import BlockSignatures, IstanbulHeader, SealError, ValidatorSet

HAND_OVERS: Final = "handovers"


class NoValidatorsError(SealError):
    """No set of validators may sign a block of this height: the settings begin later."""

    def __init__(self, number: int, first: int) -> None:
        super().__init__("member", f"block {number} has no validators", f"a block after {first}")


class ValidatorSets:
    """The sets, ascending by their blocks."""

    def __init__(self, named: Sequence[NamedValidators]) -> None:
        """Take the sets; there is one at least."""
        self._first = named[0].block
        self._sets = [(each.block, ValidatorSet(each.addresses)) for each in named]

    def check(self, header: IstanbulHeader, signed_before: IstanbulHeader | None) -> int:
        """Return which set signed a header. Raises `SealError` where none that may has.

        `signed_before` is the header below it that the witness signed last: no set older than that
        one's counts.
        """
        least = 0 if signed_before is None else self._newest(signed_before, 0)[0]
        return self._newest(header, least)[0]

    def signatures(self, header: IstanbulHeader) -> BlockSignatures:
        """Return who signed a header. Raises `SealError`."""
        return self._newest(header, 0)[1]

    def _newest(self, header: IstanbulHeader, least: int) -> tuple[int, BlockSignatures]:
        fault: SealError = NoValidatorsError(header.number, self._first)
        allowed = [
            (place, validators)
            for place, (block, validators) in enumerate(self._sets)
            if place >= least and block <= header.number
        ]
        for turn, (place, validators) in enumerate(reversed(allowed)):
            try:
                return place, validators.check(header)
            except SealError as error:
                if turn == 0:
                    fault = error
        raise fault


def with_handovers(
    folder: Path, chain_id: int, named: Sequence[NamedValidators]
) -> tuple[NamedValidators, ...]:
    """Return the sets that are named, and those that the hand-overs in a witness's folder lead to
    from the last one. Others, such as those before it, are left out.

    Raises `WitnessSettingsError` for a document that is none, is of another chain, or is not
    signed by those who must.
    """
    found = list(named)
    if not found:
        return ()
    documents = [_document(path, chain_id) for path in (folder / HAND_OVERS).glob("*.json")]
    for each in sorted(documents, key=lambda each: each.number):
        last = found[-1]
        if each.old == tuple(sorted(last.addresses)) and each.number > last.block:
            found.append(NamedValidators(each.number, each.new))
    return tuple(found)


def _document(path: Path, chain_id: int) -> HandOver:
    try:
        document = HandOver.from_bytes(path.read_bytes())
        document.require_signed()
    except ProofError as error:
        raise WitnessSettingsError(
            str(path), error.expected or "a hand-over", error.what
        ) from error
    except OSError as error:
        what = error.strerror or "unreadable"
        raise WitnessSettingsError(str(path), "a readable file", what) from error
    if document.chain_id != chain_id:
        raise WitnessSettingsError(
            str(path), f"a hand-over of chain {chain_id}", f"of chain {document.chain_id}"
        )
    return document
