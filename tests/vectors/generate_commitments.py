# SPDX-License-Identifier: Apache-2.0
"""Write commitments.json: docs/spec/records.md worked out by hand, without the package's code.

    python tests/vectors/generate_commitments.py          # write the file
    python tests/vectors/generate_commitments.py --check  # fail if it differs

Cases whose name ends in ``_fail`` must be refused. Byte strings are 0x-hex, so that Forge reads
them too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from eth_hash.auto import keccak

TARGET = Path(__file__).with_name("commitments.json")

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "additionalProperties": False,
    "properties": {
        "airport": {"maxLength": 4, "type": "string"},
        "birds": {"minimum": 0, "type": "integer"},
        "cost": {"format": "decimal", "type": ["string", "null"]},
        "date": {"format": "date", "type": "string"},
    },
    "required": ["airport", "date"],
    "type": "object",
}
STRIKE = {"airport": "JFK", "birds": 2, "cost": "1250.00", "date": "1990-01-08"}
SECRET = bytes(range(32))
LINEAGE_CHAIN = 31337
FIRST_REGISTRY = bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")


def shown(value: bytes) -> str:
    return "0x" + value.hex()


def digest(algorithm: int, data: bytes) -> bytes:
    if algorithm == 1:
        return hashlib.sha256(data).digest()
    state = hashes.Hash(hashes.SM3())
    state.update(data)
    return state.finalize()


def identifiers(agency: int, system: str, source_id: str) -> dict[str, Any]:
    key = hashlib.sha256(b"a local-id key for tests").digest()
    lineage = keccak(
        keccak(b"muniment.lineage.v1")
        + LINEAGE_CHAIN.to_bytes(32, "big")
        + bytes(12)
        + FIRST_REGISTRY
    )
    local_id = hmac.new(
        key, b"muniment/local-id/v1\0" + rfc8785.dumps([system, source_id]), hashlib.sha256
    ).digest()
    return {
        "agencyId": agency,
        "chainId": LINEAGE_CHAIN,
        "firstRegistry": shown(FIRST_REGISTRY),
        "lineage": shown(lineage),
        "localId": shown(local_id),
        "localIdKey": shown(key),
        "recordId": shown(keccak(lineage + agency.to_bytes(32, "big") + local_id)),
        "sourceId": source_id,
        "sourceSystem": system,
    }


RECORD = identifiers(1, "faa-strikes", "1990-000123")


def commitment(
    name: str,
    content: dict[str, Any],
    *,
    algorithm: int = 1,
    issuer: int = 1,
    type_id: int = 1,
    version: int = 1,
) -> dict[str, Any]:
    schema_digest = hashlib.sha256(rfc8785.dumps(SCHEMA)).digest()
    record_id = bytes.fromhex(RECORD["recordId"][2:])
    count = (len(content) + 7) // 8 * 8
    stream = hashlib.shake_256(b"muniment/salts/v1\0" + SECRET).digest(32 * count)
    pieces = [stream[32 * place : 32 * place + 32] for place in range(count)]
    fields = []
    for salt, field in zip(
        pieces, sorted(content, key=lambda each: each.encode("utf-8")), strict=False
    ):
        text = rfc8785.dumps([field, content[field]])
        fields.append(
            {
                "digest": shown(digest(algorithm, b"muniment/field/v1\0" + salt + text)),
                "salt": shown(salt),
                "text": text.decode("utf-8"),
            }
        )
    digests = [bytes.fromhex(field["digest"][2:]) for field in fields] + pieces[len(fields) :]
    digests.sort()
    packed = b"".join(
        (
            bytes([algorithm]),
            record_id,
            issuer.to_bytes(4, "big"),
            type_id.to_bytes(2, "big"),
            schema_digest,
            version.to_bytes(4, "big"),
        )
    )
    preimage = b"muniment/commitment/v1\0" + packed + count.to_bytes(4, "big") + b"".join(digests)
    return {
        "algorithm": algorithm,
        "commitment": shown(digest(algorithm, preimage)),
        "content": rfc8785.dumps(content).decode("utf-8"),
        "digests": [shown(each) for each in digests],
        "fields": fields,
        "header": shown(packed),
        "issuer": issuer,
        "name": name,
        "recordId": shown(record_id),
        "schemaDigest": shown(schema_digest),
        "secret": shown(SECRET),
        "typeId": type_id,
        "version": version,
    }


def disclosures(base: dict[str, Any]) -> list[dict[str, Any]]:
    good = {
        "digests": [each[2:] for each in base["digests"]],
        "fields": [
            {"field": field["text"], "salt": field["salt"][2:]}
            for field in base["fields"]
            if field["text"].startswith(('["airport"', '["date"'))
        ],
        "format": "muniment/disclosure/v1",
    }
    first, second = good["fields"]
    salt_flipped = f"{int(first['salt'], 16) ^ 1:064x}"
    changes: dict[str, dict[str, Any]] = {
        "two-fields": {},
        "no-field": {"fields": []},
        "value-changed_fail": {"fields": [{**first, "field": '["airport","LGA"]'}, second]},
        "value-of-another-type_fail": {"fields": [{**first, "field": '["airport",null]'}, second]},
        "spelled-differently_fail": {"fields": [{**first, "field": '["airport", "JFK"]'}, second]},
        "escaped-differently_fail": {
            "fields": [{**first, "field": '["airport","\\u004aFK"]'}, second]
        },
        "salt-bit-flipped_fail": {"fields": [{**first, "salt": salt_flipped}, second]},
        "salts-swapped_fail": {
            "fields": [{**first, "salt": second["salt"]}, {**second, "salt": first["salt"]}]
        },
        "salt-too-short_fail": {"fields": [{**first, "salt": first["salt"][2:]}, second]},
        "field-repeated_fail": {"fields": [first, first]},
        "fields-out-of-order_fail": {"fields": [second, first]},
        "digest-missing_fail": {"digests": good["digests"][1:]},
        "digests-missing-altogether_fail": {"digests": [], "fields": []},
        "digest-repeated_fail": {"digests": [good["digests"][0], *good["digests"][:7]]},
        "digests-unsorted_fail": {"digests": good["digests"][::-1]},
        "digests-of-another-list_fail": {"digests": [f"{place:064x}" for place in range(8)]},
        "upper-case-hex_fail": {"digests": [each.upper() for each in good["digests"]]},
        "another-format_fail": {"format": "muniment/disclosure/v2"},
        "another-member_fail": {"note": "x"},
    }
    cases = [
        {"disclosure": rfc8785.dumps(good | change).decode("utf-8"), "name": name}
        for name, change in changes.items()
    ]
    spaced = json.dumps(good)
    cases.append({"disclosure": spaced, "name": "not-canonical_fail"})
    return cases


def objects() -> list[dict[str, Any]]:
    record_id = bytes.fromhex(RECORD["recordId"][2:])
    nonce = bytes(range(16, 32))

    def sealed(index: int, version: int, chunks: list[bytes], final: int) -> bytes:
        key = hashlib.shake_256(
            b"muniment/object-key/v1\0" + SECRET + index.to_bytes(4, "big") + nonce
        ).digest(32)
        associated = (
            b"muniment/object/v1\0"
            + record_id
            + version.to_bytes(4, "big")
            + index.to_bytes(4, "big")
        )
        body = [
            AESGCM(key).encrypt(
                counter.to_bytes(11, "big") + bytes([counter == final]), chunk, associated
            )
            for counter, chunk in enumerate(chunks)
        ]
        return b"MUNIOBJ\x01" + nonce + b"".join(body)

    plain = rfc8785.dumps(STRIKE)
    right = sealed(0, 1, [plain], 0)
    made = {
        "content": right,
        "empty-object": sealed(0, 1, [b""], 0),
        "not-marked-as-last_fail": sealed(0, 1, [plain], 1),
        "of-another-object_fail": sealed(1, 1, [plain], 0),
        "of-another-version_fail": sealed(0, 2, [plain], 0),
        "another-format_fail": b"MUNIOBJ\x02" + right[8:],
        "cut-short_fail": right[:-1],
        "byte-appended_fail": right + b"\0",
        "header-only_fail": right[:24],
        "empty-file_fail": b"",
    }
    return [
        {
            "index": 0,
            "name": name,
            "object": shown(data),
            "plaintext": shown(b"" if name == "empty-object" else plain),
            "recordId": shown(record_id),
            "secret": shown(SECRET),
            "version": 1,
        }
        for name, data in made.items()
    ]


def document() -> dict[str, Any]:
    strike = commitment("wildlife-strike", STRIKE)
    nine = {f"field {place}": place for place in range(9)}
    kinds = {"a": 1, "b": "1", "c": True, "d": None, "e": [], "f": {}, "g": ["1", 1, True, None]}
    return {
        "commitments": [
            strike,
            commitment("wildlife-strike-sm3", STRIKE, algorithm=2),
            commitment("second-version", STRIKE | {"birds": 3}, version=2),
            commitment("of-another-type", STRIKE, type_id=65535),
            commitment("of-another-agency", STRIKE, issuer=4294967295),
            commitment("nine-fields-sixteen-digests", nine),
            commitment("eight-fields-no-decoy", {f"f{place}": "" for place in range(8)}),
            commitment("look-alikes", kinds),
            commitment(
                "names-sorted-by-utf-8", {"\uffff": 1, "\U00010000": 2, "é": 3, "Z": 4, "": 5}
            ),
            commitment("escapes", {"text": '\b\t\n\f\r"\\/\x00\x1f\x7f\u2028€\U0001f600'}),
        ],
        "disclosures": disclosures(strike),
        "identifiers": [
            RECORD,
            identifiers(4294967295, "faa-strikes", "1990-000123"),
            identifiers(1, "faa", 'strikes","1990-000123'),
            identifiers(1, "土地登记", "沪-2026-0001"),
        ],
        "objects": objects(),
        "schema": rfc8785.dumps(SCHEMA).decode("utf-8"),
        "source": "docs/spec/records.md, made by tests/vectors/generate_commitments.py",
    }


def rendered() -> str:
    return json.dumps(document(), indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def main() -> None:
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(rendered(), encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != rendered():
        sys.exit(f"{TARGET.name} differs: run this without --check and look at the difference")


if __name__ == "__main__":
    main()
