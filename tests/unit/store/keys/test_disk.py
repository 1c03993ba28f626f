# SPDX-License-Identifier: Apache-2.0
"""A key store on a disk that is full, locked or read-only says so, and keeps what it had."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys

import pytest
import sqlalchemy as sa

from muniment.errors import StoreError
from muniment.record.commitment import new_secret
from muniment.record.identifiers import RecordId
from muniment.store.database import DatabaseLockedError, DatabaseReadOnlyError, DiskFullError
from tests.unit.store.keys.places import RECORD, Place, secret


def test_full__nothing_of_the_batch_is_kept_and_the_rest_is(place: Place) -> None:
    with place.create() as keys:
        keys.put_secrets({(RECORD, 1): secret(1)})

        def limit(raw: sqlite3.Connection, _: object) -> None:
            raw.execute("PRAGMA max_page_count=30").fetchall()

        engine = keys._core.database.engine
        engine.dispose()
        sa.event.listen(engine, "connect", limit)
        many = {(RecordId(os.urandom(32)), 1): new_secret() for _ in range(3000)}
        with pytest.raises(DiskFullError):
            keys.put_secrets(many)
        assert list(keys.places()) == [(RECORD, 1)]
        assert list(keys.check()) == []


def test_locked__by_another_process(place: Place) -> None:
    with place.create() as keys:
        engine = keys._core.database.engine
        engine.dispose()
        sa.event.listen(
            engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=50").fetchall()
        )
        other = sqlite3.connect(place.folder / "keys.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseLockedError):
            keys.put_secrets({(RECORD, 1): secret(1)})
        other.execute("ROLLBACK")
        other.close()
        keys.put_secrets({(RECORD, 1): secret(1)})


def test_reader_elsewhere__erasure_says_that_the_log_is_not_cleared(place: Place) -> None:
    with place.create() as keys:
        keys.put_secrets({(RECORD, 1): secret(1), (RECORD, 2): secret(2)})
        reader = sqlite3.connect(place.folder / "keys.db", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM version_secrets").fetchall()
        engine = keys._core.database.engine
        engine.dispose()
        sa.event.listen(
            engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=50").fetchall()
        )
        assert not keys.erase(RECORD, [1]).cleared
        reader.execute("COMMIT")
        reader.close()
        assert keys.erase(RECORD, [1]).cleared


def test_read_only__is_a_clear_error(place: Place) -> None:
    place.create().close()
    code = (
        "import sys\n"
        "from muniment.store.keys import KeyStore\n"
        "from muniment.errors import StoreError\n"
        "try:\n"
        "    with KeyStore.open(sys.argv[1], sys.argv[2], key_file=sys.argv[3]) as keys:\n"
        "        keys.put_secrets({(bytes(32), 1): bytes(32)})\n"
        "except StoreError as error: print(type(error).__name__)\n"
    )
    command = [sys.executable, "-c", code, place.url, str(place.root), str(place.key_file)]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may write anywhere, and there is no setpriv to prevent it")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    (place.folder / "keys.db").chmod(0o400)
    place.folder.chmod(0o500)
    try:
        answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    finally:
        place.folder.chmod(0o700)
    assert issubclass(DatabaseReadOnlyError, StoreError)
    assert answer.stdout.strip() == "DatabaseReadOnlyError"
