# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Corrections between two agencies: asked for, accepted by an amendment, refused; and attacks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from muniment.errors import InvalidContentError
from muniment.exchange.corrections import CorrectionAnswer, CorrectionRequest, Decision
from muniment.exchange.envelope import Outgoing
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.exchange.envelope_parts import PartKind
from muniment.exchange.errors import CorrectionError, EnvelopeError, NotSharedError
from muniment.exchange.terms import Terms
from muniment.record.identifiers import RecordId
from muniment.registry import Registry, Stage, acts
from muniment.registry.checking import check
from muniment.registry.exchange.correcting import settle_all
from muniment.registry.exchange.keeping import send
from muniment.registry.onward.proving import receipt_proof
from muniment.registry.rebuilding import rebuild
from muniment.store import envelopes
from tests.chain.conftest import World, word
from tests.chain.test_journals import imported, seal, write
from tests.chain.test_shares import TERMS, agreed, registered
from tests.chain.two_agencies import OFFICERS, Agencies, Agency, Say, agencies, say  # noqa: F401


def given(agencies: Agencies, folder: Path, terms: Terms = TERMS) -> tuple[RecordId, Registry]:
    """Agency 2 is given one deed of agency 1; returns the deed, and agency 2's registry."""
    first, second = agencies
    deed = registered(first.open("registrar"))
    share_id = agreed(agencies, folder, terms)
    first.open("steward").exchange.deliver(share_id, folder / "delivery")
    taker = second.open("steward")
    taken = taker.exchange.receive(folder / "delivery")
    assert taken.submission is not None
    taken.submission.wait()
    return deed, taker


def test_request__that_is_accepted_amends_the_record(agencies: Agencies, tmp_path: Path) -> None:
    first, _ = agencies
    deed, taker = given(agencies, tmp_path)
    asked = taker.corrections.request(
        deed, "parcel 12/345 was divided", tmp_path / "request", fields={"parcel": "12/345a"}
    )
    keeper = first.open("registrar")
    assert keeper.exchange.receive(tmp_path / "request").row.digest == asked.digest
    [waiting] = keeper.corrections.list(status="open")
    assert waiting.request is not None
    assert (waiting.request.reason, waiting.request.fields) == (
        "parcel 12/345 was divided",
        {"parcel": "12/345a"},
    )

    done = keeper.corrections.accept(waiting.digest, tmp_path / "answer", reason="thank you")
    assert (done.decision, done.version) == (Decision.ACCEPTED, 2)
    assert keeper.content(deed).fields == {"holder": "Ada Lovelace", "parcel": "12/345a"}
    assert keeper.standing(deed).state.version == 2
    # A decision that is asked for again is the same answer, and no second amendment.
    again = keeper.corrections.accept(waiting.digest, tmp_path / "again")
    assert again.answer == done.answer
    assert (tmp_path / "again").read_bytes() == (tmp_path / "answer").read_bytes()
    with pytest.raises(CorrectionError, match="accepted already"):
        keeper.corrections.refuse(waiting.digest, "no", tmp_path / "other")

    taker.exchange.receive(tmp_path / "answer")
    for registry in (keeper, taker):
        [found] = registry.corrections.list(deed)
        assert found.status == "accepted"
        assert found.answer == CorrectionAnswer(
            asked.digest, deed, Decision.ACCEPTED, "thank you", 2
        )
    assert taker.exchange.receive(tmp_path / "again").row.digest == done.answer.digest


def test_request__that_is_refused_changes_nothing(agencies: Agencies, tmp_path: Path) -> None:
    first, _ = agencies
    deed, taker = given(agencies, tmp_path)
    asked = taker.corrections.request(deed, "it looks wrong", tmp_path / "request")
    keeper = first.open("registrar")
    keeper.exchange.receive(tmp_path / "request")
    with pytest.raises(CorrectionError, match="proposes no values"):
        keeper.corrections.accept(asked.digest, tmp_path / "answer")
    assert not (tmp_path / "answer").exists()
    keeper.corrections.refuse(asked.digest, "the map agrees", tmp_path / "answer")
    assert keeper.standing(deed).state.version == 1
    taker.exchange.receive(tmp_path / "answer")
    [found] = taker.corrections.list(status="refused")
    assert found.answer is not None
    assert (found.answer.reason, found.answer.version) == ("the map agrees", None)


def test_values_of_the_custodian__take_the_place_of_those_proposed(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, _ = agencies
    deed, taker = given(agencies, tmp_path)
    asked = taker.corrections.request(deed, "typo", tmp_path / "request", fields={"parcel": 7})
    keeper = first.open("registrar")
    keeper.exchange.receive(tmp_path / "request")
    # What the type does not allow is no amendment, whoever proposes it.
    with pytest.raises(InvalidContentError):
        keeper.corrections.accept(asked.digest, tmp_path / "answer")
    done = keeper.corrections.accept(asked.digest, tmp_path / "answer", fields={"parcel": "7"})
    assert done.version == 2
    assert keeper.content(deed).fields["parcel"] == "7"


def test_what_was_amended_meanwhile__is_not_overwritten(agencies: Agencies, tmp_path: Path) -> None:
    first, _ = agencies
    deed, taker = given(agencies, tmp_path)
    asked = taker.corrections.request(deed, "typo", tmp_path / "request", fields={"parcel": "8"})
    keeper = first.open("registrar")
    keeper.exchange.receive(tmp_path / "request")
    keeper.amend(deed, {"holder": "Ada Lovelace", "parcel": "9"}).wait()
    with pytest.raises(CorrectionError, match="parcel were amended since version 1"):
        keeper.corrections.accept(asked.digest, tmp_path / "answer")
    with pytest.raises(CorrectionError, match="does not correct"):
        keeper.corrections.accept(asked.digest, tmp_path / "answer", version=3)
    done = keeper.corrections.accept(asked.digest, tmp_path / "answer", version=2)
    assert (done.version, done.submission) == (2, None)
    taker.exchange.receive(tmp_path / "answer")
    assert taker.corrections.show(asked.digest).status == "accepted"


def test_acceptance__that_broke_off_ends_with_one_amendment(
    agencies: Agencies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = agencies
    deed, taker = given(agencies, tmp_path)
    asked = taker.corrections.request(deed, "typo", tmp_path / "request", fields={"parcel": "8"})
    keeper = first.open("registrar")
    keeper.exchange.receive(tmp_path / "request")
    # The process dies after the amendment and before the answer.
    with monkeypatch.context() as broken:
        broken.setattr("muniment.registry.corrections.deciding.send", _dies)
        with pytest.raises(KeyboardInterrupt):
            keeper.corrections.accept(asked.digest, tmp_path / "answer")
    assert keeper.corrections.show(asked.digest).status == "open"
    assert keeper.corrections.accept(asked.digest, tmp_path / "answer").version == 2
    assert keeper.standing(deed).state.version == 2
    # Or after the answer and before the request's state.
    with keeper.session.database.write() as connection:
        envelopes.set_state(connection, asked.digest, envelopes.KEPT)
    assert settle_all(keeper.session) == 1
    assert keeper.corrections.show(asked.digest).status == "accepted"


def test_what_the_registry_would_refuse__is_said_before_anything_is_amended(
    agencies: Agencies, world: World, tmp_path: Path
) -> None:
    first, _ = agencies
    deed, taker = given(agencies, tmp_path)
    asked = taker.corrections.request(deed, "typo", tmp_path / "request", fields={"parcel": "8"})
    keeper, steward = first.open("registrar"), first.open("steward")
    keeper.exchange.receive(tmp_path / "request")
    answer, records = tmp_path / "answer", world.registries.records
    with pytest.raises(CorrectionError, match="no registrar of agency 1"):
        steward.corrections.accept(asked.digest, answer)
    world.send("hold_authority", records.place_hold(deed, word("a case")))
    with pytest.raises(CorrectionError, match="is held"):
        keeper.corrections.accept(asked.digest, answer)
    world.send("hold_authority", records.release_hold(deed, word("a case")))
    world.send("hold_authority", records.hold_type(1, 2, word("a case")))
    with pytest.raises(CorrectionError, match="is held"):
        keeper.corrections.accept(asked.digest, answer)
    world.send("hold_authority", records.release_type(1, 2, word("a case")))
    assert keeper.content(deed).row.version == 1
    assert keeper.corrections.accept(asked.digest, answer).version == 2
    # Another request, on a record that was revoked meanwhile.
    again = taker.corrections.request(deed, "typo", tmp_path / "again", fields={"holder": "Eve"})
    keeper.exchange.receive(tmp_path / "again")
    keeper.revoke(deed, "error").wait()
    with pytest.raises(CorrectionError, match="is revoked and can be amended no more"):
        keeper.corrections.accept(again.digest, tmp_path / "no")
    keeper.corrections.refuse(again.digest, "it was revoked", tmp_path / "refused")
    taker.exchange.receive(tmp_path / "refused")
    assert [each.status for each in taker.corrections.list()] == ["open", "refused"]


def test_rebuild__says_again_what_was_decided(agencies: Agencies, tmp_path: Path) -> None:
    first, _ = agencies
    deed, taker = given(agencies, tmp_path)
    asked = taker.corrections.request(deed, "it looks wrong", tmp_path / "request")
    keeper = first.open("registrar")
    keeper.exchange.receive(tmp_path / "request")
    keeper.corrections.refuse(asked.digest, "the map agrees", tmp_path / "answer")
    taker.exchange.receive(tmp_path / "answer")
    before = [registry.corrections.list(deed) for registry in (keeper, taker)]
    # The rows of what was received are lost: the request at one end, the answer at the other.
    answered = before[1][0].answered_by
    assert answered is not None
    for registry, lost in ((keeper, asked.digest), (taker, answered.digest)):
        with registry.session.database.write() as connection:
            envelopes.remove(connection, lost)
        assert rebuild(registry.session).envelopes == 1
    for registry, [view] in zip((keeper, taker), before, strict=True):
        [again] = registry.corrections.list(deed)
        assert (again.status, again.request, again.answer) == (
            "refused",
            view.request,
            view.answer,
        )
        assert [f"{each.where}: {each.what}" for each in check(registry.session)] == []


def _dies(*_: object) -> None:
    raise KeyboardInterrupt


def test_files__go_on_into_the_corrected_version(agencies: Agencies, tmp_path: Path) -> None:
    first, second = agencies
    scan = tmp_path / "deed.pdf"
    scan.write_bytes(b"%PDF-1.7 a deed")
    keeper = first.open("registrar")
    made = keeper.register(
        "land-deed", {"holder": "Ada", "parcel": "7"}, source_id="7", attach={"scan": scan}
    )
    made.wait("final")
    deed = RecordId(made.record_id or b"")
    share_id = agreed(agencies, tmp_path)
    first.open("steward").exchange.deliver(share_id, tmp_path / "delivery")
    taker = second.open("steward")
    taker.exchange.receive(tmp_path / "delivery")
    asked = taker.corrections.request(deed, "typo", tmp_path / "request", fields={"parcel": "8"})
    keeper.exchange.receive(tmp_path / "request")
    assert keeper.corrections.accept(asked.digest, tmp_path / "answer").version == 2
    keeper.extract(deed, "scan", tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == scan.read_bytes()
    assert keeper.content(deed).fields["scan"] == keeper.content(deed, 1).fields["scan"]


def test_record_of_a_journal__is_corrected_and_enrolled(agencies: Agencies, tmp_path: Path) -> None:
    first, second = agencies
    journal = first.open_journal()
    keeper = first.open("registrar", journal=journal)
    assert imported(keeper, write(tmp_path, 3)).size == 3
    seal(keeper, Stage.FINAL)
    deed = keeper.record_id("1")
    share_id = agreed(agencies, tmp_path)
    first.open("steward", journal=journal).exchange.deliver(share_id, tmp_path / "delivery")
    taker = second.open("steward")
    taker.exchange.receive(tmp_path / "delivery")
    asked = taker.corrections.request(deed, "typo", tmp_path / "request", fields={"parcel": "8"})
    keeper.exchange.receive(tmp_path / "request")
    assert keeper.corrections.accept(asked.digest, tmp_path / "answer").version == 2
    taker.exchange.receive(tmp_path / "answer")
    assert taker.corrections.show(asked.digest).status == "accepted"


def test_agency_that_was_not_given_the_record__asks_in_vain(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, _ = agencies
    deed, taker = given(agencies, tmp_path)
    other = registered(first.open("registrar"), "99/1")
    with pytest.raises(NotSharedError, match="nothing of record"):
        taker.corrections.request(other, "wrong", tmp_path / "request")
    with taker.session.database.read() as connection:
        [attempt] = envelopes.attempts_at(connection, record_id=other)
    assert attempt.what == "request correction"
    # One that goes past the tool and names the delivery of another record, or one that never was.
    honest = taker.exchange.received(deed)[0]
    keeper = first.open("registrar")
    proof = receipt_proof(taker.session, honest).to_bytes()
    for place, (record_id, version, delivery, share_id, shown) in enumerate(
        [
            (other, 1, honest.digest, honest.share_id, None),
            (other, 1, honest.digest, honest.share_id, proof),
            (deed, 2, honest.digest, honest.share_id, proof),
            (deed, 1, bytes(32), honest.share_id, proof),
            (deed, 1, honest.digest, bytes(32), proof),
        ]
    ):
        message = CorrectionRequest(record_id, version, delivery, share_id, "mine", {}, shown)
        forged(taker, EnvelopeKind.CORRECTION_REQUEST, message, tmp_path / f"forged{place}")
        with pytest.raises(NotSharedError, match="does not show that it was given"):
            keeper.exchange.receive(tmp_path / f"forged{place}")
    assert keeper.corrections.list() == []
    with keeper.session.database.read() as connection:
        attempts = envelopes.attempts_at(connection, record_id=deed)
    assert [(each.what, each.agency_id) for each in attempts] == [
        ("receive correction-request", 2)
    ] * 3


def forged(
    registry: Registry,
    kind: EnvelopeKind,
    message: CorrectionRequest | CorrectionAnswer,
    target: Path,
    *,
    subject: bytes | None = None,
    to: int = 1,
) -> None:
    """An envelope that the agency's own tool would not make."""
    contents = [Outgoing(PartKind.MESSAGE, message.to_bytes(), message.record_id)]
    send(registry.session, kind, to, subject or message.record_id, contents, target)


@pytest.fixture
def third(
    agencies: Agencies, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Agency]:
    """An agency that has nothing of the others, with officers of its own."""
    monkeypatch.setitem(OFFICERS, 3, {"admin": "pauser", "registrar": "unpauser"})
    registries = world.registries
    create = registries.agencies.create_agency("Archive", world.address("pauser"))
    world.send("registry_admin", create)
    latest = world.connection.block()
    for role in ("registrar", "steward"):
        role_id = registries.agencies.agency_role(
            getattr(registries.agencies, role)(block=latest), 3, block=latest
        )
        grant = registries.agencies.grant_role(role_id, world.address("unpauser"))
        world.send("pauser", grant)
    found = Agency(3, tmp_path / "third", world, f"sqlite:///{tmp_path}/third.db")
    found.publish()
    yield found
    for registry in found.open_ones:
        registry.close()


def test_custodian_that_did_not_deliver_it__sees_the_receipt(
    agencies: Agencies, third: Agency, tmp_path: Path
) -> None:
    first, _ = agencies
    deed, taker = given(agencies, tmp_path)
    first.open("steward").offer(deed, 3).wait()
    keeper = third.open("registrar")
    _accept(keeper, deed)
    asked = taker.corrections.request(deed, "it was sold", tmp_path / "request")
    assert asked.agency_id == 3
    keeper.exchange.receive(tmp_path / "request")
    keeper.corrections.refuse(asked.digest, "so they all say", tmp_path / "answer")
    taker.exchange.receive(tmp_path / "answer")
    assert taker.corrections.show(asked.digest).status == "refused"
    # Who was given nothing cannot show what another was given.
    honest = taker.exchange.received(deed)[0]
    proof = receipt_proof(taker.session, honest).to_bytes()
    message = CorrectionRequest(deed, 1, honest.digest, honest.share_id, "mine", {}, proof)
    forger = first.open("registrar")
    forged(forger, EnvelopeKind.CORRECTION_REQUEST, message, tmp_path / "forged", to=3)
    with pytest.raises(NotSharedError, match="agency 1 does not show that it was given"):
        keeper.exchange.receive(tmp_path / "forged")


def test_messages_that_do_not_fit__are_refused(agencies: Agencies, tmp_path: Path) -> None:
    first, _ = agencies
    deed, taker = given(agencies, tmp_path)
    keeper = first.open("registrar")
    received = taker.exchange.received(deed)[0]
    message = CorrectionRequest(deed, 1, received.digest, received.share_id, "wrong", {})
    kind = EnvelopeKind.CORRECTION_REQUEST
    forged(taker, kind, message, tmp_path / "subject", subject=b"x" * 32)
    with pytest.raises(EnvelopeError, match="another record than its header"):
        keeper.exchange.receive(tmp_path / "subject")
    forged(taker, kind, replace(message, fields={"price": 5}), tmp_path / "field")
    with pytest.raises(CorrectionError, match="type 'land-deed' has not, 'price' the first"):
        keeper.exchange.receive(tmp_path / "field")
    with pytest.raises(CorrectionError, match="price were not shown"):
        taker.corrections.request(deed, "wrong", tmp_path / "request", fields={"price": 5})
    forged(keeper, kind, message, tmp_path / "back", to=2)
    with pytest.raises(CorrectionError, match="which agency 1 keeps"):
        taker.exchange.receive(tmp_path / "back")
    with pytest.raises(CorrectionError, match="own custody"):
        # The custodian itself received nothing, but even so it would amend.
        _own(keeper, taker, deed, tmp_path)


def _own(keeper: Registry, taker: Registry, deed: RecordId, folder: Path) -> None:
    """Agency 2 gets custody of the deed, and then asks itself."""
    steward = keeper.session.profile.path.with_name("steward.toml")
    with Registry.open(steward, password="correct horse") as giver:
        giver.offer(deed, 2).wait()
    _accept(taker, deed)
    taker.corrections.request(deed, "wrong", folder / "own")


def _accept(taker: Registry, deed: RecordId) -> None:
    """Custody alone: what the content is does not matter here."""
    now, session = taker.standing(deed), taker.session
    call = session.records.accept_custody(deed, 1, now.commitment, now.trace_head)
    acts.submit(session, "accept", call, record_id=deed).wait()


def test_answers_that_do_not_fit__are_refused(agencies: Agencies, tmp_path: Path) -> None:
    first, _ = agencies
    deed, taker = given(agencies, tmp_path)
    asked = taker.corrections.request(deed, "wrong", tmp_path / "request", fields={"parcel": "8"})
    keeper = first.open("registrar")
    keeper.exchange.receive(tmp_path / "request")
    kind = EnvelopeKind.CORRECTION_ANSWER
    for place, (answer, error, match) in enumerate(
        [
            # It says that it amended, and did not.
            (
                CorrectionAnswer(asked.digest, deed, Decision.ACCEPTED, "", 2),
                CorrectionError,
                "the chain has 1",
            ),
            (
                CorrectionAnswer(b"x" * 32, deed, Decision.REFUSED, "no"),
                CorrectionError,
                "answers no request",
            ),
            (
                CorrectionAnswer(asked.digest, b"x" * 32, Decision.REFUSED, "no"),
                CorrectionError,
                "answers no request",
            ),
        ]
    ):
        forged(keeper, kind, answer, tmp_path / f"forged{place}", to=2)
        with pytest.raises(error, match=match):
            taker.exchange.receive(tmp_path / f"forged{place}")
    assert taker.corrections.show(asked.digest).status == "open"
    # Two answers: the first that came stands.
    refusal = CorrectionAnswer(asked.digest, deed, Decision.REFUSED, "no")
    for name in ("one", "two"):
        forged(keeper, kind, refusal, tmp_path / name, to=2)
    taker.exchange.receive(tmp_path / "one")
    with pytest.raises(CorrectionError, match="answered already"):
        taker.exchange.receive(tmp_path / "two")


def test_commands(agencies: Agencies, say: Say, tmp_path: Path) -> None:
    deed, _ = given(agencies, tmp_path)
    record, request = f"0x{deed.hex()}", str(tmp_path / "correction.envelope")
    values = tmp_path / "values.json"
    values.write_text(json.dumps({"parcel": "8"}))
    asked = say(
        2,
        "steward",
        *("correction", "request", record, "--reason", "a typo", "--json-fields", str(values)),
        *("-o", request, "--json"),
    )
    assert asked.code == 0, asked.err
    assert asked.json["custodian"] == 1
    number = asked.json["request"]
    twice = ("--set", "parcel=9", "--json-fields", str(values), "-o", f"{request}2")
    assert say(2, "steward", "correction", "request", record, "--reason", "x", *twice).code == 2
    assert say(1, "registrar", "receive", request).code == 0
    listed = say(1, "registrar", "correction", "list", "--status", "open", "--json").json
    assert [(each["request"], each["proposed"]) for each in listed] == [(number, {"parcel": "8"})]
    assert "a typo" in say(1, "registrar", "correction", "show", number).out
    answer = str(tmp_path / "answer.envelope")
    decided = say(1, "registrar", "correction", "accept", number, "-o", answer, "--json")
    assert decided.code == 0, decided.err
    assert (decided.json["decision"], decided.json["version"]) == ("accepted", 2)
    assert (
        say(1, "registrar", "correction", "refuse", number, "--reason", "x", "-o", "y").code == 18
    )
    assert say(2, "steward", "receive", answer).code == 0
    [shown] = say(2, "steward", "correction", "list", record, "--json").json
    assert (shown["status"], shown["answer"]["version"]) == ("accepted", 2)
    assert "accepted" in say(2, "steward", "correction", "list").out
    assert say(2, "steward", "correction", "show", "0x12").code == 2
    assert say(2, "steward", "correction", "show", f"0x{'12' * 32}").code == 18
