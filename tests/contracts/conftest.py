# SPDX-License-Identifier: Apache-2.0
"""A deployment by Ape, acted on through the typed binding: refusals are typed errors.

Ape isolates tests by snapshots where the chain has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from eth_utils.crypto import keccak

from muniment.chain import Call, Connection, Sender, Signer, find
from muniment.chain.contract import call_result
from muniment.errors import ContractError
from tests.chain.conftest import ROLES, World, set_up, word

DAY = 86_400


class Stage(World):
    """The world with shortcuts for what most tests do."""

    @property
    def records(self) -> Any:
        return self.registries.records

    @property
    def agencies(self) -> Any:
        return self.registries.agencies

    @property
    def shares(self) -> Any:
        return self.registries.shares

    def now(self) -> int:
        return self.connection.block().timestamp

    def read(self, view: Callable[..., Any], *arguments: Any) -> Any:
        return view(*arguments, block=self.connection.block())

    def state(self, record_id: bytes) -> Any:
        return self.read(self.records.record, record_id).state

    def dry(self, role: str, call: Call) -> bytes:
        latest = self.connection.block()
        return call_result(self.connection, call.to, call.data, latest, self.address(role))

    @contextmanager
    def refused(self, error: type[ContractError], **values: Any) -> Iterator[None]:
        """The block is refused with exactly this error and these values."""
        with pytest.raises(error) as caught:
            yield
        assert type(caught.value) is error
        for name, value in values.items():
            assert getattr(caught.value, name) == value, name

    def event(self, role: str, call: Call) -> Any:
        """Send, and return the last event of our contracts."""
        contracts = (self.records, self.agencies, self.shares)
        return self.send(role, call).events(*contracts)[-1].event

    def read_storage_base(self, name: str) -> str:
        """The ERC-7201 slot of a name, as docs/SPEC.md § 4 computes it."""
        inner = int.from_bytes(keccak(text=name), "big") - 1
        return hex(int.from_bytes(keccak(inner.to_bytes(32, "big")), "big") & ~0xFF)

    def later(self, seconds: int) -> None:
        """Let time pass (development chains only)."""
        self.connection.request("evm_increaseTime", [seconds])
        self.connection.request("evm_mine", [])


@pytest.fixture(scope="session")
def deployment(project: Any, accounts: Any, chain: Any) -> tuple[str, str, str, list[bytes]]:
    origin = (bytes(32), "0x" + "00" * 20, bytes(32), 0)
    admin = accounts[0]
    records = admin.deploy(project.RecordRegistry, admin, 3600, accounts[1], origin)
    shares = admin.deploy(project.ShareRegistry, records)
    keys = [bytes.fromhex(accounts[i].private_key.removeprefix("0x")) for i in range(len(ROLES))]
    url = str(chain.provider.http_uri)
    stage = _stage(url, int(chain.chain_id), str(records.address), str(shares.address), keys)
    set_up(stage)
    return url, str(records.address), str(shares.address), keys


def _stage(url: str, chain_id: int, records: str, shares: str, keys: list[bytes]) -> Stage:
    connection = Connection(url, chain_id)
    senders = {
        role: Sender(connection, Signer.from_key(key), timeout=60)
        for role, key in zip(ROLES, keys, strict=True)
    }
    return Stage(connection, find(connection, records, first_block=0, shares=shares), senders)


@pytest.fixture
def stage(deployment: tuple[str, str, str, list[bytes]], chain: Any) -> Stage:
    url, records, shares, keys = deployment
    return _stage(url, int(chain.chain_id), records, shares, keys)


def role_id(stage: Stage, role: str, agency: int = 0) -> bytes:
    """The id of a role, of an agency where one is named."""
    plain = stage.read(getattr(stage.agencies, role))
    return bytes(stage.read(stage.agencies.agency_role, plain, agency)) if agency else bytes(plain)


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


__all__ = ["DAY", "ROLES", "Stage", "role_id", "snake", "word"]
