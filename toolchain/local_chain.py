# SPDX-License-Identifier: Apache-2.0
"""A local Anvil on a free port, for the demo, the benchmarks and the tests. A fixture, no chain."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eth_account import Account

from toolchain.anvil_waker import ask

ROOT = Path(__file__).resolve().parent.parent
CHAIN_ID = 31337
MNEMONIC = "test test test test test test test test test test test junk"
_START_SECONDS = 30
_WAKER = ROOT / "toolchain" / "anvil_waker.py"


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
def anvil(*options: str, accounts: int = 30, chain_id: int = CHAIN_ID) -> Iterator[str]:
    """Run Anvil and yield its URL; ends it, whatever happens."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [anvil_program(), "--port", str(port), "--silent", "--accounts", str(accounts)]
    command += ["--chain-id", str(chain_id), "--mnemonic", MNEMONIC]
    # No fees, as on a private chain: full blocks would make the base fee rise without end. And wide
    # blocks: what does not fit into one, Anvil leaves until somebody sends something else.
    command += ["--gas-price", "0", "--block-base-fee-per-gas", "0", "--gas-limit", "300000000"]
    command += options
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    waker: subprocess.Popen[bytes] | None = None
    try:
        wait_for_anvil(url, process)
        waker = subprocess.Popen([sys.executable, str(_WAKER), url])
        yield url
    finally:
        if waker is not None:
            waker.kill()
            waker.wait()
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_anvil(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when Anvil answers. Ends the program when it does not."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"anvil ended with exit code {process.returncode}")
        try:
            ask(url, "eth_chainId", timeout=1)
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"anvil did not answer in {_START_SECONDS} s")
