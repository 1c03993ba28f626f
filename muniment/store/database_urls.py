# SPDX-License-Identifier: Apache-2.0
"""URLs of the agency's own databases: what they may say, and how they are shown."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from muniment.errors import InvalidInputError

_DRIVERS: Final = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+pg8000"}
_OPTIONS: Final = {"sqlite": (), "postgresql": ("application_name", "unix_sock")}
"""What may stand behind the question mark; the drivers fall over anything else."""
_FORMS: Final = "sqlite:///PATH or postgresql://USER@HOST/NAME"


def own_database_url(field: str, text: str) -> URL:
    """Return the URL of `field`, a database of ours, with the driver that reads it.

    Raises `InvalidInputError`, which shows names of options and no more of what stands in it.
    """
    try:
        url = make_url(text)
        backend = url.get_backend_name()
    except (sa.exc.ArgumentError, ValueError) as error:
        raise InvalidInputError(field, _FORMS, "no URL") from error
    driver = _DRIVERS.get(backend)
    if driver is None:
        raise InvalidInputError(field, "a URL of sqlite or postgresql", f"one of {backend}")
    if backend == "sqlite" and url.database in (None, "", ":memory:"):
        raise InvalidInputError(field, _FORMS, "one in memory, which keeps nothing")
    known = _OPTIONS[backend]
    unknown = sorted(set(url.query) - set(known))
    if unknown:
        raise InvalidInputError(
            field,
            f"a URL with no options but {', '.join(known)}" if known else "a URL without options",
            f"one with {', '.join(map(repr, unknown))}",
            remedy="take them out; PostgreSQL is spoken to by TLS where the server has it, unasked",
        )
    return url.set(drivername=driver)


def shown(url: URL) -> str:
    """Return a URL as people write it, without its password."""
    plain = url.set(drivername=url.get_backend_name())
    return plain.render_as_string(hide_password=True)
