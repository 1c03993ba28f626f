# SPDX-License-Identifier: Apache-2.0
"""The profile: one TOML file that says where an agency's registry, keys and stores are.

Paths in it are relative to its own folder. It holds no password; `muniment init` writes one.
"""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import tomlkit

from muniment.chain.connection import Address, address_of
from muniment.errors import InvalidInputError
from muniment.store import durable_files

FORMAT: Final = "muniment/profile/v1"
_MODE: Final = 0o644


@dataclass(frozen=True, slots=True)
class PredecessorProfile:
    """The registry before, whose records this one has adopted: chain `id`, nodes, contract."""

    id: int
    urls: tuple[str, ...]
    registry: Address
    first_block: int = 0


@dataclass(frozen=True, slots=True)
class ChainProfile:
    """The chain: its `id`, nodes, contracts, and how deep a block is final (None: as nodes say).

    `handovers` is the folder of the validators' hand-overs, where their set has changed.
    `validators` gives addresses of validators the names that `muniment status` shows. Nothing
    trusts them. The `predecessor` is asked for the last seals of journals that were adopted.
    """

    id: int
    urls: tuple[str, ...]
    registry: Address
    shares: Address | None = None
    first_block: int = 0
    finality_depth: int | None = None
    handovers: Path | None = None
    validators: Mapping[str, Address] = field(default_factory=dict)
    predecessor: PredecessorProfile | None = None


@dataclass(frozen=True, slots=True)
class AgencyProfile:
    """The agency: its `id` on chain, and the name of its source system where none is said."""

    id: int
    source_system: str = "agency"


@dataclass(frozen=True, slots=True)
class KeysProfile:
    """Keys: keystores of the officer and of OPERATOR keys, and the key store.

    `store` is a database URL, `root` its root file, `key_file` what opens it where no passphrase
    does.
    """

    store: str
    root: Path
    officer: Path | None = None
    operators: tuple[Path, ...] = ()
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class JournalProfile:
    """The agency's journal: its `number` on chain, the keystore of the OPERATOR key that seals it
    (its own: no other lane may use it), and when: after so many `entries` or `seconds`."""

    number: int
    sealer: Path
    entries: int = 50_000
    seconds: int = 1


@dataclass(frozen=True, slots=True)
class ReadsProfile:
    """The agency's reads journal: its `number`, the keystore of the OPERATOR key that seals it, and
    its pace: what was read is appended and sealed every so many `seconds`, all together."""

    number: int
    sealer: Path
    seconds: int = 600


@dataclass(frozen=True, slots=True)
class BackupsProfile:
    """Backups: after how many days at most each is deleted, whoever makes it."""

    keep_days: int


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything that `Registry.open` needs."""

    path: Path
    chain: ChainProfile
    agency: AgencyProfile
    keys: KeysProfile
    database: str
    vault: str
    trust: Path | None = None
    batch: int = field(default=100)
    journal: JournalProfile | None = None
    read_receipts: bool = False
    reads: ReadsProfile | None = None
    backups: BackupsProfile | None = None
    gateway: Mapping[str, Any] = field(default_factory=dict)
    """The table of the gateway's settings, as it stands: `gateway/settings.py` reads it."""

    @classmethod
    def load(cls, path: Path | str) -> Profile:
        """Read a profile. Raises `InvalidInputError` that names the entry that is wrong."""
        file = Path(path)
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            remedy = "make one with `muniment init`, or name another with --profile"
            what = error.strerror or "unreadable"
            raise InvalidInputError(
                f"profile {file}", "a readable file", what, remedy=remedy
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidInputError(f"profile {file}", "TOML", f"not TOML: {error}") from error
        if values.pop("format", None) != FORMAT:
            raise InvalidInputError("profile format", f"{FORMAT!r}", "another or none")
        return cls._of(file.resolve(), values)

    @classmethod
    def _of(cls, path: Path, values: Mapping[str, Any]) -> Profile:
        reader = _Table("", values, path.parent)
        chain, agency = reader.table("chain"), reader.table("agency")
        before = chain.table("predecessor") if "predecessor" in values["chain"] else None
        keys = reader.table("keys")
        journal = reader.table("journal") if "journal" in values else None
        reads = reader.table("reads") if "reads" in values else None
        backups = reader.table("backups") if "backups" in values else None
        shares = chain.text("shares", "")
        profile = cls(
            path=path,
            chain=ChainProfile(
                id=chain.number("id"),
                urls=tuple(chain.texts("urls")),
                registry=address_of("chain.registry", chain.text("registry")),
                shares=address_of("chain.shares", shares) if shares else None,
                first_block=chain.number("first_block", 0),
                finality_depth=chain.optional_number("finality_depth"),
                handovers=chain.optional_path("handovers"),
                validators=chain.addresses("validators"),
                predecessor=_predecessor(before) if before is not None else None,
            ),
            agency=AgencyProfile(
                id=agency.number("id"), source_system=agency.text("source_system", "agency")
            ),
            keys=KeysProfile(
                store=keys.url("store"),
                root=keys.path("root"),
                officer=keys.optional_path("officer"),
                operators=tuple(keys.paths("operators")),
                key_file=keys.optional_path("key_file"),
            ),
            database=reader.url("database"),
            vault=reader.text("vault")
            if "://" in reader.text("vault")
            else str(reader.path("vault")),
            trust=reader.optional_path("trust"),
            batch=reader.number("batch", 100),
            journal=_journal(journal) if journal is not None else None,
            read_receipts=reader.flag("read_receipts"),
            reads=_reads(reads) if reads is not None else None,
            backups=BackupsProfile(backups.number("keep_days")) if backups is not None else None,
            gateway=reader.mapping("gateway"),
        )
        for table in (reader, chain, before, agency, keys, journal, reads, backups):
            if table is not None:
                table.require_nothing_else()
        if profile.read_receipts and profile.reads is None:
            raise InvalidInputError(
                "profile reads",
                "the reads journal, as read_receipts is true",
                "missing",
                remedy="open one: `muniment journal open --reads`, which writes it here",
            )
        if not 1 <= profile.batch <= 256:
            raise InvalidInputError("batch", "1 to 256 records a transaction", str(profile.batch))
        return profile

    def save(self) -> None:
        """Write it in the place of what is there, whole or not at all, with the mode that that has.

        Raises `OSError`.
        """
        try:
            mode = stat.S_IMODE(self.path.stat().st_mode)
        except FileNotFoundError:
            mode = _MODE
        durable_files.replace(self.path, self.to_toml().encode(), mode=mode)

    def to_toml(self) -> str:
        """Return the text of the file, with paths relative to its folder where they can be."""
        document = tomlkit.document()
        document.add(tomlkit.comment("A profile of Muniment. It holds no password."))
        document["format"] = FORMAT
        document["database"] = self._short_url(self.database)
        document["vault"] = self.vault if "://" in self.vault else self._short(Path(self.vault))
        if self.trust is not None:
            document["trust"] = self._short(self.trust)
        document["batch"] = self.batch
        if self.read_receipts:
            document["read_receipts"] = True
        for name in ("chain", "agency", "keys", "journal", "reads", "backups"):
            part: Any = getattr(self, name)
            if part is None:
                continue
            table = tomlkit.table()
            for each in fields(part):
                value = getattr(part, each.name)
                if value is None or value == {}:
                    continue
                table[each.name] = self._plain(each.name, value)
            document[name] = table
        if self.gateway:
            document["gateway"] = dict(self.gateway)
        return tomlkit.dumps(document)

    def _plain(self, name: str, value: Any) -> Any:
        if isinstance(value, Path):
            return self._short(value)
        if isinstance(value, Mapping):
            return dict(value)
        if isinstance(value, PredecessorProfile):
            return {
                each.name: self._plain(each.name, getattr(value, each.name))
                for each in fields(value)
            }
        if isinstance(value, tuple):
            return [self._plain(name, each) for each in value]
        return self._short_url(value) if name == "store" else value

    def _short(self, path: Path) -> str:
        try:
            return str(path.relative_to(self.path.parent))
        except ValueError:
            return str(path)

    def _short_url(self, url: str) -> str:
        prefix = "sqlite:///"
        if not url.startswith(prefix):
            return url
        return prefix + self._short(Path(url.removeprefix(prefix)))


def _predecessor(table: _Table) -> PredecessorProfile:
    return PredecessorProfile(
        id=table.number("id"),
        urls=tuple(table.texts("urls")),
        registry=address_of("chain.predecessor.registry", table.text("registry")),
        first_block=table.number("first_block", 0),
    )


def _journal(table: _Table) -> JournalProfile:
    journal = JournalProfile(
        number=table.number("number"),
        sealer=table.path("sealer"),
        entries=table.number("entries", 50_000),
        seconds=table.number("seconds", 1),
    )
    if not journal.number or not journal.entries:
        raise InvalidInputError("profile journal", "number and entries from 1 on", "0")
    return journal


def _reads(table: _Table) -> ReadsProfile:
    reads = ReadsProfile(
        number=table.number("number"),
        sealer=table.path("sealer"),
        seconds=table.number("seconds", 600),
    )
    if not reads.number or not reads.seconds:
        raise InvalidInputError("profile reads", "number and seconds from 1 on", "0")
    return reads


class _Table:
    """A table of the file, read entry by entry; what nobody read is refused."""

    def __init__(self, name: str, values: Mapping[str, Any], folder: Path) -> None:
        self._name = name
        self._values = dict(values)
        self._folder = folder
        self._taken: set[str] = set()

    def table(self, name: str) -> _Table:
        given = self._take(name, dict, "a table")
        return _Table(f"{self._name}.{name}".lstrip("."), given, self._folder)

    def mapping(self, name: str) -> dict[str, Any]:
        return dict(self._take(name, dict, "a table", {}))

    def text(self, name: str, default: str | None = None) -> str:
        return str(self._take(name, str, "a text", default))

    def texts(self, name: str) -> list[str]:
        found = self._take(name, list, "a list of texts")
        if not found or not all(isinstance(each, str) for each in found):
            raise InvalidInputError(self._full(name), "a list of texts, at least one", "another")
        return list(found)

    def number(self, name: str, default: int | None = None) -> int:
        found = self._take(name, int, "a number", default)
        if isinstance(found, bool) or found < 0:
            raise InvalidInputError(self._full(name), "a number from 0 on", str(found))
        return int(found)

    def flag(self, name: str) -> bool:
        return bool(self._take(name, bool, "true or false", False))

    def optional_number(self, name: str) -> int | None:
        return self.number(name) if name in self._values else None

    def path(self, name: str) -> Path:
        return self._folder / str(self._take(name, str, "a path"))

    def optional_path(self, name: str) -> Path | None:
        return self.path(name) if name in self._values else None

    def paths(self, name: str) -> list[Path]:
        if name not in self._values:
            return []
        return [self._folder / str(each) for each in self._take(name, list, "a list of paths")]

    def addresses(self, name: str) -> dict[str, Address]:
        """Different addresses by their names; none where the table is missing."""
        if name not in self._values:
            return {}
        given = self._take(name, dict, "a table of names and addresses")
        found = {each: address_of(f"{self._full(name)}.{each}", given[each]) for each in given}
        if len(set(found.values())) != len(found):
            raise InvalidInputError(self._full(name), "one name an address", "an address twice")
        return found

    def url(self, name: str) -> str:
        found = str(self._take(name, str, "a database URL"))
        prefix = "sqlite:///"
        if found.startswith(prefix):
            return prefix + str(self._folder / found.removeprefix(prefix))
        return found

    def require_nothing_else(self) -> None:
        left = sorted(set(self._values) - self._taken)
        if left:
            raise InvalidInputError(
                self._full(left[0]), "an entry that docs/guides/profile.md lists", "unknown"
            )

    def _take(self, name: str, kind: type, expected: str, default: Any = None) -> Any:
        self._taken.add(name)
        if name not in self._values:
            if default is None:
                raise InvalidInputError(self._full(name), expected, "missing")
            return default
        found = self._values[name]
        if not isinstance(found, kind):
            raise InvalidInputError(self._full(name), expected, f"of type {type(found).__name__}")
        return found

    def _full(self, name: str) -> str:
        return f"profile {self._name}.{name}" if self._name else f"profile {name}"
