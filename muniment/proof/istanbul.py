# SPDX-License-Identifier: Apache-2.0
"""Block headers that validators sign (Istanbul BFT as Kaia runs it), and Kaia's accounts.

    header = IstanbulHeader.from_rlp(data)
    signed = ValidatorSet(pinned).check(header)   # who proposed it, who committed it

A header is RLP of 15 fields, or 17 where the chain draws random numbers. Its `extraData` is 32
bytes of vanity and RLP[validators, proposer's seal, committed seals]. The block's hash is the
Keccak-256 of the header without the committed seals. The proposer signs the hash of the hash of the
header without any seal; a committer signs the hash of the block's hash and the byte 2 (Kaia v1.0.3,
blockchain/types/istanbul.go and consensus/istanbul/core/core.go).

The header's own list of validators proves nothing: whoever forges a header writes the list too. So
a set is pinned from outside, and the list is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import coincurve
import rlp

from muniment.errors import InvalidInputError, ProofError
from muniment.proof.headers import HeaderError, header_fields
from muniment.proof.state import Account, StateProofError
from muniment.record.keccak import keccak

KIND: Final = "istanbul"
LARGEST_SET: Final = 21
"""Beyond it a part of the validators seals each block: the quorum would be of another set."""
FEWEST_WITH_FAULTS: Final = 4
"""With fewer validators every one has to sign."""

_FIELD_COUNTS: Final = (15, 17)
_STATE_ROOT: Final = 2
_NUMBER: Final = 7
_TIMESTAMP: Final = 9
_EXTRA: Final = 11
_SIZES: Final = {0: 32, 1: 20, 2: 32, 3: 32, 4: 32, 5: 256}
_HASH_SIZE: Final = 32
_NUMBER_SIZE: Final = 8
_ADDRESS_SIZE: Final = 20
_VANITY: Final = 32
_ROUND: Final = 31
_SEAL_SIZE: Final = 65
_COMMIT: Final = b"\x02"
_MOST_SEALS: Final = 100
# Of a signature's two forms (s and n - s) the lower one (SEC 1; Ethereum's EIP-2).
_HIGHEST_S: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_CONTRACT_ACCOUNT: Final = b"\x02"
_KEY_OF_CONTRACTS: Final = b"\x03"


class SealError(ProofError):
    """A header is not signed as a quorum of the pinned validators signs. `step` names the check:
    ``proposer``, ``seal``, ``member``, ``twice`` or ``quorum``."""

    def __init__(self, step: str, what: str, expected: str) -> None:
        super().__init__(
            what,
            expected=expected,
            remedy="do not rely on this block: ask another node for its header",
        )
        self.step = step


@dataclass(frozen=True, slots=True)
class IstanbulHeader:
    """What evidence needs of a signed block: `timestamp` in Unix seconds, hashes of 32 bytes.

    `committed_seals` have 65 bytes each, and nobody's word but the signers': see `ValidatorSet`.
    """

    kind: str
    hash: bytes
    number: int
    timestamp: int
    state_root: bytes
    parent_hash: bytes
    proposer_seal: bytes
    committed_seals: tuple[bytes, ...]
    _proposal: bytes

    @classmethod
    def from_rlp(cls, data: bytes) -> IstanbulHeader:
        """Return the header of RLP bytes with its seals. Raises `HeaderError`.

        The round is the one byte that neither the hash nor a seal covers. It must be zero, as
        `without_round` makes it: else one block would have many headers.
        """
        fields = _decoded(data)
        extra = fields[_EXTRA]
        vanity, validators, seal, committed = _extra(extra)
        if vanity[_ROUND]:
            raise HeaderError(
                "the header names its round, which nobody signed", expected="0 in its place"
            )
        return cls(
            kind=KIND,
            hash=keccak(_with_seals(fields, vanity, validators, seal)),
            number=_integer("number", fields[_NUMBER]),
            timestamp=_integer("timestamp", fields[_TIMESTAMP]),
            state_root=fields[_STATE_ROOT],
            parent_hash=fields[0],
            proposer_seal=seal,
            committed_seals=tuple(committed),
            _proposal=keccak(_with_seals(fields, vanity, validators, b"")),
        )

    def proposer(self) -> bytes:
        """Return the address (20 bytes) whose seal the proposal bears. Raises `SealError`."""
        return signer_of("proposer", self._proposal, self.proposer_seal)

    def committers(self) -> tuple[bytes, ...]:
        """Return the addresses whose seals the block bears, in their order. Raises `SealError`."""
        message = self.hash + _COMMIT
        return tuple(signer_of("seal", message, seal) for seal in self.committed_seals)


@dataclass(frozen=True, slots=True)
class BlockSignatures:
    """Who signed a block: addresses of 20 bytes, members of the pinned set all of them."""

    proposer: bytes
    committers: tuple[bytes, ...]


class ValidatorSet:
    """Validators as somebody trustworthy has named them: addresses of 20 bytes.

    `quorum` of them must have signed. Two quorums share an honest validator as long as fewer than
    a third are not, so that no two blocks of one height are both signed.
    """

    def __init__(self, addresses: Iterable[bytes]) -> None:
        """Take the set. Raises `InvalidInputError`."""
        given = list(addresses)
        self.addresses = frozenset(given)
        if not 1 <= len(given) <= LARGEST_SET or len(self.addresses) != len(given):
            raise InvalidInputError(
                "validators", f"1 to {LARGEST_SET} different addresses", f"{len(given)} of them"
            )
        if any(len(each) != _ADDRESS_SIZE for each in given):
            raise InvalidInputError("validators", "addresses of 20 bytes", "something else")
        self.quorum = quorum(len(given))

    def check(self, header: IstanbulHeader) -> BlockSignatures:
        """Return who signed a header. Raises `SealError` where that is no quorum of this set."""
        proposer = header.proposer()
        if proposer not in self.addresses:
            raise SealError(
                "proposer",
                f"block {header.number} was proposed by 0x{proposer.hex()}",
                "one of the pinned validators",
            )
        committers = header.committers()
        for each in committers:
            if each not in self.addresses:
                raise SealError(
                    "member",
                    f"block {header.number} bears a seal of 0x{each.hex()}",
                    "seals of the pinned validators alone",
                )
        if len(set(committers)) != len(committers):
            raise SealError(
                "twice", f"block {header.number} bears one validator's seal twice", "each once"
            )
        if len(committers) < self.quorum:
            raise SealError(
                "quorum",
                f"block {header.number} bears {len(committers)} seals",
                f"{self.quorum} of {len(self.addresses)} validators",
            )
        return BlockSignatures(proposer, committers)


def quorum(count: int) -> int:
    """Return how many of `count` validators must sign: two thirds, rounded up; of up to three all.

    Source: RequiredMessageCount in Kaia v1.0.3, consensus/istanbul/core/core.go.
    """
    return count if count < FEWEST_WITH_FAULTS else -(-2 * count // 3)


def signer_of(step: str, message: bytes, signature: bytes) -> bytes:
    """Return the address (20 bytes) whose key signed the Keccak-256 of a message.

    A signature is r, s and v (0 or 1), 65 bytes, s in its lower form. Raises `SealError` that names
    `step`.
    """
    if int.from_bytes(signature[32:64], "big") > _HIGHEST_S:
        raise SealError(step, "a seal has the other form of a signature", "the lower s")
    try:
        key = coincurve.PublicKey.from_signature_and_message(signature, message, hasher=keccak)
    except Exception as error:
        # coincurve raises plain Exceptions and ValueErrors of its own.
        raise SealError(step, "a seal is no signature", "r, s and v of secp256k1") from error
    return bytes(keccak(key.format(compressed=False)[1:])[-_ADDRESS_SIZE:])


def without_round(extra: bytes) -> bytes:
    """Return a header's `extraData` with the round, which nobody signed, at zero."""
    return extra[:_ROUND] + b"\0" + extra[_VANITY:]


def claimed_validators(extra: bytes) -> tuple[bytes, ...]:
    """Return the addresses that a header itself names: a claim, good for display alone.

    Raises `HeaderError`.
    """
    return tuple(_extra(extra)[1])


def kaia_account(value: bytes) -> Account:
    """Return a contract's account of what Kaia's state trie has for it. Raises `StateProofError`.

    ``0x02 || RLP[[nonce, balance, human readable, 0x03, []], storage root, code hash, code info]``,
    where 0x03 is the kind of key that never signs (Kaia v1.0.3, blockchain/types/account).
    """
    if value[:1] != _CONTRACT_ACCOUNT:
        raise StateProofError("the account is no contract's", expected="an account of kind 2")
    try:
        fields: Any = rlp.decode(value[1:], strict=True)
        common, root, code_hash, _ = fields
        _, _, _, key, rest = common
    except (rlp.exceptions.RLPException, TypeError, ValueError) as error:
        raise StateProofError(
            "the account has another form", expected="four fields, five in the first"
        ) from error
    if key != _KEY_OF_CONTRACTS or len(rest):
        raise StateProofError("the account can sign by itself", expected="a contract's account")
    if not all(isinstance(each, bytes) and len(each) == _HASH_SIZE for each in (root, code_hash)):
        raise StateProofError("the account has another form", expected="two hashes of 32 bytes")
    return Account(code_hash=bytes(code_hash), storage_root=bytes(root))


def _decoded(data: bytes) -> list[bytes]:
    fields = header_fields(data, _FIELD_COUNTS)
    for place, size in _SIZES.items():
        if len(fields[place]) != size:
            raise HeaderError(
                f"field {place} of the block header has {len(fields[place])} bytes",
                expected=f"{size} bytes",
            )
    return fields


def _extra(extra: bytes) -> tuple[bytes, Sequence[bytes], bytes, Sequence[bytes]]:
    """Vanity, validators, proposer's seal, committed seals."""
    try:
        parts = rlp.decode(extra[_VANITY:], strict=True)
        validators, seal, committed = parts
        canonical = len(extra) > _VANITY and rlp.encode(parts) == extra[_VANITY:]
    except (rlp.exceptions.RLPException, TypeError, ValueError, RecursionError) as error:
        raise HeaderError(
            "the header's extraData has another form",
            expected="32 bytes, then validators, the proposer's seal and the committed seals",
        ) from error
    if not canonical or isinstance(validators, bytes) or isinstance(committed, bytes):
        raise HeaderError("the header's extraData has another form", expected="canonical lists")
    if not all(isinstance(each, bytes) and len(each) == _ADDRESS_SIZE for each in validators):
        raise HeaderError("the header's list of validators has another form", expected="addresses")
    seals = [seal, *committed]
    if len(committed) > _MOST_SEALS or not all(
        isinstance(each, bytes) and len(each) == _SEAL_SIZE for each in seals
    ):
        raise HeaderError("the header's seals have another form", expected="65 bytes each")
    return extra[:_VANITY], validators, seal, committed


def _with_seals(
    fields: Sequence[bytes], vanity: bytes, validators: Sequence[bytes], seal: bytes
) -> bytes:
    """The header as it is hashed: without committed seals, and with this seal of the proposer."""
    extra = vanity + bytes(rlp.encode([validators, seal, []]))
    return bytes(rlp.encode([*fields[:_EXTRA], extra, *fields[_EXTRA + 1 :]]))


def _integer(name: str, value: bytes) -> int:
    if len(value) > _NUMBER_SIZE or value[:1] == b"\0":
        raise HeaderError(
            f"the block's {name} has another form", expected="64 bits, no zeros ahead"
        )
    return int.from_bytes(value, "big")
