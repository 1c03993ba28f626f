# SPDX-License-Identifier: Apache-2.0
"""What a report says, as small frames: counted batch by batch, so that memory stays flat.

Of the registry: records by type and agency, acts by month, retention, holds, answers to share
requests. Of this agency alone: the delay of its seals, and what its contents were read for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from muniment.analysis.framing import Frames
from muniment.store.journal_tables import journal_batches
from muniment.store.tables import agencies, holds, records, seals, type_holds

_DAY: Final = 86_400
_YEARS_AHEAD: Final = 10
_OTHERS: Final = "(none given)"


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found, between `since` and `until` (Unix seconds) where it is about a time.

    `volume`: type, agency (custodian), records. `acts`: month, act, count. `retention`: year,
    records due then. `answers`: one share request a row, `hours` to its answer and `outcome`.
    `delays`: entries by `seconds` from their acknowledgement to their seal. `reads`: purpose,
    reads. `standing`: records by status. `hold_count` and `type_hold_count` stand now.
    """

    since: int
    until: int
    agency: str
    standing: pd.Series
    volume: pd.DataFrame
    acts: pd.DataFrame
    retention: pd.DataFrame
    due: int
    hold_count: int
    type_hold_count: int
    answers: pd.DataFrame
    delays: pd.DataFrame
    reads: pd.DataFrame

    def headlines(self) -> list[tuple[str, str, str]]:
        """The numbers to begin with: a name, the number, and what it means."""
        answered = self.answers[self.answers["outcome"].isin(["in time", "late"])]
        in_time = int((answered["outcome"] == "in time").sum())
        share = f"{in_time / len(answered):.0%}" if len(answered) else "none"
        overdue = int((self.answers["outcome"] == "overdue").sum())
        return [
            ("Records in force", f"{self.standing.get('in_force', 0):,}", "in the whole registry"),
            ("Acts", f"{int(self.acts['count'].sum()):,}", "in the time of this report"),
            (
                "Seal delay",
                _duration(self.median_delay()),
                f"median; 95 % within {_duration(self.delay_within(0.95))}",
            ),
            ("Requests answered in time", share, f"of {len(answered):,}; {overdue:,} overdue"),
            (
                "Holds standing",
                f"{self.hold_count + self.type_hold_count:,}",
                f"{self.type_hold_count:,} on whole types",
            ),
            ("Retention over", f"{self.due:,}", "records that may be disposed of, holds aside"),
        ]

    def median_delay(self) -> float | None:
        """Seconds from acknowledgement to seal that half of the entries took at most."""
        return self.delay_within(0.5)

    def delay_within(self, part: float) -> float | None:
        """Seconds that a part of the entries took at most; None where none was sealed."""
        if self.delays.empty:
            return None
        ordered = self.delays.sort_values("seconds")
        reached = np.searchsorted(ordered["entries"].cumsum(), part * ordered["entries"].sum())
        return float(ordered["seconds"].iloc[min(int(reached), len(ordered) - 1)])


def findings(known: Frames, since: int, until: int) -> Findings:
    """Return what a report says. Raises `UnreachableError` where a share's times cannot be asked.

    The mirror is as it was when it was last brought up to date.
    """
    names = _agency_names(known)
    own = known.registry.session.profile.agency.id
    counted = _counted(
        known.record_batches,
        ["type", "custodian", "status", "retain_until"],
        lambda table: table.set_column(
            table.schema.get_field_index("retain_until"),
            "retain_until",
            pc.year(table["retain_until"]),
        ),
    )
    standing = counted.groupby("status", observed=True)["count"].sum()
    kept = counted[counted["status"] != "disposed"]
    volume = kept.groupby(["type", "custodian"], observed=True, dropna=False)["count"].sum()
    year = pd.Timestamp(until, unit="s").year
    retained = kept[kept["retain_until"].between(year, year + _YEARS_AHEAD)]
    retention = retained.groupby("retain_until")["count"].sum()
    acts = _counted(
        lambda: known.act_batches(since=since, until=until),
        ["time", "act"],
        lambda table: table.set_column(
            table.schema.get_field_index("time"),
            "time",
            pc.floor_temporal(table["time"], unit="month"),
        ),
    )
    stands = _standing_now(known, until)
    return Findings(
        since=since,
        until=until,
        agency=names.get(own, f"agency {own}"),
        standing=standing,
        volume=pd.DataFrame(
            {
                "type": volume.index.get_level_values(0).astype(object).fillna("unknown"),
                "agency": [
                    names.get(each, f"agency {each}") for each in volume.index.get_level_values(1)
                ],
                "records": volume.to_numpy(),
            }
        ),
        acts=acts.rename(columns={"time": "month"}),
        retention=pd.DataFrame({"year": retention.index, "records": retention.to_numpy()}),
        due=stands[0],
        hold_count=stands[1],
        type_hold_count=stands[2],
        answers=_answers(known, since, until),
        delays=_delays(known, since, until),
        reads=_reads(known, since, until),
    )


def _counted(
    batches: Callable[[], Iterator[Any]], keys: list[str], prepare: Callable[[Any], Any]
) -> pd.DataFrame:
    """How many rows have which keys, with a column `count`."""
    parts = []
    for batch in batches():
        table = pa.Table.from_batches([batch]).select(keys)
        plain = pa.table(
            {
                name: column.cast(pa.string()) if _is_category(column) else column
                for name, column in zip(keys, table.columns, strict=True)
            }
        )
        parts.append(prepare(plain).group_by(keys).aggregate([([], "count_all")]).to_pandas())
    if not parts:
        return pd.DataFrame({**{key: pd.Series(dtype=object) for key in keys}, "count": []})
    whole = pd.concat(parts).rename(columns={"count_all": "count"})
    return whole.groupby(keys, dropna=False, as_index=False)["count"].sum()


def _is_category(column: Any) -> bool:
    return bool(pa.types.is_dictionary(column.type))


def _agency_names(known: Frames) -> dict[int, str]:
    with known.registry.session.database.read() as connection:
        return {int(row.agency_id): row.name for row in connection.execute(sa.select(agencies))}


def _standing_now(known: Frames, now: int) -> tuple[int, int, int]:
    """Records whose retention is over, holds on records, holds on types."""
    over = records.c.retain_until < now // _DAY
    counts = [
        sa.select(sa.func.count())
        .select_from(records)
        .where(over, records.c.status.in_([1, 2, 3])),
        sa.select(sa.func.count()).select_from(holds),
        sa.select(sa.func.count()).select_from(type_holds),
    ]
    with known.registry.session.database.read() as connection:
        due, held, held_types = (int(connection.execute(each).scalar_one()) for each in counts)
    return due, held, held_types


def _answers(known: Frames, since: int, until: int) -> pd.DataFrame:
    found = known.shares()
    start, end = (pd.Timestamp(each, unit="s", tz="UTC") for each in (since, until))
    found = found[(found["requested_at"] >= start) & (found["requested_at"] < end)]
    answered = found["granted_at"].fillna(found["denied_at"])
    hours = (answered - found["requested_at"]).dt.total_seconds() / 3600
    allowed = (found["respond_by"] - found["requested_at"]).dt.total_seconds() / 3600
    waiting = answered.isna()
    outcome = np.select(
        [~waiting & (answered <= found["respond_by"]), ~waiting, found["respond_by"] < end],
        ["in time", "late", "overdue"],
        "waiting",
    )
    return pd.DataFrame({"hours": hours, "allowed": allowed, "outcome": outcome})


def _delays(known: Frames, since: int, until: int) -> pd.DataFrame:
    session = known.registry.session
    own = session.profile.agency.id
    batches = sa.select(
        journal_batches.c.journal,
        journal_batches.c.first_index,
        journal_batches.c.count,
        journal_batches.c.created_ms,
    )
    with session.database.read() as connection:
        rows = pd.DataFrame(connection.execute(batches).mappings().all())
        sealed = pd.DataFrame(
            connection.execute(
                sa.select(seals.c.journal, seals.c.size, seals.c.sealed_at)
                .where(seals.c.agency_id == own)
                .order_by(seals.c.size)
            )
            .mappings()
            .all()
        )
    if rows.empty or sealed.empty:
        return pd.DataFrame({"seconds": [], "entries": []})
    rows["end"] = rows["first_index"] + rows["count"]
    # The first seal that covers all of a batch.
    joined = pd.merge_asof(
        rows.sort_values("end"),
        sealed.sort_values("size"),
        left_on="end",
        right_on="size",
        by="journal",
        direction="forward",
    ).dropna(subset=["sealed_at"])
    joined = joined[(joined["sealed_at"] >= since) & (joined["sealed_at"] < until)]
    # The chain's clock has whole seconds, and is another.
    seconds = (joined["sealed_at"] - joined["created_ms"] / 1000).clip(lower=0)
    return pd.DataFrame({"seconds": seconds, "entries": joined["count"]})


def _reads(known: Frames, since: int, until: int) -> pd.DataFrame:
    found = known.reads(since=since, until=until)
    purposes = found["purpose"].astype(object).replace("", _OTHERS)
    counts = purposes.value_counts()
    return pd.DataFrame({"purpose": counts.index, "reads": counts.to_numpy()})


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "none"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
