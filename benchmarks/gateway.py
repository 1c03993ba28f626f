# SPDX-License-Identifier: Apache-2.0
"""Single registrations by the journal over HTTP: 64 connections, the load made by wrk.

A real gateway on an Anvil, its daemon sealing beside it, on the same machine as the load. wrk comes
from Debian's package of that name; each of its calls registers another flight.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from benchmarks.journal_agency import flights, journal_agency
from benchmarks.local_agency import PASSWORD
from benchmarks.local_registry import local_registry
from muniment.errors import InvalidInputError
from muniment.gateway.callers.tokens import make_token
from muniment.intake.mapping import FieldMapping
from muniment.registry import Registry
from muniment.registry.sealing import progress_of

CONNECTIONS: Final = 64
_THREADS: Final = 1
_WARM_UP_SECONDS: Final = 5
_SAMPLES: Final = 4096
_UNLIMITED: Final = 1_000_000

_SCRIPT: Final = """
local contents = {}
for line in io.lines("CONTENTS") do contents[#contents + 1] = line end
local count = 0
request = function()
  count = count + 1
  local body = '{"type":"flight","source_id":"PREFIX-' .. count .. '","content":'
    .. contents[count % #contents + 1] .. '}'
  return wrk.format("POST", "/records", nil, body)
end
response = function(status)
  if status ~= 201 then wrk.thread:stop() end
end
done = function(summary, latency)
  io.write(string.format("FIGURES %d %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(95), latency:percentile(99),
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
"""


def measure(seconds: int = 30) -> dict[str, float]:
    """Return registrations a second and percentiles of how long one took."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise InvalidInputError(
            "wrk", "the load tool", "missing", remedy="install Debian's package `wrk`"
        )
    with ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
        local = closing.enter_context(local_registry("--block-time", "1"))
        registry = journal_agency(local, folder, closing)
        token, _ = make_token(registry.session.database, "load", ["register"])
        contents = _contents(registry, folder)
        url, server = closing.enter_context(_serving(registry))
        _run(wrk, url, token, contents, folder, "warm", _WARM_UP_SECONDS)
        before, worked = _quiet_size(registry), _worked(server)
        requests, micros, p50, p95, p99, errors = _run(
            wrk, url, token, contents, folder, "load", seconds
        )
        worked = _worked(server) - worked
        appended = _quiet_size(registry) - before
        # What was on its way when the load ended is appended, and was answered to nobody.
        if errors or not requests <= appended <= requests + CONNECTIONS:
            raise RuntimeError(f"{requests} answered, {appended} appended, {errors} errors")
        return {
            "registrations_per_second": round(requests * 1_000_000 / micros, 1),
            "p50_milliseconds": round(p50 / 1000, 1),
            "p95_milliseconds": round(p95 / 1000, 1),
            "p99_milliseconds": round(p99 / 1000, 1),
            "processor_microseconds": round(1_000_000 * worked / requests, 1),
            "connections": CONNECTIONS,
            "registrations": requests,
            "cores": float(len(os.sched_getaffinity(0))),
        }


def _contents(registry: Registry, folder: Path) -> Path:
    """A file of flights' contents, a JSON object a line."""
    source, mapping = flights()
    plan = FieldMapping.compile(mapping, registry.session.record_types.latest("flight"), None)
    path = folder / "contents.ndjson"
    with path.open("w") as writer:
        left = _SAMPLES
        for batch in source.batches():
            for fields in plan.apply(batch).fields[:left]:
                writer.write(json.dumps(fields, separators=(",", ":")) + "\n")
                left -= 1
            if left <= 0:
                break
    return path


def _quiet_size(registry: Registry) -> int:
    """The journal's size, once nothing is appended any more."""
    size = -1
    while size != (now := progress_of(registry.session, 1).acknowledged):
        size = now
        time.sleep(1)
    return size


def _worked(process: int) -> float:
    """Seconds that a process has had of the processor, with its daemon."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _serving(registry: Registry) -> Iterator[tuple[str, int]]:
    profile = registry.session.profile
    text = profile.to_toml()
    limits = f"requests_per_second = {_UNLIMITED}\nburst = {_UNLIMITED}\n"
    profile.path.write_text(f"{text}\n[gateway]\n{limits}")
    log = (profile.path.parent / "gateway.log").open("w+")
    command = [sys.executable, "-m", "muniment.cli", "serve", "--port", "0"]
    environment = {
        **os.environ,
        "MUNIMENT_PROFILE": str(profile.path),
        "MUNIMENT_PASSWORD": PASSWORD,
    }
    with subprocess.Popen(
        command, env=environment, stderr=log, stdout=subprocess.DEVNULL
    ) as server:
        try:
            deadline = time.monotonic() + 60
            while True:
                log.seek(0)
                found = re.search(r"serving at (http://[0-9.:]+)", log.read())
                if found:
                    break
                if server.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(f"the gateway did not start: {log.read()[-2000:]}")
                time.sleep(0.1)
            yield found[1], server.pid
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
            log.close()


def _run(
    wrk: str, url: str, token: str, contents: Path, folder: Path, prefix: str, seconds: int
) -> tuple[int, ...]:
    script = folder / f"{prefix}.lua"
    text = _SCRIPT.replace("CONTENTS", str(contents)).replace("PREFIX", prefix)
    script.write_text(text)
    command = [wrk, f"-t{_THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s"]
    command += ["-H", f"Authorization: Bearer {token}", "-H", "Content-Type: application/json"]
    done = subprocess.run(
        [*command, "-s", str(script), url], capture_output=True, text=True, check=True
    )
    found = re.search(r"FIGURES ([0-9 ]+)", done.stdout)
    if found is None:
        raise RuntimeError(f"wrk said no figures: {done.stdout}{done.stderr}")
    return tuple(int(each) for each in found[1].split())
