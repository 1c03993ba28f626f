# SPDX-License-Identifier: Apache-2.0
"""The chain: a connection to one node, the typed contracts, sending, logs, and traces.

connection = Connection("http://127.0.0.1:8545", chain_id=31337)
registries = find(connection, "0x…", first_block=1)
sender = Sender(connection, Signer.from_keystore("registrar"))
sender.send(registries.records.revoke(record_id, 1, 1))
trace = read_trace(registries, record_id, connection.block())
"""

from __future__ import annotations

from muniment.chain.accounts import Signer, new_keystore
from muniment.chain.batches import registrations
from muniment.chain.bindings import AgencyRegistry, RecordRegistry, ShareRegistry
from muniment.chain.connection import (
    Address,
    Block,
    BlockId,
    Connection,
    NoCodeError,
    RpcError,
    UnknownBlockError,
)
from muniment.chain.contract import Call, LoggedEvent
from muniment.chain.deployment import Origin, Registries, deploy, deploy_signpost, find
from muniment.chain.log_reader import LogReader, MissingEventError, ReorganisedError
from muniment.chain.sender import (
    FailedTransactionError,
    Receipt,
    Sender,
    UnknownOutcomeError,
)
from muniment.chain.traces import Trace, TracedAct, read_trace
from muniment.chain.values import AdminChange, KeyPurpose, ShareStatus

__all__ = [
    "Address",
    "AdminChange",
    "AgencyRegistry",
    "Block",
    "BlockId",
    "Call",
    "Connection",
    "FailedTransactionError",
    "KeyPurpose",
    "LogReader",
    "LoggedEvent",
    "MissingEventError",
    "NoCodeError",
    "Origin",
    "Receipt",
    "RecordRegistry",
    "Registries",
    "ReorganisedError",
    "RpcError",
    "Sender",
    "ShareRegistry",
    "ShareStatus",
    "Signer",
    "Trace",
    "TracedAct",
    "UnknownBlockError",
    "UnknownOutcomeError",
    "deploy",
    "deploy_signpost",
    "find",
    "new_keystore",
    "read_trace",
    "registrations",
]
