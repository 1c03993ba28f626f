# SPDX-License-Identifier: Apache-2.0
"""How the chain stands: its nodes, its last blocks, and who of the validators makes them.

Each node is asked in a thread of its own, and one that hangs is left behind: the whole takes
`LONGEST_SECONDS` at most. Times are the blocks', so the clocks of their proposers, compared with
this machine's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Generic, TypeVar

from muniment.chain.connection import Address, Block, Connection, RpcError
from muniment.chain.engines import Engine, engine_of
from muniment.chain.signers import SignedBlock, council, signed_blocks, validator_behind
from muniment.errors import MunimentError, UnreachableError
from muniment.proof.istanbul import quorum
from muniment.registry.profile import ChainProfile

LAST_BLOCKS: Final = 60
"""Blocks that are looked at. Each validator proposes in turn, so of 21 that are up each one has
proposed two or three of them, and sealed most likely many more."""
LONGEST_SECONDS: Final = 15.0
_NODES_SECONDS: Final = 6.0
_REQUEST_SECONDS: Final = 2.0
# A proposer that is away costs some seconds, two in a row more; a chain with fewer blocks a minute
# than one a second gets more patience.
_STILL_SECONDS: Final = 20
_STILL_BLOCKS: Final = 10
_CLOCK_SECONDS: Final = 5

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class NodeStanding:
    """One node of the profile, `fault` why nothing is known of it, "" where it answered.

    `behind` in blocks, of the highest node; `validator` is the one that it says to be;
    `elsewhere` whether its block is another one than the highest node has at that height.
    """

    url: str
    fault: str = ""
    head: Block | None = None
    behind: int = 0
    peers: int | None = None
    validator: Address | None = None
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class ValidatorStanding:
    """One validator, in the last blocks: how many it `proposed`, and how many bear its seal.

    `name` is the profile's, "" where it has none; `node` the URL of a node that says to be it.
    """

    address: Address
    name: str
    proposed: int
    sealed: int
    node: str | None

    @property
    def label(self) -> str:
        """Its name, else its address."""
        return self.name or self.address

    @property
    def silent(self) -> bool:
        """Whether none of the blocks looked at is of it."""
        return not self.proposed and not self.sealed


@dataclass(frozen=True, slots=True)
class ChainStanding:
    """The chain as the highest node shows it; `now` in Unix seconds of this machine's clock.

    `head` is None where no node answers. `block_seconds` is the mean of the `looked_at` last
    blocks. `proposer` and `validators` are there where validators sign the blocks; `fault` says why
    they are not, where they should be.
    """

    now: int
    nodes: tuple[NodeStanding, ...]
    head: Block | None = None
    looked_at: int = 0
    block_seconds: float | None = None
    proposer: Address | None = None
    validators: tuple[ValidatorStanding, ...] = ()
    fault: str = ""

    @property
    def age(self) -> int | None:
        """Seconds since the last block; less than zero where its time has not come here yet."""
        return None if self.head is None else self.now - self.head.timestamp

    @property
    def stands_still(self) -> bool:
        """Whether no block came for long, on a chain that makes them busy or not."""
        if not self.validators or self.age is None:
            return False
        return self.age > max(_STILL_SECONDS, _STILL_BLOCKS * (self.block_seconds or 0))

    @property
    def clock_differs(self) -> bool:
        """Whether the last block is of a time that has not come here yet."""
        return self.age is not None and self.age < -_CLOCK_SECONDS

    @property
    def needed(self) -> int | None:
        """How many validators must agree on a block."""
        return quorum(len(self.validators)) if self.validators else None

    @property
    def silent(self) -> list[ValidatorStanding]:
        """The validators of whom none of the last blocks is."""
        return [each for each in self.validators if each.silent]

    @property
    def passed_over(self) -> list[ValidatorStanding]:
        """The validators that seal, and whose own proposals the others do not take.

        Known only where enough blocks were looked at for each to have had its turn twice.
        """
        if self.looked_at < 2 * len(self.validators):
            return []
        return [each for each in self.validators if each.sealed and not each.proposed]

    @property
    def up(self) -> list[ValidatorStanding]:
        """The validators whose nodes answered here."""
        return [each for each in self.validators if each.node is not None]

    @property
    def unheard(self) -> list[ValidatorStanding]:
        """The validators no node of which answered here. Where the profile does not name nodes of
        all validators, one of these may well be up."""
        return [each for each in self.validators if each.node is None]

    def named(self, address: Address) -> str:
        """A validator's name, else its address."""
        return next((each.label for each in self.validators if each.address == address), address)


def chain_standing(chain: ChainProfile, last: int = LAST_BLOCKS) -> ChainStanding:
    """Return how the chain of a profile stands. Nodes that are away, hang or lie raise nothing."""
    end = time.monotonic() + LONGEST_SECONDS
    asked = _within(_NODES_SECONDS, {url: _asking(url, chain.id) for url in chain.urls})
    _pass_over_unsigned(asked)
    answers = [each.value for each in asked.values() if each.value is not None]
    fault = ""
    # Of several that are as high the profile's first.
    for best in sorted(answers, key=lambda each: -each.head.number):
        reading = _Task(partial(_read_blocks, best, answers, last))
        read = _within(max(0.0, end - time.monotonic()), {best.url: reading})[best.url]
        if read.value is not None:
            return _standing(chain, asked, best, read.value, fault)
        fault = fault or f"{_shown(best.url)}: {read.fault}"
    nodes = tuple(NodeStanding(_shown(url), each.fault or fault) for url, each in asked.items())
    return ChainStanding(int(time.time()), nodes, fault=fault)


@dataclass(slots=True)
class _Task(Generic[Found]):
    """Something that is done in a thread, and left behind where it takes too long."""

    work: Callable[[], Found]
    value: Found | None = None
    fault: str = ""

    def run(self) -> None:
        try:
            self.value = self.work()
        except MunimentError as error:
            self.fault = error.what


def _within(seconds: float, tasks: Mapping[str, _Task[Found]]) -> Mapping[str, _Task[Found]]:
    """Run tasks side by side; those that are not done in time have a fault."""
    # A thread of a pool would be waited for at the end of the program.
    threads = [threading.Thread(target=each.run, daemon=True) for each in tasks.values()]
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    done = {}
    for (url, task), thread in zip(tasks.items(), threads, strict=True):
        hangs = thread.is_alive()
        late = f"no answer in {seconds:.0f} s"
        done[url] = _Task(task.work, None, late) if hangs else task
    return done


@dataclass(slots=True)
class _Answer:
    url: str
    connection: Connection
    head: Block
    peers: int
    engine: Engine
    validator: Address | None


def _asking(url: str, chain_id: int) -> _Task[_Answer]:
    def ask() -> _Answer:
        connection = Connection(url, chain_id, timeout=_REQUEST_SECONDS)
        engine = engine_of(connection)
        validator = validator_behind(connection) if engine is Engine.ISTANBUL else None
        return _Answer(url, connection, connection.block(), _peers(connection), engine, validator)

    return _Task(ask)


def _peers(connection: Connection) -> int:
    try:
        return int(connection.request("net_peerCount", []), 16)
    except RpcError:
        # A node for development has none, and does not count them.
        return 0


def _pass_over_unsigned(asked: Mapping[str, _Task[_Answer]]) -> None:
    """Where some nodes show signed headers, one that shows none is not believed."""
    answers = [each.value for each in asked.values() if each.value is not None]
    if not any(each.engine is Engine.ISTANBUL for each in answers):
        return
    for task in asked.values():
        if task.value is not None and task.value.engine is not Engine.ISTANBUL:
            task.value = None
            task.fault = "it shows no header that makes its block's hash, as other nodes do"


@dataclass(slots=True)
class _Blocks:
    """What the highest node shows: its hashes at the others' heights, and the last blocks."""

    hashes: dict[int, bytes]
    seconds: float | None
    looked_at: int
    signed: list[SignedBlock] = field(default_factory=list)
    council: list[Address] = field(default_factory=list)


def _read_blocks(best: _Answer, answers: Sequence[_Answer], last: int) -> _Blocks:
    connection, head = best.connection, best.head
    first = connection.block(max(0, head.number - last))
    looked_at = head.number - first.number
    seconds = (head.timestamp - first.timestamp) / looked_at if looked_at else None
    heights = {each.head.number for each in answers}
    hashes = {each: connection.block(each).hash for each in heights if each <= head.number}
    found = _Blocks(hashes, seconds, looked_at)
    if best.engine is Engine.ISTANBUL:
        found.signed = signed_blocks(connection, head, last)
        found.council = council(connection, head)
    return found


def _standing(
    chain: ChainProfile,
    asked: Mapping[str, _Task[_Answer]],
    best: _Answer,
    blocks: _Blocks,
    fault: str,
) -> ChainStanding:
    nodes = tuple(_node(url, each, best, blocks) for url, each in asked.items())
    names = {address: name for name, address in chain.validators.items()}
    urls = {each.validator: each.url for each in nodes if each.validator is not None}
    proposers = [each.proposer for each in blocks.signed]
    sealers = [address for each in blocks.signed for address in each.committers]
    validators = tuple(
        ValidatorStanding(
            address,
            names.get(address, ""),
            proposers.count(address),
            sealers.count(address),
            urls.get(address),
        )
        for address in blocks.council
    )
    return ChainStanding(
        now=int(time.time()),
        nodes=nodes,
        head=best.head,
        looked_at=blocks.looked_at,
        block_seconds=blocks.seconds,
        proposer=proposers[-1] if proposers else None,
        validators=validators,
        fault=fault,
    )


def _node(url: str, task: _Task[_Answer], best: _Answer, blocks: _Blocks) -> NodeStanding:
    found = task.value
    if found is None:
        return NodeStanding(_shown(url), task.fault)
    here = blocks.hashes.get(found.head.number)
    return NodeStanding(
        url=_shown(url),
        head=found.head,
        # One that was passed over shows blocks that the others do not have.
        behind=max(0, best.head.number - found.head.number),
        peers=found.peers,
        validator=found.validator,
        elsewhere=here != found.head.hash,
    )


def _shown(url: str) -> str:
    """Without what may be secret in a URL: user, password, path."""
    return UnreachableError(url, "").endpoint
