# SPDX-License-Identifier: Apache-2.0
"""docs/spec/keys.md written out once more, without the package: each reads what the other wrote."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import struct
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from muniment.errors import KeystoreError
from muniment.record.identifiers import AgencyId, Lineage
from muniment.store.keys import KeyPurpose, tables
from muniment.store.keys.rows import MAX_SEALS, Ledger
from tests.unit.store.keys.places import OTHER, RECORD, Place, secret

SPEC = Path(__file__).resolve().parents[4] / "docs" / "spec" / "keys.md"
STORE, LEDGER_KEY, EPOCH_KEY, SALT = b"S" * 16, b"L" * 32, b"E" * 32, b"s" * 16
LINEAGE = b"l" * 32
NONCE = b"n" * 12


def jcs(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def seal(key: bytes, plaintext: bytes, associated: bytes) -> bytes:
    return NONCE + AESGCM(key).encrypt(NONCE, plaintext, associated)


def unseal(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], associated)


def mac(tag: bytes, data: bytes, key: bytes = LEDGER_KEY) -> bytes:
    return hmac.digest(key, tag + b"\0" + STORE + data, "sha256")


def root_file(lock_key: bytes, lock: dict[str, Any]) -> bytes:
    header = {
        "agency": 7,
        "format": "muniment/keys/v1",
        "lineage": LINEAGE.hex(),
        "lock": lock,
        "store": STORE.hex(),
    }
    keys = {"epochs": [{"epoch": 1, "key": EPOCH_KEY.hex()}], "ledger": LEDGER_KEY.hex()}
    whole = {
        **header,
        "sealed": seal(lock_key, jcs(keys), b"muniment/keys/root/v1\0" + jcs(header)).hex(),
    }
    return jcs({**whole, "checksum": hashlib.sha256(jcs(whole)).hexdigest()})


def mark(table: str, place: bytes) -> int:
    data = mac(b"muniment/keys/tally/v1", table.encode() + b"\0" + place)
    return int.from_bytes(data, "big")


def write_store(place: Place) -> None:
    """A store of one secret, one tombstone and the keys, written by the document alone."""
    database = tables.connect(place.url, create=True)
    sums = {
        "version_secrets": [0, 0],
        "tombstones": [0, 0],
        "named_keys": [0, 0],
        "journal_secrets": [0, 0],
    }

    def count(table: str, at: bytes) -> None:
        sums[table][0] += 1
        sums[table][1] = (sums[table][1] + mark(table, at)) % (1 << 256)

    with database.write() as connection:
        tables.metadata.create_all(connection)
        at = RECORD + struct.pack(">I", 1)
        count("version_secrets", at)
        associated = b"muniment/keys/secret/v1\0" + STORE + at + struct.pack(">I", 1)
        connection.execute(
            tables.version_secrets.insert().values(
                record_id=RECORD,
                version=1,
                epoch=1,
                wrapped=seal(EPOCH_KEY, secret(1), associated),
            )
        )
        at = OTHER + struct.pack(">I", 2)
        count("tombstones", at)
        connection.execute(
            tables.tombstones.insert().values(
                record_id=OTHER,
                version=2,
                erased_at=99,
                tag=mac(b"muniment/keys/tombstone/v1", at + struct.pack(">Q", 99)),
            )
        )
        for purpose in ("local-id", "search", "encryption", "messages", "checkpoints"):
            public = b"" if purpose in ("local-id", "search") else purpose.encode().ljust(32)
            name = purpose.encode()
            count("named_keys", name + b"\0" + struct.pack(">I", 1) + b"\0" + public)
            row = (
                bytes([len(name)])
                + name
                + struct.pack(">I", 1)
                + bytes([len(public)])
                + public
                + struct.pack(">QQI", 5, 0, 1)
            )
            associated = b"muniment/keys/named/v1\0" + STORE + row
            connection.execute(
                tables.named_keys.insert().values(
                    purpose=purpose,
                    key_epoch=1,
                    public=public,
                    made_at=5,
                    retired_at=0,
                    epoch=1,
                    wrapped=seal(EPOCH_KEY, purpose.encode().rjust(32), associated),
                )
            )
        at = struct.pack(">IQII", 3, 0, 2, 0)
        count("journal_secrets", at)
        associated = b"muniment/keys/journal/v1\0" + STORE + at + struct.pack(">I", 1)
        connection.execute(
            tables.journal_secrets.insert().values(
                journal=3,
                first_index=0,
                count=2,
                revision=0,
                epoch=1,
                wrapped=seal(EPOCH_KEY, secret(7) + secret(8), associated),
            )
        )
        counts = struct.pack(">QQ", 4, 7)
        for rows, total in sums.values():
            counts += struct.pack(">Q", rows) + total.to_bytes(32, "big")
        identity = b""
        for value in (b"1", b"muniment/key-store/v1", STORE, b"7", LINEAGE, b"1"):
            identity += struct.pack(">I", len(value)) + value
        ledger = seal(
            mac(b"muniment/keys/ledger-key/v1", b""),
            counts,
            b"muniment/keys/ledger/v1\0" + identity,
        )
        connection.execute(
            tables.state.insert().values(
                id=1,
                format="muniment/key-store/v1",
                store_id=STORE,
                agency_id=7,
                lineage=LINEAGE,
                epoch=1,
                ledger=ledger,
            )
        )
    database.close()


def write_root(place: Place, data: bytes) -> None:
    place.root.write_bytes(data)
    place.root.chmod(0o600)


def test_store_written_by_the_document__is_read_by_the_package(place: Place) -> None:
    lock = {"iterations": 3, "kind": "argon2id", "lanes": 2, "memory": 65536, "salt": SALT.hex()}
    kdf = Argon2id(salt=SALT, length=32, iterations=3, lanes=2, memory_cost=65536)
    write_root(place, root_file(kdf.derive(b"a passphrase"), lock))
    write_store(place)
    with place.open(
        passphrase="a passphrase", agency_id=AgencyId(7), lineage=Lineage(LINEAGE)
    ) as keys:
        assert list(keys.check()) == []
        assert keys.secret(RECORD, 1) == secret(1)
        assert list(keys.erased_places()) == [(OTHER, 2)]
        assert keys.search_key() == b"search".rjust(32)
        assert keys.agency_key(KeyPurpose.MESSAGES).private == b"messages".rjust(32)
        keys.put_secrets({(RECORD, 2): secret(2)})
        keys.erase(RECORD, [1])
        assert list(keys.check()) == []


def test_store_written_by_the_package__is_read_by_the_document(place: Place) -> None:
    with place.create() as keys:
        keys.put_secrets({(RECORD, 1): secret(1)})
        keys.erase(OTHER, [1])
    whole = json.loads(place.root.read_text())
    assert jcs(whole) == place.root.read_bytes()
    sealed = bytes.fromhex(whole.pop("sealed"))
    del whole["checksum"]
    tag = b"muniment/keys/key-file/v1\0" + bytes.fromhex(whole["lock"]["salt"])
    lock_key = hmac.digest(place.key_file.read_bytes(), tag, "sha256")
    opened = json.loads(unseal(lock_key, sealed, b"muniment/keys/root/v1\0" + jcs(whole)))
    (epoch,) = opened["epochs"]
    (row,) = place.execute(sa.select(tables.version_secrets))
    place_of_row = RECORD + struct.pack(">II", 1, 1)
    associated = b"muniment/keys/secret/v1\0" + bytes.fromhex(whole["store"]) + place_of_row
    assert unseal(bytes.fromhex(epoch["key"]), row.wrapped, associated) == secret(1)


@pytest.mark.parametrize("kind", ["key-file", "scrypt"])
def test_other_locks(place: Place, kind: str) -> None:
    key = b"k" * 32
    if kind == "key-file":
        lock: dict[str, Any] = {"kind": kind, "salt": SALT.hex()}
        lock_key = hmac.digest(key, b"muniment/keys/key-file/v1\0" + SALT, "sha256")
    else:
        lock = {"kind": kind, "n": 1 << 17, "p": 1, "r": 8, "salt": SALT.hex()}
        lock_key = hashlib.scrypt(
            "né".encode(), salt=SALT, n=1 << 17, r=8, p=1, maxmem=1 << 28, dklen=32
        )
    write_root(place, root_file(lock_key, lock))
    write_store(place)
    place.key_file.write_bytes(key)
    place.key_file.chmod(0o600)
    with place.open(**({} if kind == "key-file" else {"passphrase": "ne\u0301"})) as keys:
        assert keys.secret(RECORD, 1) == secret(1)


def test_key_that_sealed_too_often__refuses_until_a_new_epoch(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Ledger.from_bytes

    def worn(data: bytes) -> Ledger:
        ledger = real(data)
        ledger.seals += MAX_SEALS - 6
        return ledger

    with place.create() as keys:
        monkeypatch.setattr(Ledger, "from_bytes", worn)
        keys.put_secrets({(RECORD, 1): secret(1)})
        monkeypatch.setattr(Ledger, "from_bytes", real)
        with pytest.raises(KeystoreError, match="as often as its key may"):
            keys.put_secrets({(RECORD, 2): secret(2), (RECORD, 3): secret(3)})
        assert list(keys.places()) == [(RECORD, 1)]
        keys.begin_epoch()
        keys.put_secrets({(RECORD, 2): secret(2)})


def test_document__names_every_tag_table_and_column() -> None:
    text = SPEC.read_text()
    for table in tables.metadata.sorted_tables:
        assert f"`{table.name}`" in text
        for column in table.columns:
            assert f"`{column.name}`" in text, f"{table.name}.{column.name}"
    source = "".join(path.read_text() for path in Path(tables.__file__).parent.glob("*.py"))
    tags = set(re.findall(r'b"(muniment/[a-z/0-9-]+)', source))
    assert len(tags) == 9
    for tag in tags:
        assert tag in text
