# SPDX-License-Identifier: Apache-2.0
"""Hand-overs: before a vote the validators sign who comes after them (docs/spec/evidence.md, § 6).

Complete documents lie in DIR/handovers/NUMBER.json, NUMBER being the block that they were made at.
A host signs with the keys that lie on it, and only what its own node says too: this chain's block
of that hash, and the validators of that time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from muniment.evidence.handovers import HandOver
from muniment.evidence.members import EvidenceFormError
from network.errors import NetworkError
from network.members import VALIDATOR, Member, Network, write_whole
from network.running import pid_of, socket_of
from network.socket_rpc import ask


def folder_of(network: Network) -> Path:
    """Where a network's hand-overs lie."""
    return network.folder / "handovers"


def draft(network: Network, address: str, *, add: bool) -> HandOver:
    """Return the hand-over, signed by nobody yet, by which `address` comes or goes after the
    highest block of a node run from here. Raises `NetworkError` where that is no change."""
    path = socket_of(network, _running(network))
    head = ask(path, "eth_getBlockByNumber", ["latest", False])
    old = _sealing(path, head["number"])
    changed = bytes.fromhex(address.removeprefix("0x"))
    if (changed in old) == add:
        raise NetworkError(
            f"{address} {'is a validator already' if add else 'is no validator'}",
            expected="the other way round",
            remedy="python -m network status",
        )
    new = {*old, changed} if add else {*old} - {changed}
    return HandOver(
        chain_id=network.chain_id,
        number=int(head["number"], 16),
        block_hash=bytes.fromhex(head["hash"][2:]),
        old=old,
        new=tuple(sorted(new)),
    )


def sign(network: Network, handover: HandOver) -> HandOver:
    """Return it with the signatures of the keys that lie here.

    Raises `NetworkError` where the node run from here has another block or other validators.
    """
    path = socket_of(network, _running(network))
    named = ask(path, "eth_getBlockByNumber", [hex(handover.number), False])
    known = named is not None and named["hash"] == f"0x{handover.block_hash.hex()}"
    if (
        handover.chain_id != network.chain_id
        or not known
        or _sealing(path, named["number"]) != handover.old
    ):
        raise NetworkError(
            f"the hand-over at block {handover.number} is not of what the node here has",
            expected="a block of this chain, and the validators of that time",
            remedy="wait until the node has that block; if it has, do not sign, and ask who made "
            "the document",
        )
    members = network.own()
    return handover.signed(bytes.fromhex(_key(network, each)) for each in members)


def keep(network: Network, handover: HandOver) -> Path:
    """Keep a complete hand-over, and return its path. Raises `HandOverError`."""
    handover.require_signed()
    folder = folder_of(network)
    folder.mkdir(exist_ok=True)
    path = folder / f"{handover.number}.json"
    write_whole(path, handover.to_bytes().decode())
    return path


def kept(network: Network) -> list[HandOver]:
    """Return the hand-overs that are kept here, by their blocks. Raises `EvidenceFormError`."""
    paths = folder_of(network).glob("*.json")
    return sorted((read(path) for path in paths), key=lambda each: each.number)


def read(path: Path) -> HandOver:
    """Return the hand-over of a file, complete or not. Raises `EvidenceFormError`."""
    try:
        return HandOver.from_bytes(path.read_bytes())
    except OSError as error:
        raise EvidenceFormError(f"hand-over {path}", "a readable file") from error


def before_vote(network: Network, address: str, *, add: bool) -> HandOver:
    """Have a complete hand-over kept before votes are given: one made now, or one that several
    hosts have signed before. Raises `NetworkError` where neither can be."""
    made = draft(network, address, add=add)
    signed = sign(network, made)
    old, joining = signed.missing()
    if not old and not joining:
        keep(network, signed)
        return signed
    for each in reversed(kept(network)):
        if (each.old, each.new) == (made.old, made.new):
            return each
    raise NetworkError(
        f"{old + len(joining)} signatures of the hand-over are missing here",
        expected="two thirds of the validators, and each who is new",
        remedy=f"python -m network handover make {'add' if add else 'remove'} {address} FILE, then "
        "python -m network handover sign FILE on the other hosts, and at last here",
    )


def missing_in_words(network: Network, handover: HandOver) -> str:
    """Say what a hand-over lacks, "" where it is complete."""
    old, joining = handover.missing()
    names = {each.address: each.name for each in network.members}
    signers = {f"0x{each.hex()}" for each in handover.signers()}
    left = [f"0x{each.hex()}" for each in handover.old if f"0x{each.hex()}" not in signers]
    told = []
    if old:
        told.append(f"{old} of {_listed(left, names)}")
    if joining:
        told.append(_listed([f"0x{each.hex()}" for each in joining], names))
    return " and ".join(told)


def _listed(addresses: Sequence[str], names: dict[str, str]) -> str:
    return ", ".join(names.get(each, each) for each in addresses)


def _running(network: Network) -> Member:
    running = [each for each in network.own() if pid_of(network, each) is not None]
    if not running:
        raise NetworkError("no node runs here", expected="one", remedy="python -m network start")
    # A validator before an observer that may be behind.
    return min(running, key=lambda each: each.role != VALIDATOR)


def _sealing(path: Path, number: str) -> tuple[bytes, ...]:
    """Who may seal a block."""
    found = ask(path, "istanbul_getValidators", [number])
    return tuple(sorted(bytes.fromhex(each[2:]) for each in found))


def _key(network: Network, member: Member) -> str:
    return (network.home(member) / "nodekey").read_text().strip()
