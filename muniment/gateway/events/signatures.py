# SPDX-License-Identifier: Apache-2.0
"""Signatures of webhooks, in the form of Standard Webhooks with the agency's Ed25519 key.

Each receiver verifies with the key that stands on chain; no secret is shared with anybody, and
none is stored (ADR 25).
"""

from __future__ import annotations

import base64
import threading
import time
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muniment.registry.exchange.parties import own_key
from muniment.registry.session import Session
from muniment.store.keys import KeyPurpose

_STANDS_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The agency's key for messages: its epoch on chain, and what signs."""

    epoch: int
    public: bytes
    private: Ed25519PrivateKey


def signed_headers(key: SigningKey, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of Standard Webhooks: id, Unix seconds, and a signature (v1a) over
    `id.timestamp.body`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(key.private.sign(signed)).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1a,{signature}",
        "muniment-key-epoch": str(key.epoch),
    }


class AgencySigning:
    """The agency's key, looked up on chain now and then: one that was rotated is found."""

    def __init__(self, session: Session) -> None:
        """Take a session."""
        self._session = session
        self._lock = threading.Lock()
        self._kept: tuple[float, SigningKey] | None = None

    def key(self) -> SigningKey:
        """Return the key. Raises `AgencyKeyError`, `UnreachableError`, `KeystoreError`."""
        with self._lock:
            now = time.monotonic()
            if self._kept is None or now - self._kept[0] > _STANDS_SECONDS:
                own = own_key(self._session, KeyPurpose.MESSAGES)
                self._kept = now, SigningKey(own.epoch, own.public, own.ed25519())
            return self._kept[1]
