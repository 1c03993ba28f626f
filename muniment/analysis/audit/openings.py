# SPDX-License-Identifier: Apache-2.0
"""Commitments recomputed: secrets read from the key store, contents opened here or by executors.

Secrets leave this process for executors only when the caller says so. They go in tasks, to Python
workers' memory; the session must encrypt what Spark puts on disks (`spark.spark_session`).
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from muniment.analysis.audit.contents import Claim, check_contents, clusters
from muniment.analysis.audit.faults import Fault, Kind
from muniment.analysis.audit.places import absolute, vault_at
from muniment.analysis.audit.plan import AuditPlan
from muniment.record.commitment import Secret

SecretsBetween = Callable[[int, int], Iterator[Secret | None]]
"""Yields the secrets of entries from one index up to another, None for those destroyed."""

_TOGETHER: Final = 1 << 17
"""Entries of a round: 4 MiB of secrets in the driver."""


@dataclass(slots=True)
class Opened:
    """How many contents made their commitments, how many secrets are destroyed, what is wrong."""

    well: int = 0
    destroyed: int = 0
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Work:
    """Packs, and the secrets of those of their entries that are to be opened."""

    names: tuple[str, ...]
    secrets: dict[int, Secret] = field(repr=False)


def sample(size: int, count: int, seed: int) -> list[int]:
    """Return `count` indexes of a journal of `size` entries in order, the same for a `seed`."""
    chosen = random.Random(seed)  # noqa: S311  (to be repeated by whoever knows the seed)
    return sorted(chosen.sample(range(size), min(count, size)))


def open_contents(
    plan: AuditPlan,
    vault: str,
    claims: Iterable[Claim],
    secrets: SecretsBetween,
    *,
    chosen: Sequence[int] | None,
    spark: Any = None,
) -> Opened:
    """Open the contents of entries `chosen`, of all by default, in this process.

    With `spark` its executors open them, and get the secrets for it. Raises `KeystoreError`.
    """
    opened, url = Opened(), absolute(vault)
    works = _works(plan, claims, secrets, chosen, opened)
    if spark is None:
        for work in works:
            checked = check_contents(plan, vault_at(url), work.names, work.secrets)
            opened.well += checked.well
            opened.faults += checked.faults
        return opened

    def opening(parts: Iterable[_Work]) -> Iterator[tuple[int, list[Fault]]]:
        for work in parts:
            found = check_contents(plan, vault_at(url), work.names, work.secrets)
            yield found.well, found.faults

    for together in _rounds(works):
        # No shuffle and no table: what is parallelised goes to the workers' memory and no disk.
        tasks = spark.sparkContext.parallelize(together, len(together))
        for well, faults in tasks.mapPartitions(opening).collect():
            opened.well += well
            opened.faults += faults
    return opened


def _works(
    plan: AuditPlan,
    claims: Iterable[Claim],
    secrets: SecretsBetween,
    chosen: Sequence[int] | None,
    opened: Opened,
) -> Iterator[_Work]:
    for group in clusters(each for each in claims if each.first < plan.size):
        first, end = group[0].first, min(plan.size, max(each.end for each in group))
        wanted: Sequence[int] = range(first, end)
        if chosen is not None:
            wanted = chosen[bisect_left(chosen, first) : bisect_left(chosen, end)]
        if not wanted:
            continue
        found: dict[int, Secret] = {}
        of_stretch = dict(
            zip(range(wanted[0], wanted[-1] + 1), secrets(wanted[0], wanted[-1] + 1), strict=False)
        )
        for index in wanted:
            if index not in of_stretch:
                what = "the key store has no secret of it"
                opened.faults.append(Fault(index, index, Kind.SECRET, what, "a secret", "none"))
                continue
            secret = of_stretch[index]
            if secret is None:
                opened.destroyed += 1
            else:
                found[index] = secret
        if found:
            yield _Work(tuple(each.pack for each in group), found)


def _rounds(works: Iterable[_Work]) -> Iterator[list[_Work]]:
    together: list[_Work] = []
    count = 0
    for each in works:
        together.append(each)
        count += len(each.secrets)
        if count >= _TOGETHER:
            yield together
            together, count = [], 0
    if together:
        yield together
