# SPDX-License-Identifier: Apache-2.0
"""Import of a whole register by a journal: flights of the US Bureau of Transportation Statistics.

Each run is a process group of its own, so that its memory is its own: `python -m
benchmarks.importing COUNT [daemon]` imports and prints one object; the parent watches the memory of
all its processes together (proportional set size, so that shared pages count once).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from threading import Event, Thread
from typing import Any

from benchmarks.journal_agency import flight_type, flights, journal_agency
from benchmarks.local_agency import PASSWORD
from benchmarks.local_registry import LocalRegistry, local_registry
from muniment.intake.sources import Source
from muniment.registry import Registry, Stage
from muniment.registry.bulk import Tally
from muniment.registry.journal_import import JournalImport, import_by_journal
from muniment.registry.journals import wait_sealed
from muniment.registry.sealing import progress_of
from muniment.registry.sealing_beside import sealing
from muniment.store.leases import holder_of
from toolchain.local_chain import ROOT

_SMALL = 100_000
_DAEMON = "daemon"
_BEGIN_SECONDS = 60


def measure(records: int, *, daemon: bool = False) -> dict[str, float]:
    """Return flat figures of importing so many flights, with a `daemon` that seals or without."""
    small = _run(min(records, _SMALL), daemon)
    whole = _run(records, daemon) if records > _SMALL else small
    return {
        **{name: value for name, value in whole.items() if name != "memory_mib"},
        "memory_mib": whole["memory_mib"],
        "memory_mib_of_100000": small["memory_mib"],
        "memory_ratio": round(whole["memory_mib"] / small["memory_mib"], 2),
    }


def _run(records: int, daemon: bool) -> dict[str, float]:
    arguments = [str(records), *([_DAEMON] if daemon else [])]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.importing", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    peak, stop = [0.0], Event()

    def watch() -> None:
        while not stop.wait(0.5):
            peak[0] = max(peak[0], _memory_mib(process.pid))

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    out, _ = process.communicate()
    stop.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"the import of {records} flights failed")
    found: dict[str, float] = json.loads(out)
    return {**found, "memory_mib": round(peak[0])}


def _memory_mib(session: int) -> float:
    """The memory of our own processes of a session; the Anvil in it is not ours."""
    total = 0
    for each in Path("/proc").iterdir():
        if not each.name.isdecimal():
            continue
        try:
            if os.getsid(int(each.name)) != session or b"anvil" in (each / "cmdline").read_bytes():
                continue
            for line in (each / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except (OSError, ProcessLookupError):
            continue
    return total / 1024


class _First(Source):
    """The first rows of a source."""

    def first(self, records: int) -> Any:
        """Yield batches of so many rows in all."""
        left = records
        for batch in Source.batches(self):
            if left <= 0:
                return
            if len(batch.numbers) > left:
                batch = batch.only(range(batch.numbers[0] + left))  # noqa: PLW2901
            left -= len(batch.numbers)
            yield batch


def run(records: int, *, daemon: bool = False) -> dict[str, float]:
    """Import so many flights, sealed, and return what was measured."""
    with (
        local_registry() as local,
        tempfile.TemporaryDirectory(dir=os.environ.get("MUNIMENT_BENCHMARK_DIR")) as name,
        ExitStack() as closing,
    ):
        registry = journal_agency(local, Path(name), closing)
        before = local.connection.block().number
        with _daemon(registry) if daemon else nullcontext():
            figures = timed_import(registry, records)
        blocks = range(before + 1, local.connection.block().number + 1)
        chain = sum(_block_bytes(local, number) for number in blocks)
        figures["chain_bytes_a_record"] = round(chain / records, 2)
        vault = registry.session.vault
        packs, journal = (
            sum(vault.size(each) for each in vault.list(prefix))
            for prefix in ("packs/", "journals/")
        )
        registry.close()
        figures |= _sizes(Path(name), records, packs, journal)
    return figures


@contextmanager
def _daemon(registry: Registry) -> Iterator[None]:
    """Run `muniment run` beside the import: it sends, indexes and seals in a process of its own."""
    profile = registry.session.profile
    profile.path.write_text(profile.to_toml())
    command = [sys.executable, "-W", "ignore", "-m", "muniment.cli", "run"]
    process = subprocess.Popen(
        [*command, "--profile", str(profile.path)],
        cwd=ROOT,
        env={**os.environ, "MUNIMENT_PASSWORD": PASSWORD},
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + _BEGIN_SECONDS
        while holder_of(registry.session.database, "seal 1") is None:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the daemon does not seal")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def _block_bytes(local: LocalRegistry, number: int) -> int:
    """A block's header and transactions; each here is a seal's."""
    block = local.connection.request("eth_getBlockByNumber", [hex(number), False])
    return int(block["size"], 16)


def import_flights(
    registry: Registry, records: int, tell: Callable[[Tally], None] | None = None
) -> JournalImport:
    """Import so many flights into journal 1."""
    source, mapping = flights()
    limited = _limited(source, records)
    return import_by_journal(registry.session, flight_type(), limited, mapping, 1, progress=tell)


def timed_import(registry: Registry, records: int) -> dict[str, float]:
    """Import so many flights into journal 1, sealed, and return rates and waits."""
    acknowledged: list[tuple[int, float]] = []
    sealed: list[tuple[int, float]] = []
    stop = Event()

    def watch() -> None:
        while not stop.wait(0.1):
            size = progress_of(registry.session, 1).provable
            if not sealed or size > sealed[-1][0]:
                sealed.append((size, time.monotonic()))

    def tell(now: Tally) -> None:
        acknowledged.append((now.registered, time.monotonic()))

    watcher = Thread(target=watch, daemon=True)
    begun, cpu = time.monotonic(), time.process_time()
    watcher.start()
    with sealing(registry.session, process=True) as going_on:
        done = import_flights(registry, records, tell)
        wait_sealed(registry.session, 1, done.size, Stage.PROVABLE, timeout=600, going_on=going_on)
    ended = time.monotonic()
    time.sleep(0.2)
    stop.set()
    watcher.join()
    assert done.tally.registered == records, done.tally
    sizes = [size for size, _ in sealed]
    waits = []
    before = 0
    for size, at in acknowledged:
        waits += [sealed[bisect_left(sizes, size)][1] - at] * max(1, (size - before) // 64)
        before = size
    waits.sort()
    return {
        "records": records,
        "records_per_second": round(records / (ended - begun)),
        "provable_p95_seconds": round(waits[int(0.95 * len(waits))], 2),
        "tail_ratio": round(
            _rate(acknowledged, begun, 0.9, 1) / _rate(acknowledged, begun, 0.05, 0.15), 2
        ),
        "appending_cpu_microseconds": round(1e6 * (time.process_time() - cpu) / records, 1),
        "seals": len(sealed),
    }


def _rate(acknowledged: list[tuple[int, float]], begun: float, start: float, end: float) -> float:
    """Records a second between two parts of the whole."""
    points = [(0, begun), *acknowledged]
    last = points[-1][0]
    first = next(each for each in points if each[0] >= start * last)
    final = next(each for each in points if each[0] >= end * last)
    return (final[0] - first[0]) / max(final[1] - first[1], 1e-9)


def _limited(source: Source, records: int) -> Source:
    limited = _First(source.format, source.path)
    object.__setattr__(limited, "batches", lambda _skip=0: limited.first(records))
    return limited


def _sizes(folder: Path, records: int, packs: int, journal: int) -> dict[str, float]:
    def under(*names: str) -> int:
        total = 0
        for name in names:
            for path in folder.glob(name):
                files = path.rglob("*") if path.is_dir() else [path]
                total += sum(each.stat().st_blocks * 512 for each in files if each.is_file())
        return total

    parts = {
        "packs": packs,
        "journal": journal,
        "database": under("muniment.db*"),
        "key_store": under("keys.db*"),
    }
    return {
        **{f"disk_bytes_{name}": round(size / records, 1) for name, size in parts.items()},
        "disk_bytes_a_record": round(sum(parts.values()) / records, 1),
    }


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), daemon=sys.argv[2:] == [_DAEMON])))
