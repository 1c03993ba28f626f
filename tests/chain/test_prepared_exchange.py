# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Shares and custody between two agencies none of whose officers' keys is where acts are made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from muniment.chain import Signer
from muniment.record.identifiers import RecordId
from muniment.registry import Registry, Stage
from muniment.registry.prepared.signing import review, sign
from muniment.registry.submission import Submission
from tests.chain.conftest import ROLES, World
from tests.chain.prepared_acts import Act, trusted
from tests.chain.test_shares import TERMS, registered
from tests.chain.two_agencies import OFFICERS, Agencies, Agency, agencies  # noqa: F401
from toolchain.local_chain import development_keys


def signed_by(agency: Agency, role: str, what: Act) -> tuple[list[str], Any]:
    """Prepare what a role of an agency does, sign it elsewhere, hand it in, wait; returns what was
    shown behind its commitments, and what the act returned."""
    name = OFFICERS[agency.number][role]
    signer = Signer.from_key(development_keys(len(ROLES))[ROLES.index(name)])
    # Whose keystore the profile names makes no difference: another officer's is never used.
    registry = agency.open("admin")
    documents, made = registry.prepared.prepare(signer.address, what)
    lines: list[str] = []
    for each in documents:
        document = registry.prepared.document(each.prepared_id)
        found = review(document, trusted(registry))
        assert found.unopened == ()
        lines += [line for opened in found.opened for line in opened.lines]
        registry.wait(registry.prepared.submit(each.prepared_id, sign(found, signer)))
    return lines, made


def test_share__asked_granted_delivered_and_acknowledged(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    deed = registered(first.open("registrar"), "12/1")
    request = tmp_path / "request"
    shown, asked = signed_by(
        second,
        "steward",
        lambda s: Registry(s).exchange.request(1, TERMS, record_type="land-deed", target=request),
    )
    assert f"purpose: {TERMS.purpose!r}" in shown
    assert asked.submission.stage in (Stage.PROVABLE, Stage.FINAL)
    taken = first.open("admin").exchange.receive(request)
    assert taken.share is not None
    share = taken.share.share_id
    shown, _ = signed_by(first, "steward", lambda s: Registry(s).exchange.grant(share))
    assert f"legal basis: {TERMS.legal_basis!r}" in shown
    first.open("admin").exchange.deliver(share, tmp_path / "delivery")
    signed_by(second, "steward", lambda s: Registry(s).exchange.receive(tmp_path / "delivery"))
    [received] = second.open("admin").exchange.received(deed)
    assert received.share_id == share
    signed_by(first, "steward", lambda s: Registry(s).exchange.revoke(share, "purpose-ended"))
    assert first.open("admin").exchange.share(share).status == "revoked"


def test_custody__offered_and_accepted_with_its_content(
    agencies: Agencies, tmp_path: Path, world: World
) -> None:
    first, second = agencies
    deeds = [registered(first.open("registrar"), f"12/{number}") for number in range(3)]
    world.connection.request("anvil_mine", ["0x4"])
    package = tmp_path / "package"
    _, offered = signed_by(
        first, "steward", lambda s: Registry(s).handovers.offer(deeds, 2, package)
    )
    # Three offers, one signature.
    assert len(offered.submissions) == 3
    world.connection.request("anvil_mine", ["0x4"])
    second.open("admin").sync()
    _, accepted = signed_by(second, "steward", lambda s: Registry(s).handovers.accept(package))
    assert accepted.faults == {}
    world.connection.request("anvil_mine", ["0x4"])
    taking = second.open("registrar")
    taking.sync()
    for each in deeds:
        assert taking.standing(each).state.custodian == 2
        assert taking.content(RecordId(each)).fields["holder"] == "Ada Lovelace"
    assert all(isinstance(each, Submission) for each in accepted.submissions)
