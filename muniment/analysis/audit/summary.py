# SPDX-License-Identifier: Apache-2.0
"""The page that tells what an audit came to: what was compared, found, and not looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from muniment.analysis.audit.auditing import SHOWN, Audited
from muniment.analysis.audit.places import shown
from muniment.analysis.audit.seals import OnChain


def summary_json(done: Audited, chain: OnChain) -> dict[str, Any]:
    """Return the audit as JSON has it."""
    plan, opened = done.plan, done.opened
    return {
        "agency": plan.agency,
        "journal": plan.journal,
        "source": shown(plan.place.url),
        "block": chain.block,
        "entries": plan.size,
        "root": f"0x{plan.seals.root(len(plan.seals) - 1).hex()}",
        "proven": done.is_proven,
        "seals": len(plan.seals),
        "seals_agreeing": done.seals,
        "closed": chain.closed,
        "repudiated_from": chain.repudiated_from,
        "packs": done.packs,
        "contents_opened": None if opened is None else opened.well,
        "secrets_destroyed": None if opened is None else opened.destroyed,
        "sample": None if done.openings is None else done.openings.count,
        "seed": None if done.openings is None else done.openings.seed,
        "seconds": round(done.seconds, 3),
        "tree_seconds": round(done.tree_seconds, 3),
        "findings": done.count,
        "kinds": done.kinds,
        "first_findings": [asdict(each) for each in done.findings],
    }


def summary_page(done: Audited, chain: OnChain, output: str) -> str:
    """Return the audit as one page of Markdown."""
    return "\n".join([*_lines(done, chain, output), ""])


def _lines(done: Audited, chain: OnChain, output: str) -> Iterator[str]:
    plan = done.plan
    yield f"# Audit of journal {plan.journal} of agency {plan.agency}"
    yield ""
    if done.count:
        yield f"**{done.count:,} findings.** They are listed below, and all in `{output}/findings`."
    else:
        yield "**Nothing was found: all that was looked at is as it was sealed.**"
    yield ""
    yield "| what | |"
    yield "| --- | --- |"
    yield from (f"| {name} | {value} |" for name, value in _rows(done, chain))
    if done.kinds:
        yield ""
        yield "| findings | |"
        yield "| --- | --- |"
        yield from (f"| {kind} | {count:,} |" for kind, count in done.kinds.items())
        yield ""
        yield from (f"- {each.line()}" for each in done.findings)
        if done.count > SHOWN:
            yield f"- and {done.count - SHOWN:,} more"
    undone = list(_not_done(done))
    if undone:
        yield ""
        yield "Not looked at:"
        yield from (f"- {each}" for each in undone)


def _rows(done: Audited, chain: OnChain) -> Iterator[tuple[str, str]]:
    plan = done.plan
    last = len(plan.seals) - 1
    yield "source", f"`{shown(plan.place.url)}`"
    yield "entries", f"{plan.size:,}, sealed up to block {chain.block}"
    yield "root on chain", f"`0x{plan.seals.root(last).hex()}`"
    yield "seals that agree", f"{done.seals:,} of {len(plan.seals):,}"
    told = "yes" if done.is_proven else "no: see the findings of kind root"
    yield "a sealed tree found", told
    if plan.stored > plan.size:
        yield "published, not sealed yet", f"{plan.stored - plan.size:,} entries, not looked at"
    if chain.closed:
        yield "closed", "yes"
    if chain.repudiated_from is not None:
        yield "repudiated by its agency", f"from entry {chain.repudiated_from} on"
    if done.packs is not None:
        yield "packs compared", f"{done.packs:,}"
    if done.opened is not None and done.openings is not None:
        chosen = "all" if done.openings.count is None else f"a sample, seed {done.openings.seed}"
        yield "contents opened", f"{done.opened.well:,} ({chosen})"
        yield "secrets destroyed", f"{done.opened.destroyed:,}"
    rate = plan.size / done.tree_seconds
    yield (
        "seconds",
        f"{done.seconds:.1f}, tree and ids {done.tree_seconds:.1f} ({rate:,.0f} a second)",
    )


def _not_done(done: Audited) -> Iterator[str]:
    if done.packs is None:
        yield "packs: the source is a copy of the journal alone (`--vault` names the vault)"
    if done.opened is None:
        yield "contents: not opened, so that nobody knows here whether they make their commitments"
    elif done.openings is not None and done.openings.count is not None:
        yield "contents that are not in the sample"
    yield "files of records (attachments), which `muniment fsck` reads"
