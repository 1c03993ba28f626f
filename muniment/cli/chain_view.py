# SPDX-License-Identifier: Apache-2.0
"""The chain's standing as `muniment status` shows it: for people, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from muniment.record.instants import in_words
from muniment.registry.standing_of_chain import ChainStanding, NodeStanding, ValidatorStanding


def chain_json(chain: ChainStanding) -> dict[str, Any]:
    """Return the standing as JSON has it."""
    found: dict[str, Any] = {
        "block": None,
        "nodes": [_node_json(each) for each in chain.nodes],
        "fault": chain.fault or None,
    }
    if chain.head is None:
        return found
    found |= {
        "block": chain.head.number,
        "hash": f"0x{chain.head.hash.hex()}",
        "time": chain.head.timestamp,
        "age_seconds": chain.age,
        "block_seconds": chain.block_seconds,
        "blocks_looked_at": chain.looked_at,
    }
    if chain.validators:
        found |= {
            "proposer": chain.proposer,
            "needed": chain.needed,
            "validators": [_validator_json(each) for each in chain.validators],
            "silent": [each.label for each in chain.silent],
            "passed_over": [each.label for each in chain.passed_over],
            "stands_still_since": chain.head.timestamp if chain.stands_still else None,
            "unheard": [each.label for each in chain.unheard] if chain.stands_still else [],
        }
    advice = _advice(chain)
    return found | {"advice": advice or None}


def chain_lines(chain: ChainStanding) -> Iterator[tuple[str, str]]:
    """Yield what people read, line by line: a word, and what stands behind it."""
    if chain.head is None:
        yield "chain", "no node answers"
    else:
        yield (
            "chain",
            f"block {chain.head.number} of {in_words(chain.head.timestamp)} UTC, {_pace(chain)}",
        )
    if chain.validators and chain.proposer is not None:
        yield "proposer", chain.named(chain.proposer)
        yield "validators", f"{_labels(chain.validators)}; {chain.needed} must agree"
    for each in chain.silent:
        yield (
            "silent",
            f"{each.label}: neither proposed nor sealed one of the last {chain.looked_at} blocks",
        )
    for each in chain.passed_over:
        yield "passed by", f"{each.label}: seals, and proposed none of the last {chain.looked_at}"
    for node in chain.nodes:
        yield "node", _node_words(node, chain)
    if chain.fault:
        yield "fault", chain.fault
    if chain.stands_still and chain.head is not None:
        up, unheard = _labels(chain.up), _labels(chain.unheard)
        yield "STANDS", f"no block since {in_words(chain.head.timestamp)} UTC, {chain.age} s ago"
        yield "up", up or "none that is known here"
        if unheard:
            yield "unheard", f"{unheard}: no node of the profile that answers is of them"
    advice = _advice(chain)
    if advice:
        yield "do", advice


def _advice(chain: ChainStanding) -> str:
    """What to do now; "" where all is well."""
    if chain.head is None:
        return "see that the nodes of the profile run, and that this machine reaches them"
    if chain.stands_still and chain.needed is not None:
        if len(chain.up) < chain.needed:
            return (
                f"{chain.needed} of {len(chain.validators)} validators must be up and see each "
                f"other: have {_labels(chain.unheard)} started, or their lines mended; nothing is "
                "lost, what was acknowledged is sent again (docs/guides/network.md)"
            )
        return (
            "enough validators are up: see that each node has the others as peers; the first block "
            "may take minutes after a long stand (docs/guides/network.md)"
        )
    if chain.clock_differs:
        return (
            "the last block is of a time that has not come here yet: compare this machine's clock "
            f"with that of {chain.named(chain.proposer) if chain.proposer else 'the proposer'}"
        )
    if any(each.elsewhere for each in chain.nodes):
        return "nodes show different blocks at one height: use none of them before it is known why"
    if chain.silent:
        return (
            f"ask who runs {_labels(chain.silent)}: the node is away, cut off, or its clock differs"
            "; the chain goes on while enough agree"
        )
    if chain.passed_over:
        return (
            f"compare the clock of {_labels(chain.passed_over)} with the others': blocks of a time "
            "that has not come yet are refused"
        )
    return ""


def _pace(chain: ChainStanding) -> str:
    age = chain.age or 0
    when = f"{-age} s ahead of this clock" if age < 0 else f"{age} s ago"
    if chain.block_seconds is None:
        return when
    return f"{when}; one each {chain.block_seconds:.1f} s (the last {chain.looked_at})"


def _node_words(node: NodeStanding, chain: ChainStanding) -> str:
    if node.head is None:
        return f"{node.url}: not used: {node.fault}"
    who = "" if node.validator is None else f", {chain.named(node.validator)}"
    behind = "level" if not node.behind else f"{node.behind} blocks behind"
    other = ", ON ANOTHER BLOCK than the highest node has there" if node.elsewhere else ""
    return f"{node.url}{who}: block {node.head.number}, {behind}, {node.peers} peers{other}"


def _node_json(node: NodeStanding) -> dict[str, Any]:
    return {
        "url": node.url,
        "fault": node.fault or None,
        "block": None if node.head is None else node.head.number,
        "hash": None if node.head is None else f"0x{node.head.hash.hex()}",
        "behind": None if node.head is None else node.behind,
        "peers": node.peers,
        "validator": node.validator,
        "elsewhere": node.elsewhere,
    }


def _validator_json(each: ValidatorStanding) -> dict[str, Any]:
    return {
        "address": each.address,
        "name": each.name or None,
        "proposed": each.proposed,
        "sealed": each.sealed,
        "silent": each.silent,
        "node": each.node,
    }


def _labels(validators: Sequence[ValidatorStanding]) -> str:
    return ", ".join(each.label for each in validators)
