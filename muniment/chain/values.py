# SPDX-License-Identifier: Apache-2.0
"""Enumerations of the contracts. Their numbers are the interfaces'."""

from __future__ import annotations

import enum


class KeyPurpose(enum.IntEnum):
    """What an agency's public key is for."""

    ENCRYPTION = 0
    MESSAGES = 1
    CHECKPOINTS = 2


class AdminChange(enum.IntEnum):
    """A change of the registry admin."""

    TRANSFER_BEGUN = 0
    TRANSFER_CANCELLED = 1
    DELAY_CHANGED = 2
    DELAY_CHANGE_CANCELLED = 3


class ShareStatus(enum.IntEnum):
    """Where a share stands."""

    NONE = 0
    REQUESTED = 1
    GRANTED = 2
    DENIED = 3
    REVOKED = 4
