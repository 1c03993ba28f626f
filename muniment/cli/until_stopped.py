# SPDX-License-Identifier: Apache-2.0
"""Commands that go on until they are told to stop, and tell what they do meanwhile."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

import click

from muniment.cli.options import show_json
from muniment.record.instants import in_words, instant


def stopped_by_signals() -> threading.Event:
    """Return what is set when the process is interrupted, or told to end."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def saying(as_json: bool) -> Callable[[str], None]:
    """Return what tells a line of a command that goes on: on stderr, or as an object on stdout."""

    def say(what: str) -> None:
        now = time.time()
        if as_json:
            show_json({"time": instant(now), "text": what})
        else:
            click.echo(f"{in_words(now)}  {what}", err=True)

    return say
