# SPDX-License-Identifier: Apache-2.0
"""Where the mirror and a node's chain part: the last block that both have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from muniment.chain.connection import Block, Connection, RpcError, UnknownBlockError, block_of
from muniment.errors import ChainError
from muniment.store.mirror import KeptBlock


class PastFinalityError(ChainError):
    """A node's chain differs from the mirrored one in a block that was final."""

    def __init__(self, number: int, ours: bytes, theirs: bytes) -> None:
        super().__init__(
            f"block {number} was final as 0x{ours.hex()}, and the node has 0x{theirs.hex()}",
            expected="final blocks to stay as they are",
            remedy="nothing was changed here. Find out which chain is the right one (ask the other "
            "validators); to take the node's, run `muniment rebuild`",
        )
        self.number = number
        self.ours = ours
        self.theirs = theirs


def is_behind(node: Connection, head: Block, kept: Sequence[KeptBlock]) -> bool:
    """Whether the node merely lacks blocks that are kept."""
    if not kept or head.number >= kept[-1].number:
        return False
    shared = [block for block in kept if block.number <= head.number]
    # Below the lowest kept block nothing can be compared, and nothing could be rolled back.
    return not shared or node.block(shared[-1].number).hash == shared[-1].hash


def common_block(
    node: Connection, head: Block, kept: Sequence[KeptBlock], our_final: int
) -> KeptBlock | None:
    """The highest kept block that the node has too, None for none. Raises `PastFinalityError`."""
    top = kept[-1]
    if top.number <= head.number and _hash_at(node, head, top.number) == top.hash:
        return top
    shared = [block for block in kept if block.number <= head.number]
    answers = node.request_many(
        "eth_getBlockByNumber", [[hex(block.number), False] for block in shared]
    )
    for block, answer in zip(reversed(shared), reversed(answers), strict=True):
        theirs = answered_block(block.number, answer).hash
        if theirs == block.hash:
            return block
        if block.number <= our_final:
            raise PastFinalityError(block.number, block.hash, theirs)
    return None


def _hash_at(node: Connection, head: Block, number: int) -> bytes:
    return head.hash if number == head.number else node.block(number).hash


def top_number(kept: Sequence[KeptBlock]) -> int:
    """Return the number of the highest kept block, -1 for none."""
    return kept[-1].number if kept else -1


def answered_block(number: int, answer: Any) -> Block:
    """Return the block of an answer. Raises `UnknownBlockError`."""
    if answer is None or isinstance(answer, RpcError):
        raise UnknownBlockError(number)
    return block_of(answer)
