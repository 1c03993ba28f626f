# SPDX-License-Identifier: Apache-2.0
"""`muniment certificate`: that a record was disposed of, and what was destroyed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from muniment.chain.connection import Connection
from muniment.chain.deployment import Registries, find
from muniment.cli.exit_codes import ExitCode
from muniment.cli.options import json_option, opened, profile_option, record_of, show_json
from muniment.cli.verify import asking
from muniment.errors import InvalidInputError
from muniment.evidence import Outcome, TrustFile, pins
from muniment.record.instants import in_words
from muniment.registry.disposition.certificate import Certificate
from muniment.registry.disposition.certificate_checking import (
    STEPS,
    CheckedCertificate,
    check_certificate,
)
from muniment.registry.disposition.stops import day_in_words
from muniment.store.durable_files import write_new

_CODES: Final = {
    Outcome.VALID: ExitCode.OK,
    Outcome.INVALID: ExitCode.INVALID,
    Outcome.UNKNOWN: ExitCode.UNKNOWN,
}
_TIMEOUT: Final = 30.0


@click.command()
@click.argument("record", required=False)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to; else stdout.")
@click.option("--mandate", metavar="WORDS", help="Its words, where they are not kept here.")
@click.option("--no-evidence", is_flag=True, help="Without the evidence that proves the act.")
@click.option(
    "--check",
    "checked",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Check a certificate instead.",
)
@click.option("--trust", type=click.Path(path_type=Path), help="Of --check; else what is pinned.")
@click.option("--key", metavar="HEX", help="Of --check: the agency's public key for messages.")
@click.option("--offline", is_flag=True, help="Of --check: ask no node.")
@profile_option
@json_option
def certificate(
    record: str | None,
    output: Path | None,
    mandate: str | None,
    no_evidence: bool,
    checked: Path | None,
    trust: Path | None,
    key: str | None,
    offline: bool,
    profile: Path,
    as_json: bool,
) -> None:
    """Write the certificate that RECORD was disposed of: who decided, under which mandate and rule,
    which secrets were destroyed and when, who is known to have it, when the last backup dies, and
    what all of this does not prove. The agency's key for messages signs it.

    With --check FILE somebody else's is checked, by the chain that a trust file's nodes or a
    profile name, or offline by the evidence in it and a key. Exit codes: 0 it holds, 10 it does
    not, 15 that cannot be known from here.

    \b
    Example: muniment certificate 12/345 -o 12-345.disposition.json
             muniment certificate --check 12-345.disposition.json --trust registry.trust.toml
    """
    if (record is None) == (checked is None):
        raise InvalidInputError("certificate", "a RECORD, or --check FILE", "both or neither")
    if checked is not None:
        _check(checked, trust, key, offline, profile, as_json)
        return
    assert record is not None
    with opened(profile) as registry:
        record_id = record_of(registry, record)
        data = registry.disposition.certificate(
            record_id, mandate=mandate, with_evidence=not no_evidence
        )
    if output is None:
        click.get_binary_stream("stdout").write(data)
        return
    write_new(output, data)
    if as_json:
        show_json({"written": str(output), "bytes": len(data)})
    click.echo(f"{output}: {len(data):,} bytes", err=True)


def _check(
    file: Path,
    trust: Path | None,
    key: str | None,
    offline: bool,
    profile: Path,
    as_json: bool,
) -> None:
    data = file.read_bytes()
    public = _key(key)
    trusted = pins.load(trust) if trust is not None else _pinned(data)
    known = None if offline or trusted is None or not trusted.nodes else asking(trusted)
    with _chain(trusted, profile, offline=offline) as chain:
        found = check_certificate(
            data,
            chain=chain,
            key=public,
            trust=trusted,
            now=int(time.time()),
            block_hash=known,
        )
    if as_json:
        click.echo(json.dumps(_json(found), ensure_ascii=False))
    else:
        _show(found)
    sys.exit(_CODES[found.outcome])


def _key(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 32:
        raise InvalidInputError("--key", "32 bytes in hexadecimal", "something else")
    return found


def _pinned(data: bytes) -> TrustFile | None:
    """The trust file that is pinned for a certificate's registry."""
    found = check_certificate(data).certificate
    return None if found is None else pins.pinned(found.chain_id, found.registry)


@contextmanager
def _chain(
    trusted: TrustFile | None, profile: Path, *, offline: bool
) -> Iterator[tuple[Connection, Registries] | None]:
    """A node of the trust file's, else of the profile's; none offline, or without either."""
    if offline:
        yield None
    elif trusted is not None and trusted.nodes:
        node = Connection(trusted.nodes[0], trusted.chain_id, timeout=_TIMEOUT)
        yield node, find(node, f"0x{trusted.registry.hex()}", first_block=0)
    elif profile.exists():
        with opened(profile) as registry:
            session = registry.session
            chain = session.profile.chain
            node = Connection(chain.urls[0], chain.id, timeout=_TIMEOUT)
            yield node, session.registries(node)
    else:
        yield None


def _show(found: CheckedCertificate) -> None:
    colour = {Outcome.VALID: "green", Outcome.INVALID: "red"}.get(found.outcome, "yellow")
    text = found.outcome.upper() + (f": {found.reason}" if found.reason else "")
    click.echo(click.style(text, fg=colour, bold=True))
    if found.step is not None:
        click.echo(f"  at step {found.step}: {STEPS[found.step]}")
    if found.certificate is not None:
        for label, told in _lines(found.certificate):
            click.echo(f"  {label:12} {told}")
    if found.not_done:
        click.echo(f"  {'not done':12} steps {', '.join(map(str, found.not_done))}")


def _lines(shown: Certificate) -> Iterator[tuple[str, str]]:
    act, rule = shown.act, shown.rule
    yield "record", f"0x{shown.record_id.hex()}"
    yield "agency", str(shown.agency_id)
    yield "act", f"block {act.block_number}, {_time(act.time)}, chain {shown.chain_id}"
    yield "proposed by", f"0x{act.proposer.hex()}"
    yield "confirmed by", f"0x{act.confirmer.hex()}"
    yield "mandate", act.words if act.words is not None else f"0x{act.mandate.hex()}"
    days = f"{rule.retention_days} days, to {day_in_words(rule.last_day)}"
    yield "rule", f"{rule.name}, version {rule.type_version}: {days}"
    for each in shown.destroyed:
        epoch = "not known" if each.epoch is None else str(each.epoch)
        dropped = ", dropped" if each.is_dropped else ""
        yield "destroyed", f"version {each.version}, {_time(each.time)}; epoch {epoch}{dropped}"
    for sent in shown.recipients:
        receipt = "with receipt" if sent.is_acknowledged else "without receipt"
        yield "sent to", f"agency {sent.agency_id}, {_time(sent.time)}, {sent.kind}, {receipt}"
    for former in shown.former:
        yield "former", f"agency {former.agency_id} had custody; its copy: {former.state}"
    if shown.reads is not None:
        yield "reads", ", ".join(f"{count} {name}" for name, count in shown.reads) or "none"
    if shown.backups.last_dies_at is not None:
        yield "backups", f"the last one dies {_time(shown.backups.last_dies_at)}"
    elif all(each.is_dropped for each in shown.destroyed):
        yield "backups", "can be read no more: the epochs are dropped"
    for sentence in shown.does_not_prove:
        yield "not proved", sentence


def _json(found: CheckedCertificate) -> dict[str, object]:
    shown = found.certificate
    return {
        "outcome": str(found.outcome),
        "step": found.step,
        "reason": found.reason,
        "done": found.done,
        "not_done": found.not_done,
        "record": None if shown is None else f"0x{shown.record_id.hex()}",
        "agency": None if shown is None else shown.agency_id,
    }


def _time(seconds: int) -> str:
    return f"{in_words(seconds)} UTC"
