# SPDX-License-Identifier: Apache-2.0
"""Who validates is decided by vote of more than half of the validators, while the chain runs.

A validator's vote is given over its node's socket. The node puts it into the next block that it
proposes itself, so a vote of all takes about as many blocks as there are validators; the block
after the deciding one is sealed by the new set. Votes that do not suffice are forgotten after a day
(genesis.VOTES_EPOCH). Before the vote the validators sign a hand-over, which leads evidence from
the one set to the other (`handing_over`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from muniment.errors import InvalidInputError
from network.errors import NetworkError
from network.handing_over import before_vote
from network.members import OBSERVER, VALIDATOR, Member, Network
from network.running import (
    comes_to,
    height,
    patience,
    pid_of,
    socket_of,
    start,
    stop,
    wait_until_answering,
    within,
)
from network.socket_rpc import ask
from network.status import validators

_TURNS: Final = 2
_ENOUGH: Final = 4


def vote(network: Network, voters: Iterable[Member], address: str, *, add: bool) -> int:
    """Give the votes of `voters` for or against `address`, and return how many were given.

    A node cannot vote for its own removal and is passed over. Raises `NetworkError`, `RpcError`.
    """
    key = "governance.addvalidator" if add else "governance.removevalidator"
    given = 0
    for voter in voters:
        if voter.address != address:
            ask(socket_of(network, voter), "governance_vote", [key, address])
            given += 1
    return given


def promote(network: Network, member: Member) -> Network:
    """Make an observer run from here a validator, by the votes of those run from here.

    It has the whole chain first: a validator that is voted in and away weakens the others. Raises
    `NetworkError` where fewer than more than half of the validators are run from here: the other
    operators vote by `python -m network vote`; and where the hand-over lacks signatures.
    """
    voters = _voters(network, member, add=True)
    start(network, [member])
    wait_until_answering(network, [member])
    _catch_up(network, member, voters[0])
    before_vote(network, member.address, add=True)
    vote(network, voters, member.address, add=True)
    _wait(
        network,
        lambda: member.address in validators(network, voters[0]),
        member.name,
        "be voted in",
    )
    stop(network, [member])
    after = _with_role(network, member, VALIDATOR)
    start(after, [after.member(member.name)])
    wait_until_answering(after, [after.member(member.name)])
    _introduce(after, after.member(member.name))
    return after


def demote(network: Network, member: Member) -> Network:
    """Take a validator out, by the votes of those run from here; its node, if here, is stopped.

    Raises `NetworkError` as `promote`, and where fewer than four validators would stay.
    """
    voters = _voters(network, member, add=False)
    left = len(validators(network, voters[0])) - 1
    if left < _ENOUGH:
        raise NetworkError(
            f"{left} validators would stay",
            expected=f"{_ENOUGH} at least, of which one may be away",
            remedy="add another validator first",
        )
    before_vote(network, member.address, add=False)
    vote(network, voters, member.address, add=False)
    _wait(
        network,
        lambda: member.address not in validators(network, voters[0]),
        member.name,
        "be voted out",
    )
    if member in network.own():
        stop(network, [member])
    return _with_role(network, member, OBSERVER)


def _voters(network: Network, member: Member, *, add: bool) -> list[Member]:
    """The validators run from here that may vote; more than half of all must be among them."""
    running = [
        each
        for each in network.own()
        if each.role == VALIDATOR and each != member and pid_of(network, each) is not None
    ]
    if not running:
        raise NetworkError(
            "no validator runs here", expected="one at least", remedy="python -m network start"
        )
    council = validators(network, running[0])
    if (member.address in council) == add:
        what = "is a validator already" if add else "is no validator"
        raise InvalidInputError("member", "the other way round", f"{member.name}, which {what}")
    voters = [each for each in running if each.address in council]
    if 2 * len(voters) <= len(council):
        raise NetworkError(
            f"{len(voters)} of {len(council)} validators run here",
            expected="more than half",
            remedy="each operator votes on its own host: "
            f"python -m network vote {'add' if add else 'remove'} {member.address}",
        )
    return voters


def _with_role(network: Network, member: Member, role: str) -> Network:
    changed = network.with_members(
        [replace(each, role=role) if each == member else each for each in network.members]
    )
    changed.save()
    return changed


def _introduce(network: Network, member: Member) -> None:
    """Tell the others at once; after their next start they read it from static-nodes.json."""
    for other in network.own():
        if other != member and pid_of(network, other) is not None:
            ask(socket_of(network, other), "admin_addPeer", [member.peer])


def _catch_up(network: Network, member: Member, other: Member) -> None:
    """Return when a node is level with another, however long its chain is.

    Raises `NetworkError` when it gets no further.
    """
    while (wanted := height(network, other) - 1) > height(network, member):
        if not comes_to(network, member, wanted, patience(network)):
            raise _stuck(member.name, "catch up")


def _wait(network: Network, is_so: Callable[[], bool], name: str, what: str) -> None:
    def answered() -> bool:
        try:
            return is_so()
        except NetworkError:
            # Its machine is busy; the time is bounded.
            return False

    # Each voter has to propose a block.
    if not within(_TURNS * patience(network), answered):
        raise _stuck(name, what)


def _stuck(name: str, what: str) -> NetworkError:
    return NetworkError(
        f"node {name} did not {what}",
        expected="a running majority of validators",
        remedy="python -m network status",
    )
