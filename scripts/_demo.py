# SPDX-License-Identifier: Apache-2.0
"""The parts of the demo, each of which says what it does and checks it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import click
from ape import accounts as ape_accounts
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from muniment.chain import Connection, Registries, Sender, Signer, Trace, read_trace
from muniment.chain.bindings.errors import RecordRegistryHeldError
from muniment.chain.bindings.record_registry import Entry, EntryPlace, JournalSealed, Seal
from muniment.errors import CommitmentMismatchError, DisclosureError
from muniment.journal import Entry as JournalEntry
from muniment.journal import EntryKind, Tree
from muniment.record import (
    AgencyId,
    Content,
    Lineage,
    RecordId,
    RecordType,
    Sharing,
    TypeId,
    Version,
    derive_local_id,
    derive_record_id,
    new_secret,
    verify,
)
from muniment.record.identifiers import LocalId
from scripts._deployments import ROOT

REPORTS = ROOT / "node_modules" / "vega-datasets" / "data" / "birdstrikes.csv"
AVIATION, ARCHIVE = AgencyId(1), AgencyId(3)
STRIKES = TypeId(1)
DAMAGES = {"None": "none", "Minor": "minor", "Medium": "medium", "Substantial": "substantial"}

console = Console(highlight=False, soft_wrap=True, width=max(96, Console().width))


@dataclass(frozen=True)
class Report:
    """A wildlife-strike report as a record: its first version and its local id."""

    source_id: str
    local_id: LocalId
    record_id: RecordId
    version: Version


def section(title: str) -> None:
    """Start a part of the demo."""
    console.print(f"\n[bold]{title}[/bold]")


def say(text: str) -> None:
    """One line of talk."""
    console.print(f"  {text}")


def check(holds: bool, what: str) -> None:
    """A check that the demo stands or falls with."""
    if not holds:
        raise click.ClickException(f"the demo failed: {what}")
    console.print(f"  [green]✓[/green] {what}")


def rows(count: int) -> Iterator[tuple[str, dict[str, object]]]:
    """The first reports of the register: source id and content."""
    with REPORTS.open(newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            if number > count:
                return
            speed = row["Speed IAS in knots"]
            content: dict[str, object] = {
                "airport": row["Airport Name"],
                "aircraft": row["Aircraft Make Model"],
                "operator": row["Aircraft Airline Operator"],
                "date": row["Flight Date"],
                "state": row["Origin State"],
                "phase": row["Phase of flight"],
                "damage": row["Effect Amount of damage"],
                "size": row["Wildlife Size"],
                "species": row["Wildlife Species"],
                "time-of-day": row["Time of day"],
                "cost": f"{row['Cost Total $']}.00",
                "speed-knots": int(speed) if speed else None,
            }
            yield f"{row['Flight Date']}-{number:06d}", content


def report_of(
    source_id: str, content: dict[str, object], strike: RecordType, lineage: Lineage, key: bytes
) -> Report:
    """Check, commit, and name one report. The secret comes first: in life it is stored first."""
    checked = Content.of(content)  # type: ignore[arg-type]
    strike.check(checked.fields())
    local_id = derive_local_id(key, "faa-wildlife", source_id)
    record_id = derive_record_id(lineage, AVIATION, local_id)
    secret = new_secret()
    version = Version(strike.header(record_id, AVIATION, 1), checked, secret)
    return Report(source_id, local_id, record_id, version)


def show(trace: Trace, registries: Registries) -> None:
    """A record's trace as a table."""
    table = Table(box=None, padding=(0, 1), header_style="dim")
    for column in ("act", "time (UTC)", "agency", "account", "version", "block"):
        table.add_column(column, no_wrap=True)
    names = {
        i: registries.agencies.agency_name(i, block=trace.block)
        for i in range(1, registries.agencies.agency_count(block=trace.block) + 1)
    }
    for traced in trace.acts:
        act = traced.act
        agency = names.get(act.agency_id or 0, "hold authority")
        if act.kind == 1:
            agency = names[act.state.issuer]
        table.add_row(
            act.kind.name.lower(),
            datetime.fromtimestamp(traced.time, UTC).strftime("%Y-%m-%d %H:%M:%S"),
            agency,
            f"0x{act.account.hex()[:8]}…",
            str(act.state.version),
            str(traced.block_number),
        )
    console.print(table)


class Demo:
    """The demo's actors and what they share."""

    def __init__(self, url: str, chain_id: int, registries: Registries) -> None:
        """Connect every actor by a key of its own."""
        self.connection = Connection(url, chain_id)
        self.registries = registries
        self.records = registries.records
        origin = self.records.origin(block=self.connection.block())
        self.lineage = Lineage(origin.lineage)
        self.key = new_secret()
        schema = json.loads((ROOT / "data/schemas/wildlife-strike.json").read_text())
        self.strike = RecordType.define(
            "wildlife-strike", STRIKES, 1, schema, retention_days=3650, sharing=Sharing.CONDITIONAL
        )

        def sender(number: int) -> Sender:
            key = bytes.fromhex(ape_accounts.test_accounts[number].private_key.removeprefix("0x"))
            return Sender(self.connection, Signer.from_key(key))

        self.admin, self.registrar, self.steward, self.operator = map(sender, (2, 3, 4, 5))
        self.archive_steward, self.court = sender(11), sender(13)

    def register(self, count: int) -> list[Report]:
        """Register real reports in batches, several transactions in flight."""
        section(f"1. The aviation authority registers {count} wildlife-strike reports")
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
        )
        reports: list[Report] = []
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("committing ", total=count, rate="")
            for source_id, content in rows(count):
                report = report_of(source_id, content, self.strike, self.lineage, self.key)
                reports.append(report)
                progress.advance(task)
            task = progress.add_task("registering", total=count, rate="")
            batches = [reports[i : i + 100] for i in range(0, count, 100)]
            calls = [
                self.records.register_many(
                    AVIATION,
                    STRIKES,
                    1,
                    1,
                    [report.local_id for report in batch],
                    [report.version.commitment for report in batch],
                )
                for batch in batches
            ]
            sizes = iter([len(batch) for batch in batches])
            receipts = self.operator.send_many(
                calls, progress=lambda _: progress.advance(task, next(sizes))
            )
        gas = sum(receipt.gas_used for receipt in receipts)
        say(f"{len(receipts)} transactions, {gas // count:,} gas a record; no content on chain")
        stored = self.records.record(reports[-1].record_id, block=self.connection.block())
        check(stored.commitment == reports[-1].version.commitment, "the commitments are on chain")
        return reports

    def amend(self, report: Report) -> Report:
        """A new version of a report's content."""
        section("2. A registrar amends a report: the repair was dearer than first reported")
        fields = report.version.content.fields()
        fields["cost"] = "12500.00"
        changed = Content.of(fields)
        self.strike.check(changed.fields())
        header = self.strike.header(report.record_id, AVIATION, 2)
        version = Version(header, changed, new_secret())
        call = self.records.amend(report.record_id, 1, 1, 1, version.commitment)
        self.registrar.send(call)
        state = self.records.record(report.record_id, block=self.connection.block()).state
        check(state.version == 2, f"report {report.source_id} stands in version 2")
        return Report(report.source_id, report.local_id, report.record_id, version)

    def hold(self, report: Report) -> None:
        """A hold that refuses a change, and its release."""
        section("3. A court places a hold; a change is refused until it is released")
        case = new_secret()
        self.court.send(self.records.place_hold(report.record_id, case))
        revoke = self.records.revoke(report.record_id, 2, 1)
        try:
            self.registrar.send(revoke)
        except RecordRegistryHeldError as refusal:
            say(f"[yellow]refused[/yellow]: {refusal}")
            check(refusal.hold_count == 1, "nothing changed while the hold stands")
        else:
            check(False, "a held record must not be revoked")
        self.court.send(self.records.release_hold(report.record_id, case))

    def transfer(self, report: Report) -> None:
        """Custody, offered and accepted."""
        section("4. The report is handed over to the national archive, which accepts")
        latest = self.connection.block()
        call = self.records.offer_custody(
            report.record_id, 2, ARCHIVE, latest.timestamp + 7 * 86_400
        )
        self.steward.send(call)
        at = self.connection.block()
        head = self.records.trace_head_of(report.record_id, block=at)
        accept = self.records.accept_custody(report.record_id, 2, report.version.commitment, head)
        self.archive_steward.send(accept)
        state = self.records.record(report.record_id, block=self.connection.block()).state
        check(state.custodian == ARCHIVE, "the archive is custodian; the authority stays issuer")

    def revoke(self, report: Report) -> None:
        """A report taken out of force."""
        section("5. A registrar revokes a report that was issued in error")
        self.registrar.send(self.records.revoke(report.record_id, 1, 1))
        state = self.records.record(report.record_id, block=self.connection.block()).state
        check(state.status.name == "REVOKED", f"report {report.source_id} is revoked")

    def trace(self, report: Report) -> None:
        """The complete trace, recomputed."""
        section(f"6. The complete trace of report {report.source_id}")
        trace = read_trace(self.registries, report.record_id, self.connection.block())
        show(trace, self.registries)
        head = self.records.trace_head_of(report.record_id, block=trace.block)
        say(f"head recomputed from events  0x{trace.head.hex()}")
        say(f"head on chain                0x{head.hex()}")
        check(trace.head == head, "no act is missing and none was added")

    def disclose(self, report: Report) -> None:
        """Some fields shown and checked, then refused after one byte is changed."""
        section("7. A citizen is shown airport, date and species, and checks them")
        stored = self.records.record(report.record_id, block=self.connection.block())
        disclosure = report.version.disclose(["airport", "date", "species"])
        values = verify(report.version.header, disclosure, report.version.commitment)
        check(stored.commitment == report.version.commitment, "the commitment is the chain's")
        say(", ".join(f"{name}: {value}" for name, value in values.items()))
        hidden = len(report.version.content.fields()) - len(values)
        check(len(values) == 3, f"three fields hold; {hidden} others stay hidden")
        forged = disclosure.to_json().replace(b'\\"date\\"', b'\\"dote\\"', 1)
        if forged == disclosure.to_json():
            raise click.ClickException("the demo failed: no byte was changed")
        try:
            verify(
                report.version.header,
                type(disclosure).from_json(forged),
                report.version.commitment,
            )
        except (DisclosureError, CommitmentMismatchError) as refusal:
            say(f"[yellow]refused[/yellow]: {refusal}")
            check(True, "one byte changed, and the disclosure is refused")
        else:
            check(False, "a forged disclosure must be refused")

    def journal(self, first: int, count: int) -> None:
        """A journal sealed by one transaction, and one of its records enrolled and revoked."""
        section(f"8. {count} more reports go through the journal: one transaction for all")
        now = self.connection.block().timestamp
        tree, entries, reports = Tree(), [], []
        for number, (source_id, content) in enumerate(rows(first + count)):
            if number < first:
                continue
            report = report_of(source_id, content, self.strike, self.lineage, self.key)
            commitment = report.version.commitment
            entry = JournalEntry(
                EntryKind.REGISTRATION, 1, STRIKES, 1, now, report.local_id, commitment
            )
            tree.append(entry.leaf_hash())
            entries.append(entry)
            reports.append(report)
        nothing = Seal(bytes(32), 0, 0, 0)
        call = self.records.seal_journal(AVIATION, 1, nothing, tree.size, tree.root(), [])
        receipt = self.operator.send(call)
        sealed = receipt.events(self.records)[0].event
        assert isinstance(sealed, JournalSealed)
        check(
            sealed.root == tree.root(),
            f"sealed: root 0x{sealed.root.hex()[:16]}…, {receipt.gas_used // count:,} gas a record",
        )
        index = count // 2
        entry, report = entries[index], reports[index]
        enrol = self.records.enrol(
            EntryPlace(AVIATION, 1, index),
            Entry(1, 1, STRIKES, 1, entry.time, entry.local_id, entry.commitment),
            Seal(sealed.root, sealed.size, sealed.previous_size, sealed.sealed_at),
            tree.inclusion_proof(index),
        )
        revoke = self.records.revoke(report.record_id, 1, 1)
        self.registrar.send(self.records.multicall([enrol, revoke]))
        trace = read_trace(self.registries, report.record_id, self.connection.block())
        show(trace, self.registries)
        kinds = [traced.act.kind.name for traced in trace.acts]
        check(kinds == ["ENROLLED", "REVOKED"], "enrolled and revoked in one transaction")
