# SPDX-License-Identifier: Apache-2.0
"""Proofs that lead from a block's hash to single words of the registry's storage."""

from __future__ import annotations

from muniment.proof.headers import BlockHeader
from muniment.proof.slots import (
    journal_head_slot,
    record_slots,
    seal_slot,
    successor_slot,
    type_head_slot,
)
from muniment.proof.state import Account, StateProof

__all__ = [
    "Account",
    "BlockHeader",
    "StateProof",
    "journal_head_slot",
    "record_slots",
    "seal_slot",
    "successor_slot",
    "type_head_slot",
]
