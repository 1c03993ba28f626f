# SPDX-License-Identifier: Apache-2.0
"""A local Anvil on a free port, for the demo, the benchmarks and the tests. A fixture, no chain."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eth_account import Account

ROOT = Path(__file__).resolve().parent.parent
CHAIN_ID = 31337
MNEMONIC = "test test test test test test test test test test test junk"
_START_SECONDS = 30
_LOOK_SECONDS = 1.0
_LOOK_TIMEOUT = 5.0
_LOOKS = 3


def anvil_program() -> str:
    """The path of Anvil: of node_modules, else of PATH."""
    local = ROOT / "node_modules" / ".bin" / "anvil"
    found = str(local) if local.exists() else shutil.which("anvil")
    if found is None:
        raise SystemExit("anvil is missing: run `make env`")
    return found


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def development_keys(count: int) -> list[bytes]:
    """The private keys of the well-known development mnemonic. Never for anything of value."""
    Account.enable_unaudited_hdwallet_features()
    path = "m/44'/60'/0'/0/{}"
    return [
        bytes(Account.from_mnemonic(MNEMONIC, account_path=path.format(i)).key)
        for i in range(count)
    ]


@contextmanager
def anvil(*options: str, accounts: int = 30) -> Iterator[str]:
    """Run Anvil and yield its URL; ends it, whatever happens."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [anvil_program(), "--port", str(port), "--silent", "--accounts", str(accounts)]
    command += ["--chain-id", str(CHAIN_ID), "--mnemonic", MNEMONIC]
    # No fees, as on a private chain: full blocks would make the base fee rise without end. And wide
    # blocks: what does not fit into one, Anvil leaves until somebody sends something else.
    command += ["--gas-price", "0", "--block-base-fee-per-gas", "0", "--gas-limit", "300000000"]
    command += options
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    over = threading.Event()
    waker = threading.Thread(target=_wake, args=(url, over), name="anvil's waker", daemon=True)
    try:
        wait_for_anvil(url, process)
        waker.start()
        yield url
    finally:
        over.set()
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ask(url: str, method: str, timeout: float) -> Any:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": []}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return json.load(answer).get("result")


def _wake(url: str, over: threading.Event) -> None:
    """Mine what Anvil should have mined by itself.

    Once in some ten thousand times it leaves a transaction that could be mined in its pool until
    another comes (foundry-rs/foundry#10122). One that waits in the same block for three looks at
    it, while blocks are to follow transactions, is such a one.
    """
    before, looks = "", 0
    while not over.wait(_LOOK_SECONDS):
        try:
            pending = _ask(url, "txpool_status", _LOOK_TIMEOUT)["pending"]
            head = _ask(url, "eth_blockNumber", _LOOK_TIMEOUT)
            waits = int(pending, 16) > 0 and _ask(url, "anvil_getAutomine", _LOOK_TIMEOUT)
            looks = looks + 1 if waits and head == before else 0
            before = head
            if looks >= _LOOKS:
                _ask(url, "evm_mine", _LOOK_TIMEOUT)
                looks = 0
        except (OSError, ValueError):
            # It is busy, or ended.
            looks = 0


def wait_for_anvil(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when Anvil answers. Ends the program when it does not."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"anvil ended with exit code {process.returncode}")
        try:
            _ask(url, "eth_chainId", timeout=1)
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"anvil did not answer in {_START_SECONDS} s")
