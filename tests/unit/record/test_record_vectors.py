# SPDX-License-Identifier: Apache-2.0
"""The shared vectors: made from the specification without the package, and the package agrees."""

from __future__ import annotations

import io
import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from muniment.errors import MunimentError
from muniment.record import (
    AgencyId,
    Commitment,
    Content,
    Disclosure,
    ObjectPlace,
    RecordHeader,
    RecordId,
    RecordType,
    Secret,
    TypeId,
    commit,
    decrypt,
    derive_lineage,
    derive_local_id,
    derive_record_id,
    digest_list,
    encrypt,
    rebuild,
    verify,
)

FOLDER = Path(__file__).parents[2] / "vectors"
VECTORS = json.loads((FOLDER / "commitments.json").read_text(encoding="utf-8"))


def raw(text: str) -> bytes:
    assert text.startswith("0x")
    return bytes.fromhex(text[2:])


def header_of(case: dict[str, Any]) -> RecordHeader:
    return RecordHeader(
        RecordId(raw(case["recordId"])),
        AgencyId(case["issuer"]),
        TypeId(case["typeId"]),
        raw(case["schemaDigest"]),
        case["version"],
        case["algorithm"],
    )


def of(kind: str) -> Any:
    cases = VECTORS[kind]
    return pytest.mark.parametrize(
        "case", cases, ids=[case.get("name", str(place)) for place, case in enumerate(cases)]
    )


def test_file__is_what_its_generator_makes() -> None:
    generator = runpy.run_path(str(FOLDER / "generate_commitments.py"))
    assert (FOLDER / "commitments.json").read_text(encoding="utf-8") == generator["rendered"]()


@of("identifiers")
def test_identifiers__case__derive_as_written(case: dict[str, Any]) -> None:
    lineage = derive_lineage(case["chainId"], raw(case["firstRegistry"]))
    local_id = derive_local_id(raw(case["localIdKey"]), case["sourceSystem"], case["sourceId"])
    assert lineage == raw(case["lineage"])
    assert local_id == raw(case["localId"])
    assert derive_record_id(lineage, AgencyId(case["agencyId"]), local_id) == raw(case["recordId"])


@of("commitments")
def test_commitment__case__is_as_written(case: dict[str, Any]) -> None:
    header, secret = header_of(case), Secret(raw(case["secret"]))
    content = Content(case["content"].encode("utf-8")).fields()
    assert header.to_bytes() == raw(case["header"])
    assert [*digest_list(header.algorithm, content, secret)] == [*map(raw, case["digests"])]
    assert commit(header, content, secret) == raw(case["commitment"])
    complete = rebuild(header, content, secret, Commitment(raw(case["commitment"])))
    assert [(field.text, field.salt) for field in complete.fields] == [
        (field["text"], raw(field["salt"])) for field in case["fields"]
    ]


def test_specification__worked_example__has_the_values_of_the_vectors() -> None:
    page = (FOLDER.parents[1] / "docs" / "spec" / "records.md").read_text(encoding="utf-8")
    example = page.split("## 1. Worked example")[1].split("## 2.")[0]
    case, names = VECTORS["commitments"][0], VECTORS["identifiers"][0]
    values = re.findall(r"0x[0-9a-f]{40,}", example)
    known = [names[key] for key in ("firstRegistry", "localIdKey", "localId", "lineage")]
    known += [case[key] for key in ("recordId", "schemaDigest", "secret")]
    known += [case["fields"][0]["salt"], case["fields"][0]["digest"], *case["digests"]]
    assert values == [*known, case["commitment"]]
    assert case["content"] in example
    assert case["fields"][0]["text"] in example
    for field in case["fields"]:
        assert f"{field['digest']}  {json.loads(field['text'])[0]}\n" in example
    assert example.count("  decoy\n") == len(case["digests"]) - len(case["fields"])


def test_commitments__of_all_cases__differ() -> None:
    found = {case["commitment"] for case in VECTORS["commitments"]}
    assert len(found) == len(VECTORS["commitments"])


@of("disclosures")
def test_disclosure__case__verifies_unless_it_must_fail(case: dict[str, Any]) -> None:
    base = VECTORS["commitments"][0]

    def verdict() -> dict[str, Any]:
        disclosure = Disclosure.from_json(case["disclosure"].encode("utf-8"))
        return dict(verify(header_of(base), disclosure, Commitment(raw(base["commitment"]))))

    if case["name"].endswith("_fail"):
        with pytest.raises(MunimentError):
            verdict()
    else:
        assert verdict().items() <= json.loads(base["content"]).items()


@of("objects")
def test_object__case__opens_unless_it_must_fail(case: dict[str, Any]) -> None:
    place = ObjectPlace(RecordId(raw(case["recordId"])), case["version"], case["index"])
    secret, sealed, plain = Secret(raw(case["secret"])), raw(case["object"]), io.BytesIO()
    if case["name"].endswith("_fail"):
        with pytest.raises(MunimentError):
            decrypt(io.BytesIO(sealed), plain, place, secret)
        return
    decrypt(io.BytesIO(sealed), plain, place, secret)
    assert plain.getvalue() == raw(case["plaintext"])
    again = io.BytesIO()
    plain.seek(0)
    encrypt(plain, again, place, secret, random_bytes=lambda _: sealed[8:24])
    assert again.getvalue() == sealed


def test_schema__of_the_vectors__is_a_record_type_and_has_its_digest() -> None:
    strike = RecordType.define("strike", TypeId(1), 1, json.loads(VECTORS["schema"]))
    assert strike.schema_digest == raw(VECTORS["commitments"][0]["schemaDigest"])
    strike.check(json.loads(VECTORS["commitments"][0]["content"]))
