# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: signed notes, strictly read. The first vector is Go's own (sumdb/note's example)."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import InvalidInputError
from muniment.journal.checkpoints import (
    COSIGNATURE,
    Checkpoint,
    NoteError,
    NoteKey,
    checkpoint_in,
    cosign,
    cosigned_at,
    sign,
    verify,
)

ORIGIN = "muniment/test/1/1"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = NoteKey(ORIGIN, PRIVATE.public_key().public_bytes_raw())
CHECKPOINT = Checkpoint(ORIGIN, 42, bytes(range(32)))
NOTE = sign(CHECKPOINT, ORIGIN, PRIVATE)


def test_key_of_go__is_read_and_written() -> None:
    """The verifier key that golang.org/x/mod/sumdb/note's documentation shows."""
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    key = NoteKey.from_text(text)
    assert (key.name, key.key_id.hex(), key.to_text()) == ("PeterNeumann", "c74f20a3", text)


def test_note_of_go__verifies() -> None:
    """The message of the same documentation; it is no checkpoint, so only its body is refused."""
    key = NoteKey.from_text("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
        "otpRZb6KE6RyyBwJnAM=\n"
    ).encode()
    with pytest.raises(NoteError, match="another form"):
        verify(note, key)
    changed = note.replace(b"answer", b"Answer")
    with pytest.raises(NoteError, match="is wrong"):
        verify(changed, key)


def test_own_note__comes_back() -> None:
    assert verify(NOTE, KEY) == checkpoint_in(NOTE) == CHECKPOINT
    assert NOTE.decode().startswith(f"{ORIGIN}\n42\nAAECAwQF")


@given(st.integers(0, len(NOTE) - 1), st.integers(0, 7))
def test_one_bit__is_noticed(place: int, bit: int) -> None:
    changed = bytearray(NOTE)
    changed[place] ^= 1 << bit
    with pytest.raises(NoteError):
        verify(bytes(changed), KEY)


def signed(body: str) -> bytes:
    signature = base64.b64encode(KEY.key_id + PRIVATE.sign(body.encode())).decode()
    return f"{body}\n— {ORIGIN} {signature}\n".encode()


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "body",
    [
        f"{ORIGIN}\n042\n{ROOT}\n",
        f"{ORIGIN}\n-1\n{ROOT}\n",
        f"{ORIGIN}\n9223372036854775808\n{ROOT}\n",
        f"{ORIGIN}\n1\n{ROOT[:-1]}\n",
        f"{ORIGIN}\n1\n{base64.b64encode(bytes(31)).decode()}\n",
        f"{ORIGIN}\n1\n{ROOT[:-2]}B=\n",
        f"{ORIGIN}\n1\n",
        f"{ORIGIN}\n1\n{ROOT}\nextension\n",
        f"\n1\n{ROOT}\n",
        f"{ORIGIN}\n1\n{ROOT}\t\n",
    ],
)
def test_other_body__is_refused_though_signed(body: str) -> None:
    with pytest.raises(NoteError):
        verify(signed(body), KEY)


def test_other_forms_of_notes__are_refused() -> None:
    body, line = NOTE.decode().split("\n\n")
    for note in (
        "",
        body,
        NOTE.decode()[:-1],
        f"{body}\n\n\n{line}",
        f"{body}\n\n{line.replace('— ', '- ')}",
        f"{body}\n\n{line[:-1]}\r\n",
        f"{body}\n\n— {ORIGIN}\n",
        "x" * (1 << 21),
    ):
        with pytest.raises(NoteError):
            verify(note.encode(), KEY)
    with pytest.raises(NoteError):
        verify(b"\xff\xfe", KEY)


def test_signatures_of_others__are_passed_by() -> None:
    other = Ed25519PrivateKey.generate()
    name = "stranger"
    both = cosign(sign(CHECKPOINT, ORIGIN, PRIVATE), name, other, 7)
    assert verify(both, KEY) == CHECKPOINT
    with pytest.raises(NoteError, match="not signed by"):
        verify(NOTE, NoteKey(ORIGIN, bytes(32)))
    with pytest.raises(NoteError, match="not signed by"):
        verify(NOTE, NoteKey("muniment/test/1/2", KEY.public))


def test_witnesses__say_when() -> None:
    witness = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
    key = NoteKey("w", witness.public_key().public_bytes_raw(), COSIGNATURE)
    note = cosign(NOTE, "w", witness, 1_800_000_000)
    assert cosigned_at(note, [key]) == {"w": 1_800_000_000}
    assert cosigned_at(NOTE, [key]) == {}
    line = note.decode().splitlines()[-1].split()[-1]
    data = bytearray(base64.b64decode(line))
    data[11] ^= 1  # its time
    with pytest.raises(NoteError, match="is wrong"):
        cosigned_at(note.replace(line.encode(), base64.b64encode(data)), [key])


@pytest.mark.parametrize(
    "text", ["", "a", "a+00000000+", "a+00000000+AQ==", "a+00000000+" + "A" * 44, "a b+c74f20a3+x"]
)
def test_other_key_texts__are_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        NoteKey.from_text(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n"])
def test_key_name__must_fit_a_note(name: str) -> None:
    with pytest.raises(InvalidInputError):
        NoteKey(name, bytes(32))
