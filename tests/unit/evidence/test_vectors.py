# SPDX-License-Identifier: Apache-2.0
"""Evidence files, good and bad, have the verdicts that their names say. No chain is needed."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from muniment.errors import MunimentError
from muniment.evidence import EvidenceFile, Outcome, TrustFile, Verifier
from muniment.evidence.conclusions import file_of
from muniment.evidence.verifier import STEPS, Document
from muniment.record.canonical import canonicalize

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "evidence"
TABLE = json.loads((VECTORS / "cases.json").read_text())
TRUST = TrustFile.from_bytes((VECTORS / "trust.toml").read_bytes())
NOW: int = TABLE["now"]
REFUSED = {Outcome.INVALID, Outcome.UNKNOWN}


def verifier(**changes: object) -> Verifier:
    return Verifier(replace(TRUST, **changes), now=NOW)  # type: ignore[arg-type]


def verdict(name: str, **changes: object) -> tuple[Outcome, int | None]:
    found = verifier(**changes).verify((VECTORS / name).read_bytes())[0]
    return found.outcome, found.step


def block_of(name: str) -> int:
    number = verifier().verify((VECTORS / name).read_bytes())[0].block_number
    assert number is not None
    return number


def verifier_of(name: str, **changes: object) -> Verifier:
    """With the trust file and the time that the table has for a case."""
    case = TABLE["cases"][name]
    trust = TrustFile.from_bytes((VECTORS / case.get("trust", "trust.toml")).read_bytes())
    return Verifier(replace(trust, **changes), now=case.get("now", NOW))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(TABLE["cases"]))
def test_vector(name: str) -> None:
    expected = TABLE["cases"][name]
    found = verifier_of(name).verify((VECTORS / name).read_bytes())
    outcomes = {each.outcome for each in found}
    if name.endswith("_fail.json"):
        assert len(name) > len("_fail.json")
        assert expected["outcome"] in outcomes
        failed = [each for each in found if each.outcome in REFUSED]
        assert {each.step for each in failed} == {expected["step"]}
        assert all(each.reason for each in failed)
        assert all(each.fields is None for each in failed)
    elif name == "bundle.json":
        assert outcomes == {Outcome.VALID, Outcome.REVOKED}
    elif name == "journal-bundle.json":
        assert [each.outcome for each in found] == [Outcome.VALID] * 4
    elif isinstance(expected["outcome"], list):
        assert sorted(each.outcome for each in found) == sorted(expected["outcome"])
    else:
        assert [each.outcome for each in found] == [expected["outcome"]]


def test_there_are_enough_failing_vectors() -> None:
    assert sum(name.endswith("_fail.json") for name in TABLE["cases"]) >= 50
    assert {path.name for path in VECTORS.glob("*.json")} == {*TABLE["cases"], "cases.json"}
    covered = {case.get("step") for case in TABLE["cases"].values()} | {4, 10, 13}
    assert covered >= set(STEPS)


def test_valid__tells_what_was_proven() -> None:
    [found] = verifier().verify((VECTORS / "plain.json").read_bytes())
    assert found.fields == {"holder": "Holder of plain"}
    assert (found.issuer, found.custodian, found.version, found.latest_version) == (1, 1, 1, 1)
    assert found.done == [1, 2, 3, 4, 5, 6, 8, 9, 11, 12, 13]
    assert found.to_json(len(STEPS))["not_done"] == [7, 10]
    assert found.trust == TRUST.fingerprint


def test_superseded__says_by_what() -> None:
    [earlier] = verifier().verify((VECTORS / "amended-first.json").read_bytes())
    assert (earlier.outcome, earlier.reason) == (Outcome.SUPERSEDED, "by version 3")
    assert earlier.fields == {"holder": "Holder of amended"}
    [replaced] = verifier().verify((VECTORS / "superseded.json").read_bytes())
    [plain] = verifier().verify((VECTORS / "plain.json").read_bytes())
    assert replaced.superseded_by == f"0x{plain.record_id.hex()}"


def test_trust__decides_what_is_known() -> None:
    block = EvidenceFile.from_bytes((VECTORS / "plain.json").read_bytes()).anchor
    assert block.registry == TRUST.registry
    assert verdict("plain.json", code_hash=bytes(32)) == (Outcome.INVALID, 4)
    assert verdict("plain.json", blocks={}) == (Outcome.UNKNOWN, 12)
    number = block_of("plain.json")
    assert verdict("plain.json", blocks={number: bytes(32)}) == (Outcome.INVALID, 12)
    assert verdict("plain.json", expires=NOW - 1) == (Outcome.UNKNOWN, 2)
    assert verdict("plain.json", algorithms=(2,)) == (Outcome.UNKNOWN, 8)
    assert verdict("plain.json", greatest_age=0) == (Outcome.STALE, None)
    # What is final stays so, however old.
    assert verdict("revoked.json", greatest_age=0) == (Outcome.REVOKED, None)


def test_nodes__are_asked_for_blocks_that_the_file_does_not_name() -> None:
    data = (VECTORS / "plain.json").read_bytes()
    number = block_of("plain.json")
    block_hash = TRUST.blocks[number]
    without = replace(TRUST, blocks={})
    for answer, outcome in ((block_hash, Outcome.VALID), (None, Outcome.UNKNOWN)):
        asking = Verifier(
            without, now=NOW, block_hash={number: answer}.get if answer else lambda _: None
        )
        assert asking.verify(data)[0].outcome is outcome


def test_document__must_be_the_one_that_is_named() -> None:
    data = (VECTORS / "with-file.json").read_bytes()
    content = (VECTORS / "deed.pdf").read_bytes()
    right = Document("deed.pdf", hashlib.sha256(content).digest(), len(content))
    [found] = verifier().verify(data, right)
    assert (found.outcome, found.document) == (Outcome.VALID, "scan")
    wrong = Document("deed.pdf", hashlib.sha256(content + b"x").digest(), len(content) + 1)
    [refused] = verifier().verify(data, wrong)
    assert (refused.outcome, refused.step) == (Outcome.INVALID, 10)
    [plain] = verifier().verify((VECTORS / "plain.json").read_bytes(), right)
    assert (plain.outcome, plain.step) == (Outcome.INVALID, 10)


def test_files__are_their_own_bytes() -> None:
    for name in TABLE["cases"]:
        if not name.endswith("_fail.json"):
            data = (VECTORS / name).read_bytes()
            assert file_of(data).to_bytes() == data


def test_example__is_valid_for_years() -> None:
    examples = VECTORS.parents[2] / "examples"
    trust = TrustFile.from_bytes((examples / "trust.toml").read_bytes())
    [found] = Verifier(trust, now=NOW).verify((examples / "strike.json").read_bytes())
    assert found.outcome is Outcome.VALID
    assert found.fields is not None
    assert set(found.fields) == {"airport", "date", "species"}


def assert_refused(data: bytes, source: bytes | None = None) -> None:
    """A changed file is refused, or says less than its source, and of that nothing else."""
    try:
        found = verifier().verify(data)
    except MunimentError as error:  # pragma: no cover
        pytest.fail(f"the verifier raised {error}")
    if any(each.outcome in REFUSED for each in found):
        return
    assert source is not None, "accepted a changed file"
    said = {each.record_id: each for each in verifier().verify(source)}
    for each in found:
        before = said[each.record_id]
        less = (each.fields or {}).items() <= (before.fields or {}).items()
        assert less, "accepted a changed value"
        # Without the earlier version's content the record itself is spoken of.
        assert each.outcome is before.outcome or each.version is None
        assert (each.issuer, each.custodian) == (before.issuer, before.custodian)


@pytest.mark.parametrize("seed", range(300))
def test_flipped_bit__is_refused(seed: int) -> None:
    data = bytearray((VECTORS / "plain.json").read_bytes())
    place = random.Random(seed).randrange(len(data) * 8)
    data[place // 8] ^= 1 << place % 8
    assert_refused(bytes(data))


@pytest.mark.slow
def test_every_flipped_bit__is_refused() -> None:
    # The smallest whole file: its header, nodes, trace and content are all there.
    data = bytearray((VECTORS / "no-fields.json").read_bytes())
    for place in range(len(data) * 8):
        data[place // 8] ^= 1 << place % 8
        assert_refused(bytes(data))
        data[place // 8] ^= 1 << place % 8


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Another file: bytes changed, cut, doubled, moved, or values of the JSON exchanged."""
    kind = chance.randrange(6)
    start = chance.randrange(len(data))
    end = min(len(data), start + chance.choice((1, 2, 32, 64, 500)))
    if kind == 0:
        return data[:start] + chance.randbytes(end - start) + data[end:]
    if kind == 1:
        return data[:start] + data[end:]
    if kind == 2:
        return data[:end] + data[start:]
    if kind == 3:
        digit = chance.choice(b"0123456789abcdef")
        return data[:start] + bytes([digit]) + data[start + 1 :]
    value = json.loads(data)
    places = list(_places(value))
    holder, key = chance.choice(places)
    if kind == 4:
        _, other_key = other = chance.choice(places)
        holder[key], other[0][other_key] = other[0][other_key], holder[key]
    else:
        holder[key] = chance.choice([None, True, 0, -1, 1 << 60, "", "00", [], {}, [[]], "é"])
    try:
        return canonicalize(value)
    except (MunimentError, RecursionError):
        return json.dumps(value, default=str).encode() if kind == 5 else data[:start]


def _places(value: object):  # type: ignore[no-untyped-def]
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, part in list(pairs):
        yield value, key
        yield from _places(part)


def mutate_many(count: int, seed: int) -> None:
    chance = random.Random(seed)
    sources = [
        (VECTORS / f"{name}.json").read_bytes()
        for name in ("plain", "all-fields", "amended-latest", "disposed", "absent", "bundle")
    ]
    for _ in range(count):
        source = chance.choice(sources)
        data = mutated(source, chance)
        if data != source:
            assert_refused(data, source)


def test_mutated_files__are_refused() -> None:
    mutate_many(500, 1)


@pytest.mark.slow
def test_20_000_mutated_files__are_refused() -> None:
    mutate_many(20_000, 2)


@pytest.mark.exhaustive
def test_1_000_000_mutated_files__are_refused() -> None:
    mutate_many(1_000_000, 3)


def test_journal_record__tells_where_it_stands_and_who_vouches() -> None:
    [found] = verifier().verify((VECTORS / "journal-entry.json").read_bytes())
    assert (found.journal, found.entry_index, found.version, found.witnesses) == (1, 5, 1, None)
    assert found.fields == {"holder": "Holder 5"}
    [vouched] = verifier().verify((VECTORS / "journal-witnessed.json").read_bytes())
    assert vouched.witnesses == ["archive.example/witness", "court.example/witness"]
    [alone] = verifier(witnesses=TRUST.witnesses[:1]).verify(
        (VECTORS / "journal-witnessed.json").read_bytes()
    )
    assert (alone.outcome, alone.witnesses) == (Outcome.VALID, None)
    [held] = verifier().verify((VECTORS / "journal-held.json").read_bytes())
    assert (held.outcome, held.holds) == (Outcome.VALID, 1)


def test_conflict__names_both_registrations() -> None:
    [found] = verifier().verify((VECTORS / "conflict-entries.json").read_bytes())
    assert "entry 3 of journal 1 and entry 40 of journal 1" in found.reason
    [found] = verifier().verify((VECTORS / "conflict-entry-and-transaction.json").read_bytes())
    assert "entry 41 of journal 1 and a transaction" in found.reason


def test_other_lineage__makes_other_ids() -> None:
    [found] = verifier(lineage=bytes(32)).verify((VECTORS / "journal-entry.json").read_bytes())
    assert (found.outcome, found.step) == (Outcome.INVALID, 7)
