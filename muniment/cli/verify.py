# SPDX-License-Identifier: Apache-2.0
"""`muniment verify`: whether an evidence file holds. Needs no chain, no database and no profile."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from muniment.cli.exit_codes import ExitCode
from muniment.cli.foreign_text import foreign_text
from muniment.errors import ChainError, InvalidInputError, UnreachableError, WrongChainError
from muniment.evidence import (
    EvidenceFormError,
    Outcome,
    TrustFile,
    Verdict,
    Verifier,
    pins,
)
from muniment.evidence.block_trust import BlockHash
from muniment.evidence.conclusions import file_of
from muniment.evidence.verifier import STEPS, Document
from muniment.record.instants import in_words

# The gravest first: that is what a bundle ends with.
_CODES: Final = {
    Outcome.INVALID: ExitCode.INVALID,
    Outcome.CONFLICT: ExitCode.CONFLICT,
    Outcome.UNKNOWN: ExitCode.UNKNOWN,
    Outcome.DISPOSED: ExitCode.DISPOSED,
    Outcome.REVOKED: ExitCode.REVOKED,
    Outcome.SUPERSEDED: ExitCode.SUPERSEDED,
    Outcome.STALE: ExitCode.STALE,
    Outcome.VALID: ExitCode.OK,
}
_COLOURS: Final = {Outcome.VALID: "green", Outcome.INVALID: "red", Outcome.CONFLICT: "red"}
_CHUNK: Final = 1 << 20


@click.command()
@click.argument("evidence", type=click.Path(path_type=Path))
@click.option("--trust", type=click.Path(path_type=Path), help="Else what is pinned.")
@click.option("--document", type=click.Path(path_type=Path), help="A file that the record names.")
@click.option("--offline", is_flag=True, help="Ask no node, even where the trust file names some.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a record on stdout.")
def verify(
    evidence: Path, trust: Path | None, document: Path | None, offline: bool, as_json: bool
) -> None:
    """Verify an EVIDENCE file, or a bundle of them.

    Where the trust file names nodes, they are asked for blocks, and how the record stands now: what
    was disposed of, revoked or superseded since is told by their word. --offline asks nobody.

    \b
    Exit codes: 0 valid, 10 invalid, 11 conflict (registered twice: fraud), 12 superseded,
    13 revoked, 14 disposed, 15 unknown (it cannot be known from here), 16 stale; of a bundle, the
    gravest.

    Example: muniment verify deed.evidence.json --trust registry.trust.toml --document deed.pdf
    """
    data = _read(evidence)
    trusted = _trusted(data, trust)
    known = None if offline or not trusted.nodes else asking(trusted)
    verifier = Verifier(trusted, now=int(time.time()), block_hash=known)
    verdicts = verifier.verify(data, None if document is None else _document(document))
    if known is not None:
        verdicts = _as_of_now(verdicts, trusted)
    for verdict in verdicts:
        if as_json:
            click.echo(json.dumps(verdict.to_json(len(STEPS)), ensure_ascii=False))
        elif len(verdicts) > 1:
            click.echo(f"0x{verdict.record_id.hex()}  {_headline(verdict)}")
        else:
            _show(verdict, trusted)
    outcomes = {verdict.outcome for verdict in verdicts}
    sys.exit(next(code for outcome, code in _CODES.items() if outcome in outcomes))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        what = error.strerror or "unreadable"
        raise InvalidInputError(f"evidence {path}", "a readable file", what) from error


def _trusted(data: bytes, path: Path | None) -> TrustFile:
    if path is not None:
        return pins.load(path)
    try:
        anchor = file_of(data).anchor
    except EvidenceFormError as error:
        raise InvalidInputError("--trust", "a trust file", f"missing ({error.what})") from error
    found = pins.pinned(anchor.chain_id, anchor.registry)
    if found is None:
        raise InvalidInputError(
            "--trust",
            f"a trust file of registry 0x{anchor.registry.hex()}, chain {anchor.chain_id}",
            "missing, and none is pinned",
            remedy="get one from the registry's operator; `muniment trust pin` keeps it",
        )
    return found


def asking(trust: TrustFile) -> BlockHash:
    """Return what asks a trust file's nodes for the hash of a block."""
    from muniment.chain.connection import (  # noqa: PLC0415  (heavy, and seldom needed)
        Connection,
        UnknownBlockError,
    )

    def ask(number: int) -> bytes | None:
        for url in trust.nodes:
            try:
                return Connection(url, trust.chain_id, timeout=10).block(number).hash
            except (UnreachableError, UnknownBlockError, WrongChainError) as error:
                click.echo(f"{error.what}: not asked any further", err=True)
        return None

    return ask


def _as_of_now(verdicts: Sequence[Verdict], trust: TrustFile) -> list[Verdict]:
    """The verdicts as the first node that answers changes them; as they are where none does."""
    from muniment.chain.connection import Connection  # noqa: PLC0415  (heavy, and seldom needed)
    from muniment.operations.later_standing import later_standing  # noqa: PLC0415

    for url in trust.nodes:
        try:
            node = Connection(url, trust.chain_id, timeout=10)
            return [later_standing(each, node, trust.registry) for each in verdicts]
        except ChainError as error:
            click.echo(f"{error.what}: not asked how it stands now", err=True)
    return list(verdicts)


def _document(path: Path) -> Document:
    digest, length = hashlib.sha256(), 0
    try:
        with path.open("rb") as reader:
            while piece := reader.read(_CHUNK):
                digest.update(piece)
                length += len(piece)
    except OSError as error:
        what = error.strerror or "unreadable"
        raise InvalidInputError(f"document {path}", "a readable file", what) from error
    return Document(path.name, digest.digest(), length)


def _headline(verdict: Verdict) -> str:
    text = verdict.outcome.upper() + (f": {verdict.reason}" if verdict.reason else "")
    return click.style(text, fg=_COLOURS.get(verdict.outcome, "yellow"), bold=True)


def _show(verdict: Verdict, trust: TrustFile) -> None:
    click.echo(_headline(verdict))
    if verdict.step is not None:
        click.echo(f"  at step {verdict.step}: {STEPS[verdict.step]}")
    click.echo(f"  record      0x{verdict.record_id.hex()}")
    if verdict.block_number is not None:
        when = _time(verdict.block_time)
        click.echo(f"  as of       block {verdict.block_number}, {when}, chain {verdict.chain_id}")
    if verdict.committers is not None:
        after = f", after {verdict.handovers} hand-overs" if verdict.handovers else ""
        many = f"{len(verdict.committers)} of {verdict.validators} validators"
        click.echo(f"  signed by   {many}{after}")
    if verdict.block_witnesses is not None:
        click.echo(f"  seen by     {', '.join(verdict.block_witnesses) or 'no known witness'}")
    for label, agency in (("issuer", verdict.issuer), ("custodian", verdict.custodian)):
        if agency is not None:
            click.echo(f"  {label:11} {trust.agencies.get(agency, '')} (agency {agency})")
    if verdict.registered_at is not None:
        click.echo(f"  registered  {_time(verdict.registered_at)}")
    if verdict.journal is not None:
        click.echo(f"  came by     entry {verdict.entry_index} of journal {verdict.journal}")
        vouching = ", ".join(verdict.witnesses or []) or "the agency alone"
        click.echo(f"  once only   says {vouching}")
    if verdict.version is not None:
        click.echo(f"  version     {verdict.version} of {verdict.latest_version}")
    if verdict.holds or verdict.type_holds:
        click.echo(f"  holds       {verdict.holds or 0}, on its type {verdict.type_holds or 0}")
    for name, value in (verdict.fields or {}).items():
        # Whoever wrote the evidence chose both: no line of theirs passes for one of the verdict.
        click.echo(f"  {foreign_text(name)}: {foreign_text(value)}")
    if verdict.document is not None:
        click.echo(f"  document    is the file of field {verdict.document!r}")
    not_done = [str(each) for each in STEPS if each not in verdict.done]
    if not_done:
        click.echo(f"  not done    steps {', '.join(not_done)}")
    click.echo(f"  trust file  {verdict.trust}")


def _time(seconds: int | None) -> str:
    return "" if seconds is None else f"{in_words(seconds)} UTC"
