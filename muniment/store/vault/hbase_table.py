# SPDX-License-Identifier: Apache-2.0
"""A table of HBase by its Thrift server, with a pool of connections and patience.

A call that fails on its way may have been done all the same. So every call here may be made again:
rows of chunks are written under names that nobody else takes, and a compare-and-put looks whether
its own value is there.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import happybase
from Hbase_thrift import BatchMutation, IllegalArgument, Mutation, TScan
from Hbase_thrift import IOError as HbaseError
from thriftpy2.thrift import TException

from muniment.store.vault.contract import VaultError
from muniment.store.vault.hbase_cells import BUCKETS, COLUMN, FAMILY
from muniment.store.vault.remote import (
    OPENING_SECONDS,
    PATIENCE_SECONDS,
    Result,
    Unavailable,
    patiently,
)

CONNECTIONS: Final = 8
PAGE: Final = 1000
# Thrift itself waits up to 35 s for a region that is being taken over.
_TIMEOUT_MS: Final = 45_000
_ATTRIBUTES: Final[Mapping[bytes, bytes]] = {}


class HbaseTable:
    """One table, used by several threads at once."""

    def __init__(
        self, place: str, host: str, port: int, table: str, options: Mapping[str, str]
    ) -> None:
        """Take the vault's URL, for messages, and where the table is. Connects to nothing yet."""
        self._place = place
        self._table = table.encode("ascii")
        self._arguments = {"host": host, "port": port, "timeout": _TIMEOUT_MS, **options}
        self._idle: list[happybase.Connection] = []
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._seconds = OPENING_SECONDS

    def is_open(self) -> None:
        """Be more patient from now on: the table has been reached once."""
        self._seconds = PATIENCE_SECONDS

    def cell(self, name: str, row: bytes) -> bytes | None:
        """Return a row's cell, None where there is none."""
        return self.cells(name, [row]).get(row)

    def cells(self, name: str, rows: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the cells of those rows that are there."""
        found = self._call(
            name,
            lambda client: client.getRowsWithColumns(
                self._table, list(rows), [COLUMN], _ATTRIBUTES
            ),
        )
        return {each.row: each.columns[COLUMN].value for each in found if COLUMN in each.columns}

    def timestamp(self, name: str, row: bytes, cell: bytes) -> int | None:
        """Return when a cell was written, None where another one, or none, is there."""
        found = self._call(
            name, lambda client: client.getVer(self._table, row, COLUMN, 1, _ATTRIBUTES)
        )
        return found[0].timestamp if found and found[0].value == cell else None

    def swap(self, name: str, row: bytes, expected: bytes | None, new: bytes) -> bool:
        """Put `new` where `expected` is (None: nothing); whether it was. `new` is like no other."""
        change = Mutation(column=COLUMN, value=new, writeToWAL=True)
        done: bool = self._call(
            name,
            lambda client: client.checkAndPut(
                self._table, row, COLUMN, expected, change, _ATTRIBUTES
            ),
        )
        # An earlier try may have been done, and its answer lost.
        return done or self.cell(name, row) == new

    def put(self, name: str, cells: Mapping[bytes, bytes]) -> None:
        """Put cells into rows that are the caller's alone."""
        self._change(
            name,
            {
                row: Mutation(column=COLUMN, value=value, writeToWAL=True)
                for row, value in cells.items()
            },
        )

    def delete(self, name: str, rows: Sequence[bytes]) -> None:
        """Delete rows that are the caller's alone."""
        for start in range(0, len(rows), PAGE):
            gone = Mutation(column=COLUMN, isDelete=True, writeToWAL=True)
            self._change(name, dict.fromkeys(rows[start : start + PAGE], gone))

    def delete_until(self, name: str, row: bytes, timestamp: int) -> None:
        """Delete what was put into a row up to a time, and nothing later."""
        self._call(
            name,
            lambda client: client.deleteAllRowTs(self._table, row, timestamp, _ATTRIBUTES),
        )

    def page(
        self, name: str, start: bytes, stop: bytes, chosen: bytes | None = None
    ) -> list[tuple[bytes, bytes]]:
        """Return the first rows of a stretch with their cells, `PAGE` at most."""

        def scan(client: Any) -> list[tuple[bytes, bytes]]:
            wanted = TScan(
                startRow=start, stopRow=stop, columns=[COLUMN], caching=PAGE, filterString=chosen
            )
            scanner = client.scannerOpenWithScan(self._table, wanted, _ATTRIBUTES)
            found = client.scannerGetList(scanner, PAGE)
            client.scannerClose(scanner)
            return [(each.row, each.columns[COLUMN].value) for each in found]

        return self._call(name, scan)

    def close(self) -> None:
        """Give the connections back."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    # --- calls ------------------------------------------------------------------------------------

    def _change(self, name: str, mutations: Mapping[bytes, Mutation]) -> None:
        changes = [BatchMutation(row=row, mutations=[each]) for row, each in mutations.items()]
        self._call(name, lambda client: client.mutateRows(self._table, changes, _ATTRIBUTES))

    def _call(self, name: str, action: Callable[[Any], Result]) -> Result:
        return patiently(self._place, name, lambda: self._once(name, action), seconds=self._seconds)

    def _once(self, name: str, action: Callable[[Any], Result]) -> Result:
        connection = None
        try:
            connection = self._take()
            result = action(connection.client)
        except (TException, OSError) as error:
            # Whatever went wrong, what this connection would answer next is not known.
            if connection is not None:
                connection.close()
            refusal = self._refusal(name, error)
            if refusal is not None:
                raise refusal from error
            raise Unavailable(_words(error)) from error
        except BaseException:
            if connection is not None:
                connection.close()
            raise
        with self._lock:
            if len(self._idle) < CONNECTIONS:
                self._idle.append(connection)
                return result
        connection.close()
        return result

    def _take(self) -> happybase.Connection:
        with self._lock:
            if self._process != os.getpid():
                # Sockets that a forked process has in common with another answer both.
                self._idle, self._process = [], os.getpid()
            if self._idle:
                return self._idle.pop()
        return happybase.Connection(**self._arguments)

    def _refusal(self, name: str, error: Exception) -> VaultError | None:
        """The error of what will not be otherwise however often it is asked."""
        if not isinstance(error, HbaseError | IllegalArgument):
            return None
        said = _words(error)
        table = self._table.decode("ascii")
        if "TableNotFoundException" in said or "NoSuchColumnFamilyException" in said:
            splits = ", ".join(f"'{chr(each)}'" for each in BUCKETS[1:])
            return VaultError(
                f"vault {self._place}: there is no table {table} with a family {FAMILY}",
                expected="a table that was made for it",
                remedy=f"in `hbase shell`: create '{table}', "
                f"{{NAME => '{FAMILY}', VERSIONS => 1}}, SPLITS => [{splits}]",
            )
        if "AccessDenied" in said or "AccessControl" in said:
            return VaultError(
                f"vault {self._place}, {name}: the Thrift server may not do that",
                expected="permission to read and write the table",
                remedy=f"grant it in `hbase shell`: grant 'USER', 'RW', '{table}'",
            )
        if isinstance(error, IllegalArgument) or "DoNotRetryIOException" in said:
            return VaultError(
                f"vault {self._place}, {name}: HBase refuses: {said}",
                expected="a call that this HBase takes",
                remedy="use HBase 2 with the Thrift server of the same release",
            )
        return None


def _words(error: Exception) -> str:
    """What the server said, without its stack. Its messages are bytes, which `str` trips over."""
    message = getattr(error, "message", None)
    if isinstance(message, bytes):
        message = message.decode("utf-8", "replace")
    said = str(message or "") or repr(error)
    return said.partition("\n")[0]
