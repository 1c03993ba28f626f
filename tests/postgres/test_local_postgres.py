# SPDX-License-Identifier: Apache-2.0
"""The throw-away PostgreSQL: starts, is a real one, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest
import sqlalchemy as sa

from toolchain import local_postgres as module
from toolchain.local_postgres import PostgresMissingError, available, local_postgres

needs_server = pytest.mark.skipif(not available(), reason="no PostgreSQL server is installed")


@needs_server
def test_cluster__is_a_real_one_and_goes_with_its_context() -> None:
    before = set(Path("/tmp").glob("muniment-postgres-*"))
    with local_postgres("work_mem=5MB") as url:
        (folder,) = set(Path("/tmp").glob("muniment-postgres-*")) - before
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            said = {
                name: connection.execute(sa.text(f"SHOW {name}")).scalar()
                for name in ("fsync", "synchronous_commit", "work_mem", "server_encoding")
            }
        engine.dispose()
    assert said == {
        "fsync": "on",
        "synchronous_commit": "on",
        "work_mem": "5MB",
        "server_encoding": "UTF8",
    }
    assert not folder.exists()
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", engine.url.port or 0), 1):
        pass


@needs_server
def test_setting_that_is_none__shows_the_servers_own_words() -> None:
    with pytest.raises(RuntimeError, match="no_such_setting"), local_postgres("no_such_setting=1"):
        pass


def test_no_server__says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(module, "Path", lambda _: Path(os.devnull))
    assert not available()
    with pytest.raises(PostgresMissingError, match="apt-get install postgresql"), local_postgres():
        pass
