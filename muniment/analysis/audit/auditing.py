# SPDX-License-Identifier: Apache-2.0
"""An audit from beginning to end: the tree, the ids, the packs, the contents, and the report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from muniment.analysis.audit import running
from muniment.analysis.audit.cache import Cache
from muniment.analysis.audit.contents import Claim
from muniment.analysis.audit.faults import Fault, Kind
from muniment.analysis.audit.openings import Opened, SecretsBetween, open_contents, sample
from muniment.analysis.audit.packed import CLAIMED
from muniment.analysis.audit.plan import AuditPlan
from muniment.analysis.audit.spark import errors_of_executors

SHOWN: Final = 100
"""Most findings that the page names; the Parquet has all."""


@dataclass(frozen=True, slots=True)
class Openings:
    """That contents are to be opened: with whose `secrets`, how many (None: all), drawn by `seed`,
    and whether executors get the secrets and do it."""

    secrets: SecretsBetween = field(repr=False)
    count: int | None
    seed: int
    to_executors: bool


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit came to. `findings` are the first of them, `kinds` how many of each there are.

    `packs` says how many packs were looked at, None where none were; `opened` likewise.
    """

    plan: AuditPlan
    seals: int
    is_proven: bool
    tree_seconds: float
    seconds: float
    packs: int | None
    opened: Opened | None
    openings: Openings | None
    kinds: dict[str, int]
    findings: tuple[Fault, ...]

    @property
    def count(self) -> int:
        """How many findings there are."""
        return sum(self.kinds.values())


def audit_journal(
    spark: Any,
    plan: AuditPlan,
    output: str,
    *,
    packs: str | None,
    openings: Openings | None = None,
    entries: bool = False,
    faults: tuple[Fault, ...] = (),
    tell: Callable[[str], None],
) -> Audited:
    """Audit a journal and write what is found below `output`, a URL, as Parquet.

    `packs` is the vault with the contents, where they are to be looked at; `faults` is what was
    found before. `tell` is told which part begins. Raises `ExecutorError`, and what reading the
    place and the key store raises.
    """
    begun = time.perf_counter()
    with errors_of_executors(), Cache() as cache:
        tell(f"hashing {plan.size:,} entries")
        tree = running.audit_tree(spark, plan, cache)
        found, others, opened, count = list(faults), [], None, None
        if packs is not None:
            tell("comparing packs")
            held = running.held_by_packs(spark, plan, packs, cache)
            others += running.uncovered_by_packs(spark, plan, held)
            count = held.filter(f"part = {CLAIMED}").count()
            if openings is not None:
                tell("opening contents")
                opened = _open(spark, plan, packs, held, openings)
                found += opened.faults
        tell("writing findings")
        findings = running.all_findings(spark, plan, tree, others, found, cache)
        running.write_tables(spark, plan, tree, findings, output, entries=entries)
        kinds = {row.kind: row["count"] for row in findings.groupBy("kind").count().collect()}
        first = findings.limit(SHOWN).collect()
    return Audited(
        plan=plan,
        seals=tree.folded.seals,
        is_proven=tree.folded.seals == len(plan.seals) and all(tree.folded.proven),
        tree_seconds=tree.seconds,
        seconds=time.perf_counter() - begun,
        packs=count,
        opened=opened,
        openings=openings,
        kinds=dict(sorted(kinds.items())),
        findings=tuple(_fault(row) for row in first),
    )


def _open(spark: Any, plan: AuditPlan, packs: str, held: Any, openings: Openings) -> Opened:
    chosen = None
    if openings.count is not None:
        chosen = sample(plan.size, openings.count, openings.seed)
    executors = spark if openings.to_executors else None
    claims = _claims(held)
    return open_contents(plan, packs, claims, openings.secrets, chosen=chosen, spark=executors)


def _claims(held: Any) -> Iterator[Claim]:
    for first, end, pack in running.claims_of(held):
        yield Claim(first, end, pack)


def _fault(row: Any) -> Fault:
    kind = Kind(row.kind)
    return Fault(row.first_index, row.last_index, kind, row.what, row.expected, row.found, row.file)
