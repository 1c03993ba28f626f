# SPDX-License-Identifier: Apache-2.0
"""Merging of bundles on HDFS: thirty-two become one, and thirty-two of those one again.

The merged file appears by a rename, and from then on what it covers counts no more, whether it is
gone or not: so it may be left off at any moment, and whoever merges next goes on with it. Children
of a megabyte and more are not copied but moved aside, and referred to.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from muniment.store.vault import hdfs_bundles
from muniment.store.vault.contract import VaultError
from muniment.store.vault.hdfs_bundles import MAGIC, Entry, Kind, Span
from muniment.store.vault.hdfs_files import Upload
from muniment.store.vault.hdfs_log import HdfsLog, placed

LARGE: Final = 1 << 20
"""Bytes from which a bundle stays a file of its own."""
STALE_SECONDS: Final = 86_400
"""Age at which a file in `incoming` is removed."""


def new_upload(log: HdfsLog) -> Upload:
    """Return a file to be written under a name that nobody looks at."""
    return log.files.upload(f"{log.folder}/incoming/{secrets.token_hex(16)}")


def merge_from(log: HdfsLog, span: Span) -> None:
    """Merge the groups of bundles that a put has made full.

    What goes wrong here is no fault of the put's: it is left to the next one.
    """
    parent = span.parent
    with log.lock, contextlib.suppress(VaultError, FileNotFoundError):
        while all(child in log.spans for child in parent.children):
            if not _merge(log, parent):
                return
            log.refresh()
            _tidy(log, parent)
            parent = parent.parent


def _merge(log: HdfsLog, parent: Span) -> bool:
    """Write the merged bundle; False where another did."""
    upload = new_upload(log)
    try:
        upload.write(MAGIC)
        latest: dict[str, Entry] = {}
        small: dict[str, bytes] = {}
        for child in parent.children:
            for entry in log.entries_in(child):
                latest[entry.name] = entry
            size = log.files.size(log.path(child))
            if size < LARGE:
                small[child.name] = log.files.stretch(log.path(child), 0, size)
        entries = []
        for entry in latest.values():
            data = small.get(entry.file)
            if data is None or entry.kind is Kind.DELETED:
                entries.append(entry)
                continue
            offset = upload.length
            upload.write(data[entry.offset : entry.offset + entry.length])
            entries.append(replace(placed(entry, parent), offset=offset))
        upload.end([hdfs_bundles.in_file(entry, parent.name) for entry in entries])
        upload.finish()
        return upload.rename_to(log.path(parent))
    finally:
        upload.discard()


def _tidy(log: HdfsLog, parent: Span) -> None:
    """Move what a merged bundle refers to, remove the rest of what it covers.

    So for what others left behind, and for what writers left in `incoming` that died.
    """
    files, referred = log.files, {entry.file for entry in log.entries_in(parent)}
    here, aside = f"{log.folder}/log", f"{log.folder}/kept"
    for name in _covered(log, here, parent):
        if name not in referred or not files.rename(f"{here}/{name}", f"{aside}/{name}"):
            files.delete(f"{here}/{name}")
    for name in _covered(log, aside, parent):
        if name not in referred:
            files.delete(f"{aside}/{name}")
    before = time.time() - STALE_SECONDS
    for name, changed in files.ages(f"{log.folder}/incoming"):
        if changed < before:
            files.delete(f"{log.folder}/incoming/{name}")


def _covered(log: HdfsLog, folder: str, parent: Span) -> Sequence[str]:
    spans = map(Span.of, log.files.names(folder))
    return [span.name for span in spans if span is not None and parent.covers(span)]
