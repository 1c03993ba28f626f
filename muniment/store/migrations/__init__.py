# SPDX-License-Identifier: Apache-2.0
"""The tables' form, release by release (Alembic).

A form's revision is the release that brought it. An older one is brought up to this release's; a
newer release's database is refused, as one that is not ours.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

from muniment.errors import StoreError
from muniment.store.database_urls import shown

SCRIPTS: Final = Path(__file__).parent
_release: Final = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})").fullmatch
_ANEW: Final = "`muniment rebuild` makes one anew, in an empty database"


class SchemaTooNewError(StoreError):
    """The database was brought to a newer release's form: this one must not touch it."""


class SchemaUnknownError(StoreError):
    """The tables have a form that no release has, or are no tables of Muniment's."""


class NoTablesError(StoreError):
    """The database has no tables of Muniment."""


def upgrade(engine: Engine, *, create: bool = True) -> None:
    """Bring the tables to this release's form, in one transaction, one process at a time.

    Raises `SchemaTooNewError`, `SchemaUnknownError` and, with `create=False`, `NoTablesError`; then
    nothing was written.
    """
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    scripts = ScriptDirectory.from_config(config)
    newest = str(scripts.get_current_head())
    place = f"database {shown(engine.url)}"
    with engine.connect().execution_options(muniment_begin="BEGIN") as connection:
        # The tables first: who makes them now commits them together with their form.
        has_tables = bool(sa.inspect(connection).get_table_names())
        heads = MigrationContext.configure(connection).get_current_heads()
    current = heads[0] if heads else None
    if current == newest:
        return
    if current is not None:
        _require_older(place, current, newest, {each.revision for each in scripts.walk_revisions()})
    elif has_tables:
        raise SchemaUnknownError(
            f"{place} holds another program's tables",
            expected="an empty database, or one of Muniment's",
            remedy=f"name another one in the URL (createdb NAME); {_ANEW}",
        )
    elif not create:
        raise NoTablesError(
            f"{place} has no tables",
            expected="the database that `muniment init` made",
            remedy=f"check the profile's database URL; {_ANEW}",
        )
    with engine.begin() as connection:
        _lock(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _require_older(place: str, current: str, newest: str, known: set[str]) -> None:
    """Raise for a form that does not lead to this release's."""
    if current in known:
        return
    ours, theirs = _release(newest), _release(current)
    if ours is not None and theirs is not None and _numbers(theirs) > _numbers(ours):
        raise SchemaTooNewError(
            f"{place} has the form of Muniment {current}, a newer release",
            expected=f"that of {newest}, which this one has, or an older one",
            remedy=f"pip install 'muniment>={current}'; never run an older one on its database",
        )
    raise SchemaUnknownError(
        f"{place} has the form {current[:32]!r}, which no release up to {newest} has",
        expected=f"that of {newest}, or of a release before it",
        remedy=f"it is another program's, or was made before the first release; {_ANEW}",
    )


def _numbers(release: re.Match[str]) -> tuple[int, ...]:
    return tuple(map(int, release.groups()))


def _lock(connection: Connection) -> None:
    # On SQLite the transaction has begun IMMEDIATE: it is the lock.
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7301)"))
