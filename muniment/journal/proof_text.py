# SPDX-License-Identifier: Apache-2.0
"""Proofs as text: C2SP tlog-proof (https://c2sp.org/tlog-proof).

c2sp.org/tlog-proof@v1
index 17
<hashes in base64, one a line>

<the checkpoint that they lead to>
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from muniment.journal.checkpoints import Checkpoint, NoteError, NoteKey, verify
from muniment.journal.merkle import hash_leaf, verify_inclusion

HEADER: Final = "c2sp.org/tlog-proof@v1"
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})").fullmatch
_HASH_TEXT: Final = re.compile(r"[A-Za-z0-9+/]{43}=").fullmatch
_MOST_HASHES: Final = 63


@dataclass(frozen=True, slots=True)
class TextProof:
    """That some entry stands at `index` of the journal that `checkpoint` (a signed note) is of.

    `extra` is what the log's operator adds; nothing proves it.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def to_bytes(self) -> bytes:
        """Return the text."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {base64.b64encode(self.extra).decode()}")
        lines.append(f"index {self.index}")
        lines += [base64.b64encode(each).decode() for each in self.hashes]
        return "\n".join([*lines, "", ""]).encode() + self.checkpoint

    @classmethod
    def from_bytes(cls, data: bytes) -> TextProof:
        """Return the proof of a text. Raises `NoteError` for any other."""
        head, separator, checkpoint = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            lines = []
        if not separator or not lines or lines.pop(0) != HEADER:
            raise NoteError("the proof has another form", expected=f"a text that begins {HEADER}")
        extra = None
        if lines and lines[0].startswith("extra "):
            encoded = lines.pop(0).removeprefix("extra ")
            try:
                extra = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                extra = None
            if extra is None or base64.b64encode(extra).decode() != encoded:
                raise NoteError("the proof's extra data is no base64", expected="base64")
        found = _INDEX(lines.pop(0)) if lines else None
        if found is None:
            raise NoteError("the proof names no index", expected="index and a number")
        if len(lines) > _MOST_HASHES or not all(map(_HASH_TEXT, lines)):
            raise NoteError("the proof's hashes have another form", expected="32 bytes in base64")
        hashes = tuple(map(base64.b64decode, lines))
        if [base64.b64encode(each).decode() for each in hashes] != lines:
            raise NoteError("the proof's hashes have another form", expected="32 bytes in base64")
        return cls(int(found[1]), hashes, checkpoint, extra)

    def require(self, entry: bytes, key: NoteKey) -> Checkpoint:
        """Return the checkpoint where the proof leads from `entry` to it, signed by `key`.

        Raises `NoteError`, `ProofError`.
        """
        checkpoint = verify(self.checkpoint, key)
        verify_inclusion(
            hash_leaf(entry), self.index, checkpoint.size, checkpoint.root, self.hashes
        )
        return checkpoint


def text_proof(
    index: int, hashes: Sequence[bytes], checkpoint: bytes, extra: bytes | None = None
) -> bytes:
    """Return a proof as text."""
    return TextProof(index, tuple(hashes), checkpoint, extra).to_bytes()
