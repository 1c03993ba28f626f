# SPDX-License-Identifier: Apache-2.0
"""Nodes as processes of this host: started, watched, ended. For servers see docs/guides/network.md.

A node's process is known by DIR/NAME/node.pid, and taken for the node only where its command names
the node's folder: a number that the system has given to another program harms nobody.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from network.building import program
from network.errors import NetworkError, NodeEndedError
from network.members import VALIDATOR, Member, Network
from network.ports import is_free
from network.socket_rpc import ask

NAMESPACES: Final = ("eth", "net", "web3", "kaia", "txpool")
"""What the port answers. Never `governance`, `admin`, `personal` or `istanbul`: whoever reaches the
first votes as the validator."""
START_SECONDS: Final = 120.0
"""One that starts may be refused by peers that start too, and tries again after 30 s."""
# Where a chain has stood still, its next round may last as long again, and the one after it twice
# as long, should its proposer be one of those that are away still.
_ROUNDS_STILL: Final = 4
_STOP_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.1
_ANSWER_SECONDS: Final = 3.0
# A batch of 500 registrations is some 150 kB of JSON.
_LARGEST_REQUEST: Final = 8 << 20
_LONGEST_SOCKET: Final = 107


def socket_of(network: Network, member: Member) -> Path:
    """The node's socket. Raises `NetworkError` where its path is too long for one."""
    path = (network.home(member) / "node.ipc").absolute()
    if len(bytes(path)) > _LONGEST_SOCKET:
        raise NetworkError(
            f"the path {path} is too long for a socket",
            expected=f"{_LONGEST_SOCKET} bytes at most",
            remedy="use a folder nearer to the root",
        )
    return path


def log_of(network: Network, member: Member) -> Path:
    """Where a node started from here says what it does."""
    return network.home(member) / "node.log"


def command_of(network: Network, member: Member, node: Path, *, traces: bool = False) -> list[str]:
    """The command that runs a node; `traces` adds `debug` (tracing) to what the port answers."""
    home = network.home(member).absolute()
    namespaces = (*NAMESPACES, "debug") if traces else NAMESPACES
    return [
        *(str(node), "--datadir", str(home), "--nodekey", str(home / "nodekey")),
        *("--networkid", str(network.chain_id)),
        *("--nodiscover", "--nat", "none", "--netrestrict", network.restriction),
        *("--ipcpath", str(socket_of(network, member))),
        *("--rpc", "--rpcaddr", member.rpc_host, "--rpcport", str(member.rpc)),
        *("--rpcvhosts", f"localhost,{member.rpc_host}", "--rpcapi", ",".join(namespaces)),
        # What reads the node's files or memory stays on the socket.
        "--rpc.unsafe-debug.disable",
        *("--maxRequestContentLength", str(_LARGEST_REQUEST)),
        # Evidence is proven in old blocks too: all states stay.
        *("--syncmode", "full", "--gcmode", "archive"),
        *("--ntp.disable", "--state.cache-size", "64", "--db.leveldb.cache-size", "32"),
        # Beside the block itself, its transactions would be executed once more to warm a cache.
        *("--statedb.cache.num-fetcher-prefetch-worker", "0"),
        *("--txpool.exec-slots.account", "4096", "--txpool.exec-slots.all", "16384"),
        *("--txpool.nonexec-slots.account", "1024", "--txpool.nonexec-slots.all", "8192"),
        *("--txpool.nolocals", "--rewardbase", member.address),
    ]


def environment_of(member: Member) -> dict[str, str]:
    """What the node is told by its environment (network/node/main.go)."""
    return {
        "VALIDATOR_P2P_LISTEN": f"{member.host}:{member.p2p}",
        "VALIDATOR_NODE_TYPE": "cn" if member.role == VALIDATOR else "pn",
    }


def initialise(network: Network, member: Member) -> None:
    """Give a node its first block. Raises `NodeEndedError`."""
    command = [str(program()), "--datadir", str(network.home(member).absolute()), "init"]
    with log_of(network, member).open("ab") as log:
        answer = subprocess.run(
            [*command, str(network.folder.absolute() / "genesis.json")],
            stdout=log,
            stderr=log,
            check=False,
        )
    if answer.returncode:
        raise NodeEndedError(member.name, "refused the genesis", log_of(network, member))


def pid_of(network: Network, member: Member) -> int | None:
    """The process of a running node, None where it does not run."""
    try:
        pid = int((network.home(member) / "node.pid").read_text())
        process = Path(f"/proc/{pid}")
        command = (process / "cmdline").read_bytes().split(b"\0")
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError):
        return None
    if state == "Z":
        return None
    # A program that is being loaded has no command line for a moment.
    own = command == [b""] or bytes(network.home(member).absolute()) in command
    return pid if own else None


def start(network: Network, members: Iterable[Member], *, traces: bool = False) -> list[Member]:
    """Start those that do not run, and return them. Raises `NetworkError`.

    It does not wait: see `wait_until_answering` and `wait_for_blocks`.
    """
    node = program()
    started = []
    for member in members:
        if pid_of(network, member) is not None:
            continue
        if (taken := _taken_port(member)) is not None:
            host, port = taken
            raise NetworkError(
                f"port {port} of {host} is taken by another program",
                expected=f"it to be free for node {member.name}",
                remedy="end that program; or change the port in network.json, on every host",
            )
        with log_of(network, member).open("ab") as log:
            process = subprocess.Popen(
                command_of(network, member, node, traces=traces),
                env={**os.environ, **environment_of(member)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (network.home(member) / "node.pid").write_text(str(process.pid))
        started.append(member)
    return started


def stop(network: Network, members: Sequence[Member], *, kill: bool = False) -> list[Member]:
    """End those that run, and return them; `kill` by SIGKILL. Raises `NodeEndedError`.

    Told to end, a node writes what it has in memory; killed, it takes up again at its last block.
    """
    running = [(each, pid_of(network, each)) for each in members]
    ended = []
    for member, pid in running:
        if pid is not None:
            os.kill(pid, signal.SIGKILL if kill else signal.SIGTERM)
            ended.append(member)
    for member in ended:
        if not within(_STOP_SECONDS, partial(_has_ended, network, member)):
            raise NodeEndedError(member.name, "does not end", log_of(network, member))
        (network.home(member) / "node.pid").unlink(missing_ok=True)
    return ended


def height(network: Network, member: Member) -> int:
    """The number of the node's highest block. Raises `NetworkError`."""
    found = ask(socket_of(network, member), "eth_blockNumber", timeout=_ANSWER_SECONDS)
    return int(found, 16)


def wait_until_answering(
    network: Network, members: Iterable[Member], seconds: float = START_SECONDS
) -> None:
    """Return when all of them answer. Raises `NodeEndedError`."""
    for member in members:
        log = log_of(network, member)

        def answers(member: Member = member, log: Path = log) -> bool:
            if pid_of(network, member) is None:
                raise NodeEndedError(member.name, "has ended", log)
            try:
                height(network, member)
            except NetworkError:
                return False
            return True

        if not within(seconds, answers):
            raise NodeEndedError(member.name, f"does not answer in {seconds:g} s", log)


def wait_for_blocks(
    network: Network, members: Sequence[Member], count: int = 1, seconds: float | None = None
) -> int:
    """Return the height when each of them has `count` blocks more than the highest node here has.

    `seconds` is how long to wait for each single block, `patience` if not said. Raises
    `NodeEndedError`.
    """
    seconds = patience(network) if seconds is None else seconds
    wait_until_answering(network, members)
    wanted = _top(network) + count
    for member in members:
        if not comes_to(network, member, wanted, seconds):
            what = f"has no block {wanted}, and none came in {seconds:.0f} s"
            raise NodeEndedError(member.name, what, log_of(network, member))
    return wanted


def patience(network: Network) -> float:
    """Seconds in which a next block comes, if all that a block needs is there.

    The rounds of a chain that stands still grow, each twice the one before (docs/guides/network.md,
    "When the chain stands still"), so it depends on how long nodes here have waited for a block.
    """
    return START_SECONDS + _ROUNDS_STILL * max(
        (_still(network, each) for each in network.own()), default=0.0
    )


def _still(network: Network, member: Member) -> float:
    """Seconds for which a node has waited for a block, 0 where it does not answer."""
    try:
        head = ask(
            socket_of(network, member),
            "eth_getBlockByNumber",
            ["latest", False],
            timeout=_ANSWER_SECONDS,
        )
        # One that was just started begins with a short round, however old the block is.
        started = (network.home(member) / "node.pid").stat().st_mtime
    except (NetworkError, OSError):
        return 0.0
    return max(0.0, time.time() - max(int(head["timestamp"], 16), started))


def _top(network: Network) -> int:
    """The height of the highest node here that answers, 0 where none does."""
    found = 0
    for member in network.own():
        if pid_of(network, member) is not None:
            with suppress(NetworkError):
                found = max(found, height(network, member))
    return found


def comes_to(network: Network, member: Member, wanted: int, seconds: float) -> bool:
    """Whether a node comes to a height; not so when it has no next block in `seconds`.

    Raises `NodeEndedError`.
    """
    top = -1
    deadline = time.monotonic() + seconds
    while top < wanted:
        try:
            now = height(network, member)
        except NetworkError:
            # Its machine is busy; or it has ended.
            if pid_of(network, member) is None:
                raise NodeEndedError(member.name, "has ended", log_of(network, member)) from None
            now = top
        if now > top:
            top, deadline = now, time.monotonic() + seconds
        elif time.monotonic() > deadline:
            return False
        else:
            time.sleep(_POLL_SECONDS)
    return True


def _has_ended(network: Network, member: Member) -> bool:
    # A process counts as ended while some of its threads still hold its ports.
    return pid_of(network, member) is None and _taken_port(member) is None


def _taken_port(member: Member) -> tuple[str, int] | None:
    """A port of a node, with its host, that somebody listens on."""
    places = ((member.host, member.p2p), (member.rpc_host, member.rpc))
    return next((each for each in places if not is_free(*each)), None)


def within(seconds: float, is_so: Callable[[], bool]) -> bool:
    """Whether it comes to be so in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
