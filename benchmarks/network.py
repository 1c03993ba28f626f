# SPDX-License-Identifier: Apache-2.0
"""Four validators and the client on one machine: records a second three ways, disk, signatures.

- *raw*: single registrations signed before the clock starts, given to a node as quickly as it takes
  them. What the network can do at best with such transactions.
- *direct*: the same registrations through the outbox sender, one a transaction, four lanes.
- *batched*: `registerMany` by the outbox sender, for several sizes of a batch.
- *raw batched*: batches of the best of these sizes, signed before the clock starts.
- *sealed*: a register imported by a journal, from the source's first row to the last seal.

Disk is that of one node's chain folder (`du -sb`), less what empty blocks took meanwhile.

`*_nodes_cpu_milliseconds` are those of one core that all validators together spend on a record, and
`*_client_cpu_milliseconds` the client's: what a rate would be on a machine that nobody else uses.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.importing import timed_import
from benchmarks.journal_agency import journal_agency
from benchmarks.local_registry import LocalRegistry, deployed_registry
from benchmarks.network_sending import Sending
from muniment.chain import Connection
from muniment.chain.anchors import header_of
from muniment.proof.istanbul import IstanbulHeader, ValidatorSet
from muniment.registry.mirroring import sync
from network.members import Network
from network.running import height, pid_of
from network.status import validators
from toolchain.on_network import local_network

BATCHES: Final = (25, 50, 100, 150, 200, 256)
_BATCHED: Final = 4
_IDLE_SECONDS: Final = 15
_HEADERS: Final = 50


def measure(records: int, sealed: int, folder: Path | None = None) -> dict[str, float]:
    """Return flat figures of `records` direct registrations, four times as many in batches of each
    size, and of an import of `sealed` rows by a journal.

    On a network of its own, else on the one in `folder`, which must be running.
    """
    with _network(folder) as network:
        connection = Connection(network.own()[0].url, network.chain_id)
        local = deployed_registry(connection)
        sending = Sending.prepared(local)
        disk = Disk(network)
        figures: dict[str, float] = {"records": records, "empty_block_bytes": disk.empty_block()}
        with _cores(network, "raw", records, figures):
            figures["raw_transactions_per_second"] = round(sending.raw("raw", records, 1))
        with disk.of(records) as direct, _cores(network, "direct", records, figures):
            figures["direct_records_per_second"] = round(sending.ours("direct", records, 1))
        figures["direct_bytes_a_record"] = direct()
        figures |= _batches(network, sending, disk, _BATCHED * records)
        figures |= _sealed(local, disk, sealed)
        figures["header_milliseconds"] = _header_milliseconds(network, connection)
    return figures


@contextmanager
def _cores(network: Network, name: str, records: int, figures: dict[str, float]) -> Iterator[None]:
    """Add what nodes and client spend within, in milliseconds of one core a record."""
    nodes, client = _nodes_seconds(network), time.process_time()
    yield
    spent = {"nodes": _nodes_seconds(network) - nodes, "client": time.process_time() - client}
    for whose, seconds in spent.items():
        figures[f"{name}_{whose}_cpu_milliseconds"] = round(1000 * seconds / records, 2)


def _nodes_seconds(network: Network) -> float:
    """Processor time of the nodes that run here, since they were started."""
    ticks = 0
    for member in network.own():
        stat = Path(f"/proc/{pid_of(network, member)}/stat").read_text()
        # After the name, which may have spaces: state is the third field, utime the fourteenth.
        fields = stat.rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Disk:
    """What one node keeps of the chain."""

    def __init__(self, network: Network) -> None:
        """Look at the first of the nodes that run here."""
        self._network = network
        self._node = network.own()[0]
        self._empty = 0.0

    def empty_block(self) -> int:
        """Bytes of a block with nothing in it."""
        size, top = self._now()
        time.sleep(_IDLE_SECONDS)
        after, higher = self._now()
        self._empty = (after - size) / max(higher - top, 1)
        return round(self._empty)

    @contextmanager
    def of(self, records: int) -> Iterator[Callable[[], float]]:
        """Measure what is done within; yields what to ask for the bytes a record, after it."""
        size, top = self._now()
        found: list[float] = []
        yield lambda: found[0]
        after, higher = self._now()
        found.append(round((after - size - (higher - top) * self._empty) / records, 1))

    def _now(self) -> tuple[int, int]:
        top = height(self._network, self._node)
        chain = self._network.home(self._node) / "klay"
        files = (each for each in chain.rglob("*") if each.is_file())
        return sum(_size(each) for each in files), top


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # compacted away meanwhile
        return 0


@contextmanager
def _network(folder: Path | None) -> Iterator[Network]:
    if folder is None:
        with local_network() as network:
            yield network
        return
    network = Network.at(folder)
    away = [each.name for each in network.own() if pid_of(network, each) is None]
    if away:
        raise SystemExit(f"not running: {', '.join(away)}; python -m network start")
    yield network


def _batches(network: Network, sending: Sending, disk: Disk, records: int) -> dict[str, float]:
    """A rate for each size of a batch; the best of them counts."""
    largest = sending.largest_batch()
    rates: dict[int, float] = {}
    others: dict[int, dict[str, float]] = {}
    for size in sorted({min(each, largest) for each in BATCHES}):
        others[size] = {}
        with disk.of(records) as asked, _cores(network, "batched", records, others[size]):
            rates[size] = sending.ours(f"batched {size}", records, size)
        others[size]["batched_bytes_a_record"] = asked()
    best = max(rates, key=lambda size: rates[size])
    raw = sending.raw("raw batched", records, best)
    return {
        "largest_batch": largest,
        **{f"batched_{size}_records_per_second": round(rate) for size, rate in rates.items()},
        "best_batch": best,
        "raw_batched_records_per_second": round(raw),
        "batched_records_per_second": round(rates[best]),
        **others[best],
    }


def _sealed(local: LocalRegistry, disk: Disk, records: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name, ExitStack() as closing:
        registry = journal_agency(local, Path(name), closing)
        # One that imports has seen before what else is registered.
        sync(registry.session)
        with disk.of(records) as asked:
            found = timed_import(registry, records)
    return {
        "sealed_records": records,
        "sealed_records_per_second": found["records_per_second"],
        "provable_p95_seconds": found["provable_p95_seconds"],
        "seals": found["seals"],
        "journal_bytes_a_record": asked(),
    }


def _header_milliseconds(network: Network, connection: Connection) -> float:
    """Parsing one header and checking its proposer's and its committers' signatures."""
    named = validators(network, network.own()[0])
    pinned = ValidatorSet(bytes.fromhex(each[2:]) for each in named)
    top = connection.block().number
    numbers = range(max(1, top - _HEADERS), top + 1)
    headers = [header_of(connection, connection.block(number)) for number in numbers]
    took = []
    for data in headers:
        start = time.perf_counter()
        pinned.check(IstanbulHeader.from_rlp(data))
        took.append(time.perf_counter() - start)
    return round(1000 * median(took), 2)
