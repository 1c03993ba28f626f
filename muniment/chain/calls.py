# SPDX-License-Identifier: Apache-2.0
"""What the data of a call says, read back by the ABI: for people who are asked to sign it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_abi.exceptions import EncodingError as AbiEncodingError
from eth_utils.crypto import keccak

from muniment.chain.contract import functions_of
from muniment.chain.decoding import kind_of
from muniment.errors import InvalidInputError

CONTRACTS: Final = ("RecordRegistry", "AgencyRegistry", "ShareRegistry")
_SEVERAL: Final = "multicall(bytes[])"
_READING: Final = frozenset({"view", "pure"})
_DEEPEST: Final = 3
"""How far calls within calls go: a batch of acts, each of which enrols its record first."""


class CallDataError(InvalidInputError):
    """Data that is no call of a contract's writing functions, or is not spelled as the ABI does."""

    def __init__(self, contract_name: str, got: str) -> None:
        super().__init__(
            "data of the call",
            f"one of the writing functions of {contract_name}, as its ABI spells it",
            got,
            remedy="sign nothing of it, and tell whoever runs the gateway",
        )


@dataclass(frozen=True, slots=True)
class DecodedCall:
    """A call as its data says it: the function's name, its arguments by name, and for several calls
    in one those `inner` ones, in order."""

    contract_name: str
    function: str
    signature: str
    arguments: Mapping[str, Any]
    inner: tuple[DecodedCall, ...] = ()

    def leaves(self) -> Iterator[DecodedCall]:
        """Yield the calls that do something, in order."""
        if self.signature == _SEVERAL:
            for each in self.inner:
                yield from each.leaves()
        else:
            yield self


def decode_call(contract_name: str, data: bytes, *, depth: int = 0) -> DecodedCall:
    """Return what the data of a call to a contract says.

    It must be what the ABI makes of these arguments, byte for byte: data with more in it than is
    shown is refused. Raises `CallDataError`.
    """
    found = _by_selector(contract_name).get(data[:4])
    if found is None:
        raise CallDataError(contract_name, "of another function")
    signature, entry = found
    kinds = [kind_of(item) for item in entry["inputs"]]
    try:
        values = decode(kinds, data[4:])
        spelled = encode(kinds, values)
    except (DecodingError, AbiEncodingError, ValueError, OverflowError) as error:
        raise CallDataError(contract_name, f"no arguments of {signature}") from error
    if spelled != data[4:]:
        raise CallDataError(contract_name, f"a call of {signature} with something else beside it")
    names = [item["name"] or f"value{place}" for place, item in enumerate(entry["inputs"])]
    inner: tuple[DecodedCall, ...] = ()
    if signature == _SEVERAL:
        if depth == _DEEPEST:
            raise CallDataError(contract_name, "of calls within calls within calls")
        inner = tuple(decode_call(contract_name, each, depth=depth + 1) for each in values[0])
    return DecodedCall(
        contract_name,
        str(entry["name"]),
        signature,
        dict(zip(names, values, strict=True)),
        inner,
    )


@cache
def _by_selector(contract_name: str) -> dict[bytes, tuple[str, Mapping[str, Any]]]:
    """The writing functions of a contract by their selectors."""
    return {
        keccak(text=signature)[:4]: (signature, entry)
        for signature, entry in functions_of(contract_name).items()
        if entry["stateMutability"] not in _READING
    }
