# SPDX-License-Identifier: Apache-2.0
"""Whose a file is that is being written: its name says the machine and the process."""

from __future__ import annotations

import os
import secrets
import socket


def new_owner() -> str:
    """Return a name, never used before, that says that this process writes."""
    return f"{_host()}-{os.getpid()}-{secrets.token_hex(8)}"


def has_living_owner(name: str) -> bool:
    """Whether the process that a file of `incoming` is named after may still run.

    Of another machine's processes nothing is known: theirs are dead only by the file's age, which
    is what is asked first.
    """
    host, _, rest = name.partition("-")
    process = rest.partition("-")[0]
    if host != _host() or not process.isdecimal():
        return False
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _host() -> str:
    """This machine's name as a file's name can hold it; hyphens separate."""
    kept = (letter if letter.isalnum() else "_" for letter in socket.gethostname())
    return "".join(kept)[:64] or "_"
