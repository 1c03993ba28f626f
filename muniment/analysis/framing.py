# SPDX-License-Identifier: Apache-2.0
"""The registry as pandas frames: `frames(registry).records()` and the like.

    from muniment import analysis
    known = analysis.frames(registry)
    known.acts(since=datetime(2026, 1, 1)).groupby("act", observed=True).size()

Ids are text, as commands take them; names that recur are categories, times are in UTC, numbers that
may be missing are nullable. Filters are SQL. They tell what the mirror had when it was last brought
up to date: `registry.sync()` first. Of the whole registry are records on chain, acts, shares and
seals; of this agency are versions, reads, and the records that stand in its journals alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from muniment.analysis.act_batches import SCHEMA as ACTS
from muniment.analysis.act_batches import act_batches
from muniment.analysis.content_columns import with_content
from muniment.analysis.frame_tables import (
    RECORDS,
    SEALS,
    VERSIONS,
    RecordFilter,
    record_batches,
    seal_batches,
    version_batches,
)
from muniment.analysis.parquet import TABLES, write_parquet
from muniment.analysis.share_table import read_table, share_table
from muniment.errors import InvalidInputError
from muniment.record.state import Status
from muniment.record.trace import ActKind
from muniment.registry import Access, Registry, record_id_of

Moment = datetime | int | None
"""A bound of time: Unix seconds, or a datetime, which is of UTC where it names no zone."""


class Frames:
    """Frames of one registry. Each method has its `…_batches` of Arrow record batches, for what is
    too much for memory."""

    def __init__(self, registry: Registry) -> None:
        """Take an open registry."""
        self.registry: Registry = registry

    def records(
        self,
        *,
        record_type: str | None = None,
        issuer: int | None = None,
        custodian: int | None = None,
        status: Status | str | None = None,
        since: Moment = None,
        until: Moment = None,
    ) -> pd.DataFrame:
        """Return records, one a row; `since` and `until` bound the last act.

        `stage` is how far the last act is: acknowledged, provable or final. A record that stands in
        a journal alone is not `is_on_chain`: its time is the agency's word, and its retention is
        told once it is. `retain_until` is missing where it is for ever.
        """
        return _frame(
            self.record_batches(
                record_type=record_type,
                issuer=issuer,
                custodian=custodian,
                status=status,
                since=since,
                until=until,
            ),
            RECORDS,
        )

    def record_batches(
        self,
        *,
        record_type: str | None = None,
        issuer: int | None = None,
        custodian: int | None = None,
        status: Status | str | None = None,
        since: Moment = None,
        until: Moment = None,
    ) -> Iterator[Any]:
        """Yield records as Arrow batches; see `records`."""
        type_id, issuer = self._type(record_type, issuer)
        chosen = RecordFilter(
            issuer, type_id, custodian, _status(status), _seconds(since), _seconds(until)
        )
        return record_batches(self.registry, chosen)

    def versions(
        self,
        *,
        record_type: str | None = None,
        content: bool | Sequence[str] = False,
        access: Access | None = None,
    ) -> pd.DataFrame:
        """Return the versions that this agency keeps, one a row.

        With `content`, all fields or those named come as columns `content.NAME`, missing where a
        version has none or was destroyed; it takes a `record_type`, opens each version and checks
        it, and leaves an access entry for each where the profile asks for them: `access` says for
        what. Fields of more than one kind of value, lists and objects come as JSON text.
        """
        if content is False:
            return _frame(self.version_batches(record_type=record_type), VERSIONS)
        if record_type is None:
            raise InvalidInputError("record type", "the one whose content is wanted", "missing")
        batches = list(self.version_batches(record_type=record_type))
        table = pa.Table.from_batches(batches, VERSIONS)
        names = None if content is True else list(content)
        return _pandas(with_content(self.registry, record_type, table, names, access or Access()))

    def version_batches(self, *, record_type: str | None = None) -> Iterator[Any]:
        """Yield versions as Arrow batches; see `versions`."""
        return version_batches(self.registry, self._type(record_type, None)[0])

    def acts(
        self,
        *,
        kinds: Iterable[ActKind | str] | None = None,
        records: Iterable[bytes | str] | None = None,
        since: Moment = None,
        until: Moment = None,
    ) -> pd.DataFrame:
        """Return the acts on chain, one a row, in its order; all of the columns are the chain's."""
        return _frame(
            self.act_batches(kinds=kinds, records=records, since=since, until=until), ACTS
        )

    def act_batches(
        self,
        *,
        kinds: Iterable[ActKind | str] | None = None,
        records: Iterable[bytes | str] | None = None,
        since: Moment = None,
        until: Moment = None,
    ) -> Iterator[Any]:
        """Yield acts as Arrow batches; see `acts`."""
        wanted = list(ActKind) if kinds is None else [_kind(each) for each in kinds]
        among = None if records is None else [record_id_of(each) for each in records]
        return act_batches(self.registry, wanted, among, _seconds(since), _seconds(until))

    def shares(self, *, requester: int | None = None, granter: int | None = None) -> pd.DataFrame:
        """Return shares, one a row, with when they were asked for and answered (a node is asked for
        the blocks' times). Raises `UnreachableError`."""
        return _pandas(share_table(self.registry, requester, granter))

    def reads(self, *, since: Moment = None, until: Moment = None) -> pd.DataFrame:
        """Return the reads that this agency has written down, one a row, by time: its word."""
        return _pandas(read_table(self.registry, _seconds(since), _seconds(until)))

    def seals(self, *, agency: int | None = None, journal: int | None = None) -> pd.DataFrame:
        """Return the seals of journals, one a row."""
        return _frame(self.seal_batches(agency=agency, journal=journal), SEALS)

    def seal_batches(
        self, *, agency: int | None = None, journal: int | None = None
    ) -> Iterator[Any]:
        """Yield seals as Arrow batches; see `seals`."""
        return seal_batches(self.registry, agency, journal)

    def to_parquet(
        self,
        folder: Path,
        tables: Sequence[str] = TABLES,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> dict[str, int]:
        """Write tables below a folder that is not there yet, split by year; return their rows.

        Contents are not in it. See `parquet.write_parquet`.
        """
        return write_parquet(self, folder, tables, progress=progress)

    def _type(self, name: str | None, issuer: int | None) -> tuple[int | None, int | None]:
        if name is None:
            return None, issuer
        own = self.registry.session.profile.agency.id
        if issuer not in (None, own):
            raise InvalidInputError("issuer", f"{own}, whose type is named", str(issuer))
        return self.registry.session.record_types.latest(name).type_id, own


def _frame(batches: Iterator[Any], schema: Any) -> pd.DataFrame:
    return _pandas(pa.Table.from_batches(list(batches), schema))


def _pandas(table: Any) -> pd.DataFrame:
    # One dictionary for all batches, else each would bring categories of its own.
    whole = table.unify_dictionaries()
    return whole.to_pandas(types_mapper=_MAPPED.get, split_blocks=True, self_destruct=True)


_MAPPED = {
    pa.string(): pd.StringDtype("pyarrow"),
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.date32(): pd.ArrowDtype(pa.date32()),
}


def _status(status: Status | str | None) -> Status | None:
    if isinstance(status, str):
        named = {each.name.lower(): each for each in Status}
        if status not in named:
            raise InvalidInputError("status", f"one of {', '.join(named)}", repr(status))
        return named[status]
    return status


def _kind(kind: ActKind | str) -> ActKind:
    if isinstance(kind, str):
        named = {each.name.lower(): each for each in ActKind}
        if kind not in named:
            raise InvalidInputError("act", f"one of {', '.join(named)}", repr(kind))
        return named[kind]
    return kind


def _seconds(moment: Moment) -> int | None:
    if not isinstance(moment, datetime):
        return moment
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
