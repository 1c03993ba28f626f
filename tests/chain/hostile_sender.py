# SPDX-License-Identifier: Apache-2.0
"""An agency that has its keys and its grant, and sends what it pleases; and what it gets."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from muniment.errors import MunimentError
from muniment.exchange.envelope import Outgoing, seal_envelope
from muniment.exchange.envelope_header import EnvelopeHeader, EnvelopeKind
from muniment.exchange.envelope_parts import Part
from muniment.exchange.messages import SharedTerms
from muniment.exchange.terms import Terms
from muniment.record.identifiers import RecordId
from muniment.registry import Registry, acts
from muniment.registry.exchange import shares
from muniment.registry.exchange.delivering import _Contents
from muniment.registry.exchange.keeping import Arrived, arrived
from muniment.registry.exchange.parties import own_key, published_key
from muniment.registry.exchange.shares import Asked, ShareView
from muniment.store import envelopes
from muniment.store.envelopes import Attempt
from muniment.store.keys import KeyPurpose
from tests.chain.conftest import World
from tests.chain.test_shares import TERMS
from tests.chain.two_agencies import Agencies

DAY = 86_400


def sealed_by(
    registry: Registry,
    contents: Iterable[Outgoing],
    target: Path,
    *,
    kind: EnvelopeKind = EnvelopeKind.DELIVERY,
    subject: bytes,
    recipient: int = 2,
    made_at: int | None = None,
) -> Path:
    """Write an envelope as an agency with a tool of its own would: nothing asked, nothing kept."""
    session = registry.session
    signer = own_key(session, KeyPurpose.MESSAGES)
    theirs = published_key(session, recipient, KeyPurpose.ENCRYPTION)
    chain = session.profile.chain
    header = EnvelopeHeader(
        kind,
        chain.id,
        bytes.fromhex(chain.registry[2:]),
        session.profile.agency.id,
        signer.epoch,
        recipient,
        theirs.epoch,
        subject,
        int(time.time()) if made_at is None else made_at,
    )
    with target.open("wb") as writer:
        seal_envelope(writer, header, contents, theirs.public, signer.ed25519())
    return target


def contents_of(
    registry: Registry,
    share_id: bytes,
    record_ids: Sequence[RecordId],
    terms: Terms | None = None,
    *,
    evident: bool = False,
) -> list[Outgoing]:
    """What would be delivered; under other `terms`, with the message of those that stand on chain:
    the message first, then for each record its type, what is shown of it, its files."""
    session = registry.session
    share = shares.share_of(session, share_id)
    genuine = share.require_terms()
    wanted = genuine if terms is None else SharedTerms(terms, genuine.salt)

    def made(shared: SharedTerms) -> list[Outgoing]:
        return session.nodes.read(
            lambda node: [
                each if isinstance(each.data, bytes) else _read(each)
                for each in _Contents(session, share, shared, node, evident=evident).of(
                    record_ids, None
                )
            ]
        )

    first, *others = made(wanted)
    if terms is not None:
        first = made(genuine)[0]
    return [first, *others]


def _read(each: Outgoing) -> Outgoing:
    assert not isinstance(each.data, bytes)
    pieces = []
    while piece := each.data.read(1 << 20):
        pieces.append(piece)
    return Outgoing(each.kind, b"".join(pieces), each.record_id, each.version, each.index)


def parts_in(registry: Registry, path: Path) -> tuple[Arrived, list[Part]]:
    """What a recipient finds in an envelope that is for it."""
    envelope = arrived(registry.session, path)
    with envelope.parts() as parts:
        return envelope, list(parts)


def attempts(registry: Registry) -> list[Attempt]:
    """What was refused here, in order."""
    with registry.session.database.read() as connection:
        return envelopes.attempts_at(connection)


def kept_deliveries(registry: Registry) -> int:
    """How many deliveries are kept here, as rows; the vault must have as many files."""
    with registry.session.database.read() as connection:
        rows = envelopes.find(connection)
    names = list(registry.session.vault.list("exchange/"))
    assert len(names) == sum(row.is_kept for row in rows)
    return sum(row.kind == EnvelopeKind.DELIVERY and row.direction == "received" for row in rows)


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
