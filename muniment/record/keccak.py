# SPDX-License-Identifier: Apache-2.0
"""Keccak-256, Ethereum's hash, by the C of `pysha3`: ten times as fast as what `eth_hash.auto`
takes where several are installed."""

from __future__ import annotations

from typing import Any, Final

from eth_hash.backends.pysha3 import backend
from eth_hash.main import Keccak256
from sha3 import keccak_256 as _keccak_256  # type: ignore[import-untyped]

keccak: Final = Keccak256(backend)
"""Returns the 32-byte Keccak-256 of a byte string."""


def keccak_begun(data: bytes) -> Any:
    """Return a state that `data` has gone into, with `copy`, `update` and `digest` as of `hashlib`:
    for the many messages that begin alike."""
    return _keccak_256(data)
