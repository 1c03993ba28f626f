# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Nobody let in: what third agencies, recipients and officers try, and what they get."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from muniment.exchange.envelope import Outgoing, read_opening, unwrap_key
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.exchange.envelope_parts import PartKind
from muniment.exchange.errors import (
    EnvelopeError,
    NotAddressedError,
    NotSharedError,
    TermsError,
)
from muniment.exchange.messages import GrantMessage, RequestMessage, SharedTerms
from muniment.record.types import Sharing
from muniment.registry.exchange.shares import Asked
from muniment.registry.submission import RefusedError
from muniment.store import envelopes
from muniment.store.keys import KeyPurpose
from tests.chain.agency import deed as deed_type
from tests.chain.hostile_sender import (
    ask,
    asked_of_one,
    attempts,
    contents_of,
    parts_in,
    refused,
    sealed_by,
)
from tests.chain.test_shares import TERMS, agreed, registered
from tests.chain.two_agencies import Agencies, Agency, agencies, third  # noqa: F401


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
