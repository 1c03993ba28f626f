# SPDX-License-Identifier: Apache-2.0
"""Merging of bundles on HDFS: thirty-two become one, and thirty-two of those one again.

The merged file appears by a rename, and from then on what it covers counts no more, whether it is
gone or not: so it may be left off at any moment, and whoever merges next goes on with it. Children
of a megabyte and more are not copied but moved aside, and referred to.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from muniment.store.vault.contract import VaultError
from muniment.store.vault.hdfs_bundles import FAN_OUT, MAGIC, Entry, Span
from muniment.store.vault.hdfs_files import Upload
from muniment.store.vault.hdfs_log import HdfsLog, entries_of

LARGE: Final = 1 << 20
"""Bytes from which a bundle stays a file of its own."""
STALE_SECONDS: Final = 86_400
"""Age at which a file in `incoming` is removed."""


def new_upload(log: HdfsLog) -> Upload:
    """Return a file to be written under a name that nobody looks at."""
    return log.files.upload(f"{log.folder}/incoming")


def merge_older(log: HdfsLog, number: int) -> None:
    """Merge what is complete of the groups before that of a put, whenever a group is full.

    The last ones wait, for of those another writer may be about to take the next number. What goes
    wrong here is no fault of the put's: it is left to a later one.
    """
    if (number + 1) % FAN_OUT:
        return
    with log.lock, contextlib.suppress(VaultError, FileNotFoundError):
        while due := _due(log, number - FAN_OUT):
            if not _merge(log, due):
                break
            log.refresh()
        _tidy(log)


def _due(log: HdfsLog, last: int) -> Span | None:
    parents = {span.parent for span in log.spans}
    full = [each for each in parents if all(child in log.spans for child in each.children)]
    return min((each for each in full if each.last <= last), key=_first, default=None)


def _first(span: Span) -> int:
    return span.first


def _merge(log: HdfsLog, parent: Span) -> bool:
    """Write the merged bundle; False where another did."""
    upload = new_upload(log)
    try:
        upload.write(MAGIC)
        latest: dict[str, Entry] = {}
        small: dict[str, bytes] = {}
        for child in parent.children:
            tail = log.files.tail(log.path(child))
            latest.update((entry.name, entry) for entry in entries_of(child, tail))
            if tail.size < LARGE:
                whole = log.files.stretch(log.path(child), tail.random, 0, tail.size)
                small[child.file(tail.random)] = whole
        entries = []
        for entry in latest.values():
            data = small.get(entry.file)
            if data is None:
                entries.append(entry)
                continue
            offset = upload.length
            upload.write(data[entry.offset : entry.offset + entry.length])
            entries.append(replace(entry, file="", offset=offset))
        upload.end(entries)
        upload.finish()
        return upload.rename_to(log.path(parent))
    finally:
        upload.discard()


def _tidy(log: HdfsLog) -> None:
    """Move what merged bundles refer to, remove the rest of what they cover.

    So for what others left behind, and for what writers left in `incoming` that died.
    """
    files, here, aside = log.files, f"{log.folder}/log", f"{log.folder}/kept"
    left, kept = _spans(log, here), _spans(log, aside)
    for parent in sorted(log.spans, key=_first):
        covered = [span for span in left if parent.covers(span)]
        if not covered:
            continue
        entries = log.entries_in(parent)
        referred = {Span.in_file(entry.file) for entry in entries}
        for span in covered:
            old, new = f"{here}/{span.name}", f"{aside}/{span.name}"
            if span not in referred or not files.rename(old, new):
                files.delete(old)
        for span in kept:
            if parent.covers(span) and span not in referred:
                files.delete(f"{aside}/{span.name}")
    before = time.time() - STALE_SECONDS
    for name, changed in files.ages(f"{log.folder}/incoming"):
        if changed < before:
            files.delete(f"{log.folder}/incoming/{name}")


def _spans(log: HdfsLog, folder: str) -> Sequence[Span]:
    found = map(Span.of, log.files.names(folder))
    return [span for span in found if span is not None]
