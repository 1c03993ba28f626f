# SPDX-License-Identifier: Apache-2.0
"""Tables of other releases, and of others: brought up to date, or refused untouched.

The next release is played by these very migrations with one more behind them.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa

from muniment.errors import StoreError
from muniment.store import migrations
from muniment.store.database import Database
from muniment.store.leases import Lease, holder_of
from muniment.store.migrations import NoTablesError, SchemaTooNewError, SchemaUnknownError

NEXT: Final = """
import os, signal
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0.2.0", "0.1.0", None, None


def upgrade():
    op.create_table("novelties", sa.Column("name", sa.Text, primary_key=True))
    if os.environ.get("DIE_WITHIN"):
        os.kill(os.getpid(), signal.SIGKILL)
    op.add_column("leases", sa.Column("novelty", sa.Text, nullable=True))
"""
OPENING: Final = """
import pathlib, sys
from muniment.store import migrations
from muniment.store.database import Database
migrations.SCRIPTS = pathlib.Path(sys.argv[2])
Database.open(sys.argv[1]).close()
"""


@pytest.fixture
def next_release(tmp_path: Path) -> Path:
    """The migrations of the next release."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrations.SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "0002_novelties.py").write_text(NEXT)
    return folder


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """Somebody else's way to the same database."""
    url = sa.make_url(database_url)
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+pg8000")
    made = sa.create_engine(url, poolclass=sa.NullPool)
    yield made
    made.dispose()


def form(engine: sa.Engine) -> tuple[str, set[str], set[str]]:
    """Revision, tables, and the columns of one that the next release changes."""
    with engine.begin() as connection:
        [revision] = connection.execute(sa.text("SELECT version_num FROM alembic_version")).one()
        inspector = sa.inspect(connection)
        columns = {each["name"] for each in inspector.get_columns("leases")}
        return revision, set(inspector.get_table_names()), columns


def opening(url: str, scripts: Path, **environment: str) -> subprocess.Popen[bytes]:
    """A process that opens the database with these migrations."""
    return subprocess.Popen([sys.executable, "-c", OPENING, url, str(scripts)], env=environment)


def test_older_release__is_brought_up_and_keeps_what_is_there(
    database_url: str, engine: sa.Engine, next_release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Database.open(database_url) as database:
        assert Lease.acquire(database, "index", holder="first") is not None
    assert form(engine)[0] == "0.1.0"
    monkeypatch.setattr(migrations, "SCRIPTS", next_release)
    with Database.open(database_url, create=False) as database:
        revision, tables, columns = form(engine)
        assert (revision, "novelties" in tables, "novelty" in columns) == ("0.2.0", True, True)
        assert (holder_of(database, "index") or "").startswith("first")
    monkeypatch.undo()
    # And back to this one: refused, and named.
    with pytest.raises(SchemaTooNewError, match=r"Muniment 0\.2\.0, a newer release") as error:
        Database.open(database_url)
    assert "pip install 'muniment>=0.2.0'" in error.value.diagnostics()
    assert form(engine) == (revision, tables, columns)


def test_killed_within__it_is_all_of_the_older_form_and_the_next_goes_on(
    database_url: str, engine: sa.Engine, next_release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Database.open(database_url).close()
    before = form(engine)
    killed = opening(database_url, next_release, DIE_WITHIN="1")
    assert killed.wait(300) == -signal.SIGKILL
    assert form(engine) == before
    with Database.open(database_url) as database, database.write() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM leases")).scalar() == 0
    monkeypatch.setattr(migrations, "SCRIPTS", next_release)
    Database.open(database_url).close()
    assert form(engine)[0] == "0.2.0"


def test_two_at_once__one_migrates_and_all_go_on(
    database_url: str, engine: sa.Engine, next_release: Path
) -> None:
    Database.open(database_url).close()
    at_once = [opening(database_url, next_release) for _ in range(2)]
    assert [each.wait(300) for each in at_once] == [0, 0]
    revision, tables, _ = form(engine)
    assert (revision, "novelties" in tables) == ("0.2.0", True)


@pytest.mark.parametrize(
    ("revision", "kind", "told"),
    [
        ("9.1.0", SchemaTooNewError, "pip install 'muniment>=9.1.0'"),
        ("0.0.9", SchemaUnknownError, "no release up to 0.1.0 has"),
        ("0001", SchemaUnknownError, "made before the first release; `muniment rebuild` makes one"),
        ("ae1027a6acf", SchemaUnknownError, "it is another program's, or was made before"),
    ],
)
def test_form_that_leads_nowhere__is_refused_untouched(
    database_url: str, engine: sa.Engine, revision: str, kind: type[StoreError], told: str
) -> None:
    Database.open(database_url).close()
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{revision}'"))
    before = form(engine)
    for create in (True, False):
        with pytest.raises(kind) as error:
            Database.open(database_url, create=create)
        assert told in error.value.diagnostics()
    assert form(engine) == before


def test_another_program_s_tables__are_left_alone(database_url: str, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        # By a name of ours, too.
        connection.execute(sa.text("CREATE TABLE leases (landlord TEXT)"))
    with pytest.raises(SchemaUnknownError, match="another program's tables") as error:
        Database.open(database_url)
    assert "name another one" in error.value.diagnostics()
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["leases"]


def test_database_without_tables__is_made_when_that_is_meant(
    database_url: str, engine: sa.Engine
) -> None:
    with engine.connect() as connection:
        # SQLite makes the file with the first look.
        assert sa.inspect(connection).get_table_names() == []
    with pytest.raises(NoTablesError, match="has no tables"):
        Database.open(database_url, create=False)
    Database.open(database_url).close()
    Database.open(database_url, create=False).close()
