# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the `_fail` files, each with the step of the verifier that must say so."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import rlp

from muniment.record.canonical import canonicalize

Change = Callable[[dict[str, Any]], None]
Expected = dict[str, Any]


def _set(*path: Any) -> Change:
    *way, last, value = path

    def change(file: dict[str, Any]) -> None:
        part: Any = file
        for step in way:
            part = part[step]
        part[last] = value

    return change


def _delete(*path: Any) -> Change:
    *way, last = path

    def change(file: dict[str, Any]) -> None:
        part: Any = file
        for step in way:
            part = part[step]
        del part[last]

    return change


def _flip(*path: Any) -> Change:
    """Another last hex digit."""
    *way, last = path

    def change(file: dict[str, Any]) -> None:
        part: Any = file
        for step in way:
            part = part[step]
        text = part[last]
        part[last] = text[:-1] + ("0" if text[-1] != "0" else "1")

    return change


def _offered(*path: Any) -> Change:
    """An offer to agency 1 in a state word, which no state after an act has."""
    *way, last = path

    def change(file: dict[str, Any]) -> None:
        part: Any = file
        for step in way:
            part = part[step]
        text = part[last]
        part[last] = f"{int(text, 16) | 1 << 64:0{len(text)}x}"

    return change


def _nodes(change: Callable[[list[str]], list[str]]) -> Change:
    def apply(file: dict[str, Any]) -> None:
        file["anchor"]["nodes"] = change(file["anchor"]["nodes"])

    return apply


def _header(change: Callable[[list[bytes]], list[bytes]]) -> Change:
    def apply(file: dict[str, Any]) -> None:
        fields = [bytes(each) for each in rlp.decode(bytes.fromhex(file["anchor"]["header"]))]
        file["anchor"]["header"] = rlp.encode(change(fields)).hex()

    return apply


def _trace(change: Callable[[list[Any]], list[Any]]) -> Change:
    def apply(file: dict[str, Any]) -> None:
        file["record"]["trace"] = change(file["record"]["trace"])

    return apply


def _shortest(nodes: list[str]) -> str:
    """A leaf: nothing lies below it."""
    return min(nodes, key=len)


EXTRA = "f8" + "11" * 40
FIRST = ("record", "content", "fields", 0)
ACT = ("record", "trace", 0)

# Name, the file that is changed, how, and the step; the outcome is INVALID where nothing is said.
CHANGES: tuple[tuple[str, str, Change, int], ...] = (
    ("form-unknown-format", "plain", _set("format", "muniment/evidence/v2"), 1),
    ("form-no-format", "plain", _delete("format"), 1),
    ("form-unknown-member", "plain", _set("note", "trust me"), 1),
    ("form-no-anchor", "plain", _delete("anchor"), 1),
    ("form-anchor-is-text", "plain", _set("anchor", "block 12"), 1),
    ("form-anchor-unknown-member", "plain", _set("anchor", "hash", "00"), 1),
    ("form-chain-is-text", "plain", _set("anchor", "chain_id", "31337"), 1),
    ("form-chain-is-zero", "plain", _set("anchor", "chain_id", 0), 1),
    ("form-chain-is-true", "plain", _set("anchor", "chain_id", True), 1),
    ("form-registry-too-short", "plain", _set("anchor", "registry", "11" * 19), 1),
    ("form-registry-in-capitals", "plain", _set("anchor", "registry", "AB" * 20), 1),
    ("form-registry-with-0x", "plain", _set("anchor", "registry", "0x" + "11" * 20), 1),
    ("form-header-odd", "plain", _set("anchor", "header", "abc"), 1),
    ("form-header-too-long", "plain", _set("anchor", "header", "00" * 5000), 1),
    ("form-no-nodes", "plain", _set("anchor", "nodes", []), 1),
    ("form-nodes-not-ascending", "plain", _nodes(lambda nodes: nodes[::-1]), 1),
    ("form-node-twice", "plain", _nodes(lambda nodes: [nodes[0], *nodes]), 1),
    ("form-node-too-long", "plain", _nodes(lambda nodes: [*nodes, "ff" * 2000]), 1),
    ("form-record-unknown-member", "plain", _set("record", "agency", 1), 1),
    ("form-record-id-too-short", "plain", _set("record", "record_id", "11" * 31), 1),
    ("form-no-trace", "plain", _delete("record", "trace"), 1),
    ("form-trace-is-null", "plain", _set("record", "trace", None), 1),
    ("form-act-unknown", "plain", _set(*ACT, "act", "blessed"), 1),
    ("form-act-in-capitals", "plain", _set(*ACT, "act", "REGISTERED"), 1),
    ("form-act-unknown-member", "plain", _set(*ACT, "time", 1), 1),
    ("form-act-agency-of-registration", "plain", _set(*ACT, "agency", 1), 1),
    ("form-act-account-of-registration", "plain", _set(*ACT, "account", "11" * 20), 1),
    ("form-state-of-no-status", "plain", _set(*ACT, "state", "ff" * 32), 1),
    ("form-reason-too-great", "revoked", _set("record", "trace", 1, "reason", 1 << 16), 1),
    ("form-version-zero", "plain", _set("record", "content", "version", 0), 1),
    ("form-digest-too-short", "plain", _set("record", "content", "digests", 0, "11"), 1),
    ("form-salt-in-capitals", "plain", _set(*FIRST, "salt", "AB" * 32), 1),
    ("form-bundle-not-ascending", "bundle", lambda file: file["records"].reverse(), 1),
    ("form-bundle-empty", "bundle", _set("records", []), 1),
    (
        "form-bundle-twice",
        "bundle",
        lambda file: file["records"].insert(0, copy.deepcopy(file["records"][0])),
        1,
    ),
    ("header-no-rlp", "plain", _set("anchor", "header", "c1"), 3),
    ("header-one-field-more", "plain", _header(lambda fields: [*fields, b""]), 3),
    ("header-one-field-less", "plain", _header(lambda fields: fields[:-1]), 12),
    (
        "header-number-with-zeros",
        "plain",
        _header(lambda fields: [*fields[:8], b"\0" + fields[8], *fields[9:]]),
        3,
    ),
    (
        "header-other-time",
        "plain",
        _header(lambda fields: [*fields[:11], b"\x60" + fields[11][1:], *fields[12:]]),
        12,
    ),
    (
        "header-other-state-root",
        "plain",
        _header(lambda fields: [*fields[:3], b"\x11" * 32, *fields[4:]]),
        4,
    ),
    ("node-missing", "plain", _nodes(lambda nodes: [n for n in nodes if n != _shortest(nodes)]), 5),
    ("node-without-use", "plain", _nodes(lambda nodes: sorted([*nodes, EXTRA])), 11),
    ("trace-empty", "plain", _trace(lambda _: []), 6),
    ("trace-first-act-left-out", "amended-latest", _trace(lambda acts: acts[1:]), 6),
    ("trace-middle-act-left-out", "amended-latest", _trace(lambda acts: [acts[0], acts[2]]), 6),
    ("trace-last-act-left-out", "revoked", _trace(lambda acts: acts[:-1]), 6),
    ("trace-act-repeated", "revoked", _trace(lambda acts: [*acts, acts[-1]]), 6),
    ("trace-acts-swapped", "amended-latest", _trace(lambda acts: [acts[0], acts[2], acts[1]]), 6),
    ("trace-other-account", "revoked", _flip("record", "trace", 1, "account"), 6),
    ("trace-other-commitment", "plain", _flip(*ACT, "commitment"), 6),
    ("trace-other-state", "plain", _flip(*ACT, "state"), 6),
    ("trace-offer-in-first-act", "revoked", _offered("record", "trace", 0, "state"), 6),
    ("trace-other-reason", "revoked", _set("record", "trace", 1, "reason", 1), 6),
    ("trace-other-agency", "revoked", _set("record", "trace", 1, "agency", 2), 6),
    ("trace-other-replacement", "superseded", _flip("record", "trace", 1, "replacement"), 6),
    ("trace-other-case", "held", _flip("record", "trace", 1, "case"), 6),
    ("trace-other-mandate", "disposed", _flip("record", "trace", 1, "mandate"), 6),
    ("trace-other-proposer", "disposed", _flip("record", "trace", 1, "proposer"), 6),
    ("trace-other-giver", "transferred", _set("record", "trace", 1, "from_agency", 3), 6),
    ("trace-hold-hidden", "held", _trace(lambda acts: acts[:1]), 6),
    ("record-of-another-id", "plain", _flip("record", "record_id"), 5),
    ("content-other-version", "plain", _set("record", "content", "version", 2), 8),
    ("content-earlier-as-latest", "amended-first", _set("record", "content", "version", 3), 9),
    ("content-other-schema", "plain", _flip("record", "content", "schema_digest"), 9),
    ("content-other-value", "plain", _set(*FIRST, "field", '["holder","Mallory"]'), 9),
    ("content-other-salt", "plain", _flip(*FIRST, "salt"), 9),
    ("content-other-digest", "plain", _flip("record", "content", "digests", 3), 9),
    ("content-digest-left-out", "plain", _delete("record", "content", "digests", 0), 9),
    (
        "content-digests-not-ascending",
        "plain",
        lambda file: file["record"]["content"]["digests"].reverse(),
        9,
    ),
    (
        "content-field-twice",
        "plain",
        lambda file: file["record"]["content"]["fields"].append(
            dict(file["record"]["content"]["fields"][0])
        ),
        9,
    ),
    (
        "content-fields-not-in-order",
        "all-fields",
        lambda file: file["record"]["content"]["fields"].reverse(),
        9,
    ),
    ("content-field-not-canonical", "plain", _set(*FIRST, "field", '["holder" ,"x"]'), 9),
    (
        "bundle-one-changed",
        "bundle",
        lambda file: _flip("records", 2, "content", "fields", 0, "salt")(file),
        9,
    ),
)


def changed_files(made: dict[str, bytes]) -> Iterator[tuple[str, bytes, Expected]]:
    """Yield name, file and what is expected of it."""
    plain = made["plain"]
    invalid = {"outcome": "invalid"}
    yield "form-empty", b"", {**invalid, "step": 1}
    yield "form-no-json", b"evidence", {**invalid, "step": 1}
    yield "form-cut-short", plain[: len(plain) // 2], {**invalid, "step": 1}
    yield "form-line-at-the-end", plain + b"\n", {**invalid, "step": 1}
    yield "form-with-spaces", json.dumps(json.loads(plain)).encode(), {**invalid, "step": 1}
    yield "form-member-twice", b'{"anchor":{},' + plain[1:], {**invalid, "step": 1}
    yield "form-no-utf-8", plain.replace(b"Holder", b"\xff\xfeder"), {**invalid, "step": 1}
    yield (
        "form-float",
        plain.replace(b'"chain_id":31337', b'"chain_id":31337.0'),
        {**invalid, "step": 1},
    )
    for name, source, change, step in CHANGES:
        file = json.loads(made[source])
        change(file)
        yield name, canonicalize(file), {**invalid, "step": step}
    other = json.loads(plain)
    other["anchor"]["chain_id"] = 1
    yield "trust-other-chain", canonicalize(other), {"outcome": "unknown", "step": 2}
    other = json.loads(plain)
    other["anchor"]["registry"] = "11" * 20
    yield "trust-other-registry", canonicalize(other), {"outcome": "unknown", "step": 2}
    yield "content-of-another-record", _with_content_of(made), {**invalid, "step": 9}
    yield "absent-with-content", _absent_with_content(made), {**invalid, "step": 8}


def _with_content_of(made: dict[str, bytes]) -> bytes:
    file, other = json.loads(made["plain"]), json.loads(made["with-file"])
    file["record"]["content"] = other["record"]["content"]
    return canonicalize(file)


def _absent_with_content(made: dict[str, bytes]) -> bytes:
    file, other = json.loads(made["absent"]), json.loads(made["plain"])
    file["record"]["content"] = other["record"]["content"]
    return canonicalize(file)
