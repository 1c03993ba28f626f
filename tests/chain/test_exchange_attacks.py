# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Nobody let in: what third agencies, recipients and granters try, and what they get."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from muniment.chain.values import KeyPurpose as ChainPurpose
from muniment.errors import ContractError, MunimentError, RecordError
from muniment.exchange.delivered import DeliveredVersion
from muniment.exchange.envelope import Outgoing, read_opening, unwrap_key
from muniment.exchange.envelope_header import EnvelopeHeader, EnvelopeKind
from muniment.exchange.envelope_parts import PartKind
from muniment.exchange.errors import (
    AgencyKeyError,
    EnvelopeError,
    NotAddressedError,
    NotSharedError,
    TermsError,
)
from muniment.exchange.messages import GrantMessage, RequestMessage, SharedTerms
from muniment.exchange.terms import Terms
from muniment.record.canonical import canonicalize
from muniment.record.identifiers import RecordId
from muniment.record.types import Sharing
from muniment.registry import Registry, acts
from muniment.registry.evidence_making import make_evidence
from muniment.registry.exchange.keeping import arrived, keep_arrived
from muniment.registry.exchange.shares import Asked, ShareView
from muniment.registry.submission import RefusedError
from muniment.store import envelopes
from muniment.store.keys import KeyPurpose
from tests.chain.agency import deed as deed_type
from tests.chain.conftest import World
from tests.chain.hostile_sender import (
    attempts,
    contents_of,
    kept_deliveries,
    parts_in,
    sealed_by,
)
from tests.chain.test_journals import imported, seal, write
from tests.chain.test_shares import TERMS, agreed, registered
from tests.chain.two_agencies import Agencies, Agency, agencies, third  # noqa: F401

DAY = 86_400


def refused(
    registry: Registry, path: Path, error: type[MunimentError], words: str, *, noted: bool = True
) -> None:
    """Take in a file that must be refused: nothing is kept of it, and the history has it."""
    before, kept = len(attempts(registry)), kept_deliveries(registry)
    with pytest.raises(error, match=words) as caught:
        registry.exchange.receive(path)
    assert kept_deliveries(registry) == kept
    assert len(attempts(registry)) == before + noted
    if noted:
        attempt = attempts(registry)[-1]
        assert attempt.what.startswith("receive")
        assert attempt.reason == caught.value.what


def asked_of_one(agencies: Agencies, folder: Path, deed: RecordId, terms: Terms = TERMS) -> Asked:
    asked = (
        agencies[1]
        .open("steward")
        .exchange.request(1, terms, record_id=deed, target=folder / "one.envelope")
    )
    asked.submission.wait()
    return asked


def ask(registry: Registry, granter: int, type_id: int, scope: bytes, like: ShareView) -> None:
    """Put a request on chain on the terms of another, which need not be known for it."""
    session = registry.session
    call = session.shares.request_share(
        session.profile.agency.id,
        granter,
        type_id,
        scope,
        like.commitment,
        like.respond_by,
        like.expires_at,
    )
    acts.submit(session, "request share", call).wait()


def later(world: World, days: int) -> None:
    world.connection.request("evm_increaseTime", [days * DAY])
    world.connection.request("evm_mine", [])


# --- third agencies -------------------------------------------------------------------------------


def test_third_agency__opens_no_delivery_and_cannot_pass_it_off(
    agencies: Agencies, third: Agency, tmp_path: Path
) -> None:
    first, second = agencies
    registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    path = tmp_path / "delivery"
    first.open("steward").exchange.deliver(share_id, path)
    thief = third.open("steward")
    refused(thief, path, NotAddressedError, "it is for agency 2")

    with path.open("rb") as reader:
        opening = read_opening(reader)
    private = thief.session.keys.agency_key(KeyPurpose.ENCRYPTION).x25519()
    with pytest.raises(EnvelopeError, match="does not open it"):
        unwrap_key(private, opening.header, opening.wrapped)

    # As its own delivery, and re-addressed: the signature is agency 1's over the header as it was.
    data = path.read_bytes()
    for changes, error in (
        ({"sender": 3}, EnvelopeError),
        ({"recipient": 3}, EnvelopeError),
        ({"subject": bytes(32)}, EnvelopeError),
    ):
        other = replace(opening.header, **changes).to_bytes()
        forged = tmp_path / "forged"
        forged.write_bytes(data.replace(opening.header.to_bytes(), other))
        taker = thief if "recipient" in changes else second.open("steward")
        refused(taker, forged, error, "its statement is of another file")
    assert second.open("steward").exchange.receive(path).count == 1


def test_delivery_under_a_share_of_others__is_refused(
    agencies: Agencies, third: Agency, tmp_path: Path
) -> None:
    first, _ = agencies
    deed = registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    giver = first.open("steward")
    contents = contents_of(giver, share_id, [deed])
    path = sealed_by(giver, contents, tmp_path / "forged", subject=share_id, recipient=3)
    refused(third.open("steward"), path, NotSharedError, "no such share")
    # And agency 3 as the sender under the share that agency 1 granted.
    thief = third.open("steward")
    path = sealed_by(thief, contents, tmp_path / "passed-on", subject=share_id)
    taker = agencies[1].open("steward")
    refused(taker, path, NotSharedError, "of agency 1 to agency 2, not of 3 to 2")
    assert attempts(taker)[-1].agency_id == 3
    assert attempts(taker)[-1].share_id == share_id


def test_stranger__that_copies_a_request_on_chain_gets_nothing(
    agencies: Agencies, third: Agency, tmp_path: Path
) -> None:
    first, second = agencies
    deed = registered(first.open("registrar"))
    asked = asked_of_one(agencies, tmp_path, deed)
    share = second.open("steward").exchange.share_of_request(asked)
    # Terms and scope stand on chain for everybody to copy, toward both agencies.
    copying = third.open("steward")
    for each in (1, 2):
        ask(copying, each, 0, share.scope, share)

    deciding = first.open("steward")
    deciding.exchange.receive(tmp_path / "one.envelope")
    by_requester = {each.requester: each for each in deciding.exchange.shares()}
    assert by_requester[2].record_id == deed
    assert (by_requester[3].terms, by_requester[3].record_id) == (None, None)
    with pytest.raises(TermsError, match="not known here"):
        deciding.exchange.grant(by_requester[3].share_id)
    # Nor does the copy pass for the request itself, with whom it was sent to.
    asking = second.open("steward")
    mine = {each.requester: each for each in asking.exchange.shares()}
    assert (mine[3].terms, mine[3].record_id) == (None, None)
    assert asking.exchange.share_of_request(asked).share_id == share.share_id

    # With the message itself, which somebody leaked: it is agency 2's, and agency 3 signs its own.
    _, [part] = parts_in(deciding, tmp_path / "one.envelope")
    leaked = [Outgoing(PartKind.MESSAGE, part.body, deed)]
    subject = share.commitment
    path = sealed_by(
        third.open("steward"),
        leaked,
        tmp_path / "leaked",
        kind=EnvelopeKind.SHARE_REQUEST,
        subject=RequestMessage.from_bytes(part.body).shared.commitment,
        recipient=1,
    )
    taken = deciding.exchange.receive(path)
    assert taken.share is not None
    assert taken.share.requester == 3
    assert subject == taken.share.commitment


def test_request_of_a_stranger__who_has_asked_for_nothing__is_refused(
    agencies: Agencies, third: Agency, tmp_path: Path
) -> None:
    first, _ = agencies
    message = RequestMessage(SharedTerms(TERMS, bytes(32)), None, None)
    path = sealed_by(
        third.open("steward"),
        [Outgoing(PartKind.MESSAGE, message.to_bytes())],
        tmp_path / "request",
        kind=EnvelopeKind.SHARE_REQUEST,
        subject=message.shared.commitment,
        recipient=1,
    )
    deciding = first.open("steward")
    refused(deciding, path, NotSharedError, "agency 3 has asked for nothing on these terms")


# --- recipients -----------------------------------------------------------------------------------


def test_recipient__cannot_widen_what_it_was_granted(agencies: Agencies, tmp_path: Path) -> None:
    first, second = agencies
    deed = registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    taker, giver = second.open("steward"), first.open("steward")

    # A second message for the same request, with more fields: not what stands on chain.
    wide = replace(TERMS, fields=None, onward=True)
    salt = giver.exchange.share(share_id).require_terms().salt
    for subject in (SharedTerms(wide, salt).commitment, giver.exchange.share(share_id).commitment):
        message = RequestMessage(SharedTerms(wide, salt), None, None)
        path = sealed_by(
            taker,
            [Outgoing(PartKind.MESSAGE, message.to_bytes())],
            tmp_path / "wider",
            kind=EnvelopeKind.SHARE_REQUEST,
            subject=subject,
            recipient=1,
        )
        with pytest.raises((NotSharedError, EnvelopeError)):
            giver.exchange.receive(path)
    assert [each.agency_id for each in attempts(giver)] == [2, 2]
    assert giver.exchange.share(share_id).terms == TERMS

    # And what is in the delivery is the granter's word, whatever the recipient's own store says.
    giver.exchange.deliver(share_id, tmp_path / "delivery")
    taker.exchange.receive(tmp_path / "delivery")
    [received] = taker.exchange.received(deed)
    assert received.values == {"parcel": "12/345"}
    [name] = [
        each for each in taker.session.vault.list("exchange/") if received.digest.hex() in each
    ]
    with taker.session.database.read() as connection:
        [place] = envelopes.places_of(connection, deed, [received.digest])
    kept = next(second.folder.rglob(name.rpartition("/")[2]))
    data = bytearray(kept.read_bytes())
    data[place.offset + 100] ^= 1
    kept.chmod(0o600)
    kept.write_bytes(bytes(data))
    with pytest.raises(EnvelopeError):
        list(taker.exchange.received(deed))


def test_request__with_more_in_its_envelope_than_the_message__is_refused(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    deed = registered(first.open("registrar"))
    asked_of_one(agencies, tmp_path, deed)
    deciding, asking = first.open("steward"), second.open("steward")
    _, [part] = parts_in(deciding, tmp_path / "one.envelope")
    message = RequestMessage.from_bytes(part.body)
    for others, label, words in (
        ([Outgoing(PartKind.FILE, b"a parcel", deed, 1, 1)], deed, "more is in it"),
        ([Outgoing(PartKind.MESSAGE, part.body, deed)], deed, "more is in it"),
        ([], bytes(32), "labelled as of another record"),
    ):
        path = sealed_by(
            asking,
            [Outgoing(PartKind.MESSAGE, part.body, label), *others],
            tmp_path / "more",
            kind=EnvelopeKind.SHARE_REQUEST,
            subject=message.shared.commitment,
            recipient=1,
        )
        refused(deciding, path, EnvelopeError, words)


def test_grant__is_not_replayed_for_another_record_or_type(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    deed = registered(first.open("registrar"))
    other = registered(first.open("registrar"), "99/1")
    asked_of_one(agencies, tmp_path, deed)
    deciding = first.open("steward")
    taken = deciding.exchange.receive(tmp_path / "one.envelope")
    assert taken.share is not None
    one = taken.share
    # The same terms again, under which the steward knows one record: for another, and for a type.
    asking = second.open("steward")
    for type_id, scope in ((0, b"\x07" * 32), (2, bytes(32))):
        ask(asking, 1, type_id, scope, one)
    for share in deciding.exchange.shares():
        if share.share_id != one.share_id:
            assert (share.terms, share.record_id) == (None, None)
            with pytest.raises(TermsError, match="not known here"):
                deciding.exchange.grant(share.share_id)
    # Asked for twice just so, it is one message for both, and each is decided by itself.
    ask(asking, 1, 0, one.scope, one)
    again = deciding.exchange.receive(tmp_path / "one.envelope")
    assert again.share is not None
    assert again.share.record_id == deed

    granted = deciding.exchange.grant(one.share_id)
    assert not isinstance(granted, Asked)
    granted.wait()
    with pytest.raises(NotSharedError, match="not the record that it is of"):
        deciding.exchange.deliver(one.share_id, tmp_path / "delivery", [other])
    assert not (tmp_path / "delivery").exists()
    assert attempts(deciding)[-1].share_id == one.share_id
    # The granter itself may send what it likes: the recipient's tool takes no other record.
    agreement = agreed(agencies, tmp_path)
    contents = contents_of(deciding, agreement, [other])
    terms = deciding.exchange.share(one.share_id).require_terms()
    contents[0] = Outgoing(
        PartKind.MESSAGE, GrantMessage(one.share_id, terms, "muniment/delivery/v1").to_bytes()
    )
    path = sealed_by(deciding, contents, tmp_path / "other", subject=one.share_id)
    refused(second.open("steward"), path, NotSharedError, "is not the one that it is of")


# --- granters -------------------------------------------------------------------------------------

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
        (wider, TermsError, "fields that were not granted: holder"),
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


# --- the file -------------------------------------------------------------------------------------


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


# --- keys -----------------------------------------------------------------------------------------


def test_keys__rotated_and_retired_on_both_sides(
    agencies: Agencies, world: World, tmp_path: Path
) -> None:
    first, second = agencies
    deed = registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    giver, taker = first.open("steward"), second.open("steward")
    for name in ("early", "late"):
        giver.exchange.deliver(share_id, tmp_path / name)

    # The recipient rotates: what was on its way opens; a new one is for the new epoch.
    keys = second.open("admin")
    keys.session.keys.rotate_agency_key(KeyPurpose.ENCRYPTION)
    keys.wait(keys.publish_keys())
    assert taker.exchange.receive(tmp_path / "early").count == 1
    giver.exchange.deliver(share_id, tmp_path / "anew")
    with (tmp_path / "anew").open("rb") as reader:
        assert read_opening(reader).header.recipient_epoch == 2
    assert taker.exchange.received(deed)[0].values == {"parcel": "12/345"}
    # It retires the old epoch: what is for it opens no more, what it had taken in is readable.
    keys.session.keys.retire_agency_key(KeyPurpose.ENCRYPTION, 1)
    refused(taker, tmp_path / "late", NotAddressedError, "epoch 1 .* is not here")
    assert taker.exchange.received(deed)[0].values == {"parcel": "12/345"}
    assert taker.exchange.receive(tmp_path / "anew").count == 1

    # An epoch that says it is the new one, and is not: the header is bound to the key.
    with (tmp_path / "late").open("rb") as reader:
        header = read_opening(reader).header
    data = (tmp_path / "late").read_bytes()
    other = replace(header, recipient_epoch=2).to_bytes()
    (tmp_path / "forged").write_bytes(data.replace(header.to_bytes(), other))
    refused(taker, tmp_path / "forged", EnvelopeError, "its statement is of another file")

    # The sender's key for messages is retired on chain: stolen, it signs nothing more.
    giver.exchange.deliver(share_id, tmp_path / "signed-before")
    agencies_ = world.registries.agencies
    world.send("agency_admin", agencies_.retire_agency_key(1, ChainPurpose.MESSAGES, 1))
    refused(taker, tmp_path / "signed-before", AgencyKeyError, "epoch 1 is retired")
    with pytest.raises(AgencyKeyError, match="is retired"):
        giver.exchange.deliver(share_id, tmp_path / "retired")
    assert attempts(giver)[-1].what == "deliver"
    assert not (tmp_path / "retired").exists()
    # A signature under an epoch that is not there.
    later_epoch = replace(header, sender_epoch=9).to_bytes()
    (tmp_path / "forged").write_bytes(data.replace(header.to_bytes(), later_epoch))
    refused(taker, tmp_path / "forged", AgencyKeyError, "epoch 9 is not on chain")


def test_encryption_key_of_small_order__gets_no_delivery(
    agencies: Agencies, world: World, tmp_path: Path
) -> None:
    first, _ = agencies
    registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    giver, registry = first.open("steward"), world.registries.agencies
    field = 2**255 - 19
    order_8 = 325606250916557431795983626356110631294008115727848805560023387167927233504
    with pytest.raises(ContractError):
        world.send("other_admin", registry.set_agency_key(2, ChainPurpose.ENCRYPTION, bytes(32)))
    for point in (1, order_8, field - 1, field, field + 1):
        key = point.to_bytes(32, "little")
        world.send("other_admin", registry.set_agency_key(2, ChainPurpose.ENCRYPTION, key))
        with pytest.raises(EnvelopeError, match="agency 2 is none that can be used"):
            giver.exchange.deliver(share_id, tmp_path / "delivery")
        assert attempts(giver)[-1].agency_id == 2
    assert [each.name for each in tmp_path.glob("*.half")] == []
    assert not (tmp_path / "delivery").exists()


def test_message_key_of_small_order__signs_nothing(
    agencies: Agencies, world: World, tmp_path: Path
) -> None:
    """Under it anybody can make a signature that fits any text."""
    first, second = agencies
    registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    first.open("steward").exchange.deliver(share_id, tmp_path / "delivery")
    identity = (1).to_bytes(32, "little")
    registry = world.registries.agencies
    world.send("agency_admin", registry.set_agency_key(1, ChainPurpose.MESSAGES, identity))
    data = (tmp_path / "delivery").read_bytes()
    with (tmp_path / "delivery").open("rb") as reader:
        header: EnvelopeHeader = read_opening(reader).header
    other = replace(header, sender_epoch=2).to_bytes()
    before = data[:-136].replace(header.to_bytes(), other)
    statement = data[-136:-96] + hashlib.sha256(before).digest() + identity + bytes(32)
    (tmp_path / "forged").write_bytes(before + statement)
    refused(second.open("steward"), tmp_path / "forged", EnvelopeError, "is of small order")


# --- officers -------------------------------------------------------------------------------------


def test_officer_with_another_role__decides_and_acknowledges_nothing(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    deed = registered(first.open("registrar"))
    share_id = agreed(agencies, tmp_path)
    asked = asked_of_one(agencies, tmp_path, deed)
    for role in ("registrar", "admin"):
        deciding = first.open(role)
        taken = deciding.exchange.receive(tmp_path / "one.envelope")
        assert taken.share is not None
        waiting = taken.share.share_id
        for made in (
            deciding.exchange.grant(waiting),
            deciding.exchange.deny(waiting, "unspecified"),
            deciding.exchange.revoke(share_id, "unspecified"),
        ):
            assert not isinstance(made, Asked)
            with pytest.raises(RefusedError, match="AccessControlUnauthorizedAccount"):
                made.wait()
    first.open("steward").exchange.deliver(share_id, tmp_path / "delivery")
    taken = second.open("registrar").exchange.receive(tmp_path / "delivery")
    assert taken.submission is not None
    with pytest.raises(RefusedError, match="AccessControlUnauthorizedAccount"):
        taken.submission.wait()
    asking = second.open("registrar").exchange.request(1, TERMS, record_type="land-deed")
    with pytest.raises(RefusedError, match="AccessControlUnauthorizedAccount"):
        asking.submission.wait()
    # What stands is what stewards did.
    stewards = second.open("steward")
    assert stewards.exchange.share(share_id).status == "granted"
    assert stewards.exchange.share_of_request(asked).status == "requested"
    again = stewards.exchange.receive(tmp_path / "delivery")
    assert again.submission is not None
    again.submission.wait()


def test_type_that_was_closed_after_the_request__is_not_granted(
    agencies: Agencies, tmp_path: Path
) -> None:
    first, second = agencies
    asked = second.open("steward").exchange.request(
        1, TERMS, record_type="land-deed", target=tmp_path / "request"
    )
    asked.submission.wait()
    closed = first.open("admin").publish_type(replace(deed_type(2), sharing=Sharing.CLOSED))
    assert closed is not None
    closed.wait()
    deciding = first.open("steward")
    taken = deciding.exchange.receive(tmp_path / "request")
    assert taken.share is not None
    with pytest.raises(NotSharedError, match="closed to sharing"):
        deciding.exchange.grant(taken.share.share_id)
