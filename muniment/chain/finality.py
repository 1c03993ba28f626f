# SPDX-License-Identifier: Apache-2.0
"""How far a chain is final: by the configuration, else by what the node answers. Decided here."""

from __future__ import annotations

from muniment.chain.connection import Block, Connection, RpcError
from muniment.chain.engines import Engine, engine_of
from muniment.errors import ChainError


class FinalityUnknownError(ChainError):
    """The node does not say which block is final."""

    def __init__(self) -> None:
        super().__init__(
            "the node knows no `finalized` block",
            expected="a node that has the tag, or a finality depth in the profile",
            remedy="set `finality_depth` in the profile: 0 on a chain with instant finality",
        )


def final_number(connection: Connection, head: Block, depth: int | None) -> int:
    """Return the number of the highest final block, at most `head`; -1 where none is final yet.

    `depth` is how many blocks on top make one final, 0 where every block is; None asks the node for
    its `finalized` tag, but where validators sign each block (Istanbul): there none is undone.
    Raises `FinalityUnknownError`.
    """
    if depth is not None:
        return max(head.number - depth, -1)
    if engine_of(connection) is Engine.ISTANBUL:
        return head.number
    try:
        found = connection.request("eth_getBlockByNumber", ["finalized", False])
    except RpcError as refused:
        raise FinalityUnknownError from refused
    if found is None:
        raise FinalityUnknownError
    return min(int(found["number"], 16), head.number)
