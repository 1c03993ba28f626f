# SPDX-License-Identifier: Apache-2.0
"""The vault on HBase: the contract."""

from __future__ import annotations

import pytest

from muniment.store.vault import Vault, open_vault
from tests.unit.store.vault.contract import Reopen, VaultContract


@pytest.fixture
def vault(hbase_url: str) -> Vault:
    return open_vault(hbase_url)


@pytest.fixture
def reopen(hbase_url: str) -> Reopen:
    return lambda: open_vault(hbase_url)


class TestHbaseVault(VaultContract):
    """The contract."""
