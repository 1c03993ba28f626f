# SPDX-License-Identifier: Apache-2.0
"""Digest algorithms, by the byte that stands for them in a record's state and a journal's entry.

The byte is in every commitment, so another algorithm can join without a new format, and a digest of
one can never pass for a digest of another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from muniment.errors import AlgorithmUnavailableError

DigestFunction = Callable[[bytes], bytes]
"""Returns the 32-byte digest of a byte string."""

SHA_256: Final = 1
"""SHA-256 (FIPS 180-4)."""
SM3: Final = 2
"""SM3 (GB/T 32905, ISO/IEC 10118-3), where the machine has it."""


def _sha_256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _sm3_of_hashlib(data: bytes) -> bytes:
    return hashlib.new("sm3", data).digest()


def _sm3_of_cryptography(data: bytes) -> bytes:
    state = hashes.Hash(hashes.SM3())
    state.update(data)
    return state.finalize()


def _available() -> dict[int, DigestFunction]:
    found: dict[int, DigestFunction] = {SHA_256: _sha_256}
    for candidate in (_sm3_of_hashlib, _sm3_of_cryptography):
        try:
            candidate(b"")
        except (ValueError, UnsupportedAlgorithm):
            continue
        found[SM3] = candidate
        break
    return found


_FUNCTIONS: Final = _available()


def available_algorithms() -> tuple[int, ...]:
    """Return the bytes of the algorithms that work here, ascending."""
    return tuple(sorted(_FUNCTIONS))


def digest_function(algorithm: int) -> DigestFunction:
    """Return the function of `algorithm`; raise `AlgorithmUnavailableError` if there is none."""
    function = _FUNCTIONS.get(algorithm) if type(algorithm) is int else None
    if function is None:
        raise AlgorithmUnavailableError(algorithm, available_algorithms())
    return function
