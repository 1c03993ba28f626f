# SPDX-License-Identifier: Apache-2.0
"""Deliveries between two agencies under one agreement: how many records a second, in what memory.

Each agency is a process of its own, as it would be: so its peak memory is its own. What counts is a
stream of deliveries: while one is received the next is made. One delivery of all records, made and
then received, is told beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.importing import import_flights
from benchmarks.journal_agency import flight_type, journal_agency
from benchmarks.local_agency import PASSWORD, open_agency
from benchmarks.local_registry import LocalRegistry, local_registry
from muniment.chain import Sender, Signer
from muniment.exchange.terms import Terms
from muniment.record.identifiers import RecordId
from muniment.registry import Registry, Stage
from muniment.registry.journals import wait_sealed
from muniment.registry.sealing import progress_of
from toolchain.local_chain import development_keys

_FIELDS = ["departure", "origin", "destination"]
_KEYS = {"second_admin": 14, "second_steward": 15}
_SMALL = 5_000
_EVIDENT = 1_000
_DELIVERIES = 10


def measure(records: int) -> dict[str, float]:
    """Return flat figures of deliveries of so many flights, and of one from grant to reading."""
    with (
        local_registry() as local,
        tempfile.TemporaryDirectory() as name,
        ExitStack() as closing,
    ):
        first, second = Path(name) / "first", Path(name) / "second"
        first.mkdir()
        second.mkdir()
        registry = journal_agency(local, first, closing)
        import_flights(registry, records)
        wait_sealed(registry.session, 1, progress_of(registry.session, 1).acknowledged, Stage.FINAL)
        journal = registry.session.profile.journal
        with open_agency(local, first, "agency_admin", journal) as admin:
            admin.wait(admin.publish_keys(), "final")
        giver = closing.enter_context(open_agency(local, first, "steward", journal))
        _second_agency(local, second)
        taker = closing.enter_context(open_agency(local, second, "second_steward", agency_id=2))
        share_id = _agreement(giver, taker, Path(name))
        for each in (giver, taker):
            # For the processes of the steps.
            profile = each.session.profile
            (profile.path.parent / "bench.toml").write_text(profile.to_toml())
        figures: dict[str, float] = {"records": records}
        small = _both(name, share_id, min(_SMALL, records), "small")
        large = _both(name, share_id, records, "large")
        evident = _both(name, share_id, min(_EVIDENT, records), "evident", evidence=True)
        deliver, receive = large["deliver_seconds"], large["receive_seconds"]
        figures |= {
            "delivered_per_second": round(records / _stream(name, share_id, records)),
            "one_after_the_other_per_second": round(records / (deliver + receive)),
            "deliver_per_second": round(records / deliver),
            "receive_per_second": round(records / receive),
            "delivery_bytes_a_record": round(large["bytes"] / records),
            "deliver_memory_mib": large["deliver_mib"],
            "deliver_memory_ratio": round(large["deliver_mib"] / small["deliver_mib"], 2),
            "receive_memory_mib": large["receive_mib"],
            "receive_memory_ratio": round(large["receive_mib"] / small["receive_mib"], 2),
            "memory_ratio_from_records": min(_SMALL, records),
            "evident_delivered_per_second": round(
                min(_EVIDENT, records) / (evident["deliver_seconds"] + evident["receive_seconds"])
            ),
        }
        figures["grant_to_readable_seconds"] = _grant_to_readable(giver, taker, Path(name))
    return figures


def _second_agency(local: LocalRegistry, folder: Path) -> None:
    """Agency 2, with an admin and a steward, and its keys on chain."""
    keys = development_keys(max(_KEYS.values()) + 1)
    local.keys.update({role: keys[place] for role, place in _KEYS.items()})
    agencies, connection = local.registries.agencies, local.connection
    admin = Signer.from_key(local.keys["second_admin"])
    steward = Signer.from_key(local.keys["second_steward"])
    local.sender("registry_admin").send(agencies.create_agency("Second", admin.address))
    role = agencies.role_of_kind(3, 2, block=connection.block())
    Sender(connection, admin).send(agencies.grant_role(role, steward.address))
    with open_agency(local, folder, "second_admin", agency_id=2) as opened:
        opened.wait(opened.publish_keys(), "final")


def _agreement(giver: Registry, taker: Registry, folder: Path) -> bytes:
    # The type of flights is open: the chain grants at once.
    terms = Terms.of("traffic statistics", "Statistics Act § 4", _FIELDS)
    path = folder / "request"
    asked = taker.exchange.request(1, terms, record_type=flight_type().name, target=path)
    asked.submission.wait("final")
    taken = giver.exchange.receive(path)
    assert taken.share is not None
    return taken.share.share_id


def _both(
    folder: str, share_id: bytes, count: int, name: str, *, evidence: bool = False
) -> dict[str, float]:
    """Deliver and receive so many records, each by a process of its own."""
    path = str(Path(folder) / name)
    given = [share_id.hex(), str(count), "1" if evidence else "0", path]
    delivered = _step("deliver", str(Path(folder) / "first"), *given)
    received = _step("receive", str(Path(folder) / "second"), *given)
    assert delivered["count"] == received["count"] == count
    return {
        "deliver_seconds": delivered["seconds"],
        "deliver_mib": delivered["mib"],
        "receive_seconds": received["seconds"],
        "receive_mib": received["mib"],
        "bytes": Path(f"{path}-0").stat().st_size,
    }


def _stream(folder: str, share_id: bytes, count: int) -> float:
    """Seconds in which one agency makes deliveries of a tenth of the records each, and the other
    receives them as they come."""
    given = [share_id.hex(), str(count), "0", str(Path(folder) / "stream")]
    agencies = [
        _process("deliver-many", str(Path(folder) / "first"), *given),
        _process("receive-many", str(Path(folder) / "second"), *given),
    ]
    for each in agencies:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    begun = time.perf_counter()
    for each in agencies:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    done = [json.loads(each.communicate()[0])["count"] for each in agencies]
    seconds = time.perf_counter() - begun
    assert done == [count, count]
    return seconds


def _step(what: str, folder: str, *arguments: str) -> dict[str, Any]:
    process = _process(what, folder, *arguments)
    found: dict[str, Any] = json.loads(process.communicate("go\n")[0].removeprefix("ready\n"))
    return found


def _process(what: str, folder: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.exchange", what, folder, *arguments]
    environment = {**os.environ, "MUNIMENT_PASSWORD": PASSWORD}
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _grant_to_readable(giver: Registry, taker: Registry, folder: Path) -> float:
    """Seconds from a steward's grant until the recipient has read the record's fields: granted,
    delivered, received, acknowledged, opened."""
    [record_id] = giver.exchange.deliverable(_newest(giver))[:1]
    terms = Terms.of("one case", "Aviation Act § 9", _FIELDS)
    times = []
    for turn in range(3):
        request, delivery = folder / f"one-{turn}", folder / f"one-{turn}.delivery"
        asked = taker.exchange.request(1, terms, record_id=record_id, target=request)
        asked.submission.wait("final")

        def granted(request: Path = request, delivery: Path = delivery) -> None:
            # Of an open type: taking the request in grants it.
            taken = giver.exchange.receive(request)
            assert taken.share is not None
            if taken.submission is not None:
                taken.submission.wait("final")
            giver.exchange.deliver(taken.share.share_id, delivery)
            received = taker.exchange.receive(delivery)
            assert received.submission is not None
            received.submission.wait("final")
            assert taker.exchange.received(record_id)[-1].values

        times.append(_seconds(granted))
    return round(sorted(times)[1], 2)


def _newest(registry: Registry) -> bytes:
    return registry.exchange.shares()[-1].share_id


def _seconds(doing: Callable[[], object]) -> float:
    begun = time.perf_counter()
    doing()
    return time.perf_counter() - begun


def _main(what: str, folder: str, share: str, count: str, evidence: str, path: str) -> None:
    """One agency's part, in a process of its own: says that it is ready, waits, prints what it
    took."""
    share_id, many = bytes.fromhex(share), what.endswith("-many")
    with Registry.open(Path(folder) / "bench.toml", password=PASSWORD) as registry:
        exchange = registry.exchange
        chosen: list[RecordId] = []
        if what.startswith("deliver"):
            chosen = exchange.deliverable(share_id)[: int(count)]
        size = max(1, int(count) // (_DELIVERIES if many else 1))
        paths = [Path(f"{path}-{start}") for start in range(0, int(count), size)]
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        begun, done = time.perf_counter(), 0
        for place, each in enumerate(paths):
            if chosen:
                part = chosen[place * size : (place + 1) * size]
                made = exchange.deliver(share_id, each, part, with_evidence=evidence == "1")
                done += made.count
            else:
                while not each.exists():
                    time.sleep(0.01)
                done += exchange.receive(each).count
        seconds = time.perf_counter() - begun
    sys.stdout.write(json.dumps({"count": done, "seconds": seconds, "mib": _peak_mib()}))


def _peak_mib() -> int:
    """The most memory that this process has had. What `getrusage` says counts its parent's too."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024
    raise RuntimeError("the system tells no peak memory")


if __name__ == "__main__":
    _main(*sys.argv[1:])
