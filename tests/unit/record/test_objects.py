# SPDX-License-Identifier: Apache-2.0
"""Encrypted objects stream in flat memory and open only unchanged, whole and in their place."""

from __future__ import annotations

import hashlib
import io
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.errors import DecryptionError, InvalidInputError
from muniment.record import ObjectPlace, RecordId, Secret, decrypt, encrypt
from muniment.record.objects import CHUNK_SIZE, HEADER_SIZE, MAGIC, TAG_SIZE

PLACE = ObjectPlace(RecordId(b"\x01" * 32), 1, 0)
SECRET = Secret(b"\x03" * 32)
SEALED_SIZE = CHUNK_SIZE + TAG_SIZE


def seal(plain: bytes, place: ObjectPlace = PLACE, secret: Secret = SECRET) -> bytes:
    writer = io.BytesIO()
    encrypt(io.BytesIO(plain), writer, place, secret, random_bytes=lambda size: b"\x07" * size)
    return writer.getvalue()


def unseal(sealed: bytes, place: ObjectPlace = PLACE, secret: Secret = SECRET) -> bytes:
    writer = io.BytesIO()
    decrypt(io.BytesIO(sealed), writer, place, secret)
    return writer.getvalue()


def pattern(length: int) -> bytes:
    return (b"0123456789abcdef" * (length // 16 + 1))[:length]


THREE_CHUNKS = seal(pattern(2 * CHUNK_SIZE + 100))
CHUNKS = [
    THREE_CHUNKS[start : start + SEALED_SIZE]
    for start in range(HEADER_SIZE, len(THREE_CHUNKS), SEALED_SIZE)
]
HEADER = THREE_CHUNKS[:HEADER_SIZE]


@pytest.mark.parametrize(
    "length",
    [0, 1, 15, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 2 * CHUNK_SIZE, 2 * CHUNK_SIZE + 1],
)
def test_decrypt__object_of_any_length__gives_it_back(length: int) -> None:
    plain = pattern(length)
    sealed = seal(plain)
    chunks = max(1, -(-length // CHUNK_SIZE))
    assert len(sealed) == HEADER_SIZE + length + chunks * TAG_SIZE
    assert unseal(sealed) == plain


@given(st.binary(max_size=200), st.binary(min_size=32, max_size=32))
def test_decrypt__any_object_and_secret__gives_it_back(plain: bytes, secret: bytes) -> None:
    assert unseal(seal(plain, secret=Secret(secret)), secret=Secret(secret)) == plain


def test_encrypt__one_chunk__is_what_the_specification_says() -> None:
    nonce = b"\x07" * 16
    key = hashlib.shake_256(
        b"muniment/object-key/v1\0" + SECRET + b"\x00\x00\x00\x05" + nonce
    ).digest(32)
    associated = b"muniment/object/v1\0" + b"\x01" * 32 + b"\0\0\0\x02" + b"\0\0\0\x05"
    sealed = AESGCM(key).encrypt(bytes(11) + b"\x01", b"deed", associated)
    assert seal(b"deed", ObjectPlace(PLACE.record_id, 2, 5)) == b"MUNIOBJ\x01" + nonce + sealed


def test_encrypt__same_object_twice__has_another_key_and_ciphertext() -> None:
    sealed = []
    for _ in range(2):
        writer = io.BytesIO()
        encrypt(io.BytesIO(b"deed"), writer, PLACE, SECRET)
        sealed.append(writer.getvalue())
    assert sealed[0][HEADER_SIZE:] != sealed[1][HEADER_SIZE:]
    assert b"deed" not in sealed[0]


def test_summaries__of_both_ways__agree_with_the_bytes() -> None:
    plain = pattern(CHUNK_SIZE + 5)
    writer = io.BytesIO()
    made = encrypt(io.BytesIO(plain), writer, PLACE, SECRET)
    read = decrypt(io.BytesIO(writer.getvalue()), io.BytesIO(), PLACE, SECRET)
    assert made == read
    assert (made.digest, made.length) == (hashlib.sha256(plain).digest(), len(plain))
    assert made.ciphertext_digest == hashlib.sha256(writer.getvalue()).digest()
    assert made.ciphertext_length == len(writer.getvalue())
    assert made.file_value("application/pdf").digest == made.digest


class TestChangedObject:
    @given(st.integers(0, 8 * (HEADER_SIZE + 4 + TAG_SIZE) - 1))
    def test_decrypt__one_bit_flipped__is_refused(self, bit: int) -> None:
        sealed = bytearray(seal(b"deed"))
        sealed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DecryptionError) as caught:
            unseal(bytes(sealed))
        assert caught.value.chunk == (None if bit // 8 < len(MAGIC) else 0)

    def test_decrypt__cut_anywhere__is_refused(self) -> None:
        sealed = seal(b"deed")
        for length in range(len(sealed)):
            with pytest.raises(DecryptionError):
                unseal(sealed[:length])

    @pytest.mark.parametrize("kept", [0, 1, 2])
    def test_decrypt__last_chunks_missing__is_refused(self, kept: int) -> None:
        with pytest.raises(DecryptionError) as caught:
            unseal(HEADER + b"".join(CHUNKS[:kept]))
        assert caught.value.chunk == max(0, kept - 1)

    @pytest.mark.parametrize(
        "order",
        [(1, 0, 2), (0, 2, 1), (0, 0, 1, 2), (1, 2), (0, 2), (0, 1, 1, 2), (2,), (0, 1, 2, 2)],
        ids=str,
    )
    def test_decrypt__chunks_in_another_order__is_refused(self, order: tuple[int, ...]) -> None:
        with pytest.raises(DecryptionError):
            unseal(HEADER + b"".join(CHUNKS[place] for place in order))

    @pytest.mark.parametrize("extra", [b"\0", b"\0" * TAG_SIZE, THREE_CHUNKS])
    def test_decrypt__bytes_appended__is_refused(self, extra: bytes) -> None:
        for sealed in (seal(b"deed"), THREE_CHUNKS, seal(pattern(CHUNK_SIZE)), seal(b"")):
            with pytest.raises(DecryptionError):
                unseal(sealed + extra)

    def test_decrypt__nothing__is_refused(self) -> None:
        with pytest.raises(DecryptionError, match="header: cut short after 0 bytes"):
            unseal(b"")

    def test_decrypt__chunk_of_another_object_with_the_same_nonce__is_refused(self) -> None:
        other = seal(pattern(2 * CHUNK_SIZE + 100), replace(PLACE, index=1))
        with pytest.raises(DecryptionError):
            unseal(HEADER + CHUNKS[0] + other[HEADER_SIZE + SEALED_SIZE :])

    def test_decrypt__empty_last_chunk_made_by_who_has_the_key__is_refused(self) -> None:
        key = hashlib.shake_256(
            b"muniment/object-key/v1\0" + SECRET + bytes(4) + b"\x07" * 16
        ).digest(32)
        full = AESGCM(key).encrypt(bytes(12), pattern(CHUNK_SIZE), PLACE.to_bytes())
        empty = AESGCM(key).encrypt((1).to_bytes(11, "big") + b"\x01", b"", PLACE.to_bytes())
        with pytest.raises(DecryptionError) as caught:
            unseal(HEADER + full + empty)
        assert caught.value.chunk == 1

    @pytest.mark.parametrize(
        "place",
        [
            replace(PLACE, record_id=RecordId(b"\x02" * 32)),
            replace(PLACE, version=2),
            replace(PLACE, index=1),
        ],
        ids=["record", "version", "object"],
    )
    def test_decrypt__in_another_place__is_refused(self, place: ObjectPlace) -> None:
        with pytest.raises(DecryptionError, match="not authentic"):
            unseal(seal(b"deed"), place)

    def test_decrypt__with_another_secret__is_refused_and_neither_is_shown(self) -> None:
        with pytest.raises(DecryptionError) as caught:
            unseal(seal(b"deed"), secret=Secret(b"\x04" * 32))
        shown = caught.value.diagnostics()
        assert "\x04" not in shown
        assert "0404" not in shown

    def test_decrypt__of_another_format__says_so(self) -> None:
        with pytest.raises(DecryptionError, match="not an encrypted object"):
            unseal(b"%PDF-1.7" + b"\0" * 100)

    def test_decrypt__cut_object__writes_only_what_was_authentic(self) -> None:
        writer = io.BytesIO()
        with pytest.raises(DecryptionError):
            decrypt(io.BytesIO(HEADER + b"".join(CHUNKS[:2])), writer, PLACE, SECRET)
        assert writer.getvalue() == pattern(CHUNK_SIZE)


class _Drip:
    """Reads like a pipe: fewer bytes than asked for. Writes like a raw file: fewer than given."""

    def __init__(self, data: bytes = b"", *, step: int = 7) -> None:
        self._source = io.BytesIO(data)
        self._step = step
        self.written = bytearray()

    def read(self, size: int, /) -> bytes:
        return self._source.read(min(size, self._step))

    def write(self, data: bytes, /) -> int:
        self.written += data[: self._step]
        return min(len(data), self._step)


def test_streams__that_give_and_take_little__lose_nothing() -> None:
    sealed, opened = _Drip(pattern(1000)), _Drip()
    encrypt(sealed, sealed, PLACE, SECRET)
    decrypt(_Drip(bytes(sealed.written)), opened, PLACE, SECRET)
    assert bytes(opened.written) == pattern(1000)


class _Stuck:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def read(self, _size: int, /) -> Any:
        return self.answer

    def write(self, _data: bytes, /) -> Any:
        return self.answer


@pytest.mark.parametrize("answer", [None, "text"])
def test_encrypt__reader_without_data_at_hand__never_passes_for_the_end(answer: Any) -> None:
    with pytest.raises(InvalidInputError, match="blocking reader"):
        encrypt(_Stuck(answer), io.BytesIO(), PLACE, SECRET)
    with pytest.raises(InvalidInputError, match="blocking reader"):
        decrypt(_Stuck(answer), io.BytesIO(), PLACE, SECRET)


@pytest.mark.parametrize("answer", [None, 0])
def test_encrypt__writer_that_takes_nothing__is_refused(answer: Any) -> None:
    with pytest.raises(InvalidInputError, match="blocking writer"):
        encrypt(io.BytesIO(b"deed"), _Stuck(answer), PLACE, SECRET)


class _Endless:
    """`length` bytes that never lie in memory together."""

    def __init__(self, length: int) -> None:
        self.left = length

    def read(self, size: int, /) -> bytes:
        taken = min(size, self.left)
        self.left -= taken
        return bytes(taken)


class _Piped:
    """A writer that decrypts nothing and keeps nothing but the length."""

    def __init__(self) -> None:
        self.length = 0

    def write(self, data: bytes, /) -> int:
        self.length += len(data)
        return len(data)


def test_encrypt__64_mebibytes__takes_memory_of_a_few_chunks() -> None:
    tracemalloc.start()
    try:
        encrypt(_Endless(64 * CHUNK_SIZE), _Piped(), PLACE, SECRET)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6 * CHUNK_SIZE


@settings(max_examples=10)
@given(st.binary(max_size=64), st.binary(max_size=100))
def test_decrypt__anything__raises_its_own_error(start: bytes, rest: bytes) -> None:
    for sealed in (start + rest, MAGIC + start + rest):
        with pytest.raises(DecryptionError):
            unseal(sealed)


@pytest.mark.parametrize(
    ("place", "field"),
    [
        ((b"\x01", 1, 0), "record id"),
        ((b"\x01" * 32, 0, 0), "version"),
        ((b"\x01" * 32, 2**16, 0), "version"),
        ((b"\x01" * 32, 1, -1), "object index"),
        ((b"\x01" * 32, 1, 2**32), "object index"),
    ],
)
def test_place__value_out_of_range__is_named(place: Any, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        ObjectPlace(*place)
    assert caught.value.field == field


@pytest.mark.parametrize("secret", [b"", b"\x03" * 31, None])
def test_both_ways__secret_of_another_form__is_refused(secret: Any) -> None:
    with pytest.raises(InvalidInputError, match="secret"):
        seal(b"deed", secret=secret)
    with pytest.raises(InvalidInputError, match="secret"):
        unseal(seal(b"deed"), secret=secret)
