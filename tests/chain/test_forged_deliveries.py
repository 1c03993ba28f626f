# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Deliveries that a granter forges, that come too late, or that were changed on their way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from muniment.errors import InvalidInputError, MunimentError, RecordError
from muniment.exchange.delivered import DeliveredVersion
from muniment.exchange.envelope import Outgoing
from muniment.exchange.envelope_parts import PartKind
from muniment.exchange.errors import (
    EnvelopeError,
    NotSharedError,
    TermsError,
)
from muniment.exchange.messages import GrantMessage, SharedTerms
from muniment.record.canonical import canonicalize
from muniment.record.identifiers import RecordId
from muniment.registry.evidence_making import make_evidence
from muniment.registry.exchange.keeping import arrived, keep_arrived
from muniment.registry.exchange.shares import Asked
from muniment.store import envelopes
from tests.chain.conftest import World
from tests.chain.hostile_sender import (
    DAY,
    asked_of_one,
    attempts,
    contents_of,
    kept_deliveries,
    later,
    parts_in,
    refused,
    sealed_by,
)
from tests.chain.test_journals import imported, seal, write
from tests.chain.test_shares import TERMS, agreed, registered
from tests.chain.two_agencies import Agencies, Agency, agencies, third  # noqa: F401

Change = Callable[[list[Outgoing]], list[Outgoing]]


def with_record(
    contents: Sequence[Outgoing], change: Callable[[DeliveredVersion], Any]
) -> list[Outgoing]:
    """The contents with what is shown of the first record changed."""
    found = list(contents)
    place = next(at for at, each in enumerate(found) if each.kind is PartKind.RECORD)
    data = found[place].data
    assert isinstance(data, bytes)
    changed = change(DeliveredVersion.from_bytes(data))
    found[place] = replace(found[place], data=changed.to_bytes())
    return found


def with_type(contents: Sequence[Outgoing], data: bytes) -> list[Outgoing]:
    return [
        replace(each, data=data) if each.kind is PartKind.RECORD_TYPE else each for each in contents
    ]


def as_decoy(delivered: DeliveredVersion) -> DeliveredVersion:
    """Show a digest that nothing is behind as if a field were."""
    disclosure = delivered.content.disclosure
    [shown] = disclosure.fields
    fake = replace(shown, text='["parcel","1/1"]', salt=disclosure.digests[0])  # type: ignore[arg-type]
    return replace(
        delivered,
        content=replace(delivered.content, disclosure=replace(disclosure, fields=(fake,))),
    )


def of_version(version: int) -> Callable[[DeliveredVersion], DeliveredVersion]:
    return lambda delivered: replace(delivered, content=replace(delivered.content, version=version))


def test_forged_delivery__of_the_granter_itself__is_refused_whole(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(b"a scan" * 1000)
    registrar, giver = first.open("registrar"), first.open("steward")
    deed, other = registered(registrar), registered(registrar, "99/1")
    made = registrar.register(
        "land-deed", {"holder": "Ada", "parcel": "7/7"}, source_id="7/7", attach={"scan": scan}
    )
    made.wait("final")
    with_scan = RecordId(made.record_id or b"")
    share_id = agreed(agencies, tmp_path, replace(TERMS, fields=("parcel", "scan")))
    taker = second.open("steward")
    right = contents_of(giver, share_id, [deed])
    two = contents_of(giver, share_id, [deed, other])
    files = contents_of(giver, share_id, [with_scan])
    everything = replace(TERMS, fields=None)
    wider = contents_of(giver, share_id, [deed], everything)
    evident = contents_of(giver, share_id, [deed], evident=True)
    foreign = contents_of(giver, share_id, [other], evident=True)
    showing = make_evidence(giver.session, [deed], fields=["holder"])
    record_type = json.loads(next(each.data for each in right if each.kind is PartKind.RECORD_TYPE))
    deep = b'{"format":' + b"[" * 100_000
    shifted = [
        replace(each, record_id=other) if each.kind is PartKind.RECORD else each for each in right
    ]

    def typed(**changes: Any) -> list[Outgoing]:
        return with_type(right, canonicalize(record_type | changes))

    attacks: list[tuple[list[Outgoing], type[MunimentError], str]] = [
        (wider, TermsError, "shows 1 fields that were not granted: holder"),
        (with_record(right, as_decoy), RecordError, "not in the digest list"),
        (shifted, EnvelopeError, "labelled as another record"),
        (
            with_record(right, lambda each: replace(each, record_id=RecordId(other))),
            EnvelopeError,
            "labelled as another record",
        ),
        (with_record(right, of_version(2)), EnvelopeError, "labelled as another record or version"),
        (
            [
                replace(each, version=2) if each.kind is PartKind.RECORD else each
                for each in with_record(right, of_version(2))
            ],
            EnvelopeError,
            "has no version 2 on chain",
        ),
        (with_record(right, lambda each: replace(each, issuer=2)), NotSharedError, "another type"),
        (with_record(right, lambda each: replace(each, type_id=1)), NotSharedError, "another type"),
        (
            with_record(right, lambda each: replace(each, type_version=2)),
            EnvelopeError,
            "not on chain",
        ),
        (with_record(right, lambda each: replace(each, algorithm=2)), RecordError, "commitment"),
        # Another record's content under this one's label and id.
        (
            with_record(
                shifted[:0] + right,
                lambda each: replace(
                    each,
                    content=DeliveredVersion.from_bytes(
                        next(part.data for part in foreign if part.kind is PartKind.RECORD)  # type: ignore[arg-type]
                    ).content,
                ),
            ),
            RecordError,
            "commitment",
        ),
        ([*two, two[-1]], EnvelopeError, "a version is in it twice"),
        # Files: left out, of no field, another's bytes, twice.
        (files[:-1], EnvelopeError, "file 2 of record .* is not in it"),
        ([*right, files[-1]], EnvelopeError, "no field before it names"),
        ([*files[:-1], replace(files[-1], data=b"another scan")], EnvelopeError, "not the one"),
        ([*files, files[-1]], EnvelopeError, "no field before it names"),
        ([*files[:-1], replace(files[-1], index=1)], EnvelopeError, "no field before it names"),
        # Evidence, by which more could be shown, or of something else.
        ([*right, Outgoing(PartKind.EVIDENCE, showing)], TermsError, "evidence .* shows fields"),
        ([*right, foreign[-1]], NotSharedError, "and not the record"),
        (
            [*right, Outgoing(PartKind.EVIDENCE, b"{}")],
            EnvelopeError,
            "has another form|to be there",
        ),
        # Record types, of which the chain knows but the digest of the schema.
        (typed(name="deed of gift"), EnvelopeError, "as it stands on chain"),
        (typed(sharing=0), EnvelopeError, "as it stands on chain"),
        (typed(retention_days=1), EnvelopeError, "as it stands on chain"),
        (typed(schema={**record_type["schema"], "title": "x"}), EnvelopeError, "as it stands"),
        (with_type(right, deep), EnvelopeError, "none that this release reads"),
        (with_type(right, b"[]"), EnvelopeError, "none that this release reads"),
        (
            [each for each in right if each.kind is not PartKind.RECORD_TYPE],
            EnvelopeError,
            "its file",
        ),
        # Other kinds of parts, and none of the terms.
        ([*right, Outgoing(PartKind.VERSION, b"{}", deed, 1)], EnvelopeError, "kind version"),
        ([*right, right[0]], EnvelopeError, "kind message"),
        (right[1:], EnvelopeError, "does not begin with a message"),
        ([], EnvelopeError, "does not begin with a message"),
        (
            [
                Outgoing(
                    PartKind.MESSAGE,
                    GrantMessage(
                        share_id, SharedTerms(everything, bytes(32)), "muniment/delivery/v1"
                    ).to_bytes(),
                ),
                *wider[1:],
            ],
            TermsError,
            "other terms than stand on chain",
        ),
    ]
    for contents, error, words in attacks:
        path = sealed_by(giver, contents, tmp_path / "forged", subject=share_id)
        refused(taker, path, error, words)
        attempt = attempts(taker)[-1]
        assert (attempt.agency_id, attempt.share_id) == (1, share_id)
        assert "12/345" not in attempt.reason
    assert evident[-1].kind is PartKind.EVIDENCE
    # Which fields its own agency indexes is nothing to others: it does not come along.
    for contents in (typed(searchable=["parcel"]), [*files], [*evident]):
        path = sealed_by(giver, contents, tmp_path / "fine", subject=share_id)
        assert taker.exchange.receive(path, acknowledge=False).count == 1
    assert taker.session.types_of(1).by_number(2, 1).searchable == ()


def test_record_in_another_agencys_custody__is_not_the_granters_to_share(
    agencies: Agencies, third: Agency, tmp_path: Path
) -> None:
    """What agency 2 was given of agency 1's journal it cannot give on as if it were its own."""
    first, second = agencies
    journal = first.open_journal()
    registrar = first.open("registrar", journal=journal)
    assert imported(registrar, write(tmp_path, 2)).size == 2
    seal(registrar)
    deed = registrar.record_id("1")
    share_id = agreed(agencies, tmp_path)
    giver = first.open("steward", journal=journal)
    giver.exchange.deliver(share_id, tmp_path / "delivery", [deed], with_evidence=False)
    middle = second.open("steward")
    middle.exchange.receive(tmp_path / "delivery")
    _, [_, *parts] = parts_in(middle, tmp_path / "delivery")

    asked = third.open("steward").exchange.request(
        2, TERMS, record_id=deed, target=tmp_path / "of-two"
    )
    asked.submission.wait()
    taken = middle.exchange.receive(tmp_path / "of-two")
    assert taken.share is not None
    granted = middle.exchange.grant(taken.share.share_id)
    assert not isinstance(granted, Asked)
    granted.wait()
    with pytest.raises(NotSharedError):
        middle.exchange.deliver(taken.share.share_id, tmp_path / "onward")
    terms = middle.exchange.share(taken.share.share_id).require_terms()
    message = GrantMessage(taken.share.share_id, terms, "muniment/delivery/v1")
    contents = [
        Outgoing(PartKind.MESSAGE, message.to_bytes()),
        *(
            Outgoing(
                part.label.kind,
                part.body,
                part.label.record_id,
                part.label.version,
                part.label.index,
            )
            for part in parts
        ),
    ]
    path = sealed_by(
        middle, contents, tmp_path / "forged", subject=taken.share.share_id, recipient=3
    )
    refused(third.open("steward"), path, NotSharedError, "custody of agency 1")


def test_grant__that_ended_delivers_nothing(
    agencies: Agencies, world: World, tmp_path: Path
) -> None:
    first, second = agencies
    deed = registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    giver, taker = first.open("steward"), second.open("steward")
    contents = contents_of(giver, share_id, [deed])
    on_its_way = sealed_by(giver, contents, tmp_path / "on-its-way", subject=share_id)
    expires = giver.exchange.share(share_id).expires_at
    later(world, 400)
    with pytest.raises(NotSharedError, match="expired"):
        giver.exchange.deliver(share_id, tmp_path / "delivery")
    assert not (tmp_path / "delivery").exists()
    attempt = attempts(giver)[-1]
    assert (attempt.what, attempt.agency_id, attempt.share_id) == ("deliver", 2, share_id)
    # Whoever seals one all the same must lie about when: here it does not.
    path = sealed_by(
        giver, contents, tmp_path / "late", subject=share_id, made_at=expires + 400 * DAY
    )
    refused(taker, path, NotSharedError, "made after the grant had ended")
    assert taker.exchange.receive(on_its_way, acknowledge=False).count == 1

    assert giver.exchange.share(share_id).status == "expired"


def test_revoked_grant__delivers_nothing(agencies: Agencies, tmp_path: Path) -> None:
    first, second = agencies
    deed = registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    giver, taker = first.open("steward"), second.open("steward")
    contents = contents_of(giver, share_id, [deed])
    giver.exchange.revoke(share_id, "terms-broken").wait()
    with pytest.raises(NotSharedError, match="revoked"):
        giver.exchange.deliver(share_id, tmp_path / "delivery")
    assert attempts(giver)[-1].share_id == share_id
    late = int(time.time()) + DAY
    path = sealed_by(giver, contents, tmp_path / "late", subject=share_id, made_at=late)
    refused(taker, path, NotSharedError, "made after the grant had ended")


def test_request__that_was_denied_or_never_decided_delivers_nothing(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    deed = registered(first.open("registrar"))
    agreement = agreed(agencies, tmp_path)
    asked = asked_of_one(agencies, tmp_path, deed)
    giver, taker = first.open("steward"), second.open("steward")
    taken = giver.exchange.receive(tmp_path / "one.envelope")
    assert taken.share is not None
    share_id = taken.share.share_id
    contents = contents_of(giver, agreement, [deed])
    path = sealed_by(giver, contents, tmp_path / "early", subject=share_id)
    refused(taker, path, NotSharedError, "it is requested, and was never granted")
    giver.exchange.deny(share_id, "no-legal-basis").wait()
    refused(taker, path, NotSharedError, "it is denied, and was never granted")
    with pytest.raises(NotSharedError, match="denied"):
        giver.exchange.grant(share_id)
    assert taker.exchange.share_of_request(asked).status == "denied"
    unknown = sealed_by(giver, contents, tmp_path / "unknown", subject=b"\x05" * 32)
    refused(taker, unknown, NotSharedError, "no such share")


def test_delivery__truncated_reordered_or_spliced__is_refused_whole(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    registrar, giver, taker = first.open("registrar"), first.open("steward"), second.open("steward")
    deeds = [registered(registrar, f"12/{number}") for number in range(3)]
    share_id = agreed(agencies, tmp_path)
    giver.exchange.deliver(share_id, tmp_path / "one", deeds)
    giver.exchange.deliver(share_id, tmp_path / "two", deeds)
    one, two = ((tmp_path / name).read_bytes() for name in ("one", "two"))
    envelope, parts = parts_in(taker, tmp_path / "one")
    offsets = [part.offset for part in parts]
    begin, *others = offsets
    frames = [one[start:stop] for start, stop in zip(offsets, others, strict=False)]
    rest = one[others[-1] :]
    spliced_at = others[1]
    attacks = {
        "truncated": one[:-1],
        "half": one[: len(one) // 2],
        "without its last frame": one[:begin] + b"".join(frames[:-1]) + rest,
        "reordered": one[:begin] + b"".join([frames[0], *frames[:0:-1]]) + rest,
        "with one twice": one[:begin] + b"".join([*frames, frames[-1]]) + rest,
        "spliced from two": one[:spliced_at] + two[spliced_at:],
        "the other's statement": one[:-136] + two[-136:],
        "something at its end": one + b"\n",
        "nothing": b"",
        "one bit": one[:begin] + bytes([one[begin + 8] ^ 1]) + one[begin + 1 :],
    }
    assert envelope.statement.count == len(parts) + 1
    for name, data in attacks.items():
        path = tmp_path / "broken"
        path.write_bytes(data)
        assert data not in (one, two), name
        refused(taker, path, EnvelopeError, "envelope: ")
    refused(taker, tmp_path, MunimentError, "no file", noted=False)
    refused(taker, tmp_path / "nowhere", MunimentError, "no file", noted=False)
    assert taker.exchange.receive(tmp_path / "one").count == 3


def test_delivery__changed_while_it_is_taken_in__is_refused(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    registrar, giver, taker = first.open("registrar"), first.open("steward"), second.open("steward")
    deeds = [registered(registrar, f"12/{number}") for number in range(2)]
    share_id = agreed(agencies, tmp_path)
    path, other = tmp_path / "one", tmp_path / "two"
    giver.exchange.deliver(share_id, path, deeds)
    giver.exchange.deliver(share_id, other, deeds)
    genuine = path.read_bytes()

    # While its contents are checked: another one, as genuine, is put in its place.
    def swap(_: int) -> None:
        with path.open("r+b") as writer:
            writer.write(other.read_bytes())
            writer.truncate()

    before = kept_deliveries(taker)
    with pytest.raises(EnvelopeError):
        taker.exchange.receive(path, progress=swap)
    assert kept_deliveries(taker) == before

    # Between the check of its signature and the reading of its parts, and before it is kept.
    path.write_bytes(genuine)
    envelope = arrived(taker.session, path)
    path.write_bytes(other.read_bytes())
    with pytest.raises(EnvelopeError), envelope.parts() as parts:
        list(parts)
    with pytest.raises(EnvelopeError, match="changed while it was taken in"):
        keep_arrived(taker.session, envelope)
    changed = bytearray(genuine)
    changed[-200] ^= 1
    path.write_bytes(bytes(changed))
    with pytest.raises(EnvelopeError, match=r"another file|not signed"):
        keep_arrived(taker.session, envelope)
    assert kept_deliveries(taker) == before
    path.write_bytes(genuine)
    assert taker.exchange.receive(path).count == 2


def test_record_handed_over_or_destroyed_meanwhile__is_taken_in_no_more(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    registrar, giver, taker = first.open("registrar"), first.open("steward"), second.open("steward")
    handed, destroyed = registered(registrar, "12/1"), registered(registrar, "12/2")
    share_id = agreed(agencies, tmp_path)
    for name, deed in (("handed", handed), ("destroyed", destroyed)):
        giver.exchange.deliver(share_id, tmp_path / name, [deed])
    giver.offer(handed, 2).wait()
    taker.accept(handed).wait()
    later(first.world, 2)
    registrar.propose_disposition(destroyed, "schedule 4").wait()
    giver.confirm_disposition(destroyed).wait("final")
    refused(taker, tmp_path / "handed", NotSharedError, "in the custody of agency 2")
    refused(taker, tmp_path / "destroyed", NotSharedError, "is disposed of")


def test_grant__ends_by_the_clock_too_where_no_block_is_made(
    agencies: Agencies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = agencies
    registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    giver = first.open("steward")
    now = time.time()
    monkeypatch.setattr("muniment.registry.exchange.shares.time.time", lambda: now + 400 * DAY)
    with pytest.raises(NotSharedError, match="expired"):
        giver.exchange.deliver(share_id, tmp_path / "delivery")
    monkeypatch.undo()
    assert giver.exchange.deliver(share_id, tmp_path / "delivery").count == 1


def test_delivery__taken_in_twice_at_once__is_kept_once(agencies: Agencies, tmp_path: Path) -> None:
    first, second = agencies
    registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    first.open("steward").exchange.deliver(share_id, tmp_path / "delivery")
    takers = [second.open("steward") for _ in range(2)]
    # Both have found it good, and neither has kept it yet.
    envelopes_ = [arrived(taker.session, tmp_path / "delivery") for taker in takers]
    with ThreadPoolExecutor(2) as pool:
        rows = list(
            pool.map(
                lambda each: keep_arrived(each[0].session, each[1]),
                zip(takers, envelopes_, strict=True),
            )
        )
    assert rows[0].digest == rows[1].digest
    assert kept_deliveries(takers[0]) == 1


def test_delivery__is_written_over_nothing_and_nowhere_else(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, _ = agencies
    registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    giver = first.open("steward").exchange
    there = tmp_path / "there"
    there.write_text("something else")
    for target in (there, tmp_path / "no-such-folder" / "delivery"):
        with pytest.raises(InvalidInputError, match="target"):
            giver.deliver(share_id, target)
    assert there.read_text() == "something else"
    assert not list(tmp_path.glob(".muniment-*"))


def test_place_of_a_record__that_was_changed_in_the_database__shows_no_other(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    registrar, taker = first.open("registrar"), second.open("steward")
    deeds = [registered(registrar, f"12/{number}") for number in range(2)]
    share_id = agreed(agencies, tmp_path)
    first.open("steward").exchange.deliver(share_id, tmp_path / "delivery", deeds)
    taken = taker.exchange.receive(tmp_path / "delivery")
    with taker.session.database.write() as connection:
        one, other = envelopes.records_in(connection, taken.row.digest)
        envelopes.remove(connection, taken.row.digest)
        moved = replace(one, part=other.part, offset=other.offset)
        envelopes.add(connection, taken.row, [moved, replace(other, version=2)])
    for record in (one, other):
        with pytest.raises(EnvelopeError, match="another record stands at its place"):
            taker.exchange.received(RecordId(record.record_id))
