# SPDX-License-Identifier: Apache-2.0
"""What a witness has signed: rows that are only ever added, each on disk before it is signed.

One hash a height and one root a size, for ever. The rules stand in the tables too (keys, triggers),
so that no other program, and no mistake in this one, makes the witness say two things.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from muniment.errors import ProofError, StoreError

BLOCKS: Final = "blocks"
"""The subject of incidents of blocks; those of a journal have its origin, which has a slash."""
_BUSY_SECONDS: Final = 10.0
_TABLES: Final = (
    """CREATE TABLE identity (
        one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL, key TEXT NOT NULL,
        chain_id INTEGER NOT NULL)""",
    """CREATE TABLE blocks (
        number INTEGER PRIMARY KEY, hash BLOB NOT NULL CHECK (length(hash) = 32),
        header BLOB NOT NULL, time INTEGER NOT NULL)""",
    """CREATE TABLE checkpoints (
        origin TEXT NOT NULL, size INTEGER NOT NULL CHECK (size > 0),
        root BLOB NOT NULL CHECK (length(root) = 32), note BLOB NOT NULL, time INTEGER NOT NULL,
        PRIMARY KEY (origin, size))""",
    """CREATE TABLE barred (number INTEGER PRIMARY KEY)""",
    """CREATE TABLE incidents (
        id INTEGER PRIMARY KEY, subject TEXT NOT NULL, what TEXT NOT NULL, kept TEXT NOT NULL,
        time INTEGER NOT NULL, UNIQUE (subject, what))""",
    """CREATE TABLE resumed (
        incident INTEGER PRIMARY KEY REFERENCES incidents, time INTEGER NOT NULL)""",
    """CREATE TRIGGER blocks_rise BEFORE INSERT ON blocks
        WHEN NEW.number <= (SELECT max(number) FROM blocks)
        OR NEW.number IN (SELECT number FROM barred)
        BEGIN SELECT RAISE(ABORT, 'a block that may not be signed'); END""",
    """CREATE TRIGGER checkpoints_grow BEFORE INSERT ON checkpoints
        WHEN NEW.size <= (SELECT max(size) FROM checkpoints WHERE origin = NEW.origin)
        BEGIN SELECT RAISE(ABORT, 'a checkpoint that may not be signed'); END""",
)
_NAMES: Final = ("identity", "blocks", "checkpoints", "barred", "incidents", "resumed")


class StatementsError(StoreError):
    """The store of what was signed cannot be used as it is."""


class SecondStatementError(ProofError):
    """What is to be signed contradicts what was signed before, or may never be signed."""

    exit_code: ClassVar[int] = 11


class ClockError(StatementsError):
    """The clock shows `now`, which is earlier than the last statement, of `last` (Unix seconds)."""

    def __init__(self, now: int, last: int) -> None:
        super().__init__(
            f"the clock shows {now}, the last statement was signed at {last}",
            expected="a clock that does not go back",
            remedy="correct the clock; nothing is signed until it has passed that time",
        )


@dataclass(frozen=True, slots=True)
class SignedBlock:
    """That block `number` has this `hash`, signed at `time`; `header` is RLP with the seals."""

    number: int
    hash: bytes
    header: bytes
    time: int


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """That journal `origin` has this `root` at `size`, signed at `time`; `note` is the log's."""

    origin: str
    size: int
    root: bytes
    note: bytes
    time: int


@dataclass(frozen=True, slots=True)
class Incident:
    """A contradiction that was found, of `subject`; `kept` is the folder of its proof."""

    number: int
    subject: str
    what: str
    kept: str
    time: int


class Statements:
    """The store; see `open`. Not for several threads."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Take a connection that `open` or `create` made."""
        self._connection = connection
        self._path = path

    @classmethod
    def create(cls, path: Path, *, name: str, key: str, chain_id: int) -> Self:
        """Make a store for the witness of this name, verifier key and chain. Raises
        `StatementsError`."""
        if path.exists():
            raise StatementsError(f"store {path} is there already", expected="no file there yet")
        store = cls(_connected(path), path)
        with store._writing() as connection:
            for each in _TABLES:
                connection.execute(each)
            for table in _NAMES:
                for verb in ("UPDATE", "DELETE"):
                    connection.execute(_append_only(table, verb))
            connection.execute("INSERT INTO identity VALUES (1, ?, ?, ?)", (name, key, chain_id))
        return store

    @classmethod
    def open(cls, path: Path, *, name: str, key: str, chain_id: int) -> Self:
        """Open the store of this witness and no other's. Raises `StatementsError`."""
        if not path.is_file():
            raise StatementsError(
                f"there is no store {path}",
                expected="what this witness has signed so far",
                remedy="never go on with this key without its store: restore it, or make a new "
                "witness (docs/guides/witness.md)",
            )
        store = cls(_connected(path), path)
        with store._fault():
            found = store._connection.execute("SELECT name, key, chain_id FROM identity").fetchone()
        if found != (name, key, chain_id):
            raise StatementsError(
                f"store {path} is of another witness, key or chain",
                expected=f"{name}, {key}, chain {chain_id}",
                remedy="a new name, key or chain is a new witness: make it a folder of its own",
            )
        return store

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def __enter__(self) -> Self:
        """Use it as a context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    # ---------------------------------------------------------------- blocks

    def block(self, number: int) -> SignedBlock | None:
        """Return the statement of a height, None where there is none."""
        return self._block("WHERE number = ?", number)

    def last_block(self, below: int | None = None) -> SignedBlock | None:
        """Return the highest block that was signed, `below` a height where one is given."""
        if below is None:
            return self._block("ORDER BY number DESC LIMIT 1")
        return self._block("WHERE number < ? ORDER BY number DESC LIMIT 1", below)

    def blocks(self) -> Iterator[SignedBlock]:
        """Return all blocks that were signed, ascending."""
        with self._fault():
            for row in self._connection.execute("SELECT * FROM blocks ORDER BY number"):
                yield SignedBlock(*row)

    def barred(self) -> set[int]:
        """Return the heights that are never signed any more."""
        with self._fault():
            return {row[0] for row in self._connection.execute("SELECT number FROM barred")}

    def add_block(self, block: SignedBlock) -> SignedBlock:
        """Add a statement, durably; return it, or the same one as it was made before.

        Raises `SecondStatementError` for another hash at a height, a height that is barred or not
        above the last, `ClockError`, `StatementsError`.
        """
        with self._writing():
            known = self.block(block.number)
            if block.number in self.barred() or (known and known.hash != block.hash):
                raise SecondStatementError(
                    f"block {block.number} is 0x{block.hash.hex()} here",
                    expected=f"0x{known.hash.hex()}, which was signed"
                    if known
                    else "a height at which validators have signed one hash",
                )
            if known is not None:
                return known
            last = self.last_block()
            if last is not None:
                _require_later(block.time, last.time)
                if block.number < last.number:
                    raise SecondStatementError(
                        f"block {block.number} is below the last that was signed",
                        expected=f"a height above {last.number}",
                    )
            self._connection.execute(
                "INSERT INTO blocks VALUES (?, ?, ?, ?)",
                (block.number, block.hash, block.header, block.time),
            )
        return block

    # ---------------------------------------------------------------- journals

    def checkpoint(self, origin: str) -> SignedCheckpoint | None:
        """Return the greatest checkpoint of a journal that was signed, None where there is none."""
        found = self._row(
            "SELECT * FROM checkpoints WHERE origin = ? ORDER BY size DESC LIMIT 1", origin
        )
        return None if found is None else SignedCheckpoint(*found)

    def origins(self) -> list[str]:
        """Return the journals of which something was signed."""
        with self._fault():
            rows = self._connection.execute("SELECT DISTINCT origin FROM checkpoints ORDER BY 1")
            return [row[0] for row in rows]

    def add_checkpoint(self, checkpoint: SignedCheckpoint) -> SignedCheckpoint:
        """Add a statement, durably; return it, or the same one as it was made before.

        That the journal has only grown is for the caller to have checked. Raises
        `SecondStatementError` for another root at a size and for a smaller size, `ClockError`,
        `StatementsError`.
        """
        with self._writing():
            last = self.checkpoint(checkpoint.origin)
            if last is not None and checkpoint.size <= last.size:
                if (checkpoint.size, checkpoint.root) == (last.size, last.root):
                    return last
                raise SecondStatementError(
                    f"{checkpoint.origin} is shown with {checkpoint.size} entries",
                    expected=f"more than the {last.size} that were signed, or the same root",
                )
            if last is not None:
                _require_later(checkpoint.time, last.time)
            self._connection.execute(
                "INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?)",
                (
                    checkpoint.origin,
                    checkpoint.size,
                    checkpoint.root,
                    checkpoint.note,
                    checkpoint.time,
                ),
            )
        return checkpoint

    # ---------------------------------------------------------------- incidents

    def add_incident(
        self, subject: str, what: str, kept: Path, time: int, *, barred: int | None = None
    ) -> bool:
        """Add what was found, once, and bar a height; return whether it was new."""
        with self._writing() as connection:
            done = connection.execute(
                "INSERT OR IGNORE INTO incidents (subject, what, kept, time) VALUES (?, ?, ?, ?)",
                (subject, what, str(kept), time),
            )
            if barred is not None:
                connection.execute("INSERT OR IGNORE INTO barred VALUES (?)", (barred,))
            return done.rowcount > 0

    def open_incidents(self, subject: str | None = None) -> list[Incident]:
        """Return what nobody has looked at yet, of one subject or of all."""
        with self._fault():
            rows = self._connection.execute(
                "SELECT * FROM incidents WHERE id NOT IN (SELECT incident FROM resumed) "
                "AND (? IS NULL OR subject = ?) ORDER BY id",
                (subject, subject),
            )
            return [Incident(*row) for row in rows]

    def resume(self, incident: int, time: int) -> Incident:
        """Note that somebody has looked at an incident: what it stopped goes on. Raises
        `StatementsError` where there is no such open incident."""
        with self._writing() as connection:
            found = [each for each in self.open_incidents() if each.number == incident]
            if not found:
                raise StatementsError(
                    f"there is no open incident {incident}",
                    expected="a number that `muniment witness status` lists",
                )
            connection.execute("INSERT INTO resumed VALUES (?, ?)", (incident, time))
        return found[0]

    def _block(self, chosen: str, *values: int) -> SignedBlock | None:
        # `chosen` is one of the texts above.
        found = self._row(f"SELECT * FROM blocks {chosen}", *values)  # noqa: S608
        return None if found is None else SignedBlock(*found)

    def _row(self, query: str, *values: object) -> tuple[Any, ...] | None:
        with self._fault():
            found: tuple[Any, ...] | None = self._connection.execute(query, values).fetchone()
            return found

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: on disk, all of it, when the block ends."""
        with self._fault():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                # A full disk has rolled it back already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def _fault(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StatementsError(
                f"store {self._path}: {error}",
                expected="a store that can be read and written",
                remedy="nothing was signed; check disk, mode and whether the file is whole",
            ) from error


def _connected(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        path.chmod(0o600)
        for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {setting}")
    except (sqlite3.Error, OSError) as error:
        raise StatementsError(
            f"store {path}: {error}", expected="a file that can be written"
        ) from error
    return connection


def _append_only(table: str, verb: str) -> str:
    """A trigger: a row of a table is never changed, and never goes."""
    return (
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _require_later(now: int, last: int) -> None:
    if now < last:
        raise ClockError(now, last)
