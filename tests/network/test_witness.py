# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""A witness of four real validators: what they sign it signs, and what a node makes up it does
not."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from muniment.chain import Connection
from muniment.chain.engines import header_rlp
from muniment.evidence import Outcome, TrustFile, Verifier
from muniment.evidence.block_notes import block_witnessed_at
from muniment.operations.witness import (
    FollowedJournal,
    NamedValidators,
    Round,
    Witness,
    WitnessSettings,
    create,
)
from muniment.operations.witness.blocks import UnsignedContradictionError
from muniment.operations.witness.identity import Identity
from muniment.operations.witness.witness import name_validators
from muniment.proof.istanbul import IstanbulHeader, SealError
from muniment.registry import Stage
from muniment.registry.evidence_making import make_trust
from muniment.registry.sealing import log_key
from network.handing_over import folder_of
from network.members import Network
from network.running import height, stop
from network.status import validators
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.faulty_node import Request, faulty_node
from tests.chain.test_journals import Officers, imported, officer, seal, write  # noqa: F401
from tests.network.conftest import CHAIN, grows, until
from tests.network.test_founding import run

pytestmark = pytest.mark.slow


def named(network: Network, block: int = 0) -> NamedValidators:
    told = validators(network, network.validators()[0])
    return NamedValidators(block, tuple(bytes.fromhex(each[2:]) for each in told))


class Auditor:
    """A witness of a network, by its own settings."""

    def __init__(
        self, folder: Path, network: Network, urls: list[str], *journals: FollowedJournal
    ) -> None:
        settings = WitnessSettings(
            "audit.example/w1", CHAIN, tuple(urls), (named(network),), journals, step=1
        )
        self.folder = folder
        self.identity: Identity = create(folder, settings)

    def round(self) -> Round:
        with Witness.open(self.folder) as witness:
            return witness.round()

    def note(self, path: str) -> bytes:
        return (self.folder / "published" / path).read_bytes()

    def assert_seen(self, number: int, block_hash: bytes) -> None:
        note = self.note(f"blocks/{number}")
        seen = block_witnessed_at(note, CHAIN, number, block_hash, [self.identity.key])
        assert abs(seen["audit.example/w1"] - time.time()) < 300


def test_blocks_and_a_journal__are_followed_and_vouched_for(
    network: Network, officer: Officers, tmp_path: Path
) -> None:
    registry = officer("registrar")
    imported(registry, write(tmp_path, 300))
    seal(registry, Stage.FINAL)
    made = make_trust(registry.session, days=1, greatest_age_days=1, nodes=())
    journal = FollowedJournal(
        log_key(registry.session, 1), str(tmp_path / "vault/objects/jo/journals/1")
    )
    members = network.validators()
    auditor = Auditor(tmp_path / "witness", network, [each.url for each in members], journal)
    first = auditor.round()
    assert first.faults == []
    assert first.blocks.signed is not None
    assert first.journals[0].signed is not None
    assert first.journals[0].signed.size == 300
    node = Connection(members[2].url, CHAIN)
    signed = first.blocks.signed
    auditor.assert_seen(signed.number, node.block(signed.number).hash)
    # One validator dies: its node is missed, the chain is followed.
    stop(network, [members[0]], kill=True)
    grows(network, members[1], 3)
    second = auditor.round()
    assert [of for of, _ in second.faults] == ["node 1"]
    assert second.blocks.signed is not None
    assert second.blocks.signed.number >= signed.number + 3
    # What agencies do with it: evidence as of the block that was seen, with the checkpoint.
    folder = next((auditor.folder / "published/journals").iterdir())
    agency = officer("registrar", urls=(members[1].url,))
    agency.sync()
    # The agency's profile takes a block for final when two more stand on it.
    grows(network, members[1], 3)
    data = agency.evidence(
        agency.record_id("3"),
        fields=["parcel"],
        checkpoint=(folder / "checkpoint").read_bytes(),
        witnessed=auditor.note("blocks/latest"),
    )
    known = replace(made, blocks={}, witnesses=(auditor.identity.key,), witnesses_needed=1)
    trust = TrustFile.from_bytes(known.to_bytes())
    [verdict] = Verifier(trust, now=int(time.time())).verify(data)
    assert (verdict.outcome, verdict.reason) == (Outcome.VALID, "")
    assert verdict.witnesses == verdict.block_witnesses == ["audit.example/w1"]
    assert verdict.block_number == second.blocks.signed.number
    # It outlives the trust file: the witness has seen the block while that was good.
    late = Verifier(trust, now=trust.expires + 60).verify(data)[0]
    assert late.outcome in (Outcome.VALID, Outcome.STALE), late.reason


class Liar:
    """What a node's proxy answers: a block of its own making, or what was true a while ago."""

    def __init__(self, change: Callable[[dict[str, Any]], None]) -> None:
        self.change = change
        self.made: dict[str, Any] | None = None

    def forge(self, real: Connection, number: str = "latest") -> None:
        """Make the block up: a real header, changed, with the hash that this makes."""
        made = real.request("kaia_getHeaderByNumber", [number])
        self.change(made)
        data = header_rlp(made)
        made["hash"] = f"0x{IstanbulHeader.from_rlp(data).hash.hex()}"
        self.made = made

    def answer(self, request: Request, result: Any) -> Any:
        made = self.made
        if made is None:
            return result
        method, first = request["method"], (request["params"] or [""])[0]
        if method == "kaia_getHeaderByHash" and first == made["hash"]:
            return made
        if method.endswith("ByNumber") and first in ("latest", made["number"]):
            return {**result, **made}
        return result


def grown(header: dict[str, Any]) -> None:
    """A block that is not there yet, with the seals of one that is."""
    header["number"] = hex(int(header["number"], 16) + 100)


def another_state(header: dict[str, Any]) -> None:
    header["stateRoot"] = "0x" + "ab" * 32


@pytest.mark.parametrize("change", [grown, another_state])
def test_forged_header__is_found_and_not_signed(
    network: Network, tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    honest = network.validators()[1].url
    real = Connection(honest, CHAIN)
    with faulty_node(network.validators()[0].url) as proxy:
        auditor = Auditor(tmp_path / "alone", network, [proxy.url])
        both = Auditor(tmp_path / "both", network, [proxy.url, honest])
        before = auditor.round().blocks.signed
        assert before is not None
        liar = Liar(change)
        grows(network, network.validators()[1], 2)
        liar.forge(real)
        proxy.answer_to = liar.answer
        done = auditor.round()
        assert done.blocks.signed is None
        assert [type(error) for _, error in done.faults] == [SealError]
        # Beside an honest node it does no harm.
        seen = both.round()
        assert [of for of, _ in seen.faults] == ["node 1"]
        assert seen.blocks.signed is not None
        auditor_notes = {path.name for path in (auditor.folder / "published/blocks").iterdir()}
        assert auditor_notes == {"latest", str(before.number)}
        both.assert_seen(seen.blocks.signed.number, real.block(seen.blocks.signed.number).hash)
        # Another hash at the height that was signed: told as that.
        liar.forge(real, hex(before.number))
        if change is another_state:
            done = auditor.round()
            assert [type(error) for _, error in done.faults] == [UnsignedContradictionError]
            assert done.contradictions == []
        # It comes back to the truth.
        liar.made = None
        until(lambda: auditor.round().blocks.signed)


def test_old_head__is_no_new_statement(network: Network, tmp_path: Path) -> None:
    first, second = network.validators()[:2]
    with faulty_node(first.url) as proxy:
        auditor = Auditor(tmp_path / "w", network, [proxy.url])
        signed = auditor.round().blocks.signed
        assert signed is not None
        # True once, and signed by validators: a head of before.
        liar = Liar(lambda _: None)
        liar.forge(Connection(first.url, CHAIN), hex(signed.number - 1))
        proxy.answer_to = liar.answer
        grows(network, second, 2)
        done = auditor.round()
        assert (done.blocks.signed, done.faults) == (None, [])
        assert done.blocks.heads == {0: signed.number - 1}
        told = json.loads((auditor.folder / "last-round.json").read_text())
        assert told["heads"] == {"node 1": signed.number - 1}


def test_set_that_changes__is_followed_by_hand_over_or_on_a_persons_word(
    network: Network, tmp_path: Path
) -> None:
    url = network.validators()[1].url
    auditors = [Auditor(tmp_path / name, network, [url]) for name in ("by document", "by word")]
    for auditor in auditors:
        assert auditor.round().blocks.signed is not None
    voted = height(network, network.validators()[0])
    run(network.folder, "add", "v5")
    grown_network = Network.at(network.folder)
    node = Connection(url, CHAIN)

    def refused(auditor: Auditor) -> bool:
        done = auditor.round()
        assert all(isinstance(error, SealError) for _, error in done.faults)
        return bool(done.faults)

    for auditor in auditors:
        # From the first block that the new one has a part in.
        until(partial(refused, auditor))
    shutil.copytree(folder_of(network), auditors[0].folder / "handovers", dirs_exist_ok=True)
    name_validators(auditors[1].folder, named(grown_network, voted))
    for auditor in auditors:
        after = auditor.round()
        assert after.faults == []
        signed = after.blocks.signed
        assert signed is not None
        auditor.assert_seen(signed.number, node.block(signed.number).hash)
