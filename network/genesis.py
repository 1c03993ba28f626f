# SPDX-License-Identifier: Apache-2.0
"""The first block of a validators' chain: no coin, no fee, the first validators in `extraData`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import rlp

_FORKS: Final = (
    "istanbul",
    "london",
    "ethTxType",
    "magma",
    "kore",
    "shanghai",
    "cancun",
    "kaia",
)
# Left out: randao, which needs BLS keys, kip103 and kip160, which need Kaia's own contracts.
_VANITY: Final = bytes(32)
_NO_SEAL: Final = bytes(65)
_NOBODY: Final = "0x" + "00" * 20
LARGEST_COMMITTEE: Final = 21
"""Up to so many validators all of them seal; of more, each block would have a part of them."""
VOTES_EPOCH: Final = 86_400
"""Blocks after which votes that did not suffice are forgotten: a day."""


def genesis(
    chain_id: int, validators: Sequence[str], timestamp: int | None = None
) -> dict[str, Any]:
    """Return the genesis of a chain with these first validators (addresses), time in Unix seconds.

    Validators come and go by vote of more than half of them (mode `ballot`).
    """
    addresses = sorted(bytes.fromhex(each[2:]) for each in validators)
    extra = _VANITY + rlp.encode([addresses, _NO_SEAL, []])
    return {
        "config": {
            "chainId": chain_id,
            **{f"{fork}CompatibleBlock": 0 for fork in _FORKS},
            "istanbul": {"epoch": VOTES_EPOCH, "policy": 0, "sub": LARGEST_COMMITTEE},
            "unitPrice": 0,
            "deriveShaImpl": 0,
            "governance": {
                "governingNode": f"0x{addresses[0].hex()}",
                "governanceMode": "ballot",
                "govParamContract": _NOBODY,
                "reward": {
                    "mintingAmount": 0,
                    "ratio": "100/0/0",
                    "kip82ratio": "20/80",
                    "useGiniCoeff": False,
                    "deferredTxFee": False,
                    "stakingUpdateInterval": 86_400,
                    "proposerUpdateInterval": 3_600,
                    "minimumStake": 2_000_000,
                },
                "kip71": {
                    "lowerboundbasefee": 0,
                    "upperboundbasefee": 0,
                    "gastarget": 30_000_000,
                    "maxblockgasusedforbasefee": 60_000_000,
                    "basefeedenominator": 20,
                },
            },
        },
        "timestamp": hex(int(time.time()) if timestamp is None else timestamp),
        "extraData": f"0x{extra.hex()}",
        "governanceData": None,
        "blockScore": "0x1",
        "alloc": {},
        "number": "0x0",
        "gasUsed": "0x0",
        "parentHash": "0x" + "00" * 32,
    }
