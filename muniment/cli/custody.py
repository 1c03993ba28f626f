# SPDX-License-Identifier: Apache-2.0
"""`muniment offer`, `accept`, `decline` and `withdraw`: how custody goes over, with its content."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from muniment.cli.exit_codes import ExitCode
from muniment.cli.options import (
    finish,
    opened,
    progress_bar,
    record_of,
    show_json,
    writing,
)
from muniment.errors import InvalidInputError
from muniment.exchange.errors import CustodyError
from muniment.record.identifiers import RecordId
from muniment.registry import Registry, Stage, Submission
from muniment.store.handovers import ACCEPTING, WENT_OVER


@click.command()
@click.argument("records", nargs=-1, metavar="[RECORD]...")
@click.option("--to", "to_agency", type=int, required=True, help="The agency that is to have it.")
@click.option("--type", "record_type", metavar="NAME", help="All records of a type, in its place.")
@click.option("--issuer", type=int, help="Of another agency's type, in this one's custody.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The custody package: all content and its secrets, for that agency alone.",
)
@click.option("--days", default=30, show_default=True, help="How long the offer stands.")
@click.option("--expect", type=int, help="Refuse unless this is the version that stands.")
@writing
def offer(
    records: tuple[str, ...],
    to_agency: int,
    record_type: str | None,
    issuer: int | None,
    output: Path | None,
    days: int,
    expect: int | None,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Offer custody of RECORDs to another agency. Nothing changes until it accepts.

    With -o their content goes along: the package is written first, whole and encrypted for that
    agency, then custody is offered on chain. Given again, the same command goes on where it was.
    Without -o one RECORD is offered and its content stays here.

    \b
    Example: muniment offer 12/345 12/346 --to 3 -o deeds.custody
             muniment offer --type land-deed --to 3 -o register.custody
    """
    if bool(records) is (record_type is not None):
        raise InvalidInputError("records", "RECORDs, or --type", "both" if records else "neither")
    with opened(profile) as registry:
        if output is None:
            if len(records) != 1 or issuer is not None:
                raise InvalidInputError("-o", "where the package is to be written", "missing")
            submission = registry.offer(
                record_of(registry, records[0]), to_agency, days=days, expected_version=expect
            )
            click.echo("its content stays here: -o FILE hands it over too", err=True)
            finish(registry, [submission], wait, timeout, as_json)
            return
        if expect is not None:
            raise InvalidInputError("--expect", "one RECORD without -o", "a package")
        with progress_bar("packed", len(records) or None) as tell:
            if record_type is not None:
                made = registry.handovers.offer_type(
                    record_type, to_agency, output, issuer=issuer, days=days, progress=tell
                )
            else:
                ids = [record_of(registry, each) for each in records]
                with _faults_named():
                    made = registry.handovers.offer(
                        ids, to_agency, output, days=days, progress=tell
                    )
        _wait(registry, made.submissions, wait, timeout)
        registry.sync()
    shown = {
        "handover": f"0x{made.handover_id.hex()}",
        "package": str(output),
        "digest": f"0x{made.digest.hex()}",
        "offered": len(made.submissions),
        "resumed": made.is_resumed,
        "left_out": _named(made.left_out),
    }
    if as_json:
        show_json(shown)
    else:
        click.echo(shown["handover"])
        click.echo(f"{len(made.submissions)} records offered: {output}", err=True)
        tell_faults("left out", made.left_out)
    if made.left_out:
        sys.exit(ExitCode.FINDINGS)


@click.command()
@click.argument("target", metavar="FILE|HANDOVER")
@click.option("--only", multiple=True, metavar="RECORD", help="This record of the package alone.")
@click.option("--all-or-nothing", is_flag=True, help="Accept nothing if one record does not hold.")
@click.option(
    "--without-content",
    is_flag=True,
    help="FILE is a RECORD: accept its custody though its content does not come along.",
)
@writing
def accept(
    target: str,
    only: tuple[str, ...],
    all_or_nothing: bool,
    without_content: bool,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Accept custody of what the package FILE brings, once every version of it is checked; or of
    HANDOVER, whose package was received or fetched and waits here.

    All content is recomputed and compared with the record's acts, as the chain proves them, before
    anything is accepted. What does not hold is named, and nothing of that record is accepted. The
    content is taken in when the transfer is final. Given again, it goes on where it was.

    \b
    Example: muniment accept deeds.custody
             muniment accept deeds.custody --only 0x8c1f…
             muniment accept 0x8c1f… --without-content
    """
    with opened(profile) as registry:
        if without_content:
            submission = registry.accept(record_of(registry, target))
            finish(registry, [submission], wait, timeout, as_json)
            return
        package = package_of(
            registry, target, "ask for it; --without-content accepts custody of a record alone"
        )
        chosen = [record_of(registry, each) for each in only] or None
        with progress_bar("checked", None) as tell, _faults_named():
            made = registry.handovers.accept(
                package, chosen, all_or_nothing=all_or_nothing, progress=tell
            )
        _wait(registry, made.submissions, wait, timeout)
        registry.sync()
        rows = registry.handovers.records(made.handover_id)
    taken = sum(row.state in WENT_OVER for row in rows)
    waiting = sum(row.state == ACCEPTING for row in rows)
    shown = {
        "handover": f"0x{made.handover_id.hex()}",
        "agency": made.agency_id,
        "accepted": len(made.submissions),
        "taken_in": taken,
        "waiting": waiting,
        "refused": _named(made.faults),
    }
    if as_json:
        show_json(shown)
    else:
        click.echo(shown["handover"])
        click.echo(
            f"{len(made.submissions)} records of agency {made.agency_id} accepted; content of "
            f"{taken} taken in, {waiting} wait until their transfer is final",
            err=True,
        )
        tell_faults("not accepted", made.faults)
    if made.faults:
        sys.exit(ExitCode.FINDINGS)


@click.command()
@click.argument("target", metavar="FILE|HANDOVER|RECORD")
@writing
def decline(target: str, profile: Path, wait: str, timeout: float, as_json: bool) -> None:
    """Decline custody of RECORD, or of all that the package FILE, or that of HANDOVER, offers.

    What was kept of it goes, when that is final.

    \b
    Example: muniment decline 0x8c1f…
             muniment decline deeds.custody
    """
    with opened(profile) as registry:
        package = _named_package(registry, target)
        if package is None:
            submission = registry.decline(record_of(registry, target))
            finish(registry, [submission], wait, timeout, as_json)
        else:
            made = registry.handovers.decline(package)
            _wait(registry, made, wait, timeout)
            if as_json:
                show_json({"declined": len(made)})
            else:
                click.echo(f"{len(made)} offers declined", err=True)
        registry.sync()


@click.command()
@click.argument("record")
@writing
def withdraw(record: str, profile: Path, wait: str, timeout: float, as_json: bool) -> None:
    """Withdraw this agency's offer of custody of RECORD.

    `muniment custody withdraw` withdraws all offers of a hand-over.

    Example: muniment withdraw 12/345
    """
    with opened(profile) as registry:
        submission = registry.withdraw(record_of(registry, record))
        finish(registry, [submission], wait, timeout, as_json)


def package_of(registry: Registry, target: str, remedy: str) -> Path | bytes:
    """Return the package that an argument names: a file, or the id of a hand-over whose package
    waits here. Raises `InvalidInputError`."""
    package = _named_package(registry, target)
    if package is None:
        raise InvalidInputError(
            "FILE",
            "the package that the other agency wrote, or a hand-over that waits here",
            "neither",
            remedy=remedy,
        )
    return package


def _named_package(registry: Registry, target: str) -> Path | bytes | None:
    if Path(target).is_file():
        return Path(target)
    known = (each.handover.handover_id for each in registry.handovers.handovers() if not each.given)
    return next((each for each in known if f"0x{each.hex()}" == target), None)


def _wait(registry: Registry, submissions: Sequence[Submission], wait: str, timeout: float) -> None:
    if Stage(wait) is Stage.ACKNOWLEDGED or not submissions:
        return
    with progress_bar("on chain", len(submissions)) as tell:
        registry.wait(submissions, wait, timeout=timeout, progress=tell)


@contextmanager
def _faults_named() -> Iterator[None]:
    """Tell which records an error is about before it goes on."""
    try:
        yield
    except CustodyError as error:
        tell_faults("refused", error.faults)
        raise


def tell_faults(what: str, faults: Mapping[RecordId, str]) -> None:
    """Name the records that something is about, on stderr."""
    for record_id, why in sorted(faults.items()):
        click.echo(f"{what}: 0x{record_id.hex()}: {why}", err=True)


def _named(faults: Mapping[RecordId, str]) -> dict[str, str]:
    return {f"0x{record_id.hex()}": why for record_id, why in sorted(faults.items())}
