# SPDX-License-Identifier: Apache-2.0
"""The error of whoever asks for content that the agency has not."""

from __future__ import annotations

from muniment.errors import StoreError


class UnkeptVersionError(StoreError):
    """The agency keeps no content of this record, or not of this version."""

    def __init__(self, record_id: bytes, version: int | None) -> None:
        which = "" if version is None else f", version {version}"
        super().__init__(
            f"no content of record 0x{record_id.hex()}{which} is kept here",
            expected="a record that this agency registered",
            remedy="check the id; `muniment trace` shows whose record it is",
        )
