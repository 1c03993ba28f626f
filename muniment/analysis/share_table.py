# SPDX-License-Identifier: Apache-2.0
"""Shares and reads as Arrow tables: few rows, from events and from the reads journal."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa

from muniment.analysis import arrow_columns as columns
from muniment.analysis.frame_tables import schema_of
from muniment.analysis.gathering import block_times
from muniment.registry import Registry, Stage
from muniment.registry.access_entries import DELIVERED, EXPORTED, EXTRACTED, SHOWN, all_reads
from muniment.store.tables import events, record_types, shares

_TOLD: Final = {
    "ShareRequested": "requested_at",
    "ShareGranted": "granted_at",
    "ShareDenied": "denied_at",
    "ShareRevoked": "revoked_at",
}
_STATUSES: Final = ["requested", "granted", "denied", "revoked"]
_ACTS: Final = [SHOWN, EXTRACTED, EXPORTED, DELIVERED]
SHARES: Final = schema_of(
    {
        "share_id": pa.string(),
        "status": columns.CATEGORY,
        "requester": pa.int64(),
        "granter": pa.int64(),
        "type": columns.CATEGORY,
        "is_agreement": pa.bool_(),
        "requested_at": columns.SECONDS,
        "respond_by": columns.SECONDS,
        "granted_at": columns.SECONDS,
        "denied_at": columns.SECONDS,
        "revoked_at": columns.SECONDS,
        "expires_at": columns.SECONDS,
        "receipts": pa.int64(),
        "last_receipt_at": columns.SECONDS,
    }
)
READS: Final = schema_of(
    {
        "record_id": pa.string(),
        "version": pa.int64(),
        "act": columns.CATEGORY,
        "read_at": columns.MILLISECONDS,
        "reader": columns.CATEGORY,
        "purpose": columns.CATEGORY,
        "share_id": pa.string(),
        "journal": pa.int64(),
        "entry_index": pa.int64(),
        "stage": columns.CATEGORY,
    }
)


def share_table(registry: Registry, requester: int | None, granter: int | None) -> Any:
    """Return shares, with the times of the blocks of what was done with them."""
    chosen = sa.select(shares).order_by(shares.c.share_id)
    for column, value in ((shares.c.requester, requester), (shares.c.granter, granter)):
        chosen = chosen if value is None else chosen.where(column == value)
    told = sa.select(events.c.subject, events.c.name, events.c.block_number).where(
        events.c.contract == "shares"
    )
    latest = sa.select(record_types.c.agency_id, record_types.c.type_id, record_types.c.name)
    with registry.session.database.read() as connection:
        rows = connection.execute(chosen).mappings().all()
        happened = [
            (bytes(row.subject), str(row.name), int(row.block_number))
            for row in connection.execute(told)
        ]
        types = {
            (row.agency_id, row.type_id): row.name
            for row in connection.execute(latest.order_by(record_types.c.version))
        }
    wanted = {bytes(row["share_id"]) for row in rows}
    happened = [each for each in happened if each[0] in wanted]
    times = block_times(registry, {block for _, _, block in happened})
    moments: dict[bytes, dict[str, int]] = {each: {} for each in wanted}
    receipts: dict[bytes, list[int]] = {each: [] for each in wanted}
    for share_id, name, block in happened:
        if name in _TOLD:
            moments[share_id][_TOLD[name]] = times[block]
        else:
            receipts[share_id].append(times[block])
    told_rows = [
        {
            "share_id": f"0x{bytes(row['share_id']).hex()}",
            "status": row["status"].lower(),
            "requester": row["requester"],
            "granter": row["granter"],
            "type": types.get((row["granter"], row["type_id"])),
            "is_agreement": row["type_id"] != 0,
            "respond_by": row["respond_by"],
            "expires_at": row["expires_at"],
            **moments[bytes(row["share_id"])],
            "receipts": len(receipts[bytes(row["share_id"])]),
            "last_receipt_at": max(receipts[bytes(row["share_id"])], default=None),
        }
        for row in rows
    ]
    return _table(told_rows, SHARES, {"status": _STATUSES})


def read_table(registry: Registry, since: int | None, until: int | None) -> Any:
    """Return the reads that this agency has written down, by time (Unix seconds)."""
    rows: list[dict[str, Any]] = [
        {
            "record_id": f"0x{record_id.hex()}",
            "version": each.version,
            "act": each.act,
            "read_at": each.read_ms,
            "reader": each.reader,
            "purpose": each.purpose,
            "share_id": None if each.share is None else f"0x{each.share.hex()}",
            "journal": each.journal,
            "entry_index": each.index,
            "stage": str(each.stage),
        }
        for record_id, each in all_reads(registry.session)
        if (since is None or each.read_ms >= 1000 * since)
        and (until is None or each.read_ms < 1000 * until)
    ]
    rows.sort(key=lambda row: row["read_at"])
    return _table(rows, READS, {"act": _ACTS, "stage": [str(each) for each in Stage]})


def _table(rows: list[dict[str, Any]], schema: Any, known: dict[str, list[str]]) -> Any:
    arrays = []
    for field in schema:
        values = [row.get(field.name) for row in rows]
        if field.type == columns.CATEGORY:
            # All values that there can be, so that those that do not occur are categories too.
            names = known.get(field.name) or sorted({each for each in values if each is not None})
            codes = {name: code for code, name in enumerate(names)}
            places = pa.array(
                [None if each is None else codes[each] for each in values], pa.int32()
            )
            arrays.append(pa.DictionaryArray.from_arrays(places, pa.array(names, pa.string())))
        elif pa.types.is_timestamp(field.type):
            arrays.append(pa.array(values, pa.int64()).cast(field.type))
        else:
            arrays.append(pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)
