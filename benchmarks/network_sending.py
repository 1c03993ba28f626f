# SPDX-License-Identifier: Apache-2.0
"""Registrations on validators: what the nodes take at best, and what the outbox sender reaches.

All of it through one node, as an agency has it. A rate counts from the first transaction sent to
the last one final.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.local_registry import LocalRegistry
from muniment.chain import Connection, Signer
from muniment.chain.accounts import UnsignedTransaction
from muniment.chain.batches import MAX_BATCH, registrations
from muniment.chain.nodes import Nodes
from muniment.pipeline.lanes import Lane
from muniment.pipeline.sender import OutboxSender
from muniment.registry.sending import in_flight
from muniment.store import outbox
from muniment.store.database import Database
from muniment.store.outbox_rows import Act
from toolchain.local_chain import development_keys

_OPERATOR: Final = 4
_LANES: Final = 4
_FIRST_LANE: Final = 20
_RPC_BATCH: Final = 500
_POLL_SECONDS: Final = 0.05
_GAS_ALONE: Final = 150_000
_GAS_EACH: Final = 60_000


@dataclass(frozen=True)
class Sending:
    """A registry, and the OPERATOR keys that its agency sends by."""

    local: LocalRegistry
    signers: Sequence[Signer]

    @classmethod
    def prepared(cls, local: LocalRegistry) -> Sending:
        """Give the agency its lanes."""
        keys = development_keys(_FIRST_LANE + _LANES)[_FIRST_LANE:]
        signers = [Signer.from_key(key) for key in keys]
        agencies, block = local.registries.agencies, local.connection.block()
        role = agencies.role_of_kind(_OPERATOR, 1, block=block)
        grants = [agencies.grant_role(role, signer.address) for signer in signers]
        local.sender("agency_admin").send_many(grants)
        return cls(local, signers)

    @property
    def connection(self) -> Connection:
        """The node that all goes through."""
        return self.local.connection

    def raw(self, name: str, count: int, batch: int) -> float:
        """Records a second of transactions that were signed before, `batch` records each."""
        signed: list[tuple[bytes, bytes]] = []
        each = count // len(self.signers)
        for place, signer in enumerate(self.signers):
            nonce = self._nonce(signer)
            calls = self._calls(f"{name} {place}", each, batch)
            gas = _GAS_ALONE + (_GAS_EACH * batch if batch > 1 else 0)
            signed += [
                signer.sign(self._unsigned(nonce + i, gas, call)) for i, call in enumerate(calls)
            ]
        start = time.perf_counter()
        self.connection.request_many(
            "eth_sendRawTransaction", [[f"0x{data.hex()}"] for data, _ in signed], batch=_RPC_BATCH
        )
        waiting = [[f"0x{found.hex()}"] for _, found in signed]
        while waiting:
            time.sleep(_POLL_SECONDS)
            receipts = self.connection.request_many(
                "eth_getTransactionReceipt", waiting, batch=_RPC_BATCH
            )
            failed = [each for each in receipts if each is not None and each["status"] != "0x1"]
            assert not failed, f"a registration failed: {failed[0]}"
            waiting = [w for w, got in zip(waiting, receipts, strict=True) if got is None]
        return each * len(self.signers) / (time.perf_counter() - start)

    def ours(self, name: str, count: int, batch: int) -> float:
        """Records a second by the outbox sender, `batch` a transaction, acknowledged before."""
        register = self.local.registries.records.register
        named = [(LocalRegistry.word(f"{name} {i}"), i) for i in range(count)]
        acts = [
            Act("register", register(1, 1, 1, 1, word, LocalRegistry.word(f"of {i}")), word, 1)
            for word, i in named
        ]
        with (
            tempfile.TemporaryDirectory() as folder,
            Database.open(f"sqlite:///{folder}/outbox.db") as database,
        ):
            with database.write() as connection:
                outbox.acknowledge(connection, acts, 0)
            nodes = Nodes([self.connection.url], self.connection.chain_id)
            room = in_flight(batch)
            lanes = [Lane(each.address, each, True, room) for each in self.signers]
            sender = OutboxSender(database, nodes, lanes, batch=batch)
            start = time.perf_counter()
            while (step := sender.step()).moved or step.open:
                if not step.moved:
                    time.sleep(_POLL_SECONDS)
            seconds = time.perf_counter() - start
            with database.read() as connection:
                states = outbox.count_by_state(connection)
        assert states == {"FINAL": count}, f"not all are there: {states}"
        return count / seconds

    def largest_batch(self) -> int:
        """The most records that one transaction can register, by the node's bound on computing."""
        lowest, highest = 1, MAX_BATCH
        while lowest < highest:
            middle = (lowest + highest + 1) // 2
            if self._is_taken(f"bound {time.time_ns()}", middle):
                lowest = middle
            else:
                highest = middle - 1
        return lowest

    def _is_taken(self, name: str, size: int) -> bool:
        signer = self.signers[0]
        (call,) = self._calls(name, size, size)
        gas = _GAS_ALONE + _GAS_EACH * size
        raw, found = signer.sign(self._unsigned(self._nonce(signer), gas, call))
        self.connection.request("eth_sendRawTransaction", [f"0x{raw.hex()}"])
        receipt = None
        while receipt is None:
            time.sleep(_POLL_SECONDS)
            receipt = self.connection.request("eth_getTransactionReceipt", [f"0x{found.hex()}"])
        return bool(receipt["status"] == "0x1")

    def _calls(self, name: str, count: int, batch: int) -> list[Any]:
        word, records = LocalRegistry.word, self.local.registries.records
        named = [(word(f"{name} {i}"), word(f"of {name} {i}")) for i in range(count)]
        if batch == 1:
            return [records.register(1, 1, 1, 1, *each) for each in named]
        return list(registrations(records, 1, 1, 1, 1, named, batch=batch))

    def _unsigned(self, nonce: int, gas: int, call: Any) -> UnsignedTransaction:
        return UnsignedTransaction(self.connection.chain_id, nonce, gas, 0, call.to, call.data)

    def _nonce(self, signer: Signer) -> int:
        counted = self.connection.request("eth_getTransactionCount", [signer.address, "latest"])
        return int(counted, 16)
