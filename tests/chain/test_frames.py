# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""What the registry knows, as frames: each says what chain, mirror and content say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest

from muniment.analysis import arrow_reading, frames
from muniment.analysis.framing import Frames
from muniment.errors import InvalidInputError, StoreError
from muniment.record.state import Status
from muniment.record.trace import ActKind
from muniment.registry import Access, Registry, Stage, journals
from muniment.registry.access_entries import append_reads, history, publish_access_type
from muniment.registry.profile import JournalProfile, Profile, ReadsProfile
from muniment.registry.sealing import progress_of
from muniment.registry.session import address_in
from tests.chain.agency import Open, opened, sealer  # noqa: F401
from tests.chain.conftest import World, word
from tests.chain.test_journals import imported, seal, write

ENTRIES = 300


@pytest.fixture
def registrar(opened: Open, tmp_path: Path, world: World) -> Registry:
    """An agency with a journal of 300 deeds, of which one was revoked; with three direct ones, of
    which one was amended, one handed over; with reads written down, and a share asked for."""
    admin = opened("agency_admin")
    keystores = [sealer(tmp_path), sealer(tmp_path, 1)]
    admin.wait([admin.add_officer("operator", address_in(each)) for each in keystores])
    published = publish_access_type(admin.session)
    assert published is not None
    opening = [journals.open_journal(admin.session) for _ in keystores]
    admin.wait([published, *opening])
    journal = JournalProfile(1, keystores[0], entries=100_000, seconds=1)
    reads = ReadsProfile(2, keystores[1], 600)
    registry = opened("registrar", operators=True, journal=journal, reads=reads)
    imported(registry, write(tmp_path, ENTRIES))
    seal(registry)
    for number in ("a", "b", "c"):
        fields = {"holder": f"Holder {number}", "parcel": "9/9"}
        registry.register("land-deed", fields, source_id=number).wait()
    registry.amend(registry.record_id("b"), {"holder": "Eve", "parcel": "9/9"}).wait()
    registry.revoke(registry.record_id("7"), "fraud").wait()
    records, shares = world.registries.records, world.registries.shares
    third = registry.record_id("c")
    world.send("hold_authority", records.place_hold(third, word("case")))
    world.send("hold_authority", records.release_hold(third, word("case")))
    until = registry.standing(third).block.timestamp + 86_400
    world.send("steward", records.offer_custody(third, 1, 2, until))
    now = registry.standing(third)
    accepted = records.accept_custody(third, 1, now.commitment, now.trace_head)
    world.send("other_steward", accepted)
    assert shares is not None
    asked = shares.request_share(2, 1, 2, bytes(32), word("terms"), 1 << 33, 1 << 34)
    world.send("other_steward", asked)
    registry.content(third, access=Access("complaint 7", reader="Grace"))
    registry.sync()
    return registry


@pytest.fixture
def known(registrar: Registry) -> Frames:
    return frames(registrar)


def named(registry: Registry, source_id: str) -> str:
    return f"0x{registry.record_id(source_id).hex()}"


def test_records__are_those_on_chain_and_in_the_journal(known: Frames) -> None:
    registry = known.registry
    found = known.records()
    assert len(found) == ENTRIES + 3
    assert found["record_id"].is_unique
    assert found["status"].dtype == pd.CategoricalDtype([each.name.lower() for each in Status])
    assert str(found["updated_at"].dtype) == "datetime64[s, UTC]"
    assert str(found["custodian"].dtype) == "Int64"
    assert found["is_on_chain"].sum() == 4
    by_id = found.set_index("record_id")
    mirrored = {f"0x{each.record_id.hex()}": each for each in registry.search()}
    assert set(mirrored) == set(found.loc[found["is_on_chain"], "record_id"])
    for name, record in mirrored.items():
        row = by_id.loc[name]
        assert row["commitment"] == f"0x{record.commitment.hex()}"
        assert (row["version"], row["custodian"]) == (record.state.version, record.state.custodian)
        assert row["updated_at"].timestamp() == record.state.updated_at
        assert row["acts"] == record.act_count
        assert row["type"] == "land-deed"
    waiting = by_id.loc[named(registry, "8")]
    assert (waiting["status"], waiting["acts"], waiting["issuer"]) == ("in_force", 0, 1)
    assert pd.isna(waiting["first_block"])
    registry.session.nodes.read(lambda node: node.request("anvil_mine", ["0x3"]))
    assert found["stage"].isin(["provable", "final"]).all()
    registry.sync()
    assert (known.records()["stage"] == "final").all()
    imported(registry, write(registry.session.profile.path.parent, ENTRIES + 2))
    fresh = known.records()
    assert (fresh["stage"] == "acknowledged").sum() == 2


def test_filters__are_those_of_the_mirror(known: Frames) -> None:
    assert len(known.records(status="revoked")) == 1
    assert len(known.records(status=Status.IN_FORCE, custodian=2)) == 1
    assert len(known.records(custodian=1)) == ENTRIES + 2
    assert len(known.records(record_type="land-deed")) == ENTRIES + 3
    assert known.records(issuer=2).empty
    latest = known.records()["updated_at"].max().to_pydatetime()
    assert len(known.records(since=latest + timedelta(seconds=1))) == 0
    assert len(known.records(until=int(latest.timestamp()) + 1)) == ENTRIES + 3
    assert len(known.records(until=datetime(2020, 1, 1, tzinfo=UTC))) == 0
    nothing = known.records(status="disposed")
    assert list(nothing.columns) == list(known.records().columns)
    for wrong in ({"status": "lost"}, {"record_type": "land-deed", "issuer": 2}):
        with pytest.raises(InvalidInputError):
            known.records(**wrong)


def test_acts__are_those_of_the_traces(known: Frames) -> None:
    registry = known.registry
    found = known.acts()
    ids = [registry.record_id(each) for each in ("a", "b", "c", "7")]
    traced = [act for each in ids for act in registry.trace(each).acts]
    assert len(found) == len(traced)
    by_sequence = found.set_index("sequence")
    for each in traced:
        row = by_sequence.loc[each.act.sequence]
        assert row["act"] == each.act.kind.name.lower()
        assert row["record_id"] == f"0x{each.act.record_id.hex()}"
        assert row["time"].timestamp() == each.time
        assert row["account"] == f"0x{each.act.account.hex()}"
        assert (0 if pd.isna(row["agency"]) else row["agency"]) == each.act.agency_id
        assert row["version"] == each.act.state.version
        assert row["status"] == each.act.state.status.name.lower()
        assert row["custodian"] == each.act.state.custodian
        assert row["block"] == each.block_number
        assert row["transaction"] == f"0x{each.transaction_hash.hex()}"
    assert found["sequence"].is_monotonic_increasing
    revoked = known.acts(kinds=["revoked"])
    assert revoked["reason"].tolist() == [2]
    moved = known.acts(kinds=[ActKind.TRANSFERRED], records=[ids[2]])
    assert moved["from_agency"].tolist() == [1]
    assert known.acts(records=[ids[0]])["act"].tolist() == ["registered"]
    assert known.acts(since=1 << 34).empty
    with pytest.raises(InvalidInputError, match="registered, enrolled"):
        known.acts(kinds=["lost"])


def test_versions__show_content_on_request_alone_and_leave_access_entries(known: Frames) -> None:
    registry = known.registry
    bare = known.versions()
    assert len(bare) == ENTRIES + 4
    assert not [each for each in bare.columns if "content" in each]
    assert bare["source_id"].notna().all()
    assert str(bare["created_at"].dtype) == "datetime64[ms, UTC]"
    second = registry.record_id("b")
    before = len(history(registry.session, second))
    shown = known.versions(
        record_type="land-deed", content=True, access=Access("survey 9", reader="Ada")
    )
    by_place = shown.set_index(["record_id", "version"])
    assert by_place.loc[(named(registry, "b"), 1), "content.holder"] == "Holder b"
    assert by_place.loc[(named(registry, "b"), 2), "content.holder"] == "Eve"
    assert by_place.loc[(named(registry, "8"), 1), "content.parcel"] == "8/7"
    assert shown["content.scan"].isna().all()
    entries = history(registry.session, second)[before:]
    assert sorted(each.version for each in entries) == [1, 2]
    assert {(each.act, each.purpose) for each in entries} == {("exported", "survey 9")}
    some = known.versions(record_type="land-deed", content=["parcel"])
    assert [each for each in some.columns if "content" in each] == ["content.parcel"]
    with pytest.raises(InvalidInputError, match="missing"):
        known.versions(content=True)
    with pytest.raises(InvalidInputError, match="one of holder"):
        known.versions(record_type="land-deed", content=["secret"])


def test_reads_shares_and_seals(known: Frames) -> None:
    registry = known.registry
    waiting = known.reads()
    assert waiting["purpose"].tolist() == ["complaint 7"]
    assert waiting["record_id"].tolist() == [named(registry, "c")]
    assert waiting["journal"].isna().all()
    assert append_reads(registry.session, at_once=True) == 1
    size = progress_of(registry.session, 2).acknowledged
    journals.wait_sealed(registry.session, 2, size, Stage.PROVABLE, timeout=30)
    written = known.reads()
    assert written[["journal", "entry_index"]].values.tolist() == [[2, 0]]
    assert written["read_at"].tolist() == waiting["read_at"].tolist()
    assert known.reads(until=1).empty
    (share,) = known.shares().to_dict("records")
    assert (share["requester"], share["granter"], share["type"]) == (2, 1, "land-deed")
    assert (share["status"], share["is_agreement"]) == ("requested", True)
    assert share["requested_at"] <= pd.Timestamp.now(UTC)
    assert pd.isna(share["granted_at"])
    assert known.shares(granter=2).empty
    registry.sync()
    sealed = known.seals()
    assert sealed["entries"].sum() == ENTRIES + 1
    assert set(known.seals(journal=1)["journal"]) == {1}
    # Entries of the reads journal are no records and no versions.
    assert len(known.records()) == ENTRIES + 3
    assert len(known.versions()) == ENTRIES + 4


def test_parquet__is_read_by_duckdb_and_polars(known: Frames, tmp_path: Path) -> None:
    folder = tmp_path / "registry"
    rows = known.to_parquet(folder)
    assert rows == {
        "records": ENTRIES + 3,
        "versions": ENTRIES + 4,
        "acts": 9,
        "shares": 1,
        "reads": 1,
        "seals": len(known.seals()),
    }
    for name, count in rows.items():
        files = f"{folder}/{name}/**/*.parquet"
        query = f"SELECT count(*) FROM read_parquet('{files}', hive_partitioning = true)"
        assert duckdb.sql(query).fetchall() == [(count,)]
        assert pl.scan_parquet(files).select(pl.len()).collect().item() == count
    joined = duckdb.sql(
        f"""
        SELECT r.status, count(*) FROM '{folder}/records/*/*.parquet' r
        JOIN '{folder}/versions/*/*.parquet' v USING (record_id)
        WHERE r.updated_at > TIMESTAMPTZ '2020-01-01' GROUP BY 1 ORDER BY 2
        """
    ).fetchall()
    assert joined == [("revoked", 1), ("in_force", ENTRIES + 3)]
    of_polars = pl.scan_parquet(f"{folder}/acts/**/*.parquet").collect()
    assert of_polars["time"].dtype == pl.Datetime("ms", "UTC")
    again = pd.read_parquet(folder / "acts")
    assert again["sequence"].tolist() == known.acts()["sequence"].tolist()


def test_parquet_of_an_agency_that_has_none__has_columns_and_no_rows(
    opened: Open, tmp_path: Path
) -> None:
    rows = frames(opened("registrar")).to_parquet(tmp_path / "registry", ["reads", "versions"])
    assert rows == {"reads": 0, "versions": 0}
    found = pl.scan_parquet(f"{tmp_path}/registry/versions/**/*.parquet").collect()
    assert (found.height, "source_id" in found.columns) == (0, True)


def test_parquet__all_or_nothing(known: Frames, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    with pytest.raises(InvalidInputError, match="there"):
        known.to_parquet(there)
    with pytest.raises(InvalidInputError, match="one of records"):
        known.to_parquet(tmp_path / "new", ["tables"])
    known.registry.session.profile = _without_nodes(known.registry)
    before = set(tmp_path.iterdir())
    del known.registry.session.nodes
    with pytest.raises(Exception, match="no answer"):
        known.to_parquet(tmp_path / "new", ["records", "shares"])
    assert set(tmp_path.iterdir()) == before


def _without_nodes(registry: Registry) -> Profile:
    profile = registry.session.profile
    return replace(profile, chain=replace(profile.chain, urls=("http://127.0.0.1:1",)))


def test_database_away__is_a_store_error(
    known: Frames, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(arrow_reading, "_uri", lambda _: f"file:{tmp_path}/none.db?mode=ro")
    if known.registry.session.database.is_sqlite:
        with pytest.raises(StoreError, match="cannot be read"):
            known.records()
