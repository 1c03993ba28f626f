# SPDX-License-Identifier: Apache-2.0
"""A writer for what is read only to be checked."""

from __future__ import annotations

import io
from typing import Any


class Nowhere(io.RawIOBase):
    """Takes what is written, and keeps nothing."""

    def write(self, data: Any, /) -> int:
        """Return the size of `data`."""
        return len(data)
