# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""What was received: shown, proven as received to a third party, disclosed if the terms allow."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from muniment.chain.connection import Connection
from muniment.chain.values import KeyPurpose
from muniment.errors import InvalidInputError
from muniment.evidence import Outcome, ShownContent, Verifier
from muniment.exchange.delivered import DeliveredVersion
from muniment.exchange.envelope import Outgoing
from muniment.exchange.envelope_parts import PartKind
from muniment.exchange.errors import (
    AgencyKeyError,
    EnvelopeError,
    NotAddressedError,
    NotSharedError,
    TermsError,
)
from muniment.exchange.messages import DELIVERY, GrantMessage
from muniment.exchange.receipt_proof import ReceiptProof, prove_part
from muniment.exchange.terms import Terms
from muniment.record.commitment import new_secret
from muniment.record.disclosure import Disclosure, disclose
from muniment.record.identifiers import RecordId
from muniment.registry import Access, Registry, Stage, acts, journals
from muniment.registry.access_entries import publish_access_type
from muniment.registry.evidence_making import make_trust
from muniment.registry.exchange.keeping import arrived
from muniment.registry.profile import ReadsProfile
from muniment.registry.session import address_in
from muniment.store import envelopes
from muniment.store.keys import KeyPurpose as StoredPurpose
from tests.chain.agency import sealer
from tests.chain.hostile_sender import sealed_by
from tests.chain.test_journals import imported, seal, write
from tests.chain.test_shares import TERMS, agreed, registered
from tests.chain.two_agencies import Agencies, Agency, Say, agencies, say  # noqa: F401

ONWARD = Terms.of("boundary dispute 7/26", "Land Act § 12", ["holder", "parcel"], onward=True)


def taken(agencies: Agencies, folder: Path, terms: Terms, count: int = 2) -> list[RecordId]:
    """Agency 2 is given deeds of agency 1, and acknowledges them."""
    first, second = agencies
    deeds = [registered(first.open("registrar"), f"12/{number}") for number in range(count)]
    share_id = agreed(agencies, folder, terms)
    first.open("steward").exchange.deliver(share_id, folder / "delivery")
    done = second.open("steward").exchange.receive(folder / "delivery")
    assert done.submission is not None
    done.submission.wait()
    return deeds


def test_proof_of_receipt__convinces_a_third_party_and_shows_no_other_record(
    agencies: Agencies, tmp_path: Path
) -> None:
    deeds = taken(agencies, tmp_path, ONWARD)
    proving = agencies[1].open("registrar")
    data = proving.received.prove(deeds[0])
    assert b"12/1" not in data
    # Here the first agency's officer is the third party: nothing of its stores is used.
    checked = agencies[0].open("registrar").received.check(data)
    assert (checked.sender, checked.recipient, checked.record_id) == (1, 2, deeds[0])
    assert checked.values == {"holder": "Ada Lovelace", "parcel": "12/0"}
    assert checked.terms == ONWARD
    # The chain's clock of a development chain may be ahead; the receipt's time is its block's.
    proof = ReceiptProof.from_bytes(data)
    assert checked.acknowledged_at == proof.acknowledged_at > 1_600_000_000
    assert checked.delivery == proving.exchange.received(deeds[0])[0].digest
    # After the end of the share it proves the same: what was received was received.
    agencies[0].open("steward").exchange.revoke(checked.share_id, "purpose-ended").wait()
    assert proving.received.check(proving.received.prove(deeds[0])) == checked


def test_proof_of_receipt__that_says_something_else_is_refused(
    agencies: Agencies, tmp_path: Path
) -> None:
    deeds = taken(agencies, tmp_path, ONWARD)
    registry = agencies[1].open("registrar")
    made = ReceiptProof.from_bytes(registry.received.prove(deeds[0]))
    other = ReceiptProof.from_bytes(registry.received.prove(deeds[1]))
    wider = replace(made.shared, terms=replace(ONWARD, purpose="anything"))
    header = made.header
    for changed, error, match in (
        (replace(made, acknowledged_at=made.acknowledged_at - 1), NotSharedError, "not since"),
        (replace(made, shared=wider), TermsError, "other terms"),
        (replace(made, parts=other.parts), EnvelopeError, "labelled as something else"),
        (replace(made, parts=other.parts, delivered=other.delivered), EnvelopeError, "not in the"),
        (
            replace(made, statement=replace(made.statement, header=replace(header, recipient=1))),
            EnvelopeError,
            "has not signed",
        ),
        (
            replace(made, statement=replace(made.statement, header=replace(header, chain_id=5))),
            NotAddressedError,
            "on chain 5",
        ),
    ):
        with pytest.raises(error, match=match):
            registry.received.check(changed.to_bytes())


def collusive(
    agencies: Agencies, share_id: bytes, shown: DeliveredVersion, folder: Path
) -> ReceiptProof:
    """The proof that two agencies make of what they sign and acknowledge as they please."""
    giver, taker = agencies[0].open("steward"), agencies[1].open("steward")
    shared = giver.exchange.share(share_id).require_terms()
    contents = [
        Outgoing(PartKind.MESSAGE, GrantMessage(share_id, shared, DELIVERY).to_bytes()),
        Outgoing(PartKind.RECORD, shown.to_bytes(), shown.record_id, shown.version),
    ]
    path = sealed_by(giver, contents, folder / "collusive", subject=share_id)
    got, session = arrived(taker.session, path), taker.session
    call = session.shares.acknowledge_delivery(share_id, got.digest)
    acts.submit(session, "acknowledge delivery", call).wait()
    with path.open("rb") as reader:
        _, parts = prove_part(reader, got.file_key, 1)
    node = giver.session.nodes

    def stands(connection: Connection) -> int:
        block = connection.block()
        registries = session.registries(connection, block)
        assert registries.shares is not None
        return registries.shares.acknowledged_at(share_id, got.digest, block=block)

    return ReceiptProof(got.statement, shown, 1, tuple(parts), shared, node.read(stands))


def test_two_agencies_that_agree_on_a_lie__convince_nobody(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, _ = agencies
    registrar = first.open("registrar")
    deed = registered(registrar)
    share_id = agreed(agencies, tmp_path)
    kept = registrar.content(deed)

    def shown(disclosure: Disclosure) -> DeliveredVersion:
        content = ShownContent(1, kept.row.schema_digest, disclosure)
        return DeliveredVersion(deed, 1, 2, 1, 1, content)

    invented = disclose({"holder": "Bob", "parcel": "99/9"}, new_secret(), ["parcel"])
    false = collusive(agencies, share_id, shown(invented), tmp_path)
    (tmp_path / "collusive").unlink()
    with pytest.raises(EnvelopeError, match="another commitment"):
        registrar.received.check(false.to_bytes())
    # And what was never granted was not received under the share, whoever signs so.
    wider = collusive(agencies, share_id, shown(kept.version.disclose(["holder"])), tmp_path)
    with pytest.raises(TermsError, match="holder were not granted"):
        registrar.received.check(wider.to_bytes())


def test_key_that_was_retired_before_the_receipt__signs_nothing(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    deed = registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path, ONWARD)
    made = first.open("steward").exchange.deliver(share_id, tmp_path / "delivery")
    taker, admin = second.open("steward"), first.open("admin")
    taker.exchange.receive(tmp_path / "delivery", acknowledge=False)
    purpose = KeyPurpose(StoredPurpose.MESSAGES.number)
    retire = admin.session.agencies.retire_agency_key(1, purpose, 1)
    acts.submit(admin.session, "retire key", retire).wait()
    # A receipt of the very second of the retirement is not after it.
    first.world.connection.request("evm_increaseTime", [60])
    late = taker.session.shares.acknowledge_delivery(share_id, made.digest)
    acts.submit(taker.session, "acknowledge delivery", late).wait()
    with pytest.raises(AgencyKeyError, match="retired before the receipt"):
        taker.received.check(taker.received.prove(deed))


def test_delivery_that_is_not_acknowledged__proves_no_receipt(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    deed = registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path, ONWARD)
    first.open("steward").exchange.deliver(share_id, tmp_path / "delivery")
    taker = second.open("steward")
    assert taker.exchange.receive(tmp_path / "delivery", acknowledge=False).submission is None
    with pytest.raises(NotSharedError, match="receipt of the delivery is not on chain"):
        taker.received.prove(deed)


def test_terms_that_forbid_it__are_kept_and_the_history_has_the_attempt(
    agencies: Agencies, tmp_path: Path
) -> None:
    [deed] = taken(agencies, tmp_path, TERMS, 1)
    registry = agencies[1].open("registrar")
    assert registry.received.show(deed).values == {"parcel": "12/0"}
    with pytest.raises(TermsError, match="for this agency alone"):
        registry.received.prove(deed)
    with pytest.raises(TermsError, match="for this agency alone"):
        registry.received.disclose(deed, ["parcel"])
    with registry.session.database.read() as connection:
        attempts = envelopes.attempts_at(connection, record_id=deed)
    assert [each.what for each in attempts] == ["prove as received", "disclose"]


def verdict_of(registry: Registry, data: bytes) -> tuple[Outcome, object]:
    trust = make_trust(registry.session, days=1, greatest_age_days=1, nodes=())
    [verdict] = Verifier(trust, now=int(time.time())).verify(data)
    return verdict.outcome, verdict


def test_disclosure__is_evidence_of_some_of_what_was_received(
    agencies: Agencies, tmp_path: Path
) -> None:
    [deed] = taken(agencies, tmp_path, ONWARD, 1)
    registry = agencies[1].open("registrar")
    data = registry.received.disclose(deed, ["parcel"])
    assert b"Ada Lovelace" not in data
    outcome, verdict = verdict_of(registry, data)
    assert outcome is Outcome.VALID, verdict
    assert json.loads(data)["record"]["content"]["fields"][0]["field"] == '["parcel","12/0"]'
    with pytest.raises(TermsError, match="scan were not given"):
        registry.received.disclose(deed, ["scan"])
    with pytest.raises(InvalidInputError):
        registry.received.disclose(deed, [])
    # What was amended since is evidence of the version that was received.
    keeper = agencies[0].open("registrar")
    keeper.amend(deed, {"holder": "Eve", "parcel": "12/0"}).wait("final")
    outcome, verdict = verdict_of(registry, registry.received.disclose(deed, ["holder"]))
    assert outcome is not Outcome.INVALID, verdict
    # The share's end is the end of disclosing.
    share_id = registry.received.list(deed)[0].share_id
    agencies[0].open("steward").exchange.revoke(share_id, "terms-broken").wait()
    with pytest.raises(NotSharedError, match="revoked"):
        registry.received.disclose(deed, ["parcel"])


def test_record_of_anothers_journal__is_proven_and_disclosed(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    journal = first.open_journal()
    keeper = first.open("registrar", journal=journal)
    assert imported(keeper, write(tmp_path, 4)).size == 4
    seal(keeper, Stage.FINAL)
    deed = keeper.record_id("2")
    share_id = agreed(agencies, tmp_path, ONWARD)
    first.open("steward", journal=journal).exchange.deliver(share_id, tmp_path / "delivery")
    taker = second.open("steward")
    done = taker.exchange.receive(tmp_path / "delivery")
    assert done.submission is not None
    done.submission.wait()
    checked = keeper.received.check(taker.received.prove(deed))
    assert checked.values["parcel"] == "2/7"
    outcome, verdict = verdict_of(taker, taker.received.disclose(deed, ["parcel"]))
    assert outcome is Outcome.VALID, verdict
    # Enrolled by its first act, it is proven by its trace.
    keeper.amend(deed, {"holder": "Eve", "parcel": "2/7"}).wait("final")
    assert keeper.received.check(taker.received.prove(deed)) == checked
    outcome, verdict = verdict_of(taker, taker.received.disclose(deed, ["parcel"]))
    assert outcome is not Outcome.INVALID, verdict


def test_reads_of_what_was_received__leave_entries(agencies: Agencies, tmp_path: Path) -> None:
    [deed] = taken(agencies, tmp_path, ONWARD, 1)
    registry = agencies[1].open("registrar", reads=reading(agencies[1]))
    access = Access("dispute 7", "clerk 5")
    registry.received.show(deed, access=access)
    registry.received.prove(deed, access=access)
    registry.received.disclose(deed, ["parcel"], access=access)
    share_id = registry.received.list(deed)[0].share_id
    reads = registry.history(deed)
    assert [each.act for each in reads] == ["shown", "exported", "exported"]
    assert {(each.purpose, each.reader, each.share, each.version) for each in reads} == {
        ("dispute 7", "clerk 5", share_id, 1)
    }


def reading(agency: Agency) -> ReadsProfile:
    """An agency whose reads leave entries in a journal of their own."""
    admin, key = agency.open("admin"), sealer(agency.folder, agency.number)
    published = publish_access_type(admin.session)
    assert published is not None
    admin.wait([published, admin.add_officer("operator", address_in(key))])
    admin.wait([journals.open_journal(admin.session)])
    return ReadsProfile(1, key, 600)


def test_commands(agencies: Agencies, say: Say, tmp_path: Path) -> None:
    deeds = taken(agencies, tmp_path, ONWARD)
    record = f"0x{deeds[1].hex()}"
    assert len(say(2, "registrar", "received", "list", "--json").json) == 2
    [listed] = say(2, "registrar", "received", "list", record, "--json").json
    assert (listed["record"], listed["version"], listed["from"]) == (record, 1, 1)
    assert "agency 1" in say(2, "registrar", "received", "list").out
    shown = say(2, "registrar", "received", "show", record, "--json").json
    assert shown["values"] == {"holder": "Ada Lovelace", "parcel": "12/1"}
    assert shown["terms"]["onward"] is True
    assert "boundary dispute" in say(2, "registrar", "received", "show", record).out
    proof, evidence = str(tmp_path / "receipt.json"), str(tmp_path / "evidence.json")
    proved = say(2, "registrar", "received", "prove", record, "-o", proof, "--json")
    assert proved.code == 0, proved.err
    assert say(2, "registrar", "received", "prove", record, "-o", proof).code == 2
    checked = say(1, "registrar", "received", "check", proof, "--json")
    assert checked.code == 0, checked.err
    assert (checked.json["from"], checked.json["to"]) == (1, 2)
    spoilt = tmp_path / "spoilt.json"
    spoilt.write_bytes(Path(proof).read_bytes().replace(b"12/1", b"12/2"))
    assert say(1, "registrar", "received", "check", str(spoilt)).code == 18
    disclosed = ("received", "disclose", record, "--fields", "parcel", "-o", evidence)
    assert say(2, "registrar", *disclosed).code == 0
    assert say(2, "registrar", "received", "show", record, "--extract", "scan").code == 2
    missing = say(2, "registrar", "received", "show", f"0x{'12' * 32}")
    assert missing.code == 18
    assert "nothing of record" in missing.err
