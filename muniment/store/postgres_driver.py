# SPDX-License-Identifier: Apache-2.0
"""What PostgreSQL's driver is asked for beyond SQLAlchemy's own way: copies, and short queries.

pg8000 looks at each character of a statement for its parameters and then asks the server twice,
once what they are and once with them. A query whose values are numbers and bytes alone has them
written into it instead and is asked once; text never is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.engine import Engine, ExecutionContext

COPY_OPTION: Final = "muniment_copy"
"""The execution option with the pieces that a COPY reads (`store/bulk.py`): SQLAlchemy
knows of no stream."""


def prepare(engine: Engine) -> None:
    """Have the engine's statements go to the server in the shortest way."""

    @event.listens_for(engine, "do_execute")
    def execute(
        cursor: Any, statement: str, values: Sequence[Any], context: ExecutionContext
    ) -> bool:
        pieces = context.execution_options.get(COPY_OPTION)
        if pieces is not None:
            cursor.execute(statement, stream=pieces)
            return True
        whole = written_out(statement, values)
        if whole is None:
            return False
        cursor.execute(whole)
        return True


def written_out(statement: str, values: Sequence[Any]) -> str | None:
    """Return a query with its values in it, None for what goes to the server as it is.

    Quoted digits, as the driver sends them: the server gives them the type that their place has.
    """
    if not values or not statement.startswith("SELECT"):
        return None
    written = []
    for value in values:
        # By the very type: what derives from it may say itself in other letters.
        if type(value) is int:
            written.append(f"'{value}'")
        elif type(value) is bytes:
            written.append(f"decode('{value.hex()}', 'hex')")
        else:
            return None
    return statement % tuple(written)
