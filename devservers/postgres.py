# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL whose data stay: started, stopped, killed and started again on the same port."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa

from devservers.errors import ServerError
from network.ports import free_ports
from toolchain.local_postgres import (
    DRIVER,
    PostgresMissingError,
    programs_folder,
    run_program,
    server_account,
)

_START_SECONDS = 60


class Postgres:
    """The server that is kept in one folder."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; starts nothing. Its path is short enough for a socket's."""
        self.folder = folder.absolute()

    @property
    def url(self) -> str:
        """The URL of the database `postgres`."""
        return f"{DRIVER}://postgres@127.0.0.1:{self._port}/postgres"

    @property
    def log(self) -> Path:
        """Where the server says what it does."""
        return self.folder / "log"

    @property
    def pid(self) -> int | None:
        """The number of its first process, None where it does not run."""
        with suppress(OSError, ValueError, IndexError):
            pid = int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
            if b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        return None

    def start(self) -> None:
        """Start it where it does not run, and wait until it answers. Raises `ServerError`."""
        if self.pid is not None:
            return
        try:
            programs, account = programs_folder(), server_account()
        except PostgresMissingError as error:
            raise ServerError(
                "no PostgreSQL server is installed", remedy="apt-get install postgresql"
            ) from error
        data = self.folder / "data"
        self.folder.mkdir(parents=True, exist_ok=True)
        if account is not None:
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        try:
            if not data.exists():
                making = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust"]
                run_program(account, [*making, "-E", "UTF8"], "--locale=C", "--no-sync")
            options = f"-p {self._port} -c listen_addresses=127.0.0.1"
            options += f" -c unix_socket_directories={self.folder}"
            command = [programs / "pg_ctl", "-D", data, "-l", self.log, "-o", options, "-w"]
            run_program(account, [*command, "-t", str(_START_SECONDS), "start"])
        except RuntimeError as error:
            raise ServerError(
                f"PostgreSQL does not start: {error}", remedy=f"read the end of {self.log}"
            ) from error

    def stop(self, *, kill: bool = False) -> bool:
        """End it: connections are closed, or, to `kill`, all as when the machine stops."""
        pid = self.pid
        if pid is None:
            return False
        if kill:
            os.kill(pid, signal.SIGQUIT)
        mode = "immediate" if kill else "fast"
        command = [programs_folder() / "pg_ctl", "-D", self.folder / "data", "-m", mode, "-w"]
        with suppress(RuntimeError):  # it has ended by itself meanwhile
            run_program(server_account(), [*command, "stop"])
        return True

    def drop_connections(self) -> int:
        """End all connections but the one that asks; return how many."""
        engine = sa.create_engine(self.url)
        with engine.connect() as connection:
            ended = connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            ).all()
        engine.dispose()
        return len(ended)

    @property
    def _port(self) -> int:
        path = self.folder / "port.json"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(free_ports(1)[0]))
        return int(json.loads(path.read_text()))


@contextmanager
def local_server() -> Iterator[Postgres]:
    """A fresh server for tests that restart it; it and its files go, whatever happens."""
    # Below /tmp: a socket's path may have 107 bytes only.
    folder = Path(tempfile.mkdtemp(prefix="muniment-postgres-", dir="/tmp"))
    server = Postgres(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop(kill=True)
        shutil.rmtree(folder, ignore_errors=True)
