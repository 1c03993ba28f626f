# SPDX-License-Identifier: Apache-2.0
"""Runs a command on a network of four validators that is there for it alone.

    python -m toolchain.on_network ape test tests/contracts --network ethereum:agencies:URL

URL stands for the address of one of the nodes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from network.founding import FEWEST, create_local
from network.members import Network
from network.running import start, stop, wait_for_blocks

CHAIN_ID = 7001
"""The one that ape-config.yaml has for the network `agencies`."""


@contextmanager
def local_network() -> Iterator[Network]:
    """Run four validators; ends them, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="muniment-network-") as folder:
        network = create_local(Path(folder), CHAIN_ID, FEWEST)
        try:
            start(network, network.own())
            wait_for_blocks(network, network.own())
            yield network
        finally:
            stop(network, network.own(), kill=True)


def main(command: Sequence[str]) -> int:
    """Run the command, and return its exit code."""
    with local_network() as network:
        url = network.own()[0].url
        return subprocess.run(
            [each.replace("URL", url) for each in command], check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
