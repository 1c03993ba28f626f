# SPDX-License-Identifier: Apache-2.0
"""A witness: a folder with settings, a key and the store; it works in rounds.

    with Witness.open(folder) as witness:
        done = witness.round()

One process at a time works on a folder: the file `lock` is locked as long as it is open.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import tomlkit

from muniment.errors import InvalidInputError, MunimentError, StoreError
from muniment.operations.witness import settings as settings_file
from muniment.operations.witness.blocks import BlockRound, BlockWitness
from muniment.operations.witness.identity import Identity, load_identity, new_identity
from muniment.operations.witness.journals import JournalRound, JournalWitness
from muniment.operations.witness.publication import Publication
from muniment.operations.witness.settings import (
    NamedValidators,
    WitnessSettings,
    validators_row,
)
from muniment.operations.witness.sightings import HeaderChecks, WatchedNode
from muniment.operations.witness.validators import HAND_OVERS, with_handovers
from muniment.store.durable_files import PRIVATE_FOLDER, replace
from muniment.store.signed_statements import Statements

STORE: Final = "statements.db"
LAST_ROUND: Final = "last-round.json"
_LOCK: Final = "lock"

Say = Callable[[str], None]
"""Is told one line of what happens."""


class WitnessRunsError(StoreError):
    """Another process works on the folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"another process works as the witness in {folder}",
            expected="one process a witness",
            remedy="end it first; never copy the folder to run it twice",
        )


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did, at `time` (Unix seconds)."""

    time: int
    nodes: tuple[str, ...]
    blocks: BlockRound
    journals: tuple[JournalRound, ...]

    @property
    def contradictions(self) -> list[MunimentError]:
        """What was found for the first time and is proven: see the folders that it names."""
        found: list[MunimentError] = list(self.blocks.contradictions)
        return found + [e.fault for e in self.journals if e.contradiction and e.fault is not None]

    @property
    def faults(self) -> list[tuple[str, MunimentError]]:
        """What was wrong with a node or a journal: its name, and the error."""
        found = [(f"node {place + 1}", error) for place, error in self.blocks.faults]
        return found + [
            (each.origin, each.fault)
            for each in self.journals
            if each.fault is not None and not each.contradiction
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        signed = self.blocks.signed
        return {
            "time": self.time,
            "block": None
            if signed is None
            else {"number": signed.number, "hash": f"0x{signed.hash.hex()}"},
            "heads": {f"node {at + 1}": number for at, number in self.blocks.heads.items()},
            "journals": {
                each.origin: each.signed.size for each in self.journals if each.signed is not None
            },
            "contradictions": [each.what for each in self.contradictions],
            "faults": [{"of": of, "what": error.what} for of, error in self.faults],
        }


class Witness:
    """See the module; `open` and `create` make one."""

    def __init__(
        self,
        folder: Path,
        identity: Identity,
        statements: Statements,
        publication: Publication,
        clock: Callable[[], float],
    ) -> None:
        """Take the parts."""
        self._folder = folder
        self._identity = identity
        self._clock = clock
        self._publication = publication
        self.statements = statements
        self._blocks = BlockWitness(folder, statements, publication, clock)
        self._journals = JournalWitness(folder, statements, publication, clock)
        self._nodes: dict[tuple[int, str], WatchedNode] = {}
        self._pace = settings_file.PACE_SECONDS
        self._open = ExitStack()

    @classmethod
    def open(cls, folder: Path, *, clock: Callable[[], float] = time.time) -> Self:
        """Open the witness of a folder, and publish what was signed and is not published.

        Raises `WitnessSettingsError`, `KeystoreError`, `StatementsError`, `WitnessRunsError`,
        `StatementsBehindError`, `OSError`.
        """
        settings = WitnessSettings.load(folder)
        identity = load_identity(folder, settings.name)
        with ExitStack() as opened:
            _lock(folder, opened)
            statements = opened.enter_context(opened_statements(folder, settings, identity))
            published = folder / settings.published
            publication = Publication(published, identity, settings.chain_id)
            publication.restore(statements)
            witness = cls(folder, identity, statements, publication, clock)
            witness._open = opened.pop_all()
            return witness

    def __enter__(self) -> Self:
        """Use it as a context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the folder back."""
        self._open.close()

    def round(self) -> Round:
        """Do one round by the settings as they are now.

        Raises `WitnessSettingsError`, `SecondStatementError`, `ClockError`, `StatementsError`,
        `OSError`; what is wrong with nodes and journals is in the result.
        """
        settings = WitnessSettings.load(self._folder)
        if settings.name != self._identity.name:
            raise InvalidInputError("name", self._identity.name, "another")
        self._pace = settings.pace
        nodes = [
            self._nodes.setdefault((place, url), WatchedNode(place, url, settings.chain_id))
            for place, url in enumerate(settings.nodes)
        ]
        sets = with_handovers(self._folder, settings.chain_id, settings.validators)
        blocks = BlockRound()
        if nodes:
            blocks = self._blocks.round(nodes, HeaderChecks(sets), settings.step)
        journals = tuple(self._journals.round(each) for each in settings.journals)
        done = Round(int(self._clock()), settings.nodes, blocks, journals)
        replace(self._folder / LAST_ROUND, json.dumps(done.to_json()).encode() + b"\n")
        return done

    def run(self, stop: threading.Event, say: Say) -> None:
        """Work, a round each `pace_seconds`, until `stop` is set. Faults are said, and waited out.

        Raises `SecondStatementError`, which no fault from outside can bring about.
        """
        last: list[str] = []
        while not stop.is_set():
            try:
                lines = said(self.round())
            except (StoreError, InvalidInputError) as error:
                lines = [f"error: {error.diagnostics()}"]
            except OSError as error:
                lines = [f"error: {error.strerror or type(error).__name__}"]
            for line in lines:
                # What stays wrong is said once.
                if line not in last:
                    say(line)
            last = lines
            stop.wait(self._pace)


def create(folder: Path, settings: WitnessSettings) -> Identity:
    """Make the folder of a new witness: settings, key and store. Return its identity.

    Raises `InvalidInputError` where the folder has anything in it, `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    if any(folder.iterdir()):
        raise InvalidInputError("folder", "a new or empty folder", f"{folder}, with files in it")
    identity = new_identity(folder, settings.name)
    key = identity.key.to_text()
    Statements.create(
        folder / STORE, name=settings.name, key=key, chain_id=settings.chain_id
    ).close()
    (folder / HAND_OVERS).mkdir(mode=PRIVATE_FOLDER)
    # Last: without settings there is no witness yet.
    replace(folder / settings_file.FILE, settings.to_toml().encode())
    return identity


def opened_statements(folder: Path, settings: WitnessSettings, identity: Identity) -> Statements:
    """Open the store of a witness, beside one that runs too. Raises `StatementsError`."""
    return Statements.open(
        folder / STORE,
        name=settings.name,
        key=identity.key.to_text(),
        chain_id=settings.chain_id,
    )


def name_validators(folder: Path, named: NamedValidators) -> None:
    """Add a set of validators to the settings, behind those that are there.

    Raises `WitnessSettingsError`, `OSError`.
    """
    settings = WitnessSettings.load(folder)
    # Checked as a whole, before anything is written.
    dataclasses.replace(settings, validators=(*settings.validators, named))
    path = folder / settings_file.FILE
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    tables = document.setdefault("validators", tomlkit.aot())
    table = tomlkit.table()
    table.update(validators_row(named))
    tables.append(table)
    replace(path, tomlkit.dumps(document).encode())


def said(done: Round) -> list[str]:
    """Return lines for a person: what a round did, and what is wrong."""
    lines = []
    if done.blocks.signed is not None:
        lines.append(f"block {done.blocks.signed.number}: 0x{done.blocks.signed.hash.hex()}")
    lines += [
        f"{each.origin}: {each.signed.size} entries"
        for each in done.journals
        if each.signed is not None
    ]
    lines += [f"CONTRADICTION: {each.diagnostics()}" for each in done.contradictions]
    lines += [f"{of}: {error.diagnostics()}" for of, error in done.faults]
    if done.blocks.halted:
        lines.append("no block is signed: `muniment witness status` says why")
    lines += [
        f"{each.origin} is not co-signed: `muniment witness status` says why"
        for each in done.journals
        if each.halted
    ]
    return lines


def _lock(folder: Path, opened: ExitStack) -> None:
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    opened.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise WitnessRunsError(folder) from None
