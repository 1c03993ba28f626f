# SPDX-License-Identifier: Apache-2.0
"""Delivered versions: their own writer and reader against RFC 8785's, strictly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.evidence.entries import EvidentEntry, EvidentSeal
from muniment.evidence.files import ShownContent
from muniment.exchange.delivered import FORMAT, DeliveredVersion
from muniment.exchange.errors import EnvelopeError
from muniment.journal.entry import Entry, EntryKind
from muniment.record.canonical import canonicalize
from muniment.record.commitment import Digest, Salt
from muniment.record.disclosure import DisclosedField, Disclosure
from muniment.record.identifiers import RecordId

_hash = st.binary(min_size=32, max_size=32)
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_fields = st.builds(DisclosedField, _texts, _hash.map(Salt))
_entries = st.builds(
    EvidentEntry,
    agency_id=st.integers(1, 2**32 - 1),
    journal=st.integers(1, 2**32 - 1),
    index=st.integers(0, 2**53 - 1),
    entry=st.builds(
        Entry,
        kind=st.sampled_from(EntryKind),
        algorithm=st.integers(1, 255),
        type_id=st.integers(1, 65_535),
        type_version=st.integers(1, 4_095),
        time=st.integers(0, 2**36 - 1),
        local_id=_hash,
        commitment=_hash,
    ),
    path=st.lists(_hash, max_size=5).map(tuple),
    seal=st.builds(
        EvidentSeal,
        root=_hash,
        size=st.integers(1, 2**53 - 1),
        previous_size=st.integers(0, 2**53 - 1),
        sealed_at=st.integers(0, 2**48 - 1),
    ),
    checkpoint=st.none() | st.just(b"a note\n"),
)
versions = st.builds(
    DeliveredVersion,
    record_id=_hash.map(RecordId),
    issuer=st.integers(1, 2**32 - 1),
    type_id=st.integers(1, 65_535),
    type_version=st.integers(1, 65_535),
    algorithm=st.integers(1, 255),
    content=st.builds(
        ShownContent,
        version=st.integers(1, 65_535),
        schema_digest=_hash,
        disclosure=st.builds(
            Disclosure,
            fields=st.lists(_fields, max_size=3).map(tuple),
            digests=st.lists(_hash.map(Digest), max_size=9).map(tuple),
        ),
    ),
    entry=st.none() | _entries,
)


def as_json(version: DeliveredVersion) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "algorithm": version.algorithm,
        "content": version.content.to_json(),
        "format": FORMAT,
        "issuer": version.issuer,
        "record": version.record_id.hex(),
        "type_id": version.type_id,
        "type_version": version.type_version,
    }
    if version.entry is not None:
        shown["entry"] = version.entry.to_json()
    return shown


@given(versions)
def test_bytes__are_canonical_json_and_read_back(version: DeliveredVersion) -> None:
    # Not `canonicalize`, which also refuses what is not NFC: the reader of fields does that.
    plain = json.dumps(as_json(version), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert version.to_bytes() == plain.encode()
    assert DeliveredVersion.from_bytes(version.to_bytes()) == version


GOOD = DeliveredVersion(
    RecordId(b"r" * 32),
    1,
    2,
    3,
    1,
    ShownContent(
        1,
        b"s" * 32,
        Disclosure(
            (DisclosedField('["a","é"]', Salt(b"t" * 32)),),
            tuple(Digest(bytes([place]) * 32) for place in range(8)),
        ),
    ),
)


def test_bytes__are_those_of_the_profile() -> None:
    assert GOOD.to_bytes() == canonicalize(as_json(GOOD))


def spelled(change: dict[str, Any]) -> bytes:
    return canonicalize(as_json(GOOD) | change)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        GOOD.to_bytes() + b" ",
        b" " + GOOD.to_bytes(),
        GOOD.to_bytes()[:-1],
        GOOD.to_bytes().replace("é".encode(), b"\\u00e9"),
        GOOD.to_bytes().replace("é".encode(), b"\\ud800"),
        GOOD.to_bytes().replace(b'"issuer":1', b'"issuer":1,"issuer":1'),
        GOOD.to_bytes().replace(b'"issuer":1', b'"issuer":2,"issuer":1'),
        GOOD.to_bytes().replace(b'"issuer":1', b'"issuer":1.0'),
        GOOD.to_bytes().replace(b'"issuer":1', b'"issuer":true'),
        GOOD.to_bytes().replace(b'"issuer":1', b'"issuer":0'),
        GOOD.to_bytes().replace(b"7272", b"AbAb", 1),
        spelled({"more": 1}),
        spelled({"format": "muniment/delivered/v2"}),
        spelled({"record": "72" * 31}),
        spelled({"entry": None}),
        spelled({"content": []}),
        spelled({"issuer": 1 << 32}),
    ],
)
def test_bytes__of_another_form_are_refused(data: bytes) -> None:
    with pytest.raises(EnvelopeError):
        DeliveredVersion.from_bytes(data)
