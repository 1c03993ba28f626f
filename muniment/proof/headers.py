# SPDX-License-Identifier: Apache-2.0
"""Block headers of Ethereum: from the RLP bytes whose hash is the block's hash.

Forks have only ever appended fields (Yellow Paper § 4.3; EIP-1559, 4895, 4844, 4788, 7685), so the
number of fields tells the kind.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import rlp

from muniment.errors import ProofError
from muniment.record.keccak import keccak

_KINDS: Final = {
    15: "frontier",
    16: "london",
    17: "shanghai",
    20: "cancun",
    21: "prague",
}
_STATE_ROOT: Final = 3
_NUMBER: Final = 8
_TIMESTAMP: Final = 11
_HASH_SIZE: Final = 32
_NUMBER_SIZE: Final = 8
MAX_SIZE: Final = 4096
"""Longest header that is read, in bytes."""


class HeaderError(ProofError):
    """Bytes are no block header."""


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """What evidence needs of a block: `timestamp` in Unix seconds, hashes of 32 bytes."""

    kind: str
    hash: bytes
    number: int
    timestamp: int
    state_root: bytes

    @classmethod
    def from_rlp(cls, data: bytes) -> BlockHeader:
        """Return the header of RLP bytes, which prove themselves by their hash. Raises
        `HeaderError`."""
        fields = header_fields(data, _KINDS)
        root = fields[_STATE_ROOT]
        if len(root) != _HASH_SIZE:
            raise HeaderError("the state root has another form", expected="32 bytes")
        return cls(
            kind=_KINDS[len(fields)],
            hash=keccak(data),
            number=_integer("number", fields[_NUMBER]),
            timestamp=_integer("timestamp", fields[_TIMESTAMP]),
            state_root=root,
        )


def header_fields(data: bytes, counts: Collection[int]) -> list[bytes]:
    """Return the fields of a header in RLP, of which there may be so many.

    Raises `HeaderError`: too long, no RLP in its one form, lists within.
    """
    if len(data) > MAX_SIZE:
        raise HeaderError("the block header is too long", expected=f"{MAX_SIZE} bytes at most")
    try:
        fields = rlp.decode(data, strict=True)
        canonical = rlp.encode(fields) == data
    except (rlp.exceptions.RLPException, TypeError, ValueError, RecursionError) as error:
        raise HeaderError("the block header is no RLP", expected="a list of fields") from error
    if not canonical or not isinstance(fields, list | tuple) or len(fields) not in counts:
        raise HeaderError(
            "the block header has another form",
            expected=f"a list of {', '.join(map(str, counts))} fields",
        )
    if not all(isinstance(field, bytes) for field in fields):
        raise HeaderError("the block header nests lists", expected="plain fields")
    return list(fields)


def _integer(name: str, value: bytes) -> int:
    if len(value) > _NUMBER_SIZE or value[:1] == b"\0":
        raise HeaderError(
            f"the block's {name} has another form", expected="64 bits, no zeros ahead"
        )
    return int.from_bytes(value, "big")
