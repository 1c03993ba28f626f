# SPDX-License-Identifier: Apache-2.0
"""The vault on HDFS: the contract."""

from __future__ import annotations

import pytest

from muniment.store.vault import Vault, open_vault
from tests.unit.store.vault.contract import Reopen, VaultContract


@pytest.fixture
def vault(hdfs_url: str) -> Vault:
    return open_vault(hdfs_url)


@pytest.fixture
def reopen(hdfs_url: str) -> Reopen:
    return lambda: open_vault(hdfs_url)


class TestHdfsVault(VaultContract):
    """The contract."""
