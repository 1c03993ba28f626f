# SPDX-License-Identifier: Apache-2.0
"""Copies of a database of SQLite or PostgreSQL, of one moment, and the way back.

SQLite is copied by its own online backup, which waits for nobody; PostgreSQL by `pg_dump` and
`pg_restore`, which come with it. Passwords go by the environment: process lists show arguments.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from muniment.registry.backups.manifest import BackupError
from muniment.store.database_urls import own_database_url, shown
from muniment.store.durable_files import PRIVATE_FILE, sync_folder

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
_FILES: Final = {SQLITE: "store.db", POSTGRESQL: "store.dump"}
_PAGES: Final = 1024


def form_of(url: str) -> str:
    """Return which kind of database a URL names. Raises `InvalidInputError`."""
    return own_database_url("database", url).get_backend_name()


def file_of(form: str) -> str:
    """Return the name of the file that a copy is in a backup. Raises `BackupError`."""
    if form not in _FILES:
        raise BackupError(
            f"the backup is of the form {form[:20]!r}",
            expected=" or ".join(_FILES),
            remedy="use the Muniment that made it, or a newer one",
        )
    return _FILES[form]


def path_of(url: str) -> Path:
    """Return the file of a SQLite database."""
    return Path(make_url(url).database or "")


def copy_out(url: str, target: Path) -> None:
    """Write a copy of the database, of one moment, to `target`, which is there whole or not at all.

    Raises `BackupError`.
    """
    beside = target.with_name(f".{target.name}.half")
    beside.unlink(missing_ok=True)
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
    try:
        if form_of(url) == SQLITE:
            _copy_sqlite(path_of(url), beside)
        else:
            _run("pg_dump", make_url(url), "--format=custom", f"--file={beside}")
        _sync(beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(target.parent)


@contextlib.contextmanager
def brought_beside(copy: Path, live: Path) -> Iterator[Path]:
    """Yield a sound copy of a SQLite database beside its future place; it goes when the block
    fails, and takes the place of what is there when it ends. Raises `BackupError`."""
    beside = live.with_name(f".{live.name}.restoring")
    _remove(beside)
    live.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
        _copy_sqlite(copy, beside)
        _require_sound(beside, copy)
        yield beside
        _settle(beside)
        if live.exists():
            _settle(live)
        beside.replace(live)
        sync_folder(live.parent)
    except OSError as error:
        raise BackupError(
            f"{live}: {error.strerror or 'cannot be written'}",
            expected="room, and permission to write beside it",
            remedy="nothing was replaced; check disk and folder, then try again",
        ) from error
    finally:
        _remove(beside)


def bring_in(copy: Path, url: str) -> None:
    """Bring a copy of PostgreSQL back in one transaction, in the place of what is there.

    Raises `BackupError`; then nothing was changed.
    """
    options = ("--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error")
    _run("pg_restore", make_url(url), *options, str(copy))


def is_empty(url: str) -> bool:
    """Whether nothing is there: no file, or a database without tables. Raises `BackupError`."""
    if form_of(url) == SQLITE:
        path = path_of(url)
        return not path.exists() or path.stat().st_size == 0
    engine = sa.create_engine(own_database_url("database", url))
    try:
        return not sa.inspect(engine).get_table_names()
    except sa.exc.DBAPIError as error:
        raise BackupError(
            f"database {shown(engine.url)} does not answer",
            expected="a database that can be opened",
            remedy="make it first (`createdb`), and check who may open it",
        ) from error
    finally:
        engine.dispose()


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.is_file():
        raise BackupError(
            f"{source} is not there", expected="a database", remedy="check the profile"
        )
    try:
        with (
            contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as reading,
            contextlib.closing(sqlite3.connect(target)) as writing,
        ):
            reading.backup(writing, pages=_PAGES)
    except sqlite3.Error as error:
        raise BackupError(
            f"{source} cannot be copied: {type(error).__name__}",
            expected="a sound database, and room for its copy",
            remedy="check the disk; `muniment fsck` tells whether the database is sound",
        ) from error


def _require_sound(path: Path, copy: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as opened:
        [[said]] = opened.execute("PRAGMA integrity_check(1)").fetchall()
    if said != "ok":
        raise BackupError(
            f"{copy} is no sound database",
            expected="one that SQLite finds whole",
            remedy="use another backup",
        )


def _settle(path: Path) -> None:
    """Have everything in the one file, with no log beside it. Raises `BackupError`."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=1.0)) as opened:
            opened.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            opened.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        raise BackupError(
            f"{path} is in use",
            expected="a store that no process has open",
            remedy="end the daemon and all commands, then try again; nothing was replaced",
        ) from error
    except sqlite3.DatabaseError:
        # Damaged: that is why another takes its place.
        _remove_logs(path)
    _sync(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    _remove_logs(path)


def _remove_logs(path: Path) -> None:
    for end in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _run(program: str, url: URL, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on a database. Raises `BackupError`."""
    if shutil.which(program) is None:
        raise BackupError(
            f"the program {program} is not installed",
            expected="PostgreSQL's own, of the server's version or newer",
            remedy="install it (Debian: apt-get install postgresql-client)",
        )
    named = {
        "PGHOST": url.host,
        "PGPORT": None if url.port is None else str(url.port),
        "PGUSER": url.username,
        "PGPASSWORD": None if url.password is None else str(url.password),
        "PGDATABASE": url.database,
    }
    environment = os.environ | {key: value for key, value in named.items() if value is not None}
    # pg_restore writes a script to its output where no database is named.
    target = (f"--dbname={url.database}",) if program == "pg_restore" else ()
    done = subprocess.run(  # noqa: S603  (PostgreSQL's own program, no shell)
        [program, *target, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        # The first line names the fault; what follows may hold values.
        said = (done.stderr.strip().splitlines() or ["without a word"])[0]
        raise BackupError(
            f"{program} failed: {said}",
            expected="a server that answers, and room for the copy",
            remedy="check the server and who may open the database; nothing was replaced",
        )
