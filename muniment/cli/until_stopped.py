# SPDX-License-Identifier: Apache-2.0
"""Commands that go on until they are told to stop, and tell what they do meanwhile."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

import click

from muniment.cli.options import show_json
from muniment.record.instants import in_words, instant


def stopped_by_signals() -> threading.Event:
    """Return what is set when the process is interrupted, or told to end."""
    stop = threading.Event()
    # An event's lock is not reentrant: a handler that sets it waits for good when the signal comes
    # while the main thread is inside `stop.wait`. A SimpleQueue may be put to from a handler.
    told: SimpleQueue[int] = SimpleQueue()

    def set_when_told() -> None:
        told.get()
        stop.set()

    threading.Thread(target=set_when_told, name="until stopped", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda heard, _: told.put(heard))
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
