# SPDX-License-Identifier: Apache-2.0
"""Text files in blocks of whole lines: decoded at once, in little memory whatever a line's length.

UTF-8 is read, after a byte order mark if there is one. A block with bytes that are no UTF-8, or
with NUL, is marked: only its rows are looked at one by one.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from muniment.errors import InvalidInputError

BLOCK: Final = 1 << 18
LONGEST_LINE: Final = 1 << 26
"""Bytes of a line; what a longer one has more is dropped, and it is marked."""

_OTHER_ENCODINGS: Final = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines. `first_line` from 1; `suspect` if bytes of it are no text, which then stand as
    lone surrogates or NUL; `too_long` if it is one line whose end was dropped, of which
    `quotes` are in all."""

    text: str
    first_line: int
    suspect: bool = False
    too_long: bool = False
    quotes: int = 0

    def lines(self) -> Iterator[str]:
        """Return the lines with their ends."""
        return io.StringIO(self.text, newline="")


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file. Raises `InvalidInputError` if that is not possible."""
    try:
        return path.open("rb")
    except OSError as error:
        what = error.strerror or "unreadable"
        raise InvalidInputError(f"file {path}", "a readable file", what) from error


def blocks(path: Path) -> Iterator[Block]:
    """Yield the blocks of a file. Raises `InvalidInputError` for one that is no UTF-8 at all."""
    with open_bytes(path) as file:
        start = file.read(len(_MARK))
        _refuse_other_encodings(path, start)
        line, rest = 1, bytearray(start.removeprefix(_MARK))
        while piece := file.read(BLOCK):
            end = _last_line_end(piece)
            rest += piece[:end] if end else piece
            if end:
                block = _block(bytes(rest), line)
                rest = bytearray(piece[end:])
                yield block
                line += line_ends_in(block.text)
            elif len(rest) > LONGEST_LINE:
                block, rest = _long_line(file, rest, line)
                yield block
                line += 1
        if rest:
            yield _block(bytes(rest), line)


def has_broken(text: str) -> bool:
    """Return whether a text has what was no UTF-8, or NUL."""
    if "\0" in text:
        return True
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def line_ends_in(text: str) -> int:
    """Return how many line ends are in a text: LF, CR, or both together."""
    ends = text.count("\n")
    if "\r" in text:
        ends += text.count("\r") - text.count("\r\n")
    return ends


def _last_line_end(piece: bytes) -> int:
    """Where the last whole line ends; a CR at the very end may have its LF still to come."""
    end = piece.rfind(b"\n") + 1
    if end == 0 and b"\r" in piece:
        end = piece.rfind(b"\r", 0, len(piece) - 1) + 1
    return end


def _block(data: bytes, line: int) -> Block:
    try:
        text = data.decode("utf-8")
        return Block(text, line, "\0" in text)
    except UnicodeDecodeError:
        return Block(data.decode("utf-8", "surrogateescape"), line, suspect=True)


def _long_line(file: IO[bytes], start: bytearray, line: int) -> tuple[Block, bytearray]:
    """Read on to the line's end and drop it; return what is left, and what comes after it."""
    quotes = start.count(b'"')
    rest = bytearray()
    while piece := file.read(BLOCK):
        end = piece.find(b"\n") + 1
        quotes += piece[:end].count(b'"') if end else piece.count(b'"')
        if end:
            rest = bytearray(piece[end:])
            break
    return Block("", line, too_long=True, quotes=quotes), rest


def _refuse_other_encodings(path: Path, piece: bytes) -> None:
    for mark, name in _OTHER_ENCODINGS.items():
        if piece.startswith(mark):
            raise InvalidInputError(
                f"file {path}, line 1",
                "UTF-8 text",
                name,
                remedy=f"convert it: iconv -f {name} -t UTF-8",
            )
