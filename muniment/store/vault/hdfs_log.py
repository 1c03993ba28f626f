# SPDX-License-Identifier: Apache-2.0
"""The numbered bundles of a vault on HDFS, and what they say together of each name."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from muniment.store.vault import hdfs_bundles
from muniment.store.vault.contract import ObjectExistsError, VaultError
from muniment.store.vault.hdfs_bundles import Entry, Kind, Span
from muniment.store.vault.hdfs_files import HdfsFiles, Tail, Upload

_FRESH_SECONDS: Final = 1.0
_ATTEMPTS: Final = 1000


class HdfsLog:
    """All bundles of one vault. Whoever changes what is known of them holds `lock`."""

    def __init__(self, files: HdfsFiles, folder: str) -> None:
        """Take the vault's folder; reads nothing yet."""
        self.files = files
        self.folder = folder
        self.lock = threading.RLock()
        self.spans: set[Span] = set()
        self._index: dict[str, Entry] = {}
        self._next = 0
        self._read_at = float("-inf")

    def refresh(self, own: tuple[Span, Sequence[Entry]] | None = None) -> None:
        """Read what was put since the last time, by whomever; of our `own` bundle it is known."""
        while True:
            began = time.monotonic()
            listed = map(Span.of, self.files.names(f"{self.folder}/log"))
            spans = hdfs_bundles.uncovered(span for span in listed if span is not None)
            try:
                for span in spans:
                    if span not in self.spans:
                        known = own[1] if own is not None and own[0] == span else None
                        self._add(span, known or self.entries_in(span))
            except FileNotFoundError:
                # Merged since we listed: the one that it is in comes with the next listing.
                continue
            break
        self.spans.intersection_update(spans)
        self._next = max((span.last for span in spans), default=-1) + 1
        self._read_at = began

    def entries_in(self, span: Span) -> Sequence[Entry]:
        """Return the entries of a bundle. Raises `FileNotFoundError`."""
        tail = self.files.tail(self.path(span))
        return entries_of(span, tail)

    def live(self, name: str) -> Entry | None:
        """Return what stands under a name, as far as is known; None where nothing does."""
        entry = self._index.get(name)
        return None if entry is None or entry.kind is Kind.DELETED else entry

    def current(self, name: str) -> Entry | None:
        """The same as it is now, or for what is never replaced, as it was a second ago."""
        with self.lock:
            entry = self.live(name)
            fresh = time.monotonic() - self._read_at < _FRESH_SECONDS
            if entry is None or entry.kind is Kind.REPLACED or not fresh:
                self.refresh()
                entry = self.live(name)
            return entry

    def names(self, prefix: str) -> Sequence[str]:
        """Return the names of what stands now that begin with `prefix`, in byte order."""
        with self.lock:
            self.refresh()
            return sorted(
                name
                for name, entry in self._index.items()
                if name.startswith(prefix) and entry.kind is not Kind.DELETED
            )

    def path(self, span: Span) -> str:
        """Where a bundle lies that counts."""
        return f"{self.folder}/log/{span.name}"

    def stretch(self, entry: Entry, offset: int, length: int) -> bytes:
        """Return a stretch of an object, from where its bundle lies. Raises `FileNotFoundError`."""
        random = bytes.fromhex(entry.file.partition(".")[2])
        for path in self._paths(entry.file):
            with contextlib.suppress(FileNotFoundError):
                return self.files.stretch(path, random, entry.offset + offset, length)
        raise FileNotFoundError(entry.file)

    def _paths(self, file: str) -> Sequence[str]:
        """Where a bundle may lie that an entry names, the likelier place first."""
        span = Span.in_file(file)
        if span is None:
            return ()
        log, kept = self.path(span), f"{self.folder}/kept/{span.name}"
        return (log, kept) if span in self.spans else (kept, log)

    def commit(self, upload: Upload, entries: Sequence[Entry]) -> Span | None:
        """Give a bundle the next number and return it; None where all of it is there already.

        Raises `ObjectExistsError`, and `VaultError`.
        """
        with self.lock:
            for _ in range(_ATTEMPTS):
                self.refresh()
                # All of them, so that a name that is refused is so whatever comes before it.
                if not [entry for entry in entries if self._is_news(entry)]:
                    return None
                span = Span(self._next, self._next)
                if not self._take(upload, span):
                    continue
                file = span.file(upload.random)
                self.refresh((span, [_placed(entry, file, span.first) for entry in entries]))
                if span in self.spans:
                    return span
                # We slept while the number was taken and merged away: this file never counted.
                upload.rename_back(self.path(span))
        raise VaultError(
            f"vault {self.files.place}: {_ATTEMPTS} other writers were quicker",
            expected="a number for what was put",
            remedy="try again with fewer writers at once; nothing was stored",
        )

    def _is_news(self, entry: Entry) -> bool:
        there = self.live(entry.name)
        if entry.kind is Kind.DELETED:
            return there is not None
        same = there is not None and (there.digest, there.length) == (entry.digest, entry.length)
        if entry.kind is Kind.PUT and there is not None and not same:
            raise ObjectExistsError(entry.name)
        return not same

    def _take(self, upload: Upload, span: Span) -> bool:
        """Rename to a number; whether it is ours. An answer that was lost is asked for again."""
        if upload.rename_to(self.path(span)):
            return True
        try:
            return self.files.tail(self.path(span)).random == upload.random
        except FileNotFoundError:
            return False

    def _add(self, span: Span, entries: Sequence[Entry]) -> None:
        for entry in entries:
            there = self._index.get(entry.name)
            # The same put again is the same bytes, in the file that it was merged into.
            if there is None or entry.number >= there.number:
                self._index[entry.name] = entry
        self.spans.add(span)


def entries_of(span: Span, tail: Tail) -> Sequence[Entry]:
    """Return the entries of a bundle whose end was read. Raises `VaultError`."""
    return hdfs_bundles.entries_of(span.file(tail.random), span.first, tail.index, tail.digest)


def _placed(entry: Entry, file: str, number: int) -> Entry:
    """Return the entry of an object whose bytes are in a file, put there by the put of a number."""
    return replace(entry, file=file, number=entry.number or number)
