# SPDX-License-Identifier: Apache-2.0
"""A document in two languages: what must be the same in both, and where it is not.

Prose cannot be compared. What surrounds it can: the order of headings, paragraphs, list items,
tables and blocks of code; commands (all of a block but its comments); and in each paragraph what is
in code, which figures stand there, and where its links lead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, TypeAlias

_FENCE: Final = re.compile(r"^\s*```(.*)$")
_HEADING: Final = re.compile(r"^(#{1,6}) +(.*)$")
_ITEM: Final = re.compile(r"^( *)(?:[-*]|\d+\.) +(.*)$")
_COMMENT: Final = re.compile(r"(?:^|\s+)#(?:\s.*)?$")
_CODE: Final = re.compile(r"`([^`]+)`")
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_NUMBER: Final = re.compile(r"\d+(?:[.,:/-]\d+)*")
_RULE: Final = re.compile(r"^[|\s:-]+$")

Target: TypeAlias = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a document: what kind it is of, as text, and where it begins (line, from 1)."""

    kind: str
    text: str
    line: int


def blocks(document: str) -> list[Block]:
    """The blocks of a Markdown document, in order."""
    found: list[Block] = []
    lines = document.splitlines()
    at = 0
    while at < len(lines):
        begin, line = at, lines[at]
        at += 1
        if not line.strip():
            continue
        if fence := _FENCE.match(line):
            while not _FENCE.match(lines[at]):
                at += 1
            found.append(
                Block(f"code {fence[1]}".strip(), "\n".join(lines[begin + 1 : at]), begin + 1)
            )
            at += 1
        elif heading := _HEADING.match(line):
            found.append(Block(f"heading {heading[1]}", heading[2], begin + 1))
        elif line.startswith("|"):
            while at < len(lines) and lines[at].startswith("|"):
                at += 1
            rows = lines[begin:at]
            found.append(Block(f"table of {len(rows)} rows", "\n".join(rows), begin + 1))
        else:
            while at < len(lines) and not _begins_a_block(lines[at]):
                at += 1
            item = _ITEM.match(line)
            kind = "paragraph" if item is None else f"item {len(item[1])}"
            first = line if item is None else item[2]
            found.append(Block(kind, "\n".join([first, *lines[begin + 1 : at]]), begin + 1))
    return found


def _begins_a_block(line: str) -> bool:
    return (
        not line.strip()
        or line.startswith("|")
        or any(pattern.match(line) for pattern in (_FENCE, _HEADING, _ITEM))
    )


def commands(code: str, language: str = "") -> list[str]:
    """The lines of a block of code without comments, which each language has its own of."""
    if language == "json":
        return code.splitlines()
    bare = (_COMMENT.sub("", line).rstrip() for line in code.splitlines())
    return [line for line in bare if line]


def anchors(document: str) -> list[str]:
    """What the headings of a document are called in links, as GitHub and the site's pages do."""
    return [
        re.sub(r"[^\w\- ]", "", block.text.lower()).replace(" ", "-")
        for block in blocks(document)
        if block.kind.startswith("heading")
    ]


def links(text: str) -> list[str]:
    """Where the links of a text lead, in order."""
    return _LINK.findall(text)


def prose(document: str) -> str:
    """The document's words: without code, and without the targets of links."""
    return "\n".join(
        _LINK.sub("]", _CODE.sub("`", block.text))
        for block in blocks(document)
        if not block.kind.startswith("code")
    )


def differences(
    original: str,
    translation: str,
    same_target: Target = str,
) -> list[str]:
    """Where a translation is not in step with its original, as sentences; none when it is.

    Args:
        same_target: Where a link of the original leads to in the translation.
    """
    ours, theirs = blocks(original), blocks(translation)
    for one, other in zip(ours, theirs, strict=False):
        if one.kind != other.kind:
            here = f"line {other.line}: {other.kind}"
            there = f"where line {one.line} of the original is {one.kind}"
            return [f"{here}, {there}: {_short(one.text)}"]
    if len(ours) > len(theirs):
        missing = ours[len(theirs)]
        return [f"line {missing.line} of the original is missing: {_short(missing.text)}"]
    if len(theirs) > len(ours):
        added = theirs[len(ours)]
        return [f"line {added.line} is not in the original: {_short(added.text)}"]
    return [
        f"line {other.line} (of the original {one.line}): {what}"
        for one, other in zip(ours, theirs, strict=True)
        for what in _within(one, other, same_target)
    ]


def _within(one: Block, other: Block, same_target: Target) -> list[str]:
    if one.kind.startswith("code"):
        language = one.kind.removeprefix("code").strip()
        return _apart("commands", commands(one.text, language), commands(other.text, language))
    if one.kind.startswith("table"):
        return [
            what
            for row, (ours, theirs) in enumerate(
                zip(one.text.splitlines(), other.text.splitlines(), strict=True), 1
            )
            for what in _words_apart(ours, theirs, same_target, f"row {row}: ")
        ]
    return _words_apart(one.text, other.text, same_target, "")


def _words_apart(one: str, other: str, same_target: Target, where: str) -> list[str]:
    """What differs between two texts, or two rows of tables."""
    ruled = [bool(_RULE.match(text)) for text in (one, other)]
    return [
        *_apart(f"{where}columns", [_columns(one), ruled[0]], [_columns(other), ruled[1]]),
        *_apart(f"{where}code", sorted(set(_CODE.findall(one))), sorted(set(_CODE.findall(other)))),
        *_apart(f"{where}figures", _figures(one), _figures(other)),
        *_apart(f"{where}links", sorted(map(same_target, links(one))), sorted(links(other))),
    ]


def _columns(text: str) -> int:
    """How many cells a row has; 0 of what is none."""
    return len(re.findall(r"(?<!\\)\|", _CODE.sub("", text))) if text.startswith("|") else 0


def _figures(text: str) -> list[str]:
    return sorted(set(_NUMBER.findall(_LINK.sub("]", _CODE.sub("", text)))))


def _apart(what: str, ours: Sequence[object], theirs: Sequence[object]) -> list[str]:
    if ours == theirs:
        return []
    lacks = [each for each in ours if each not in theirs]
    extra = [each for each in theirs if each not in ours]
    return [f"{what}: lacks {lacks}, has {extra} instead" if lacks or extra else f"{what}: order"]


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def target_in(edition_of: Mapping[str, str], original: str, read: Callable[[str], str]) -> Target:
    """Where the links of an original lead to in its translation.

    Args:
        edition_of: For each document that has another edition, that edition: paths from the root.
        original: The original's path from the root.
        read: The text of a document, by its path from the root.
    """
    translation = edition_of[original]

    def target(link: str) -> str:
        if link.startswith(("http://", "https://")):
            return link
        path, _, fragment = link.partition("#")
        named = _joined(PurePosixPath(original).parent, path) if path else original
        edition = edition_of.get(named, named)
        leads = _relative(edition, PurePosixPath(translation).parent) if path else ""
        if not fragment:
            return leads
        place = anchors(read(named)).index(fragment)
        return f"{leads}#{anchors(read(edition))[place]}"

    return target


def _joined(folder: PurePosixPath, path: str) -> str:
    parts: list[str] = []
    for part in (folder / path).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _relative(path: str, folder: PurePosixPath) -> str:
    there, here = PurePosixPath(path).parts, folder.parts
    shared = 0
    while shared < min(len(there) - 1, len(here)) and there[shared] == here[shared]:
        shared += 1
    return "/".join([".."] * (len(here) - shared) + list(there[shared:]))
