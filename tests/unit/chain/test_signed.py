# SPDX-License-Identifier: Apache-2.0
"""Raw transactions that others signed: read as they were signed, in one spelling alone."""

from __future__ import annotations

import pytest
import rlp
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from muniment.chain import Signer
from muniment.chain.accounts import UnsignedTransaction
from muniment.chain.connection import address_of
from muniment.chain.signed import MAX_SIZE, RawTransactionError, SignedTransaction

KEY = bytes(range(1, 33))
TO = address_of("to", "0x" + "11" * 20)


@given(
    chain_id=st.integers(1, 2**53),
    nonce=st.integers(0, 2**60),
    price=st.integers(0, 2**80),
    data=st.binary(max_size=200),
)
def test_signed__is_read_as_it_was_signed(
    chain_id: int, nonce: int, price: int, data: bytes
) -> None:
    signer = Signer.from_key(KEY)
    transaction = UnsignedTransaction(chain_id, nonce, 50_000, price, TO, data)
    raw, transaction_hash = signer.sign(transaction)
    found = SignedTransaction.from_raw(raw)
    assert (found.hash, found.signer, found.chain_id) == (
        transaction_hash,
        signer.address,
        chain_id,
    )
    assert (found.nonce, found.gas, found.gas_price, found.data) == (nonce, 50_000, price, data)
    assert (found.to, found.value) == (TO, 0)


def test_other_forms__are_refused() -> None:
    raw, _ = Signer.from_key(KEY).sign(UnsignedTransaction(1, 0, 21_000, 0, TO, b"abc"))
    fields = rlp.decode(raw)
    typed = Account.sign_transaction(
        {
            "chainId": 1,
            "nonce": 0,
            "gas": 21_000,
            "maxFeePerGas": 1,
            "maxPriorityFeePerGas": 1,
            "to": TO,
            "value": 0,
            "type": 2,
        },
        KEY,
    ).raw_transaction
    unprotected = [*fields]
    unprotected[6] = b"\x1b"
    nested = [*fields]
    nested[5] = [b"a"]
    for each in (
        b"",
        b"\x80",
        bytes(typed),
        raw[:-1],
        raw + b"\0",
        rlp.encode(fields[:-1]),
        rlp.encode(unprotected),
        rlp.encode(nested),
        rlp.encode([*fields[:3], b"\1" * 19, *fields[4:]]),
        rlp.encode([*fields[:7], b"", fields[8]]),
        rlp.encode([*fields[:7], b"\xff" * 32, fields[8]]),
        rlp.encode([*fields[:8], b"\xff" * 32]),
        rlp.encode([b"\1" * 33, *fields[1:]]),
        b"\xf8" + bytes(MAX_SIZE),
    ):
        with pytest.raises(RawTransactionError):
            SignedTransaction.from_raw(each)


@given(st.binary(max_size=300))
def test_nonsense__raises_the_one_error(data: bytes) -> None:
    for each in (data, b"\xf8" + data):
        try:
            SignedTransaction.from_raw(each)
        except RawTransactionError:
            continue
