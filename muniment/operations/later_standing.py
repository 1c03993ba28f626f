# SPDX-License-Identifier: Apache-2.0
"""How a record stands now, of which evidence tells how it stood: asked of a node that is trusted.

Evidence proves as of its block. What came later no file can tell; a node that the trust file names
can, by its word: nothing of it is proven here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from muniment.chain.bindings import RecordRegistry
from muniment.chain.connection import Address, Connection
from muniment.evidence import Outcome, Verdict
from muniment.record.state import RecordState, Status

_ASKED: Final = (Outcome.VALID, Outcome.STALE, Outcome.SUPERSEDED, Outcome.REVOKED)
_FINAL: Final = {
    Status.DISPOSED: Outcome.DISPOSED,
    Status.REVOKED: Outcome.REVOKED,
    Status.SUPERSEDED: Outcome.SUPERSEDED,
}
_WORDS: Final = {
    Outcome.DISPOSED: "disposed of",
    Outcome.REVOKED: "revoked",
    Outcome.SUPERSEDED: "superseded",
}


def later_standing(verdict: Verdict, node: Connection, registry: bytes) -> Verdict:
    """Return the verdict as a node's latest block changes it, the same where it does not.

    `registry` is the record registry's address (20 bytes). A later final status wins, and so does a
    later version. Raises `UnreachableError`.
    """
    if verdict.outcome not in _ASKED:
        return verdict
    block = node.block()
    records = RecordRegistry(node, Address(f"0x{registry.hex()}"))
    state = records.record(verdict.record_id, block=block).state
    outcome = _later(verdict, state)
    if outcome is None:
        return verdict
    what = _WORDS[outcome]
    if outcome is Outcome.SUPERSEDED and state.status is Status.IN_FORCE:
        what = f"superseded by version {state.version}"
    reason = (
        f"{what} since, says the node as of block {block.number}; the file is as of block "
        f"{verdict.block_number}"
    )
    return replace(verdict, outcome=outcome, reason=reason)


def _later(verdict: Verdict, state: RecordState) -> Outcome | None:
    """The outcome that the present state gives, None where it is the one there is."""
    found = _FINAL.get(state.status)
    newer = verdict.latest_version is not None and state.version > verdict.latest_version
    if found is None and newer and verdict.version is not None:
        found = Outcome.SUPERSEDED
    return None if found is verdict.outcome else found
