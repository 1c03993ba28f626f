# SPDX-License-Identifier: Apache-2.0
"""Acts in evidence: what a trace head hashes of each, and nothing else (docs/spec/evidence.md).

Where an act's argument is a hash of several values they all stand in the file: the commitment of a
version, who proposed a disposition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from muniment.errors import InvalidInputError
from muniment.evidence.members import EvidenceFormError, Members
from muniment.record.commitment import Commitment
from muniment.record.identifiers import AgencyId, RecordId
from muniment.record.keccak import keccak
from muniment.record.state import RecordState
from muniment.record.trace import Act, ActKind

_UINT16: Final = (1 << 16) - 1
_UINT32: Final = (1 << 32) - 1
_INTEGER: Final = (1 << 53) - 1
_WORD: Final = 32
_ACCOUNT: Final = 20
_OF_CUSTODIAN: Final = frozenset(
    {
        ActKind.ENROLLED,
        ActKind.AMENDED,
        ActKind.SUPERSEDED,
        ActKind.REVOKED,
        ActKind.TRANSFERRED,
        ActKind.DISPOSED,
    }
)
"""Acts whose hash names the acting agency: a registration's is the issuer, a hold has none."""


@dataclass(frozen=True, slots=True)
class EvidentAct:
    """An act, with the values that its argument is made of, by name: integers and bytes."""

    kind: ActKind
    agency_id: int
    account: bytes
    state: RecordState
    values: tuple[tuple[str, int | bytes], ...]

    def value(self, name: str) -> Any:
        """Return one of the values. Raises `KeyError`."""
        return dict(self.values)[name]

    @property
    def commitment(self) -> Commitment | None:
        """The commitment that the act set, None for those that set none."""
        found = dict(self.values).get("commitment")
        return Commitment(found) if isinstance(found, bytes) else None

    def act(self, record_id: RecordId, sequence: int) -> Act:
        """Return the act of the trace. `sequence` is its place in order."""
        return Act(
            kind=self.kind,
            record_id=record_id,
            agency_id=AgencyId(self.agency_id),
            account=self.account,
            state=self.state,
            argument=_argument(self),
            sequence=sequence,
            commitment=self.commitment,
        )

    def to_json(self, *, first: bool) -> dict[str, Any]:
        """Return the JSON form; `first` as in `from_json`."""
        shown: dict[str, Any] = {
            "act": self.kind.name.lower(),
            "state": f"{self.state.to_word():064x}",
        }
        if not (first and self.kind is ActKind.REGISTERED):
            shown["account"] = self.account.hex()
        if self.kind in _OF_CUSTODIAN:
            shown["agency"] = self.agency_id
        for name, value in self.values:
            shown[name] = value.hex() if isinstance(value, bytes) else value
        return shown

    @classmethod
    def from_json(cls, place: str, value: object, *, first: bool) -> EvidentAct:
        """Return the act of its JSON form. Raises `EvidenceFormError`.

        A registration that is the `first` act has no account in it, for its hash has none: who sent
        it is not proven. Its account is 20 zero bytes here.
        """
        members = Members(place, value)
        name = members.text("act")
        if name.upper() not in ActKind.__members__ or name != name.lower():
            raise EvidenceFormError(f"{place}.act", "the name of an act")
        kind = ActKind[name.upper()]
        account = bytes(_ACCOUNT)
        if not (first and kind is ActKind.REGISTERED):
            account = members.hexadecimal("account", _ACCOUNT)
        try:
            word = int.from_bytes(members.hexadecimal("state", _WORD), "big")
            state = RecordState.from_word(word)
        except InvalidInputError as error:
            raise EvidenceFormError(f"{place}.state", error.expected) from error
        agency = members.integer("agency", _UINT32, 1) if kind in _OF_CUSTODIAN else 0
        if kind is ActKind.REGISTERED:
            agency = state.issuer
        values = _VALUES[kind]
        taken = tuple(
            (
                each,
                members.hexadecimal(each, size)
                if (size := _SIZES.get(each)) is not None
                else members.integer(each, _LIMITS[each]),
            )
            for each in values
        )
        members.end()
        return cls(kind, agency, account, state, taken)


_VALUES: Final = {
    ActKind.REGISTERED: ("commitment",),
    ActKind.ENROLLED: ("commitment", "leaf_hash", "journal", "index", "seal_size"),
    ActKind.AMENDED: ("commitment",),
    ActKind.SUPERSEDED: ("replacement",),
    ActKind.REVOKED: ("reason",),
    ActKind.HELD: ("case",),
    ActKind.RELEASED: ("case",),
    ActKind.TRANSFERRED: ("from_agency",),
    ActKind.DISPOSED: ("proposer", "mandate"),
}
_SIZES: Final = {
    "commitment": _WORD,
    "leaf_hash": _WORD,
    "replacement": _WORD,
    "case": _WORD,
    "mandate": _WORD,
    "proposer": _ACCOUNT,
}
_LIMITS: Final = {
    "journal": _UINT32,
    "index": _INTEGER,
    "seal_size": _INTEGER,
    "reason": _UINT16,
    "from_agency": _UINT32,
}


def _argument(act: EvidentAct) -> bytes:
    """The argument in an act's hash (docs/SPEC.md § 5)."""
    words = [
        value.rjust(_WORD, b"\0") if isinstance(value, bytes) else value.to_bytes(_WORD, "big")
        for _, value in act.values
    ]
    return words[0] if len(words) == 1 else keccak(b"".join(words))
