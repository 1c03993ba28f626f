# SPDX-License-Identifier: Apache-2.0
"""Mandates: in words here, as a commitment on chain that the words and a salt open."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from typing import Final

from muniment.errors import InvalidInputError
from muniment.record.identifiers import require_bytes
from muniment.registry.session import Session
from muniment.store import dispositions
from muniment.store.dispositions import Mandate

SALT_SIZE: Final = 32
_TAG: Final = b"muniment/mandate/v1\0"
_SALT_TAG: Final = b"muniment/mandate-salt/v1\0"


def mandate_commitment(words: str, salt: bytes) -> bytes:
    """Return what stands on chain for a mandate: SHA-256(tag || salt || its words).

    Raises `InvalidInputError` for words that are none.
    """
    require_bytes("salt of a mandate", salt, SALT_SIZE)
    return hashlib.sha256(_TAG + salt + _normal(words)).digest()


def mandate_for(session: Session, words: str) -> Mandate:
    """Return the mandate of these words in this agency, and keep it.

    The salt is a keyed hash of the words: the same ones give the same commitment, which nobody can
    guess without the agency's key store, and which can be opened without showing its key.
    """
    mandate = made_of(session, words)
    with session.database.write() as connection:
        dispositions.keep_mandate(connection, mandate)
    return mandate


def made_of(session: Session, words: str) -> Mandate:
    """Return the mandate of these words in this agency; nothing is kept."""
    key = session.keys.local_id_key()
    salt = hmac.digest(key, _SALT_TAG + _normal(words), "sha256")
    return Mandate(mandate_commitment(words, salt), words, salt)


def _normal(words: str) -> bytes:
    if not words.strip():
        raise InvalidInputError("mandate", "a text that names it", "empty")
    return unicodedata.normalize("NFC", words).encode()
