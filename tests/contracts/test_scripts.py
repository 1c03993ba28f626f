# SPDX-License-Identifier: Apache-2.0
"""The scripts that Ape runs: twice is as good as once; what they deploy is what is published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from ape import accounts as ape_accounts
from ape_accounts.accounts import AccountContainer, KeyfileAccount
from eth_account import Account

from muniment.operations.contract_code import verify_code
from scripts import _agency_setup, _deploying, _deployments, export
from tests.contracts.conftest import Stage


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(_deployments, "DEPLOYMENTS", tmp_path)
    monkeypatch.setattr(_deployments, "ROOT", tmp_path)
    monkeypatch.setattr(_deploying, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.anychain
def test_ape_deployment__is_the_published_code(stage: Stage) -> None:
    matches = verify_code(stage.connection, stage.registries, stage.connection.block())
    assert len(matches) == 3


@pytest.mark.anychain
def test_deploy__twice__changes_nothing(
    folder: Path, accounts: Any, chain: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    chain_id = int(chain.chain_id)
    path = _deploying.deploy(accounts[0], str(accounts[1].address), 3600, chain_id)
    written = path.read_text()
    assert path.parent == folder
    told = json.loads(written)
    assert set(told["contracts"]) == {"RecordRegistry", "AgencyRegistry", "ShareRegistry"}
    for entry in told["contracts"].values():
        assert set(entry) == {"address", "block", "codeHash", "transaction"}
    assert _deploying.deploy(accounts[0], str(accounts[1].address), 3600, chain_id) == path
    assert path.read_text() == written
    assert "nothing changed" in capsys.readouterr().out
    told["contracts"]["RecordRegistry"]["codeHash"] = "0x" + "00" * 32
    path.write_text(json.dumps(told))
    with pytest.raises(click.ClickException, match="another chain"):
        _deployments.load_deployment(chain_id)
    _deploying.deploy(accounts[0], str(accounts[1].address), 3600, chain_id)
    assert "deploying anew" in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
def test_agencies__twice__changes_nothing(
    accounts: Any,
    chain: Any,
    project: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chain_id = int(chain.chain_id)
    _deploying.deploy(accounts[0], str(accounts[1].address), 3600, chain_id)
    deployment = _deployments.load_deployment(chain_id)
    file = export.ROOT / "data" / "agencies.toml"
    _agency_setup.set_up(file, deployment)
    agencies = project.AgencyRegistry.at(deployment["contracts"]["AgencyRegistry"]["address"])
    assert agencies.agencyCount() == 3
    assert agencies.agencyName(1) == "Aviation Authority"
    number = agencies.sequence()
    capsys.readouterr()
    monkeypatch.setattr(_agency_setup, "account_of", lambda alias: pytest.fail(f"key of {alias}"))
    _agency_setup.set_up(file, deployment)
    assert agencies.sequence() == number
    assert capsys.readouterr().out == ""


def test_agencies__with_an_unknown_role__is_refused(
    folder: Path, accounts: Any, chain: Any
) -> None:
    chain_id = int(chain.chain_id)
    _deploying.deploy(accounts[0], str(accounts[1].address), 3600, chain_id)
    file = folder / "wrong.toml"
    file.write_text('registry_admin = "TEST::0"\n[[roles]]\nrole = "KING"\naccount = "TEST::3"\n')
    with pytest.raises(click.ClickException, match="KING"):
        _agency_setup.set_up(file, _deployments.load_deployment(chain_id))


def test_chain_id__that_is_another__is_refused(chain: Any) -> None:
    assert _deployments.require_chain(int(chain.chain_id)) == int(chain.chain_id)
    with pytest.raises(click.ClickException, match="expected chain 7001"):
        _deployments.require_chain(7001)


def test_chain_id__is_asked_of_the_node_and_not_of_ape(
    chain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = int(chain.chain_id)
    monkeypatch.setattr(type(chain), "chain_id", property(lambda _: 1337))
    with pytest.raises(click.ClickException, match=f"of chain {real}, and Ape takes it for"):
        _deployments.require_chain(1337)


def test_account__that_does_not_exist__is_named() -> None:
    with pytest.raises(click.ClickException, match="nobody-of-this-name"):
        _deployments.account_of("nobody-of-this-name")


@pytest.fixture
def keystore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyfileAccount:
    """A keystore account as Ape makes it, known to Ape as "deployer"."""
    for name in ("APE_ACCOUNTS_deployer_PASSPHRASE", "MUNIMENT_PASSWORD", "MUNIMENT_PASSWORD_FILE"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "deployer.json"
    key = "0x" + "11" * 32
    path.write_text(json.dumps(Account.encrypt(key, "try-only", kdf="pbkdf2", iterations=1000)))
    container = next(
        each for each in ape_accounts.containers.values() if isinstance(each, AccountContainer)
    )
    account = KeyfileAccount(container=container, keyfile_path=path)
    load = type(ape_accounts).load
    monkeypatch.setattr(
        type(ape_accounts),
        "load",
        lambda self, alias: account if alias == "deployer" else load(self, alias),
    )
    return account


def test_keystore_account__signs_without_asking(
    keystore: KeyfileAccount, accounts: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def ask(*_: object, **__: object) -> None:
        pytest.fail("a script asked something")

    monkeypatch.setattr(click, "confirm", ask)
    monkeypatch.setattr(click, "prompt", ask)
    assert _deployments.address_of("deployer") == keystore.address
    assert keystore.locked
    secret = tmp_path / "password"
    secret.write_text("try-only\n")
    monkeypatch.setenv("MUNIMENT_PASSWORD_FILE", str(secret))
    account = _deployments.account_of("deployer")
    accounts[0].transfer(account, 10**18)
    receipt = account.transfer(accounts[1], 1)
    assert receipt.sender == keystore.address


@pytest.mark.usefixtures("keystore")
def test_keystore_account__without_or_with_a_wrong_password__is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(click.ClickException, match="APE_ACCOUNTS_deployer_PASSPHRASE"):
        _deployments.account_of("deployer")
    monkeypatch.setenv("MUNIMENT_PASSWORD_FILE", "/no/such/file")
    with pytest.raises(click.ClickException, match="cannot be read"):
        _deployments.account_of("deployer")
    monkeypatch.setenv("APE_ACCOUNTS_deployer_PASSPHRASE", "wrong")
    with pytest.raises(click.ClickException, match="wrong password"):
        _deployments.account_of("deployer")


def test_development_account__on_another_chain__is_refused(
    chain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _deployments.account_of("TEST::3").address
    monkeypatch.setattr(_deployments, "_LOCAL_CHAINS", (7001,))
    assert int(chain.chain_id) != 7001
    with pytest.raises(click.ClickException, match="anybody has its key"):
        _deployments.account_of("TEST::3")
    with pytest.raises(click.UsageError, match="--chain-id"):
        _deployments.require_chain(None)


def test_export__finds_a_planted_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, text = next(iter(export.made().items()))
    planted = tmp_path / path.name
    planted.write_text(text.replace("0x60", "0x61", 1))
    monkeypatch.setattr(export, "ROOT", tmp_path)
    monkeypatch.setattr(export, "made", lambda: {planted: text})
    from click.testing import CliRunner  # noqa: PLC0415  (only here)

    answer = CliRunner().invoke(export.cli, ["--check"])
    assert answer.exit_code != 0
    assert path.name in answer.output
    assert CliRunner().invoke(export.cli, []).exit_code == 0
    assert CliRunner().invoke(export.cli, ["--check"]).exit_code == 0
