# SPDX-License-Identifier: Apache-2.0
"""What differs from one kind of node to another, told by what the node answers. All of it is here.

A node of validators that run Istanbul BFT (Kaia) knows no `finalized` block, shows its headers by
methods of its own, and refuses transactions in words of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final
from weakref import WeakKeyDictionary

import rlp

from muniment.chain.connection import Block, Connection, RpcError
from muniment.errors import UnreachableError
from muniment.proof.headers import HeaderError
from muniment.proof.istanbul import IstanbulHeader, without_round

_HEADER_FIELDS: Final = (
    ("parentHash", False),
    ("reward", False),
    ("stateRoot", False),
    ("transactionsRoot", False),
    ("receiptsRoot", False),
    ("logsBloom", False),
    ("blockScore", True),
    ("number", True),
    ("gasUsed", True),
    ("timestamp", True),
    ("timestampFoS", True),
    ("extraData", False),
    ("governanceData", False),
    ("voteData", False),
    ("baseFeePerGas", True),
)
_RANDOM_FIELDS: Final = (("randomReveal", False), ("mixHash", False))
_EXTRA: Final = 11
_NO_SUCH_METHOD: Final = (-32601, -32004)


class Engine(Enum):
    """How a chain agrees on its blocks: Istanbul's are signed, and final at once."""

    ETHEREUM = auto()
    ISTANBUL = auto()


class Refusal(Enum):
    """Why a node did not take a transaction, as far as its words tell."""

    KNOWN = auto()
    """It has this very transaction: nothing is wrong."""
    NONCE_SPENT = auto()
    """A block has one with this nonce already."""
    NONCE_WAITING = auto()
    """The pool has another one with this nonce."""
    POOL_FULL = auto()
    NO_FUNDS = auto()
    TOO_CHEAP = auto()
    OTHER = auto()


# As Kaia v1.0.3 and Anvil answer (captured: tests/unit/chain/test_engines.py) and as Geth has them
# (core/txpool/errors.go). The first that fits counts.
_WORDS: Final = (
    ("known transaction", Refusal.KNOWN),
    ("already known", Refusal.KNOWN),
    ("already imported", Refusal.KNOWN),
    ("same nonce in the tx pool", Refusal.NONCE_WAITING),
    ("replacement transaction underpriced", Refusal.NONCE_WAITING),
    ("nonce too low", Refusal.NONCE_SPENT),
    ("txpool is full", Refusal.POOL_FULL),
    ("insufficient funds", Refusal.NO_FUNDS),
    ("invalid unit price", Refusal.TOO_CHEAP),
    ("invalid gas fee cap", Refusal.TOO_CHEAP),
    ("invalid gas price", Refusal.TOO_CHEAP),
    ("underpriced", Refusal.TOO_CHEAP),
)

_engines: WeakKeyDictionary[Connection, Engine] = WeakKeyDictionary()


def engine_of(connection: Connection) -> Engine:
    """Return a node's engine; asked once a connection, as a rule. Raises `UnreachableError`.

    A node runs Istanbul where it shows a header whose seals are where Istanbul has them, and that
    makes the hash that the node gives.
    """
    known = _engines.get(connection)
    if known is not None:
        return known
    try:
        answer = connection.request("kaia_getHeaderByNumber", ["latest"])
        header = IstanbulHeader.from_rlp(header_rlp(answer))
        made = header.hash == bytes.fromhex(answer["hash"][2:])
        found = Engine.ISTANBUL if made else Engine.ETHEREUM
    except RpcError as refused:
        if refused.code not in _NO_SUCH_METHOD:
            # It may be out of breath: it is asked again.
            return Engine.ETHEREUM
        found = Engine.ETHEREUM
    except (HeaderError, KeyError, TypeError, ValueError):
        found = Engine.ETHEREUM
    _engines[connection] = found
    return found


def header_rlp(answer: object) -> bytes:
    """Return the RLP of an Istanbul header of its JSON form, its round at zero.

    Raises `HeaderError` for another form.
    """
    if not isinstance(answer, Mapping):
        raise HeaderError("the node shows no header", expected="an object")
    names = list(_HEADER_FIELDS)
    if answer.get("baseFeePerGas") is None:
        names.pop()
    if answer.get("randomReveal") is not None:
        names += _RANDOM_FIELDS
    try:
        fields = [
            _integer(answer[name]) if is_number else bytes.fromhex(answer[name][2:])
            for name, is_number in names
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise HeaderError("the node's header has another form", expected="Kaia's") from error
    fields[_EXTRA] = without_round(fields[_EXTRA])
    return bytes(rlp.encode(fields))


def signed_header(connection: Connection, block: Block) -> bytes:
    """Return the RLP of a block's header with its seals, of a node that runs Istanbul.

    Raises `HeaderError` where it does not make the block's hash, `UnreachableError`.
    """
    answer = connection.request("kaia_getHeaderByHash", [f"0x{block.hash.hex()}"])
    if answer is None:
        raise UnreachableError(connection.url, f"it has lost block {block.number}")
    data = header_rlp(answer)
    if IstanbulHeader.from_rlp(data).hash != block.hash:
        raise HeaderError(
            f"the header of block {block.number} does not make the block's hash",
            expected=f"0x{block.hash.hex()}",
        )
    return data


def validators_of(connection: Connection, number: int) -> tuple[bytes, ...]:
    """Return who may sign block `number`, as a node that runs Istanbul says: addresses of 20 bytes,
    ascending. Raises `HeaderError` for another answer, `UnreachableError`."""
    answer = connection.request("kaia_getCouncil", [hex(number)])
    try:
        return tuple(sorted(bytes.fromhex(each[2:]) for each in answer))
    except (TypeError, ValueError) as error:
        raise HeaderError(
            "the node's validators have another form", expected="addresses"
        ) from error


def refusal_of(error: RpcError) -> Refusal:
    """Return why a node did not take a transaction. For people and for waiting; what became of a
    transaction is told by receipts alone."""
    said = error.reason.lower()
    return next((meaning for words, meaning in _WORDS if words in said), Refusal.OTHER)


def _integer(text: str) -> bytes:
    value = int(text, 16)
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
