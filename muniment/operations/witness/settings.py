# SPDX-License-Identifier: Apache-2.0
"""A witness's settings: one TOML file, written by `muniment witness init`, changed by hand.

Paths in it are relative to its own folder. URLs may carry credentials, so its mode is 600.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tomlkit

from muniment.errors import InvalidInputError
from muniment.journal.checkpoints import COSIGNATURE, ED25519, NoteKey
from muniment.operations.journal_sources import source_at
from muniment.proof.istanbul import ValidatorSet

FORMAT: Final = "muniment/witness/v1"
FILE: Final = "witness.toml"
PACE_SECONDS: Final = 30
BLOCK_STEP: Final = 60
"""Heights that several witnesses sign must be the same: multiples of this one."""
_BLOCK_ORIGINS: Final = "muniment/blocks/"
_LARGEST: Final = (1 << 63) - 1
_MISSING: Final = object()


class WitnessSettingsError(InvalidInputError):
    """An entry of the settings is not what it must be; `field` names it."""


@dataclass(frozen=True, slots=True)
class FollowedJournal:
    """A journal that is followed: its verifier key, whose name is its origin, and where it is."""

    key: NoteKey
    source: str


@dataclass(frozen=True, slots=True)
class NamedValidators:
    """Who may sign blocks after block `block`: addresses of 20 bytes."""

    block: int
    addresses: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class WitnessSettings:
    """What a witness follows, and as whom; `pace` in seconds, `published` the folder for others.
    Of the blocks those are signed whose height is a multiple of `step`.

    With `unsigned_blocks` nobody's signatures on blocks are looked at: for development alone.
    """

    name: str
    chain_id: int
    nodes: tuple[str, ...]
    validators: tuple[NamedValidators, ...]
    journals: tuple[FollowedJournal, ...]
    published: str = "published"
    pace: int = PACE_SECONDS
    step: int = BLOCK_STEP
    unsigned_blocks: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        # The key's own rules: of names, and of what such a name may hold.
        NoteKey(self.name, bytes(32), COSIGNATURE)
        _at_least("chain_id", self.chain_id, 1)
        _at_least("pace_seconds", self.pace, 1)
        _at_least("block_step", self.step, 1)
        if not self.nodes and not self.journals:
            raise WitnessSettingsError("nodes", "nodes or journals to follow", "empty")
        if self.nodes and bool(self.validators) == self.unsigned_blocks:
            raise WitnessSettingsError(
                "validators",
                "the validators whose signatures count, or `unsigned_blocks = true` (for "
                "development alone), not both",
                "there" if self.validators else "missing",
            )
        numbers = [each.block for each in self.validators]
        if numbers != sorted(set(numbers)):
            raise WitnessSettingsError("validators", "ascending blocks", "another order")
        for each in self.validators:
            ValidatorSet(each.addresses)
        origins = [each.key.name for each in self.journals]
        if len(set(origins)) < len(origins):
            raise WitnessSettingsError("journals", "each journal once", "one twice")
        for journal in self.journals:
            if journal.key.algorithm != ED25519:
                raise WitnessSettingsError("journals key", "the key of a log", "a witness's")
            if journal.key.name.startswith(_BLOCK_ORIGINS):
                # Its co-signed checkpoints would pass for notes of blocks.
                raise WitnessSettingsError("journals key", "a journal's name", "a chain's")

    @classmethod
    def load(cls, folder: Path) -> WitnessSettings:
        """Return the settings in a witness's folder. Raises `WitnessSettingsError`."""
        path = folder / FILE
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise WitnessSettingsError(
                f"{path}",
                "the settings of a witness",
                error.strerror or "unreadable",
                remedy="make them with `muniment witness init`",
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise WitnessSettingsError(f"{path}", "TOML", "something else") from error
        found = cls._of(_Table("", values))
        for each in found.journals:
            source_at(each.source, folder)
        return found

    @classmethod
    def _of(cls, table: _Table) -> WitnessSettings:
        if table.take("format", str) != FORMAT:
            raise WitnessSettingsError("format", repr(FORMAT), "another")
        validators = []
        for each in table.tables("validators"):
            addresses = tuple(map(address_in, each.texts("addresses")))
            validators.append(NamedValidators(each.number("block"), addresses))
            each.end()
        journals = []
        for each in table.tables("journals"):
            key = NoteKey.from_text(each.take("key", str))
            journals.append(FollowedJournal(key, each.take("source", str)))
            each.end()
        found = cls(
            name=table.take("name", str),
            chain_id=table.number("chain_id"),
            nodes=tuple(table.texts("nodes")),
            validators=tuple(validators),
            journals=tuple(journals),
            published=table.take("published", str, "published"),
            pace=table.number("pace_seconds", PACE_SECONDS),
            step=table.number("block_step", BLOCK_STEP),
            unsigned_blocks=table.take("unsigned_blocks", bool, False),
        )
        table.end()
        return found

    def to_toml(self) -> str:
        """Return a file that says the same."""
        document = tomlkit.document()
        document.add(tomlkit.comment("A witness of Muniment: docs/guides/witness.md"))
        document["format"] = FORMAT
        document["name"] = self.name
        document["chain_id"] = self.chain_id
        document["nodes"] = list(self.nodes)
        document["pace_seconds"] = self.pace
        document["block_step"] = self.step
        document["published"] = self.published
        if self.unsigned_blocks:
            document["unsigned_blocks"] = True
        for name, rows in (
            ("validators", [validators_row(each) for each in self.validators]),
            ("journals", [{"key": e.key.to_text(), "source": e.source} for e in self.journals]),
        ):
            tables = tomlkit.aot()
            for row in rows:
                table = tomlkit.table()
                table.update(row)
                tables.append(table)
            if rows:
                document[name] = tables
        return tomlkit.dumps(document)


def validators_row(named: NamedValidators) -> dict[str, Any]:
    """Return a set of validators as the settings have it."""
    return {"block": named.block, "addresses": [f"0x{each.hex()}" for each in named.addresses]}


def address_in(text: str) -> bytes:
    """Return the address of 0x and 40 hex digits. Raises `WitnessSettingsError`."""
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        value = b""
    if len(value) != 20:
        raise WitnessSettingsError("validators", "addresses of 20 bytes in hex", "something else")
    return value


class _Table:
    """A TOML table: ask for each value, then `end`."""

    def __init__(self, place: str, values: Mapping[str, Any]) -> None:
        self._place = place
        self._left = dict(values)

    def take(self, name: str, kind: type, default: object = _MISSING) -> Any:
        value = self._left.pop(name, default)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            got = "missing" if value is _MISSING else "something else"
            raise WitnessSettingsError(f"{self._place}{name}", f"a {kind.__name__}", got)
        return value

    def number(self, name: str, default: object = _MISSING) -> int:
        value: int = self.take(name, int, default)
        return _at_least(f"{self._place}{name}", value, 0)

    def texts(self, name: str) -> list[str]:
        values = self.take(name, list, [])
        if not all(isinstance(each, str) for each in values):
            raise WitnessSettingsError(f"{self._place}{name}", "a list of texts", "something else")
        return list(values)

    def tables(self, name: str) -> list[_Table]:
        values = self.take(name, list, [])
        if not all(isinstance(each, dict) for each in values):
            raise WitnessSettingsError(f"{self._place}{name}", "tables", "something else")
        return [_Table(f"{name}[{at}] ", each) for at, each in enumerate(values)]

    def end(self) -> None:
        if self._left:
            field = f"{self._place}{min(self._left)}"
            raise WitnessSettingsError(field, "a name that is known", "unknown")


def _at_least(field: str, value: int, least: int) -> int:
    if not least <= value <= _LARGEST:
        raise WitnessSettingsError(field, f"a number from {least}", str(value))
    return value
