# SPDX-License-Identifier: Apache-2.0
"""Writes `signing/`: keystores and transactions of eth-account, and the calls of officers.

    python -m tests.vectors.generate_signing

The console's own signing (`web/console/src/core`) is held against them. Calls are encoded by
eth-abi from the contracts' ABI.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from eth_abi import encode
from eth_account import Account
from eth_utils import abi as abi_names

from muniment.artifacts import CONTRACTS, artifact
from muniment.exchange.terms import Terms
from muniment.registry.disposition.mandates import mandate_commitment
from toolchain.local_chain import development_keys

FOLDER: Final = Path(__file__).parent / "signing"
PASSWORD: Final = "correct horse, 密码 é"
KEYS: Final = 6
NAMES: Final = {
    "RecordRegistry": "records",
    "AgencyRegistry": "agencies",
    "ShareRegistry": "shares",
}


def keystores() -> list[dict[str, Any]]:
    """Light ones, and one as heavy as eth-account makes them; the last has a short IV."""
    made = []
    kinds = (("scrypt", 2**10), ("pbkdf2", 1000), ("scrypt", 2**18), ("pbkdf2", 100))
    for key, (kdf, iterations) in zip(development_keys(len(kinds)), kinds, strict=True):
        stored = Account.encrypt(key, PASSWORD, kdf=kdf, iterations=iterations)
        # eth-account writes the IV as a number: one in 256 is a byte shorter.
        while iterations == 100 and len(stored["crypto"]["cipherparams"]["iv"]) == 32:
            stored = Account.encrypt(key, PASSWORD, kdf=kdf, iterations=iterations)
        made.append({"keystore": stored, "address": Account.from_key(key).address.lower()})
    return made


def transactions() -> list[dict[str, Any]]:
    """Many, so that short r, s and both recoveries are among them."""
    made = []
    keys = development_keys(KEYS)
    for number in range(60):
        digest = hashlib.sha256(f"transaction {number}".encode()).digest()
        key = keys[number % KEYS]
        transaction = {
            "chainId": (1, 31_337, 2**40 + 5)[number % 3],
            "nonce": (0, 1, 127, 128, 2**33)[number % 5],
            "gas": 21_000 + number * 7_919,
            "gasPrice": (0, 7, 1_000_000_000)[number % 3],
            "to": Account.from_key(keys[(number + 1) % KEYS]).address,
            "value": 0,
            "data": f"0x{(digest * 5)[: number % 130].hex()}",
        }
        signed = Account.sign_transaction(transaction, key)
        made.append(
            {
                "key": f"0x{key.hex()}",
                "transaction": {
                    name: str(value) if isinstance(value, int) else value
                    for name, value in transaction.items()
                },
                "raw": f"0x{bytes(signed.raw_transaction).hex()}",
                "hash": f"0x{bytes(signed.hash).hex()}",
                "sender": Account.from_key(key).address,
            }
        )
    return made


def calls() -> list[dict[str, Any]]:
    """One of each function of the contracts that changes something."""
    made = []
    for contract in CONTRACTS:
        for entry in artifact(contract)["abi"]:
            if entry["type"] != "function" or entry["stateMutability"] in ("view", "pure"):
                continue
            values = [_value(each, f"{entry['name']} {each['name']}") for each in entry["inputs"]]
            types = [abi_names.collapse_if_tuple(each) for each in entry["inputs"]]
            selector = abi_names.function_abi_to_4byte_selector(entry)
            made.append(
                {
                    "contract": NAMES[contract],
                    "name": entry["name"],
                    "values": {
                        each["name"]: _shown(each, value)
                        for each, value in zip(entry["inputs"], values, strict=True)
                    },
                    "data": f"0x{(selector + encode(types, values)).hex()}",
                }
            )
    return made


def openings() -> dict[str, Any]:
    """Terms and mandates, whose words and salts open commitments."""
    salt = hashlib.sha256(b"salt").digest()
    terms = [
        Terms.of("pension 养老", "Act 12", ["parcel", "holder"]),
        Terms.of("audit", "Act 7", None, onward=True),
    ]
    words = "Schedule 4, 2026 é"
    return {
        "salt": f"0x{salt.hex()}",
        "terms": [
            {"terms": each.to_json(), "commitment": f"0x{each.commitment(salt).hex()}"}
            for each in terms
        ],
        "mandate": {"words": words, "commitment": f"0x{mandate_commitment(words, salt).hex()}"},
    }


def _value(entry: dict[str, Any], seed: str) -> Any:
    digest, kind = hashlib.sha256(seed.encode()).digest(), entry["type"]
    if kind.endswith("[]"):
        inner = {**entry, "type": kind[:-2]}
        return [_value(inner, f"{seed} {number}") for number in range(3)]
    if kind == "tuple":
        return tuple(_value(each, f"{seed} {each['name']}") for each in entry["components"])
    if kind.startswith("uint"):
        return int.from_bytes(digest, "big") >> (256 - int(kind[4:]))
    if kind == "address":
        return f"0x{digest[:20].hex()}"
    if kind == "bool":
        return digest[0] % 2 == 0
    if kind == "string":
        return f"{seed} 档案"
    return digest if kind == "bytes32" else digest * 2 + b"\1"


def _shown(entry: dict[str, Any], value: Any) -> Any:
    kind = entry["type"]
    if kind.endswith("[]"):
        return [_shown({**entry, "type": kind[:-2]}, each) for each in value]
    if kind == "tuple":
        return {
            each["name"]: _shown(each, one)
            for each, one in zip(entry["components"], value, strict=True)
        }
    if isinstance(value, bool):
        return value
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    return {"number": str(value)} if isinstance(value, int) else value


def main() -> None:
    """Write the files."""
    FOLDER.mkdir(exist_ok=True)
    written = {
        "keystores.json": {"password": PASSWORD, "keystores": keystores()},
        "transactions.json": transactions(),
        "calls.json": calls(),
        "openings.json": openings(),
    }
    for name, content in written.items():
        (FOLDER / name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
