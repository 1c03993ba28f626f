# SPDX-License-Identifier: Apache-2.0
"""Envelopes: what goes in comes out, and nothing that was changed anywhere gets as far."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.exchange.envelope import (
    Outgoing,
    Sealed,
    Statement,
    frame_size,
    open_part,
    open_parts,
    read_opening,
    seal_envelope,
    unwrap_key,
    verify_envelope,
    wrap_key,
)
from muniment.exchange.envelope_header import EnvelopeHeader, EnvelopeKind
from muniment.exchange.envelope_parts import MAX_BODY, MAX_TOGETHER, PartKind
from muniment.exchange.errors import EnvelopeError
from muniment.journal.merkle import RunningRoot, Tree, hash_leaf

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SENDER = SIGNER.public_key().public_bytes_raw()
PRIVATE = X25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
RECIPIENT = PRIVATE.public_key().public_bytes_raw()
RECORD = b"\x01" * 32


def header(
    kind: EnvelopeKind = EnvelopeKind.DELIVERY, subject: bytes = bytes(32)
) -> EnvelopeHeader:
    return EnvelopeHeader(kind, 31337, bytes(20), 1, 1, 2, 1, subject, 1_795_478_400)


def sealed(
    contents: Sequence[Outgoing], head: EnvelopeHeader | None = None
) -> tuple[bytes, Sealed]:
    writer = io.BytesIO()
    made = seal_envelope(writer, head or header(), contents, RECIPIENT, SIGNER)
    return writer.getvalue(), made


def opened(data: bytes) -> list[tuple[int, bytes, int, int, bytes]]:
    """Open an envelope as a recipient does; the bodies of each thing put together."""
    opening = read_opening(io.BytesIO(data))
    statement = verify_envelope(io.BytesIO(data), SENDER, opening)
    key = unwrap_key(PRIVATE, opening.header, opening.wrapped)
    found: list[tuple[int, bytes, int, int, bytes]] = []
    for part in open_parts(io.BytesIO(data), key, statement.envelope_digest):
        label = part.label
        named = (int(label.kind), label.record_id, label.version, label.index)
        before = found.pop()[-1] if label.place else b""
        found.append((*named, before + part.body))
    return found


def pattern(length: int) -> bytes:
    return (b"0123456789abcdef" * (length // 16 + 1))[:length]


DELIVERY = [
    Outgoing(PartKind.MESSAGE, b"terms"),
    Outgoing(PartKind.RECORD, b"parcel 12/345", RECORD, 1),
    Outgoing(PartKind.FILE, b"scan", RECORD, 1, 1),
]
FILE, MADE = sealed(DELIVERY)


@pytest.mark.parametrize(
    "length", [0, 1, MAX_BODY - 1, MAX_BODY, MAX_BODY + 1, 2 * MAX_BODY, 2 * MAX_BODY + 1]
)
@pytest.mark.parametrize("streamed", [False, True], ids=["bytes", "stream"])
def test_body_of_any_length__comes_out_again(length: int, streamed: bool) -> None:
    plain = pattern(length)
    data, made = sealed(
        [Outgoing(PartKind.FILE, io.BytesIO(plain) if streamed else plain, RECORD, 3, 2)]
    )
    assert opened(data) == [(PartKind.FILE, RECORD, 3, 2, plain)]
    assert made.statement.count == max(1, -(-length // MAX_BODY)) + 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from([each for each in PartKind if each is not PartKind.END]),
            st.binary(max_size=300),
            st.binary(min_size=32, max_size=32),
            st.integers(0, 2**32 - 1),
            st.integers(0, 2**32 - 1),
        ),
        max_size=12,
    )
)
def test_contents__come_out_in_order(
    things: list[tuple[PartKind, bytes, bytes, int, int]],
) -> None:
    data, made = sealed([Outgoing(*each) for each in things])
    assert opened(data) == [
        (int(kind), record, version, index, body) for kind, body, record, version, index in things
    ]
    assert verify_envelope(io.BytesIO(data), SENDER) == made.statement


@settings(max_examples=400)
@given(st.integers(0, len(FILE) * 8 - 1))
def test_one_bit_flipped_anywhere__is_refused_before_anything_is_opened(bit: int) -> None:
    changed = bytearray(FILE)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(EnvelopeError):
        verify_envelope(io.BytesIO(bytes(changed)), SENDER)


def test_every_byte_flipped__and_every_cut__is_refused() -> None:
    for place in range(len(FILE)):
        changed = FILE[:place] + bytes([FILE[place] ^ 0x80]) + FILE[place + 1 :]
        with pytest.raises(EnvelopeError):
            verify_envelope(io.BytesIO(changed), SENDER)
        with pytest.raises(EnvelopeError):
            verify_envelope(io.BytesIO(FILE[:place]), SENDER)


@given(st.binary(max_size=600))
def test_bytes_of_anybody__raise_one_kind_of_error(data: bytes) -> None:
    for begins in (b"", b"MUNIENV\x01", FILE[:300]):
        with pytest.raises(EnvelopeError):
            verify_envelope(io.BytesIO(begins + data), SENDER)


def test_same_contents_twice__share_no_ciphertext() -> None:
    again, made = sealed(DELIVERY)
    beginning = len(read_opening(io.BytesIO(FILE)).raw)
    first = {FILE[at : at + 16] for at in range(beginning, len(FILE) - 16)}
    second = {again[at : at + 16] for at in range(beginning, len(again) - 16)}
    assert not first & second
    assert made.file_key != MADE.file_key


def test_verify__of_another_beginning_than_was_read__is_refused() -> None:
    other, _ = sealed(DELIVERY)
    beginning = read_opening(io.BytesIO(other))
    with pytest.raises(EnvelopeError, match="not the envelope that was checked"):
        verify_envelope(io.BytesIO(FILE), SENDER, beginning)


def test_parts__of_a_file_put_in_its_place_since__are_refused_at_the_end() -> None:
    """Both are the sender's, sealed under one key: what was checked is what must be read."""
    genuine = verify_envelope(io.BytesIO(FILE), SENDER).envelope_digest
    with pytest.raises(EnvelopeError, match="not the envelope that was checked"):
        list(open_parts(io.BytesIO(FILE), MADE.file_key, bytes(32)))
    assert len(list(open_parts(io.BytesIO(FILE), MADE.file_key, genuine))) == 3


def test_header__that_was_changed_and_signed_anew__does_not_open_the_key() -> None:
    opening = read_opening(io.BytesIO(FILE))
    for head in (header(EnvelopeKind.CUSTODY), header(subject=b"\x02" * 32)):
        with pytest.raises(EnvelopeError, match="does not open it"):
            unwrap_key(PRIVATE, head, opening.wrapped)
    third = X25519PrivateKey.generate()
    with pytest.raises(EnvelopeError, match="does not open it"):
        unwrap_key(third, opening.header, opening.wrapped)


def test_wrapped_keys__never_repeat() -> None:
    made = {wrap_key(RECIPIENT, header(), bytes(32)) for _ in range(20)}
    assert len(made) == 20


def test_one_part__is_opened_by_its_place() -> None:
    [label, number, offset] = MADE.places[1]
    size = frame_size(FILE[offset : offset + 4])
    part = open_part(FILE[offset : offset + size], number, MADE.file_key)
    assert (part.label, part.body) == (label, b"parcel 12/345")
    with pytest.raises(EnvelopeError, match="does not authenticate"):
        open_part(FILE[offset : offset + size], number + 1, MADE.file_key)
    with pytest.raises(EnvelopeError):
        frame_size(b"\0\0")


def test_message__longer_than_any_reader_takes__is_not_sealed() -> None:
    contents = [Outgoing(PartKind.MESSAGE, io.BytesIO(bytes(MAX_TOGETHER * MAX_BODY + 1)))]
    with pytest.raises(EnvelopeError, match="too long"):
        sealed(contents)


def test_statement__proves_single_parts_to_others() -> None:
    tree = Tree()
    for part in open_parts(io.BytesIO(FILE), MADE.file_key, MADE.statement.envelope_digest):
        tree.append(hash_leaf(part.leaf))
    assert tree.size == MADE.statement.count - 1
    statement = MADE.statement
    moved = Statement(
        header(subject=b"\x03" * 32),
        statement.count,
        statement.root,
        statement.digest,
        statement.signature,
    )
    with pytest.raises(EnvelopeError, match="has not signed it"):
        moved.verify(SENDER)


def test_running_root__is_the_trees() -> None:
    tree, running = Tree(), RunningRoot()
    assert running.root() == tree.root()
    for number in range(301):
        leaf = hash_leaf(number.to_bytes(2, "big"))
        assert running.append(leaf) == number
        tree.append(leaf)
        assert running.root() == tree.root()


def test_what_contents_raise__passes_through() -> None:
    def failing() -> list[Outgoing]:
        raise LookupError("gone")

    with pytest.raises(LookupError):
        seal_envelope(io.BytesIO(), header(), (each for each in failing()), RECIPIENT, SIGNER)
