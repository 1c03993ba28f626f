# SPDX-License-Identifier: Apache-2.0
"""Makes `chain.json`: ids, states, trace heads, storage slots and leaves, as docs/SPEC.md says.

Written from the SPEC with `eth_abi` alone, apart from the package and from the contracts: both are
tested against it.
Run: `.venv/bin/python tests/vectors/generate_chain.py`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from eth_abi import encode
from eth_hash.auto import keccak

CHAIN_ID = 31337
REGISTRY = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
SHARE_REGISTRY = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0"
REGISTRAR = "0x00000000000000000000000000000000000000A1"
STEWARD = "0x00000000000000000000000000000000000000A2"
OTHER_STEWARD = "0x00000000000000000000000000000000000000b2"
AUTHORITY = "0x00000000000000000000000000000000000000C1"
T0 = 1_700_000_000
RETENTION = 3650

REGISTERED_TAG = keccak(b"muniment.trace.registered.v1")
ACT_TAG = keccak(b"muniment.trace.act.v1")
OFFER_BITS = ((1 << 68) - 1) << 64


def h(types: list[str], values: list[Any]) -> bytes:
    return keccak(encode(types, values))


def word(byte: int) -> bytes:
    return bytes([byte]) * 32


def state(**f: int) -> int:
    at = {
        "issuer": 0,
        "custodian": 32,
        "offered_to": 64,
        "offer_expires_at": 96,
        "type_id": 132,
        "type_version": 148,
        "version": 160,
        "algorithm": 176,
        "status": 184,
        "hold_count": 188,
        "updated_at": 200,
        "retain_until": 236,
    }
    return sum(value << at[name] for name, value in f.items())


def registered_head(record_id: bytes, commitment: bytes, word_: int) -> bytes:
    return h(
        ["bytes32", "bytes32", "bytes32", "uint256"],
        [REGISTERED_TAG, record_id, commitment, word_ & ~OFFER_BITS],
    )


def act_head(
    before: bytes,
    record_id: bytes,
    kind: int,
    agency: int,
    account: str,
    word_: int,
    argument: bytes,
) -> bytes:
    types = ["bytes32", "bytes32", "bytes32", "uint8", "uint32", "address", "uint256", "bytes32"]
    return h(types, [ACT_TAG, before, record_id, kind, agency, account, word_, argument])


def hx(value: bytes | int) -> str:
    raw = value if isinstance(value, bytes) else value.to_bytes(32, "big")
    return "0x" + raw.hex()


def number(value: int) -> bytes:
    return value.to_bytes(32, "big")


LINEAGE = h(["bytes32", "uint256", "address"], [keccak(b"muniment.lineage.v1"), CHAIN_ID, REGISTRY])


def record_id_of(agency: int, local_id: bytes) -> bytes:
    return h(["bytes32", "uint32", "bytes32"], [LINEAGE, agency, local_id])


def act(
    kind: int, time: int, account: str, word_: int, head: bytes, slot: bytes, **more: Any
) -> dict[str, Any]:
    return {
        "kind": kind,
        "time": time,
        "account": account,
        "state": hx(word_),
        "traceHead": hx(head),
        "traceHeadSlot": hx(slot),
        **more,
    }


def traces() -> list[dict[str, Any]]:
    cases = []
    day = T0 // 86400
    first = {
        "issuer": 1,
        "custodian": 1,
        "type_id": 1,
        "type_version": 1,
        "version": 1,
        "algorithm": 1,
        "status": 1,
        "updated_at": T0,
        "retain_until": day + RETENTION,
    }

    local, commitment, amended = word(0x11), word(0x22), word(0x33)
    rid = record_id_of(1, local)
    s0 = state(**first)
    head0 = registered_head(rid, commitment, s0)
    s1 = state(**{**first, "version": 2, "updated_at": T0 + 100})
    head1 = act_head(head0, rid, 3, 1, REGISTRAR, s1, amended)
    s2 = state(**{**first, "version": 2, "updated_at": T0 + 200, "custodian": 2})
    head2 = act_head(head1, rid, 8, 2, OTHER_STEWARD, s2, number(1))
    cases.append(
        {
            "name": "register-then-amend-then-transfer",
            "localId": hx(local),
            "recordId": hx(rid),
            "acts": [
                act(1, T0, REGISTRAR, s0, head0, bytes(32), commitment=hx(commitment)),
                act(3, T0 + 100, REGISTRAR, s1, head1, head1, commitment=hx(amended)),
                act(
                    8,
                    T0 + 200,
                    OTHER_STEWARD,
                    s2,
                    head2,
                    head2,
                    commitment=hx(amended),
                    fromAgency=1,
                ),
            ],
        }
    )

    local, commitment, case = word(0x44), word(0x55), word(0x66)
    rid = record_id_of(1, local)
    s0 = state(hold_count=1, updated_at=T0)
    head0 = act_head(bytes(32), rid, 6, 0, AUTHORITY, s0, case)
    s1 = state(**{**first, "updated_at": T0 + 100, "hold_count": 1})
    head1 = act_head(head0, rid, 1, 1, REGISTRAR, s1, commitment)
    s2 = state(**{**first, "updated_at": T0 + 200})
    head2 = act_head(head1, rid, 7, 0, AUTHORITY, s2, case)
    s3 = state(**{**first, "updated_at": T0 + 300, "status": 3})
    head3 = act_head(head2, rid, 5, 1, REGISTRAR, s3, number(2))
    cases.append(
        {
            "name": "held-before-it-was-registered-then-released-then-revoked",
            "localId": hx(local),
            "recordId": hx(rid),
            "acts": [
                act(
                    6,
                    T0,
                    AUTHORITY,
                    s0,
                    head0,
                    head0,
                    commitment=hx(bytes(32)),
                    caseCommitment=hx(case),
                ),
                act(1, T0 + 100, REGISTRAR, s1, head1, head1, commitment=hx(commitment)),
                act(
                    7,
                    T0 + 200,
                    AUTHORITY,
                    s2,
                    head2,
                    head2,
                    commitment=hx(commitment),
                    caseCommitment=hx(case),
                ),
                act(5, T0 + 300, REGISTRAR, s3, head3, head3, commitment=hx(commitment), reason=2),
            ],
        }
    )
    return cases


def enrolment() -> dict[str, Any]:
    local, commitment = word(0x77), word(0x88)
    rid = record_id_of(1, local)
    entry = (
        bytes([1, 1])
        + (1).to_bytes(2, "big")
        + (1).to_bytes(2, "big")
        + (T0 - 10).to_bytes(8, "big")
        + local
        + commitment
    )
    leaf = hashlib.sha256(b"\0" + entry).digest()
    sibling = word(0x99)
    root = hashlib.sha256(b"\1" + sibling + leaf).digest()
    seal = h(["bytes32", "uint64", "uint64", "uint48"], [root, 2, 0, T0])
    s0 = state(
        issuer=1,
        custodian=1,
        type_id=1,
        type_version=1,
        version=1,
        algorithm=1,
        status=1,
        updated_at=T0 + 86400,
        retain_until=T0 // 86400 + RETENTION,
    )
    argument = h(["bytes32", "bytes32", "uint32", "uint64", "uint64"], [commitment, leaf, 1, 1, 2])
    head = act_head(bytes(32), rid, 2, 1, REGISTRAR, s0, argument)
    return {
        "localId": hx(local),
        "recordId": hx(rid),
        "commitment": hx(commitment),
        "entry": "0x" + entry.hex(),
        "entryTime": T0 - 10,
        "leafHash": hx(leaf),
        "sibling": hx(sibling),
        "root": hx(root),
        "sealedAt": T0,
        "sealHash": hx(seal),
        "journal": 1,
        "index": 1,
        "size": 2,
        "enrolledAt": T0 + 86400,
        "account": REGISTRAR,
        "state": hx(s0),
        "traceHead": hx(head),
    }


def base(name: str) -> int:
    return (
        int.from_bytes(h(["uint256"], [int.from_bytes(keccak(name.encode()), "big") - 1]), "big")
        & ~0xFF
    )


def slot(key: int | bytes, at: int) -> str:
    raw = key if isinstance(key, bytes) else number(key)
    return hx(keccak(raw + number(at)))


def storage() -> dict[str, Any]:
    records = base("muniment.storage.Records")
    types = base("muniment.storage.RecordTypes")
    holds = base("muniment.storage.Holds")
    journals = base("muniment.storage.Journals")
    rid = record_id_of(1, word(0x11))
    hold_key = h(["bytes32", "address", "bytes32"], [rid, AUTHORITY, word(0x66)])
    return {
        "records": hx(records),
        "recordTypes": hx(types),
        "holds": hx(holds),
        "journals": hx(journals),
        "succession": hx(base("muniment.storage.Succession")),
        "agencyKeys": hx(base("muniment.storage.AgencyKeys")),
        "recordOfFirstTrace": slot(rid, records),
        "typeHead_1_1": slot((1 << 16) | 1, types),
        "holdOfFirstTrace": slot(hold_key, holds),
        "journalHead_1_1": slot((1 << 32) | 1, journals),
        "seal_1_1_2": slot((1 << 96) | (1 << 64) | 2, journals + 1),
    }


def leaves() -> list[dict[str, str]]:
    rid = record_id_of(1, word(0x11))
    record = encode(
        ["uint8", "bytes32", "(bytes32,uint256,bytes32)", "(address,bytes32)[]"],
        [
            1,
            rid,
            (word(0x33), state(issuer=1, custodian=1, status=1, hold_count=1), word(0xAA)),
            [(AUTHORITY, word(0x66))],
        ],
    )
    journal = encode(
        ["uint8", "uint32", "uint32", "(uint64,uint64,bool,bool)", "bytes32"],
        [2, 1, 1, (2, (1 << 64) - 1, True, False), word(0xBB)],
    )
    held = encode(
        ["uint8", "uint32", "uint16", "(address,bytes32)"], [3, 1, 1, (AUTHORITY, word(0x66))]
    )
    return [
        {
            "name": name,
            "data": "0x" + data.hex(),
            "leafHash": hx(hashlib.sha256(b"\0" + data).digest()),
        }
        for name, data in (("record", record), ("journal", journal), ("type-hold", held))
    ]


def vectors() -> dict[str, Any]:
    role = keccak(b"REGISTRAR")
    return {
        "chainId": CHAIN_ID,
        "registry": REGISTRY,
        "shareRegistry": SHARE_REGISTRY,
        "lineage": hx(LINEAGE),
        "accounts": {
            "registrar": REGISTRAR,
            "steward": STEWARD,
            "otherSteward": OTHER_STEWARD,
            "holdAuthority": AUTHORITY,
        },
        "retentionDays": RETENTION,
        "registrarRoleOfAgency1": hx(h(["bytes32", "uint32"], [role, 1])),
        "firstShareId": hx(
            h(
                ["bytes32", "uint256", "address", "uint64"],
                [keccak(b"muniment.share.v1"), CHAIN_ID, SHARE_REGISTRY, 1],
            )
        ),
        "shareScope": hx(h(["bytes32", "bytes32"], [record_id_of(1, word(0x11)), word(0x12)])),
        "traces": traces(),
        "enrolment": enrolment(),
        "storage": storage(),
        "finalStates": leaves(),
    }


def text() -> str:
    return json.dumps(vectors(), indent=1) + "\n"


if __name__ == "__main__":
    (Path(__file__).parent / "chain.json").write_text(text())
