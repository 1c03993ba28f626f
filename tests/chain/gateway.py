# SPDX-License-Identifier: Apache-2.0

"""A gateway as its own process, on a real Anvil, and clients that call it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from muniment.gateway.callers.tokens import make_token
from muniment.registry import Registry
from muniment.registry.profile import JournalProfile, Profile
from tests.chain.agency import Open, opened
from tests.chain.test_journals import Officers, officer
from tests.chain.test_processes import environment

START_SECONDS = 180.0
ALL_SCOPES = ("read", "register", "prepare", "exchange", "entries", "metrics")


@dataclass
class Gateway:
    """A running gateway, and what it said."""

    process: subprocess.Popen[str]
    url: str = ""
    lines: list[dict[str, Any]] = field(default_factory=list)
    registry: Registry | None = None

    def client(self, *scopes: str, **headers: str) -> httpx.Client:
        """A client with a token of these scopes, all by default."""
        assert self.registry is not None
        text, _ = make_token(self.registry.session.database, "test", scopes or ALL_SCOPES)
        shown = {"Authorization": f"Bearer {text}", **headers}
        return httpx.Client(base_url=self.url, headers=shown, timeout=60)

    def stop(self, number: int = signal.SIGTERM, seconds: float = 60) -> int:
        """End it, and return what it ended with."""
        self.process.send_signal(number)
        return self.process.wait(seconds)

    @property
    def said(self) -> str:
        return "\n".join(str(line.get("text")) for line in self.lines)


def start_gateway(folder: Path, *arguments: str, registry: Registry | None = None) -> Gateway:
    process = subprocess.Popen(
        [sys.executable, "-m", "muniment.cli", "serve", "--port", "0", *arguments],
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    gateway = Gateway(process, registry=registry)
    served = threading.Event()

    def listen() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            try:
                gateway.lines.append(json.loads(line))
            except ValueError:
                gateway.lines.append({"text": line.rstrip()})
            found = re.search(r"serving at (http://\S+)", line)
            if found:
                gateway.url = found[1].rstrip('"}')
                served.set()
        served.set()

    threading.Thread(target=listen, daemon=True).start()
    assert served.wait(START_SECONDS), gateway.said
    assert gateway.url, gateway.said
    return gateway


def set_gateway(path: Path, **values: Any) -> None:
    """Write the gateway's table into a profile."""
    profile = Profile.load(path)
    path.write_text(replace(profile, gateway=values).to_toml())


Serve = Callable[..., Gateway]


@pytest.fixture
def serve(officer: Officers, tmp_path: Path) -> Iterator[Serve]:
    """Starts gateways of an agency that has a journal; `settings` are the gateway's."""
    started: list[Gateway] = []

    def start(*arguments: str, **settings: Any) -> Gateway:
        more = {name: settings.pop(name) for name in ("urls", "reads") if name in settings}
        registry = officer("registrar", **more)
        set_gateway(tmp_path / "profile.toml", **settings)
        started.append(start_gateway(tmp_path, *arguments, registry=registry))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.wait()


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to it"
        time.sleep(0.05)


def deed(number: int | str, **fields: object) -> dict[str, Any]:
    content = {"holder": f"Holder {number}", "parcel": f"{number}/7", **fields}
    return {"type": "land-deed", "source_id": str(number), "content": content}


__all__ = [
    "JournalProfile",
    "Officers",
    "Open",
    "Serve",
    "deed",
    "officer",
    "opened",
    "serve",
    "set_gateway",
    "start_gateway",
    "until",
]
