# SPDX-License-Identifier: Apache-2.0
"""Keccak-256, Ethereum's hash, by the C of `pysha3`: ten times as fast as what `eth_hash.auto`
takes where several are installed."""

from __future__ import annotations

from typing import Final

from eth_hash.backends.pysha3 import backend
from eth_hash.main import Keccak256

keccak: Final = Keccak256(backend)
"""Returns the 32-byte Keccak-256 of a byte string."""
