# SPDX-License-Identifier: Apache-2.0
"""Tables of Spark that are computed once and read several times, for as long as one audit lasts."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self


class Cache:
    """Keeps tables, and gives them back in the end.

    That is more than tidy: Spark takes the kept rows of an equal plan for those of a new one. An
    audit after this one in the same session would be told what this one has read.
    """

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._tables: list[Any] = []

    def keep(self, table: Any) -> Any:
        """Return the table, which is computed when it is first used, and then kept."""
        self._tables.append(table)
        return table.persist()

    def __enter__(self) -> Self:
        """Use as a context, for one audit."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give all tables back."""
        for table in self._tables:
            table.unpersist()
