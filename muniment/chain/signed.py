# SPDX-License-Identifier: Apache-2.0
"""Raw transactions that somebody else has signed: read strictly, the signer recovered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import coincurve
import rlp
from rlp.exceptions import RLPException

from muniment.chain.connection import Address, address_of
from muniment.errors import InvalidInputError
from muniment.record.keccak import keccak

MAX_SIZE: Final = 131_072
"""Most bytes of a raw transaction: nodes take no larger one."""
_ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
_FIELDS: Final = 9


class RawTransactionError(InvalidInputError):
    """Bytes that are no raw transaction of the one form that is taken."""

    def __init__(self, got: str) -> None:
        super().__init__(
            "raw transaction",
            "a signed legacy transaction with the chain's id (EIP-155), in canonical RLP",
            got,
            remedy="sign what was prepared with `muniment sign`, or in the console",
        )


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A raw transaction and what it says. `gas_price` and `value` in wei, `hash` 32 bytes."""

    raw: bytes
    hash: bytes
    signer: Address
    chain_id: int
    nonce: int
    gas: int
    gas_price: int
    to: Address | None
    value: int
    data: bytes

    @classmethod
    def from_raw(cls, raw: bytes) -> SignedTransaction:
        """Return the transaction of its raw bytes, its signer recovered from the signature.

        One form alone is taken, of which there is one spelling: nobody can make a second
        transaction of it by writing it differently. Raises `RawTransactionError`.
        """
        fields = _fields(raw)
        nonce, price, gas, to, value, data, v, r, s = fields
        numbers = [_number(name, part) for name, part in _named(nonce, price, gas, value, v, r, s)]
        nonce_, price_, gas_, value_, v_, r_, s_ = numbers
        if v_ < 35:
            raise RawTransactionError("signed for no chain in particular")
        if not (0 < r_ < _ORDER and 0 < s_ <= _ORDER // 2):
            raise RawTransactionError("signed with numbers that no signer writes")
        if len(to) not in (0, 20):
            raise RawTransactionError("addressed to something else than an account")
        chain_id, parity = divmod(v_ - 35, 2)
        body = (nonce, price, gas, to, value, data)
        digest = keccak(rlp.encode((*body, chain_id, 0, 0)))
        signature = r_.to_bytes(32, "big") + s_.to_bytes(32, "big") + bytes([parity])
        try:
            key = coincurve.PublicKey.from_signature_and_message(signature, digest, hasher=None)
        except Exception as error:
            raise RawTransactionError("signed by no key") from error
        account = keccak(key.format(compressed=False)[1:])[12:]
        return cls(
            raw=raw,
            hash=keccak(raw),
            signer=address_of("signer", f"0x{account.hex()}"),
            chain_id=chain_id,
            nonce=nonce_,
            gas=gas_,
            gas_price=price_,
            to=address_of("transaction's to", f"0x{to.hex()}") if to else None,
            value=value_,
            data=data,
        )


def _fields(raw: bytes) -> list[bytes]:
    if len(raw) > MAX_SIZE:
        raise RawTransactionError(f"longer than {MAX_SIZE} bytes")
    if not raw or raw[0] < 0xC0:
        raise RawTransactionError("of another type")
    try:
        fields = rlp.decode(raw)
    except (RLPException, TypeError, ValueError) as error:
        raise RawTransactionError("no RLP") from error
    if (
        not isinstance(fields, list)
        or len(fields) != _FIELDS
        or not all(isinstance(each, bytes) for each in fields)
    ):
        raise RawTransactionError(f"not a list of {_FIELDS} values")
    if rlp.encode(fields) != raw:
        raise RawTransactionError("spelled otherwise than RLP is")
    return fields


def _named(*parts: bytes) -> list[tuple[str, bytes]]:
    names = ("nonce", "gas price", "gas", "value", "v", "r", "s")
    return list(zip(names, parts, strict=True))


def _number(name: str, part: bytes) -> int:
    if len(part) > 32 or part[:1] == b"\0":
        raise RawTransactionError(f"with a {name} that is no number")
    return int.from_bytes(part, "big")
