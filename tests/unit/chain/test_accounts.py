# SPDX-License-Identifier: Apache-2.0
"""Keystores: those of Ape, passwords from anywhere but a flag, and clear refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from muniment.chain import Address, Signer, new_keystore
from muniment.chain import accounts as accounts_room
from muniment.chain.accounts import UnsignedTransaction
from muniment.errors import KeystoreError, WrongPasswordError

# eth-account's own published form, with a light key derivation so that the tests are quick.
KEY = bytes.fromhex("4646464646464646464646464646464646464646464646464646464646464646")


@pytest.fixture(scope="module")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "registrar.json"
    new_keystore(path, "correct horse", KEY)
    return path


def test_keystore__opens_with_its_password(keystore: Path) -> None:
    signer = Signer.from_keystore(keystore, "correct horse")
    assert signer.address == "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F"
    assert "46464646" not in repr(signer)


def test_keystore__is_private_and_never_overwritten(keystore: Path) -> None:
    assert keystore.stat().st_mode & 0o777 == 0o600
    before = keystore.read_text()
    with pytest.raises(KeystoreError, match="exists"):
        new_keystore(keystore, "other")
    assert keystore.read_text() == before


def test_wrong_password__is_named_and_not_shown(keystore: Path) -> None:
    with pytest.raises(WrongPasswordError) as caught:
        Signer.from_keystore(keystore, "wrong horse")
    assert "registrar.json" in str(caught.value)
    assert "wrong horse" not in caught.value.diagnostics()


def test_password__comes_from_the_environment_or_its_file(
    keystore: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUNIMENT_PASSWORD", "correct horse")
    assert Signer.from_keystore(keystore).address
    monkeypatch.delenv("MUNIMENT_PASSWORD")
    file = tmp_path / "password"
    file.write_text("correct horse\n")
    monkeypatch.setenv("MUNIMENT_PASSWORD_FILE", str(file))
    assert Signer.from_keystore(keystore).address


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"], ids=["missing", "no text"])
def test_password_file__that_cannot_be_read__is_named(
    keystore: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.delenv("MUNIMENT_PASSWORD", raising=False)
    monkeypatch.setenv("MUNIMENT_PASSWORD_FILE", str(file))
    with pytest.raises(KeystoreError, match="MUNIMENT_PASSWORD_FILE"):
        Signer.from_keystore(keystore)


def test_password__is_asked_for_where_nothing_gives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def prompt(text: str) -> str:
        asked.append(text)
        return "typed"

    monkeypatch.delenv("MUNIMENT_PASSWORD", raising=False)
    monkeypatch.delenv("MUNIMENT_PASSWORD_FILE", raising=False)
    assert accounts_room._password_of("registrar.json", None, prompt) == "typed"
    assert asked == ["Password of registrar.json: "]


def test_alias__is_looked_up_where_ape_keeps_accounts(
    keystore: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "accounts").mkdir()
    (tmp_path / "accounts" / "officer.json").write_text(keystore.read_text())
    monkeypatch.setenv("APE_DATA_FOLDER", str(tmp_path))
    assert Signer.from_keystore("officer", "correct horse").address
    with pytest.raises(KeystoreError, match="nobody"):
        Signer.from_keystore("nobody", "correct horse")


def spoilt(**crypto: object) -> str:
    """A keystore with parts of its `crypto` replaced."""
    stored = {
        "version": 3,
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": "00" * 16},
            "ciphertext": "00" * 32,
            "kdf": "pbkdf2",
            "kdfparams": {"c": 1, "dklen": 32, "prf": "hmac-sha256", "salt": "00" * 16},
            "mac": "00" * 32,
        }
        | crypto,
    }
    return json.dumps(stored)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "{}",
        json.dumps({"crypto": {}, "version": 3}),
        json.dumps({"crypto": [], "version": 3}),
        json.dumps({"crypto": None, "version": 3}),
        json.dumps({"crypto": {}, "version": 2}),
        spoilt(kdf="none"),
        spoilt(kdf=None),
        spoilt(kdfparams=[]),
        spoilt(kdfparams={}),
        spoilt(kdfparams={"c": "many", "dklen": 32, "prf": "hmac-sha256", "salt": "00"}),
        spoilt(ciphertext="zz"),
        spoilt(ciphertext=7),
        spoilt(mac=None),
    ],
)
def test_malformed_keystore__is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(KeystoreError, match="no keystore"):
        Signer.from_keystore(path, "any")


def test_key__that_is_none__is_refused() -> None:
    with pytest.raises(KeystoreError, match="private key"):
        Signer.from_key(b"short")


@given(
    st.integers(1, 2**53),
    st.integers(0, 2**40),
    st.integers(0, 2**30),
    st.integers(0, 2**50),
    st.none() | st.binary(min_size=20, max_size=20),
    st.binary(max_size=300),
)
def test_signature__is_the_one_of_eth_account(
    chain_id: int, nonce: int, gas: int, price: int, to: bytes | None, data: bytes
) -> None:
    address = None if to is None else Address(to_checksum_address(to))
    ours = Signer.from_key(KEY).sign(
        UnsignedTransaction(chain_id, nonce, gas, price, address, data)
    )
    fields = {"chainId": chain_id, "nonce": nonce, "gas": gas, "gasPrice": price, "value": 0}
    theirs = Account.from_key(KEY).sign_transaction(
        {**fields, "data": data, **({} if address is None else {"to": address})}
    )
    assert ours == (bytes(theirs.raw_transaction), bytes(theirs.hash))
