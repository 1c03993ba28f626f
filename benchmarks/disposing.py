# SPDX-License-Identifier: Apache-2.0
"""Disposition in bulk: what is due is proposed by one officer and confirmed by another.

The clock runs from the registrar's call to the last confirmation in a block: the mirror is brought
up to date, what stops a record is looked up, each decision is acknowledged in the database, signed,
sent and settled, a hundred records a transaction. Destroying the secrets has a clock of its own.
The officers' keystores are open before: that takes a second each on purpose.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.local_agency import local_agency, open_agency
from benchmarks.local_registry import local_registry
from muniment.registry import Registry, Stage

_RETENTION: Final = 3_651 * 86_400


def measure(count: int) -> dict[str, float]:
    """Return flat figures of disposing of `count` records."""
    with tempfile.TemporaryDirectory() as name, local_registry() as local:
        folder = Path(name)
        registrar, ids = local_agency(local, folder, count)
        local.connection.request("evm_increaseTime", [_RETENTION])
        local.connection.request("evm_mine", [])
        with registrar, open_agency(local, folder, "steward") as steward:
            for each in (registrar, steward):
                _unlock(each)
            start = time.perf_counter()
            proposed = registrar.disposition.propose(None, "schedule 4, item 2")
            registrar.wait(proposed.submissions, timeout=600)
            between = time.perf_counter()
            confirmed = steward.disposition.confirm(None)
            steward.wait(confirmed.submissions, timeout=600)
            decided = time.perf_counter()
            assert len(proposed.submissions) == len(confirmed.submissions) == len(ids)
            steward.wait(confirmed.submissions, Stage.FINAL, timeout=600)
            destroying = time.perf_counter()
            steward.sync()
            ended = time.perf_counter()
            assert len(list(steward.session.keys.erased_places())) == len(ids)
    return {
        "disposed_records": count,
        "proposals_per_second": round(count / (between - start)),
        "confirmations_per_second": round(count / (decided - between)),
        "dispositions_per_second": round(count / (decided - start)),
        "destroyed_per_second": round(count / (ended - destroying)),
    }


def _unlock(registry: Registry) -> None:
    keystore = registry.session.profile.keys.officer
    assert keystore is not None, "each of them is an officer's"
    registry.session.signer(keystore)
