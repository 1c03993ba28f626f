# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Planted secrets and content are nowhere but where they belong."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import pytest

from muniment.errors import ConflictError, InvalidContentError, MunimentError, StoreError
from muniment.registry import Registry
from muniment.store.database import Database
from tests.chain.agency import PASSWORD, Open, opened  # noqa: F401

MARKER = "Zyxwvut-Planted-Marker"
SOURCE = "Planted-Source-Id-77123"


def everything_on_disk(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def registered(opened: Open) -> tuple[Registry, bytes]:
    registry = opened("registrar")
    fields = {"holder": MARKER, "parcel": "12/345"}
    record_id = registry.register("land-deed", fields, source_id="1").wait().record_id
    assert record_id is not None
    return registry, record_id


def test_content__is_on_disk_nowhere_in_the_clear(opened: Open, tmp_path: Path) -> None:
    registry, record_id = registered(opened)
    scan = tmp_path.parent / f"{tmp_path.name}-scan.pdf"
    scan.write_bytes(MARKER.encode() * 100)
    registry.register(
        "land-deed", {"holder": "A", "parcel": "2"}, source_id="2", attach={"scan": scan}
    ).wait()
    secret = registry.session.keys.secret(record_id, 1)
    needles = {
        "content": MARKER.encode(),
        "secret": bytes(secret),
        "secret in hex": secret.hex().encode(),
        "password": PASSWORD.encode(),
        "search key": registry.session.keys.search_key(),
        "local-id key": registry.session.keys.local_id_key(),
    }
    registry.close()
    for name, data in everything_on_disk(tmp_path).items():
        for what, needle in needles.items():
            assert needle not in data, f"{what} lies in {name}"


def test_errors_and_logs__tell_no_content(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    registry, record_id = registered(opened)
    told: list[str] = []

    def provoke(*fields: object, **more: object) -> None:
        try:
            registry.register("land-deed", *fields, **more)  # type: ignore[arg-type]
        except MunimentError as error:
            shown = "".join(traceback.format_exception(error, chain=False))
            told.append(f"{error}\n{error.diagnostics()}\n{shown}")

    provoke({"holder": MARKER}, source_id=SOURCE)
    provoke({"holder": MARKER, "parcel": "1", "extra": MARKER}, source_id=SOURCE)
    provoke({"holder": [MARKER], "parcel": "1"}, source_id=SOURCE)
    provoke('{"holder": "' + MARKER + '", "parcel": NaN}', source_id=SOURCE)
    provoke({"holder": MARKER + "!", "parcel": "12/345"}, source_id="1")
    assert len(told) == 5
    secret = registry.session.keys.secret(record_id, 1).hex()
    # Tracebacks show source lines of this test; what the errors themselves say is looked at.
    for text in [*told, caplog.text]:
        assert MARKER not in text
        assert secret not in text
        assert PASSWORD not in text


def test_conflict_and_invalid__name_what_a_person_needs(opened: Open) -> None:
    registry, _ = registered(opened)
    with pytest.raises(ConflictError, match="source id '1' of 'land-register'"):
        registry.register("land-deed", {"holder": "B", "parcel": "1"}, source_id="1")
    with pytest.raises(InvalidContentError, match="holder"):
        registry.register("land-deed", {"holder": 7, "parcel": "1"}, source_id="9")


def test_password_of_a_url__is_never_shown() -> None:
    with pytest.raises(StoreError) as caught:
        Database.open("postgresql://ann:s3cret@127.0.0.1:1/none")
    assert "s3cret" not in str(caught.value) + caught.value.diagnostics()
