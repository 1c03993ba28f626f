# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""A record's history at both ends: what happened, by time, and what proves each line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from muniment.exchange.errors import NotSharedError, TermsError
from muniment.registry import Registry, Stage
from muniment.registry.exchange.shares import Asked
from muniment.registry.history import HistoryLine, Kind
from tests.chain.agency import PASSWORD
from tests.chain.test_corrections import given
from tests.chain.test_journals import imported, seal, write
from tests.chain.test_shares import TERMS, agreed, registered
from tests.chain.two_agencies import Agencies, Say, agencies, say  # noqa: F401

Told = tuple[str, str, str]


def told(registry: Registry, record_id: bytes, *kinds: Kind) -> list[Told]:
    """What a history says: the kind, the first word, and who."""
    lines = registry.full_history(record_id).lines
    assert [line.time for line in lines] == sorted(line.time for line in lines)
    return [
        (str(line.kind), line.what.split()[0], line.who)
        for line in lines
        if not kinds or line.kind in kinds
    ]


def lines_of(registry: Registry, record_id: bytes, kind: Kind) -> list[HistoryLine]:
    found = registry.full_history(record_id).of(kind)
    assert found is not None
    return found


def test_both_ends__see_what_went_between_them(agencies: Agencies, tmp_path: Path) -> None:
    first, _ = agencies
    deed, taker = given(agencies, tmp_path)
    asked = taker.corrections.request(deed, "typo", tmp_path / "asked", fields={"parcel": "8"})
    keeper = first.open("registrar")
    keeper.exchange.receive(tmp_path / "asked")
    keeper.corrections.accept(asked.digest, tmp_path / "answer", reason="right you are")
    taker.exchange.receive(tmp_path / "answer")

    shares: set[Told] = {
        ("share", "requested", "agency 2"),
        ("share", "granted", "agency 1"),
        ("share", "acknowledged", "agency 2"),
    }
    decided: set[Told] = {
        ("correction", "requested", "agency 2"),
        ("correction", "accepted", "agency 1"),
    }
    given_out = {("delivery", "delivered", "to agency 2")}
    got = {("delivery", "received", "from agency 1")}
    kinds = (Kind.SHARE, Kind.DELIVERY, Kind.CORRECTION)
    assert set(told(keeper, deed, *kinds)) == shares | decided | given_out
    assert set(told(taker, deed, *kinds)) == shares | decided | got
    for registry in (keeper, taker):
        acts = [line.what for line in lines_of(registry, deed, Kind.ACT)]
        assert acts == ["registered", "amended"]
        requested, accepted = lines_of(registry, deed, Kind.CORRECTION)
        assert (requested.note, requested.version, requested.proof) == (
            "typo",
            1,
            "signed by agency 2",
        )
        assert (accepted.note, accepted.version) == ("right you are", 2)
        [delivery] = lines_of(registry, deed, Kind.DELIVERY)
        assert "receipt on chain, block" in delivery.proof
        [first_event, *_] = lines_of(registry, deed, Kind.SHARE)
        assert first_event.note == TERMS.purpose
        assert first_event.proof.startswith("on chain, block ")


def test_delivery__without_receipt_says_so(agencies: Agencies, tmp_path: Path) -> None:
    first, _ = agencies
    deeds = [registered(first.open("registrar"), f"12/{number}") for number in range(2)]
    share_id = agreed(agencies, tmp_path)
    giver = first.open("steward")
    giver.exchange.deliver(share_id, tmp_path / "delivery", [deeds[0]])
    [delivery] = lines_of(giver, deeds[0], Kind.DELIVERY)
    assert delivery.proof == "no receipt on chain"
    # Of a record that did not go, the agreement tells nothing.
    assert told(giver, deeds[1]) == [("act", "registered", told(giver, deeds[1])[0][2])]


def test_share_of_one_record__is_in_its_history_alone(agencies: Agencies, tmp_path: Path) -> None:
    first, second = agencies
    deeds = [registered(first.open("registrar"), f"12/{number}") for number in range(2)]
    asking, deciding = second.open("steward"), first.open("steward")
    wide = replace(TERMS, onward=True)
    for place, deed in enumerate(deeds):
        target = tmp_path / f"request{place}"
        asking.exchange.request(1, wide, record_id=deed, target=target).submission.wait()
    taken = [deciding.exchange.receive(tmp_path / f"request{place}") for place in range(2)]
    shares = [each.share.share_id for each in taken if each.share is not None]
    deciding.exchange.deny(shares[0], "no-legal-basis").wait()
    # Narrower terms take the place of those that were asked for, on chain too.
    granted = deciding.exchange.grant(shares[1], onward=False)
    assert isinstance(granted, Asked)
    granted.submission.wait()
    deciding.exchange.revoke(shares[1], "terms-broken").wait()
    for registry in (asking, deciding):
        denied = lines_of(registry, deeds[0], Kind.SHARE)
        assert [line.what.split()[0] for line in denied] == ["requested", "denied"]
        assert denied[1].note == "no-legal-basis"
        assert [line.what.split()[0] for line in lines_of(registry, deeds[1], Kind.SHARE)] == [
            "requested",
            "granted",
            "revoked",
        ]


def test_what_was_refused__is_in_the_history(agencies: Agencies, tmp_path: Path) -> None:
    first, _ = agencies
    deed, taker = given(agencies, tmp_path)
    with pytest.raises(TermsError):
        taker.received.prove(deed)
    [attempt] = lines_of(taker, deed, Kind.ATTEMPT)
    assert (attempt.what, attempt.who, attempt.proof) == (
        "refused: prove as received",
        "agency 2",
        "this agency's word",
    )
    assert "for this agency alone" in attempt.note
    giver = first.open("steward")
    share_id = taker.received.list(deed)[0].share_id
    giver.exchange.revoke(share_id, "purpose-ended").wait()
    with pytest.raises(NotSharedError):
        giver.exchange.deliver(share_id, tmp_path / "other", [deed])
    [attempt] = lines_of(giver, deed, Kind.ATTEMPT)
    assert (attempt.what, attempt.who) == ("refused: deliver", "agency 2")
    assert lines_of(giver, deed, Kind.SHARE)[-1].note == "purpose-ended"


def test_history__without_a_node_says_what_is_missing(
    agencies: Agencies, say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deed, taker = given(agencies, tmp_path)
    taker.sync()
    before = taker.full_history(deed)
    assert (before.unread, before.unreachable) == (frozenset(), "")
    profile = taker.session.profile
    chain = replace(profile.chain, urls=("http://127.0.0.1:9",))
    with Registry.open(replace(profile, chain=chain), password=PASSWORD) as lonely:
        found = lonely.full_history(deed)
    assert found.unread == {Kind.ACT, Kind.SHARE}
    assert found.of(Kind.ACT) is None
    assert found.of(Kind.DELIVERY) == before.of(Kind.DELIVERY)
    assert "127.0.0.1:9" in found.unreachable
    cut = replace(profile, chain=chain, path=tmp_path / "cut.toml")
    cut.path.write_text(cut.to_toml())
    answer = say(2, "steward", "history", f"0x{deed.hex()}", "--json", "--profile", str(cut.path))
    assert answer.code == 0, answer.err
    assert (answer.json["acts"], answer.json["shares"]) == (None, None)
    assert len(answer.json["deliveries"]) == 1
    assert "without its acts, shares" in answer.err


def test_record_of_a_journal__begins_with_its_entry(agencies: Agencies, tmp_path: Path) -> None:
    first, _ = agencies
    journal = first.open_journal()
    keeper = first.open("registrar", journal=journal)
    assert imported(keeper, write(tmp_path, 2)).size == 2
    seal(keeper, Stage.FINAL)
    assert told(keeper, keeper.record_id("1")) == [("entry", "registered", "agency 1")]


def test_commands(agencies: Agencies, say: Say, tmp_path: Path) -> None:
    deed, taker = given(agencies, tmp_path)
    record = f"0x{deed.hex()}"
    taker.corrections.request(deed, "typo\x1b[2J\nagency 1 agrees", tmp_path / "asked")
    assert say(1, "steward", "receive", str(tmp_path / "asked")).code == 0
    found = say(1, "steward", "history", record, "--json").json
    assert [each["act"] for each in found["acts"]] == ["registered"]
    assert [each["event"] for each in found["shares"]] == ["requested", "granted", "acknowledged"]
    [delivery] = found["deliveries"]
    assert (delivery["agency"], delivery["direction"], delivery["version"]) == (2, "sent", 1)
    assert delivery["receipt_block"] == found["shares"][2]["block"]
    [correction] = found["corrections"]
    assert (correction["event"], correction["agency"]) == ("requested", 2)
    assert (found["custody"], found["attempts"], found["reads"]) == ([], [], [])
    shown = say(1, "steward", "history", record).out
    # What another agency wrote is one line, and moves no cursor.
    assert "typo\\x1b[2J\\nagency 1 agrees" in shown
    assert len(shown.splitlines()) == 1 + 1 + 3 + 1 + 1
