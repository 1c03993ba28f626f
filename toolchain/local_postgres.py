# SPDX-License-Identifier: Apache-2.0
"""A throw-away PostgreSQL on a free port, for the tests and the benchmarks. A fixture, no database.

It trusts everybody on this machine's loopback and syncs like a real one, so that what a test says
about durable writes is about PostgreSQL's own settings. `python -m toolchain.local_postgres` runs
one until interrupted and prints its URL.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolchain.local_chain import free_port

DRIVER = "postgresql+pg8000"
_PROGRAMS = ("initdb", "pg_ctl")
_SYSTEM_ACCOUNTS = ("postgres", "nobody")
_START_SECONDS = 60
_ATTEMPTS = 3


class PostgresMissingError(RuntimeError):
    """No PostgreSQL server is installed; the message says how to get one."""


def programs_folder() -> Path:
    """The folder of `initdb` and `pg_ctl`: of PATH, else the newest of Debian's packages.

    Debian's package keeps the server's programs out of PATH, under /usr/lib/postgresql/<version>.
    Raises `PostgresMissingError`.
    """
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    installed = [
        folder
        for folder in Path("/usr/lib/postgresql").glob("*/bin")
        if all((folder / program).exists() for program in _PROGRAMS)
    ]
    if not installed:
        raise PostgresMissingError(
            "no PostgreSQL server found (initdb, pg_ctl): apt-get install postgresql"
        )
    return max(installed, key=_version_of)


def available() -> bool:
    """Whether a PostgreSQL server is installed."""
    try:
        programs_folder()
    except PostgresMissingError:
        return False
    return True


@contextmanager
def local_postgres(*settings: str) -> Iterator[str]:
    """Run a fresh cluster and yield the SQLAlchemy URL of its database `postgres`.

    `settings` are further `name=value` of postgresql.conf. The cluster ends and its files go,
    whatever happens. Raises `PostgresMissingError`; `RuntimeError` with the server's own log when
    it does not start.
    """
    folder = programs_folder()
    # Below /tmp rather than TMPDIR: a socket's path may have 107 bytes only.
    root = Path(tempfile.mkdtemp(prefix="muniment-postgres-", dir="/tmp"))
    data, log = root / "data", root / "log"
    account = server_account()
    if account is not None:
        os.chown(root, account.pw_uid, account.pw_gid)
    try:
        run_program(
            account,
            [folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"],
            "--locale=C",
            "--no-sync",
        )
        port = _start(account, folder, data, log, root, settings)
        try:
            yield f"{DRIVER}://postgres@127.0.0.1:{port}/postgres"
        finally:
            run_program(account, [folder / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"])
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _start(
    account: pwd.struct_passwd | None,
    folder: Path,
    data: Path,
    log: Path,
    sockets: Path,
    settings: tuple[str, ...],
) -> int:
    """Start the server and return its port; another one when somebody took it in between."""
    for attempt in range(1, _ATTEMPTS + 1):
        port = free_port()
        options = " ".join(
            [
                f"-p {port}",
                "-c listen_addresses=127.0.0.1",
                f"-c unix_socket_directories={sockets}",
                *(f"-c {setting}" for setting in settings),
            ]
        )
        command = [folder / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w"]
        try:
            run_program(account, [*command, "-t", str(_START_SECONDS), "start"])
        except RuntimeError as error:
            if attempt == _ATTEMPTS:
                said = log.read_text() if log.exists() else ""
                raise RuntimeError(f"{error}\n{said}") from None
            continue
        return port
    raise AssertionError("unreachable")


def run_program(account: pwd.struct_passwd | None, command: list[object], *more: str) -> None:
    """Run a program of PostgreSQL, which refuses to run as root, as `account`."""
    words = [*map(str, command), *more]
    answer = subprocess.run(
        words,
        # The server must not hold our pipes open, nor our working directory, which its account
        # may not even be allowed to enter.
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=None if account is None else account.pw_uid,
        group=None if account is None else account.pw_gid,
        extra_groups=None if account is None else [],
        check=False,
    )
    if answer.returncode:
        raise RuntimeError(f"{Path(words[0]).name} ended with exit code {answer.returncode}")


def server_account() -> pwd.struct_passwd | None:
    """Whom to run the server as: ourselves (None), or a system account where we are root."""
    if os.geteuid() != 0:
        return None
    for name in _SYSTEM_ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresMissingError("PostgreSQL does not run as root and there is no other account")


def _version_of(folder: Path) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", folder.parent.name)))


if __name__ == "__main__":
    with local_postgres() as running:
        print(running, flush=True)
        while True:
            time.sleep(3600)
