# SPDX-License-Identifier: Apache-2.0
"""Logs: one JSON object a line on stderr. They name paths, callers and errors; never content."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Callable
from typing import Any, Final

from muniment.record.instants import precise_instant

_OWN: Final = "muniment.gateway"


class _Lines(logging.Formatter):
    """A record as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": precise_instant(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "text": record.getMessage(),
        }
        if record.exc_info and record.exc_info[2] is not None:
            # Where it happened and of what kind it was: an error's words may quote a value.
            line["error"] = getattr(record.exc_info[0], "__name__", "")
            line["at"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-8:]
            ]
        return json.dumps(line, ensure_ascii=False)


def log_as_json() -> Callable[[str], None]:
    """Log to stderr from now on, and return what says a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    own = logging.getLogger(_OWN)
    own.setLevel(logging.INFO)
    return lambda text: own.info("%s", text)
