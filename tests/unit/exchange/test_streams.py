# SPDX-License-Identifier: Apache-2.0
"""Streams of what a producer writes: all of it, its errors, and nothing that hangs."""

from __future__ import annotations

import io
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from muniment.exchange.envelope import Outgoing, seal_envelope
from muniment.exchange.envelope_header import EnvelopeHeader, EnvelopeKind
from muniment.exchange.envelope_parts import MAX_BODY, PartKind
from muniment.exchange.streams import ProducedStream
from muniment.record.objects import Writable

LENGTHS = [0, 1, 65_536, MAX_BODY, 2 * MAX_BODY + 7]


def all_of(stream: ProducedStream, size: int) -> bytes:
    pieces = []
    while piece := stream.read(size):
        pieces.append(piece)
    return b"".join(pieces)


def producers() -> int:
    return sum("run" in thread.name for thread in threading.enumerate())


@pytest.mark.parametrize("length", LENGTHS)
def test_all_that_is_written__is_read(length: int) -> None:
    def produce(writer: Writable) -> None:
        for start in range(0, length, 10_000):
            writer.write(bytes(min(10_000, length - start)))

    with ProducedStream(produce) as stream:
        assert all_of(stream, 4096) == bytes(length)
        assert stream.read(1) == b""


@pytest.mark.parametrize("length", LENGTHS)
def test_what_the_producer_raises__is_raised_to_the_reader_at_the_end(length: int) -> None:
    def produce(writer: Writable) -> None:
        writer.write(bytes(length))
        raise LookupError("not the file that was committed to")

    with ProducedStream(produce) as stream, pytest.raises(LookupError):
        all_of(stream, MAX_BODY)


@pytest.mark.parametrize("length", LENGTHS)
def test_file_that_turns_out_wrong__is_in_no_envelope(length: int) -> None:
    """Its last bytes are read before the part that has them is sealed, whatever the length."""

    def produce(writer: Writable) -> None:
        writer.write(bytes(length))
        raise LookupError("not the file that was committed to")

    header = EnvelopeHeader(
        EnvelopeKind.DELIVERY, 31337, bytes(20), 1, 1, 2, 1, bytes(32), 1_795_478_400
    )
    written = io.BytesIO()
    key = X25519PrivateKey.generate().public_key().public_bytes_raw()
    signer = Ed25519PrivateKey.generate()
    with ProducedStream(produce) as stream:
        contents = [Outgoing(PartKind.FILE, stream, bytes(32), 1, 1)]
        with pytest.raises(LookupError):
            seal_envelope(written, header, contents, key, signer)
    whole = max(0, -(-length // MAX_BODY) - 1)
    assert len(written.getvalue()) < (whole + 1) * (MAX_BODY + 200) + 1000


def test_reader_that_leaves_early__ends_the_producer() -> None:
    before = producers()
    ended = threading.Event()

    def produce(writer: Writable) -> None:
        try:
            while True:
                writer.write(bytes(100_000))
        finally:
            ended.set()

    with ProducedStream(produce) as stream:
        assert stream.read(10) == bytes(10)
    assert ended.wait(60)
    assert producers() == before
