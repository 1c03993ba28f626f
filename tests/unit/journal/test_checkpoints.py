# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: signed notes, strictly read.

Published vectors: the keys and signatures in the tests of golang.org/x/mod/sumdb/note, and the
checkpoint that C2SP tlog-checkpoint shows, which Go's checksum database signed by another name.
"""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from muniment.errors import InvalidInputError
from muniment.journal.checkpoints import (
    COSIGNATURE,
    ED25519,
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


PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
REMORA = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
"""A witness that co-signs (https://github.com/transparency-dev/formats, note_cosigv1_test.go)."""
QUOTED = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
BY_PETER = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
    "otpRZb6KE6RyyBwJnAM=\n"
)
BY_ENOCH = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnW"
    "Lox33WWd1RvMc+QQ=\n"
)
CHECKSUM_DATABASE = ".".join(("sum", "golang", "org"))
BY_CHECKSUM_DATABASE = (
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8="
)


@pytest.mark.parametrize(
    ("text", "algorithm"), [(PETER, ED25519), (ENOCH, ED25519), (REMORA, COSIGNATURE)]
)
def test_published_key__is_read_and_written(text: str, algorithm: int) -> None:
    name, key_id, _ = text.split("+", 2)
    key = NoteKey.from_text(text)
    assert (key.name, key.key_id.hex(), key.algorithm) == (name, key_id, algorithm)
    assert key.to_text() == text


def test_mangled_key__is_refused() -> None:
    """Every part of a published key, and every byte of it raised by one, as Go's own test does."""
    parts = {
        PETER[start:end] for start in range(len(PETER)) for end in range(start, len(PETER) + 1)
    }
    raised = {PETER[:at] + chr(ord(PETER[at]) + 1) + PETER[at + 1 :] for at in range(len(PETER))}
    for text in (parts | raised) - {PETER}:
        with pytest.raises(InvalidInputError):
            NoteKey.from_text(text)
    for text in (
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ):
        with pytest.raises(InvalidInputError):
            NoteKey.from_text(text)


@pytest.mark.parametrize(("key", "line"), [(PETER, BY_PETER), (ENOCH, BY_ENOCH)])
def test_published_signature__holds(key: str, line: str) -> None:
    """The text is no checkpoint: with a good signature that is all that is refused."""
    both = f"{QUOTED}\n{BY_PETER}{BY_ENOCH}"
    for note in (f"{QUOTED}\n{line}", both, f"{QUOTED}\n{line}{line}"):
        with pytest.raises(NoteError, match="checkpoint has another form"):
            verify(note.encode(), NoteKey.from_text(key))
        with pytest.raises(NoteError, match="is wrong"):
            verify(note.replace("answer", "Answer").encode(), NoteKey.from_text(key))


def test_published_checkpoint__holds_under_the_name_it_was_signed_with() -> None:
    key = NoteKey.from_text(
        f"{CHECKSUM_DATABASE}+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    )
    rest = "20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    line = f"— {CHECKSUM_DATABASE} {BY_CHECKSUM_DATABASE}\n"
    found = verify(f"go.sum database tree\n{rest}\n{line}".encode(), key)
    assert (found.origin, found.size) == ("go.sum database tree", 20_852_163)
    assert found.body() == f"go.sum database tree\n{rest}"
    with pytest.raises(NoteError, match="is wrong"):
        verify(f"example.com/behind-the-sofa\n{rest}\n{line}".encode(), key)


@pytest.mark.parametrize(
    "note",
    [
        QUOTED,
        f"{QUOTED}\n",
        f"{QUOTED}\n{BY_PETER[:-1]}",
        f"\x01{QUOTED}\n{BY_PETER}",
        f"{QUOTED}\n{BY_PETER.replace('PeterNeumann', 'Bad Name')}",
        f"{QUOTED}\n{BY_PETER.replace('PeterNeumann', 'Bad+Name')}{BY_PETER}",
        f"{QUOTED}\n{BY_PETER}Unexpected line.\n",
        f"{QUOTED}\n{BY_PETER * 101}",
        f"{QUOTED}\n{BY_PETER.replace('AM=', 'AN=')}",
        f"{QUOTED}\n{BY_ENOCH.replace('kFXSdeX', 'kFX SdeX')}",
    ],
    ids=range(10),
)
def test_published_malformed_note__is_refused_before_its_signatures(note: str) -> None:
    for text in (PETER, ENOCH):
        with pytest.raises(NoteError, match="form"):
            verify(note.encode(), NoteKey.from_text(text))
    with pytest.raises(NoteError, match="note has another form"):
        verify(b"\xff" + f"{QUOTED}\n{BY_PETER}".encode(), NoteKey.from_text(PETER))


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
        f"{ORIGIN}\n+1\n{ROOT}\n",
        f"{ORIGIN}\n1 \n{ROOT}\n",
        f"{ORIGIN}\n\n{ROOT}\n",
        f"{ORIGIN}\n١\n{ROOT}\n",
        f"{ORIGIN}\n0x1\n{ROOT}\n",
        f"{ORIGIN}\n{10**40}\n{ROOT}\n",
        f"{ORIGIN}\n1\n{base64.b64encode(bytes(33)).decode()}\n",
        f"{ORIGIN}\n1\n{ROOT[:8]}\n{ROOT[8:]}\n",
        f"{ORIGIN}\n1\n{base64.urlsafe_b64encode(bytes([255]) * 32).decode()}\n",
        f"{ORIGIN}\n1\n{ROOT}\n\n",
        f"{ORIGIN}\x00\n1\n{ROOT}\n",
        f"{ORIGIN}\r\n1\n{ROOT}\n",
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


@pytest.mark.parametrize("size", [0, 1, (1 << 63) - 1])
def test_size__may_be_what_public_tools_can_count(size: int) -> None:
    assert verify(signed(f"{ORIGIN}\n{size}\n{ROOT}\n"), KEY).size == size


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint(ORIGIN, -1, bytes(32)),
        Checkpoint(ORIGIN, 1 << 63, bytes(32)),
        Checkpoint(ORIGIN, 1, bytes(31)),
        Checkpoint("", 1, bytes(32)),
        Checkpoint("two\nlines", 1, bytes(32)),
        Checkpoint("tab\t", 1, bytes(32)),
        Checkpoint("\x1fcontrol", 1, bytes(32)),
    ],
    ids=lambda each: f"{each.origin!r}-{each.size}-{len(each.root)}",
)
def test_what_cannot_be_read__is_not_signed(checkpoint: Checkpoint) -> None:
    with pytest.raises(NoteError):
        sign(checkpoint, ORIGIN, PRIVATE)


def line_of(key: NoteKey, signature: bytes) -> bytes:
    return f"— {key.name} {base64.b64encode(key.key_id + signature).decode()}\n".encode()


def test_two_signatures_of_one_key__only_the_first_counts() -> None:
    """As in Go's sumdb/note: a second line of a key says nothing, be it right or wrong."""
    body, wrong = NOTE.split(b"\n\n")[0] + b"\n\n", line_of(KEY, bytes(64))
    right = line_of(KEY, PRIVATE.sign(CHECKPOINT.body().encode()))
    assert verify(body + right + right, KEY) == CHECKPOINT
    assert verify(body + right + wrong, KEY) == CHECKPOINT
    with pytest.raises(NoteError, match="is wrong"):
        verify(body + wrong + right, KEY)


def test_other_id_or_name__is_another_key() -> None:
    body, signature = NOTE.split(b"\n\n")[0] + b"\n\n", PRIVATE.sign(CHECKPOINT.body().encode())
    other = NoteKey(ORIGIN, KEY.public, COSIGNATURE)
    renamed = NoteKey("stranger", KEY.public)
    for stranger in (other, renamed):
        with pytest.raises(NoteError, match="not signed by"):
            verify(body + line_of(stranger, signature), KEY)
        assert verify(body + line_of(stranger, signature) + line_of(KEY, signature), KEY)


@pytest.mark.parametrize("length", [0, 1, 63, 65])
def test_signature_of_another_length__is_wrong(length: int) -> None:
    body = NOTE.split(b"\n\n")[0] + b"\n\n"
    with pytest.raises(NoteError):
        verify(body + line_of(KEY, bytes(length)), KEY)


WITNESS = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
WITNESS_KEY = NoteKey("w", WITNESS.public_key().public_bytes_raw(), COSIGNATURE)


def test_cosignatures__stand_beside_the_log_s() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes([8]) * 32)
    other_key = NoteKey("x", other.public_key().public_bytes_raw(), COSIGNATURE)
    note = cosign(cosign(NOTE, "w", WITNESS, 1), "x", other, 2)
    assert verify(note, KEY) == CHECKPOINT
    assert cosigned_at(note, [WITNESS_KEY, other_key]) == {"w": 1, "x": 2}
    assert cosigned_at(note, [other_key]) == {"x": 2}
    assert cosigned_at(note, [NoteKey("w", other_key.public, COSIGNATURE)]) == {}


def test_cosignature__is_of_the_whole_text_and_of_its_time() -> None:
    """The message is that of C2SP tlog-cosignature, byte for byte."""
    note = cosign(NOTE, "w", WITNESS, 1_679_315_147)
    data = base64.b64decode(note.decode().splitlines()[-1].split()[-1])
    message = b"cosignature/v1\ntime 1679315147\n" + CHECKPOINT.body().encode()
    assert data[:4] == WITNESS_KEY.key_id
    assert data[4:12] == bytes.fromhex("00000000641850cb")
    WITNESS.public_key().verify(data[12:], message)
    with pytest.raises(NoteError, match="is wrong"):
        cosigned_at(note.replace(b"\n42\n", b"\n43\n"), [WITNESS_KEY])


def test_two_cosignatures_of_one_witness__only_the_first_counts() -> None:
    note = cosign(cosign(NOTE, "w", WITNESS, 5), "w", WITNESS, 9)
    assert cosigned_at(note, [WITNESS_KEY]) == {"w": 5}
    wrong = line_of(WITNESS_KEY, bytes(72))
    assert cosigned_at(cosign(NOTE, "w", WITNESS, 5) + wrong, [WITNESS_KEY]) == {"w": 5}
    with pytest.raises(NoteError, match="is wrong"):
        cosigned_at(NOTE + wrong, [WITNESS_KEY])


def test_cosignature_past_the_last_time__is_refused() -> None:
    last = (1 << 63) - 1
    assert cosigned_at(cosign(NOTE, "w", WITNESS, last), [WITNESS_KEY]) == {"w": last}
    for time in (-1, last + 1, 1 << 64):
        with pytest.raises(InvalidInputError):
            cosign(NOTE, "w", WITNESS, time)
    message = f"cosignature/v1\ntime {last + 1}\n{CHECKPOINT.body()}".encode()
    line = line_of(WITNESS_KEY, (last + 1).to_bytes(8, "big") + WITNESS.sign(message))
    with pytest.raises(NoteError, match="time"):
        cosigned_at(NOTE + line, [WITNESS_KEY])


@pytest.mark.parametrize("length", [1, 8, 71, 73])
def test_cosignature_of_another_length__is_wrong(length: int) -> None:
    with pytest.raises(NoteError):
        cosigned_at(NOTE + line_of(WITNESS_KEY, bytes(length)), [WITNESS_KEY])


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes__raise_nothing_else(body: bytes, line: bytes) -> None:
    for note in (body, body + b"\n\n" + line, NOTE + line, body + NOTE):
        for read in (lambda: verify(note, KEY), lambda: cosigned_at(note, [WITNESS_KEY])):  # noqa: B023
            try:
                read()
            except NoteError:
                continue
