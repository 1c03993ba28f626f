# SPDX-License-Identifier: Apache-2.0
"""The demo's second half: three agencies. One asks another for records, receives and corrects them;
an archive takes one over; one reaches the end of its life."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from muniment.chain import Connection, Sender, Signer
from muniment.chain.accounts import new_keystore
from muniment.chain.deployment import Registries
from muniment.registry.session import address_in
from toolchain.local_chain import ROOT, development_keys

SCHEMA = ROOT / "data" / "schemas" / "wildlife-strike.json"
_AIRPORT = "BARKSDALE AIR FORCE BASE ARPT"
_ADMIN, _REGISTRAR, _STEWARD = 1, 2, 3
_DAY = 86_400


class Shell:
    """Runs `muniment` and shows what it is asked and says."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {**os.environ, **environment}

    def of(self, profile: Path) -> Shell:
        """The shell of somebody with another profile."""
        return Shell({**self._environment, "MUNIMENT_PROFILE": str(profile)})

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """Run a command that must end with `code`, and return what it said on stdout."""
        shown = " ".join(f'"{each}"' if " " in each else each for each in arguments)
        click.secho(f"$ muniment {shown.replace(str(ROOT) + '/', '')}", bold=True)
        answer = subprocess.run(
            [sys.executable, "-m", "muniment.cli", *arguments],
            env=self._environment,
            cwd=ROOT,
            check=False,
            stdout=subprocess.PIPE,
            text=True,
        )
        if "--json" not in arguments:
            # That is for the demo itself, and long.
            click.echo(answer.stdout, nl=False)
        if answer.returncode != code:
            raise SystemExit(f"it ended with {answer.returncode}, and not with {code}")
        return answer.stdout


@dataclass(frozen=True)
class Party:
    """What the agencies of the demo have in common: the node, where files go, the contracts, and
    the development keys of registry admin, guardian and the first agency's admin."""

    url: str
    folder: Path
    registries: Registries
    keys: list[bytes]

    @property
    def connection(self) -> Connection:
        """A connection to the node."""
        return Connection.to_any_chain(self.url)


def exchange(say: Shell, party: Party, *, warp: bool) -> None:
    """Do it, the first agency's officer saying `say`. Where time can be `warp`ed a record is
    disposed of, too; a network of validators has no such thing, and shows the refusal."""
    aviation = _steward(party, say)
    click.echo("\nTwo more agencies join: a safety board and an archive.")
    safety = _join(party, say, 2, "Safety Board", "safety")
    archive = _join(party, say, 3, "National Archive", "archive")
    for each in (say, safety, archive):
        each("keys", "publish")
    share = _share(party, aviation, safety)
    record = _deliver(party, aviation, safety, share)
    _correct(party, say, safety, record)
    _custody(party, aviation, archive)
    _end(party, say, aviation, warp=warp)


def _share(party: Party, aviation: Shell, safety: Shell) -> str:
    click.echo("\nThe safety board looks up who keeps what, and asks for strike reports.")
    safety("catalogue")
    request = str(party.folder / "request.envelope")
    asked = safety(
        *("share", "request", "--of", "1", "--type", "wildlife-strike"),
        *("--field", "airport", "--field", "date", "--field", "species", "--field", "operator"),
        *("--purpose", "safety study 12", "--legal-basis", "Aviation Act, section 9"),
        *("-o", request),
    )
    share = asked.strip()
    click.echo("\nThe authority's steward takes the request in, and grants it.")
    aviation("receive", request)
    aviation("share", "list", "--to-decide")
    aviation("share", "grant", share)
    return share


def _deliver(party: Party, aviation: Shell, safety: Shell, share: str) -> str:
    click.echo("\nThe reports of one airport go, encrypted to the safety board alone.")
    delivery = str(party.folder / "strikes.delivery")
    aviation("deliver", share, "--query", f"airport={_AIRPORT}", "-o", delivery)
    click.echo("\nIt checks each against the chain, and acknowledges the delivery there.")
    safety("receive", delivery)
    listed = json.loads(safety("received", "list", "--json"))
    record = str(listed[0]["record"])
    safety("received", "show", record)
    click.echo("\nA third agency cannot open it.")
    archive = safety.of(party.folder / "archive" / "muniment.toml")
    archive("receive", delivery, code=18)
    return record


def _correct(party: Party, say: Shell, safety: Shell, record: str) -> None:
    click.echo("\nThe safety board found an error: a correction request, accepted, amends.")
    request, answer = (str(party.folder / f"correction.{each}") for each in ("request", "answer"))
    safety(
        *("correction", "request", record, "--reason", "species confirmed by feather analysis"),
        *("--set", "species=Unknown bird", "-o", request),
    )
    say("receive", request)
    [asked] = json.loads(say("correction", "list", "--json"))
    say("correction", "accept", str(asked["request"]), "-o", answer)
    safety("receive", answer)
    safety("history", record)


def _custody(party: Party, aviation: Shell, archive: Shell) -> None:
    click.echo("\nThe archive takes custody of a report, with its content: checked before.")
    package, closing = str(party.folder / "custody.package"), str(party.folder / "custody.closing")
    aviation("offer", "20", "--to", "3", "-o", package)
    archive("accept", package)
    click.echo("\nThe authority destroys its copy, and says so, signed.")
    aviation("custody", "close", "20", "--destroyed", "-o", closing)
    archive("receive", closing)


def _end(party: Party, say: Shell, aviation: Shell, *, warp: bool) -> None:
    click.echo("\nA draft, which the law lets go after a day: two officers destroy it.")
    types = json.loads(say("type", "list", "--json"))
    number = 1 + max(int(each["number"]) for each in types)
    say(
        *("type", "publish", "strike-draft", str(SCHEMA), "--number", str(number)),
        *("--retention", "0", "--sharing", "closed"),
    )
    draft = party.folder / "draft.json"
    draft.write_text(json.dumps(json.loads(say("show", "18", "--json"))["content"]))
    say("register", "strike-draft", str(draft), "--source-id", "draft-1")
    evidence = str(party.folder / "draft.evidence.json")
    say("evidence", "draft-1", "-o", evidence)
    say("dispose", "draft-1", "--propose", "schedule 4, item 2", code=17)
    if not warp:
        click.echo("\nIts last day is today. Validators cannot be told that it is tomorrow.")
        return
    party.connection.request("evm_increaseTime", [_DAY])
    party.connection.request("anvil_mine", ["0x1"])
    click.echo("\nA day later.")
    say("dispose", "--due")
    say("dispose", "draft-1", "--propose", "schedule 4, item 2")
    aviation("dispose", "draft-1", "--confirm")
    certificate = str(party.folder / "draft.certificate.json")
    say("certificate", "draft-1", "-o", certificate)
    say("certificate", "--check", certificate)
    say("show", "draft-1")
    say("verify", evidence, "--trust", str(party.folder / "trust.toml"), code=14)


def _join(party: Party, say: Shell, number: int, name: str, folder: str) -> Shell:
    """An agency that the registry's admin lets in: its officer has every role, and a profile."""
    place = party.folder / folder
    registries, connection = party.registries, party.connection
    shares = registries.shares
    assert shares is not None
    admin = Signer.from_key(development_keys(10 + number)[-1])
    registry_admin = Sender(connection, Signer.from_key(party.keys[0]))
    registry_admin.send(registries.agencies.create_agency(name, admin.address))
    say(
        *("init", "--folder", str(place), "--rpc", party.url, "--agency", str(number)),
        *("--registry", registries.records.address, "--shares", shares.address),
        *("--first-block", str(registries.first_block), "--source-system", folder),
        *("--new-officer", "--key-file", *_finality(party.folder / "muniment.toml")),
    )
    agencies, block = registries.agencies, connection.block()
    Sender(connection, admin).send_many(
        [
            agencies.grant_role(
                agencies.role_of_kind(kind, number, block=block),
                address_in(place / "officer.json"),
            )
            for kind in (_ADMIN, _REGISTRAR, _STEWARD)
        ]
    )
    return say.of(place / "muniment.toml")


def _steward(party: Party, say: Shell) -> Shell:
    """The authority's steward: another person than its registrar, with a profile that names the
    steward's keystore and else the same stores."""
    keystore = party.folder / "steward.json"
    new_keystore(keystore, (party.folder / "password").read_text(), os.urandom(32))
    agencies, connection = party.registries.agencies, party.connection
    role = agencies.role_of_kind(_STEWARD, 1, block=connection.block())
    admin = Sender(connection, Signer.from_key(party.keys[2]))
    admin.send(agencies.grant_role(role, address_in(keystore)))
    text = (party.folder / "muniment.toml").read_text()
    profile = party.folder / "steward.toml"
    profile.write_text(text.replace('officer = "officer.json"', 'officer = "steward.json"'))
    return say.of(profile)


def _finality(profile: Path) -> tuple[str, ...]:
    found = re.search(r"finality_depth = (\d+)", profile.read_text())
    return () if found is None else ("--finality-depth", found[1])
