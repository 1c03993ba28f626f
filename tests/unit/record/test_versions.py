# SPDX-License-Identifier: Apache-2.0
"""Content and versions are values: they never change, and show nothing of themselves."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import Any

import pytest

import muniment.record
from muniment.errors import CommitmentMismatchError, InvalidInputError, InvalidJsonError
from muniment.record import (
    AgencyId,
    Commitment,
    Content,
    RecordHeader,
    RecordId,
    RecordType,
    Secret,
    TypeId,
    Version,
    commit,
    verify,
)

HEADER = RecordHeader(RecordId(b"\x01" * 32), AgencyId(7), TypeId(3), b"\x02" * 32, 1)
SECRET = Secret(b"\x03" * 32)
FIELDS: dict[str, Any] = {"name": "Jane Doe", "parts": ["wing"]}


def test_content__from_text_and_from_fields__is_equal() -> None:
    assert Content.parse(' {"parts":["wing"], "name":"Jane Doe"} ') == Content.of(FIELDS)
    assert Content.of(FIELDS).canonical == b'{"name":"Jane Doe","parts":["wing"]}'
    assert hash(Content.of(FIELDS)) == hash(Content(Content.of(FIELDS).canonical))


def test_content__changed_source_or_copy__stays_as_it_was() -> None:
    source: dict[str, Any] = {"parts": ["wing"]}
    content = Content.of(source)
    source["parts"].append("engine")
    content.fields()["parts"] = []
    assert content.fields() == {"parts": ["wing"]}


@pytest.mark.parametrize("source", ["[]", "1", "null", '"text"'])
def test_content__that_is_no_object__is_refused(source: str) -> None:
    with pytest.raises(InvalidJsonError, match="JSON object"):
        Content.parse(source)
    with pytest.raises(InvalidJsonError, match="JSON object"):
        Content(source.encode())
    with pytest.raises(InvalidInputError, match="JSON object"):
        Content.of(source)  # type: ignore[arg-type]


def test_content__bytes_that_are_not_canonical__are_refused() -> None:
    with pytest.raises(InvalidJsonError, match="canonical"):
        Content(b'{"a": 1}')


def test_version__has_the_commitment_of_its_content() -> None:
    version = Version(HEADER, Content.of(FIELDS), SECRET)
    assert version.commitment == commit(HEADER, FIELDS, SECRET)
    version.require(version.commitment)
    with pytest.raises(CommitmentMismatchError):
        version.require(Commitment(b"\x00" * 32))


def test_version__disclosed__verifies() -> None:
    version = Version(HEADER, Content.of(FIELDS), SECRET)
    assert verify(HEADER, version.disclose(["parts"]), version.commitment) == {"parts": ["wing"]}


def test_values__shown__hide_content_and_secret() -> None:
    shown = repr(Version(HEADER, Content.of(FIELDS), SECRET))
    assert "Jane" not in shown
    assert repr(bytes(SECRET)) not in shown


@pytest.mark.parametrize(
    "value", [HEADER, Content.of(FIELDS), Version(HEADER, Content.of(FIELDS), SECRET)]
)
def test_values__assigned_to__refuse(value: Any) -> None:
    name = dataclasses.fields(value)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, None)


def test_docstring__example__runs_and_proves_the_field() -> None:
    properties = {"airport": {"type": "string"}, "date": {"format": "date"}}
    draft = "https://json-schema.org/draft/2020-12/schema"
    names: dict[str, Any] = vars(muniment.record) | {
        "lineage": b"\x01" * 32,
        "key": b"\x02" * 32,
        "record_type": RecordType.define(
            "strike",
            TypeId(1),
            1,
            {"$schema": draft, "type": "object", "properties": properties},
        ),
    }
    example = [
        line[4:] for line in (muniment.record.__doc__ or "").splitlines() if line.startswith("    ")
    ]
    exec("\n".join(example), names)
    assert names["values"] == {"date": "1990-01-08"}


def test_all__names_every_public_member_and_no_other() -> None:
    public = {
        name
        for name, value in vars(muniment.record).items()
        if name[0] != "_" and name != "annotations" and not isinstance(value, type(sys))
    }
    assert set(muniment.record.__all__) == public


def test_import__of_the_room__loads_no_network_database_or_chain_library() -> None:
    program = (
        "import sys, muniment.record; "
        "heavy = {'web3', 'sqlalchemy', 'pandas', 'requests', 'aiohttp', 'ape'}; "
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
