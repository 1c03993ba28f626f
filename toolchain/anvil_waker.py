# SPDX-License-Identifier: Apache-2.0
"""Mines what Anvil should have mined by itself: `python anvil_waker.py URL`, beside each Anvil.

Now and then Anvil leaves a transaction that could be mined in its pool until another comes
(foundry-rs/foundry#10122). One that waits in the same block for three looks at it, while blocks are
to follow transactions, is such a one. A process of its own: whoever runs an Anvil may have no
sockets for a while, as unit tests have none. It ends with its Anvil.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from typing import Any

_LOOK_SECONDS = 1.0
_LOOK_TIMEOUT = 5.0
_LOOKS = 3


def ask(url: str, method: str, timeout: float) -> Any:
    """What Anvil answers to a call without parameters. Raises `OSError`."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": []}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return json.load(answer).get("result")


def _wake(url: str) -> None:
    before, looks = "", 0
    while True:
        time.sleep(_LOOK_SECONDS)
        try:
            pending = ask(url, "txpool_status", _LOOK_TIMEOUT)["pending"]
            head = ask(url, "eth_blockNumber", _LOOK_TIMEOUT)
            waits = int(pending, 16) > 0 and ask(url, "anvil_getAutomine", _LOOK_TIMEOUT)
            looks = looks + 1 if waits and head == before else 0
            before = head
            if looks >= _LOOKS:
                ask(url, "evm_mine", _LOOK_TIMEOUT)
                looks = 0
        except TimeoutError:
            # It is busy.
            looks = 0


if __name__ == "__main__":
    try:
        _wake(sys.argv[1])
    except OSError:
        # It has ended.
        sys.exit()
