# SPDX-License-Identifier: Apache-2.0
"""The tables' form, release by release (Alembic). A newer release's database is refused.

A form's revision is the release that brought it.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

from muniment.errors import StoreError


class SchemaTooNewError(StoreError):
    """The database was brought to a newer release's form: this one must not touch it."""


class NoTablesError(StoreError):
    """The database has no tables of Muniment."""


def upgrade(engine: Engine, *, create: bool = True) -> None:
    """Bring the tables to this release's form, in one transaction, one process at a time.

    Raises `SchemaTooNewError` and, with `create=False`, `NoTablesError`.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    scripts = ScriptDirectory.from_config(config)
    newest = scripts.get_current_head()
    with engine.connect().execution_options(muniment_begin="BEGIN") as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == newest:
        return
    if current is None and not create:
        raise NoTablesError(
            "the database has no tables of Muniment",
            expected="a database that `muniment init` made",
            remedy="check the profile's database URL",
        )
    if current is not None and current not in {
        script.revision for script in scripts.walk_revisions()
    }:
        raise SchemaTooNewError(
            f"the database has the form of Muniment {current}, a newer release",
            expected=f"that of {newest}, which this one has, or an older one",
            remedy=f"pip install 'muniment>={current}'; never run an older one on its database",
        )
    with engine.begin() as connection:
        _lock(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _lock(connection: Connection) -> None:
    # On SQLite the transaction has begun IMMEDIATE: it is the lock.
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7301)"))
