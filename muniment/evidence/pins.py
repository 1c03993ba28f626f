# SPDX-License-Identifier: Apache-2.0
"""Pinned trust files: those that this user has decided to trust, one for each registry.

They lie in ``$XDG_CONFIG_HOME/muniment/trust`` (``~/.config/muniment/trust``), named by chain and
registry. A pinned file is replaced by one that its own operator has signed, or when the user says
so by the fingerprint.
"""

from __future__ import annotations

import os
from pathlib import Path

from muniment.evidence.trust import TrustFile, TrustFileError, fingerprint, is_signed

SIGNATURE_SUFFIX = ".sig"


def folder() -> Path:
    """Return where pinned files lie."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "muniment" / "trust"


def pinned(chain_id: int, registry: bytes) -> TrustFile | None:
    """Return the pinned trust file of a registry, None where there is none. Raises
    `TrustFileError`."""
    path = _path(chain_id, registry)
    return TrustFile.from_bytes(path.read_bytes()) if path.exists() else None


def read_signature(path: Path) -> bytes | None:
    """Return the signature beside a trust file, None where there is none. Raises
    `TrustFileError`."""
    beside = path.with_name(path.name + SIGNATURE_SUFFIX)
    if not beside.exists():
        return None
    try:
        signature = bytes.fromhex(beside.read_text().strip())
    except (ValueError, UnicodeDecodeError):
        signature = b""
    if len(signature) != 64:
        raise TrustFileError(f"signature {beside}", "128 hex digits", "something else")
    return signature


def load(path: Path) -> TrustFile:
    """Return the trust file at `path`. A signature beside it must be its operator's. Raises
    `TrustFileError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        what = error.strerror or "unreadable"
        raise TrustFileError(f"trust file {path}", "a readable file", what) from error
    trust = TrustFile.from_bytes(data)
    signature = read_signature(path)
    if signature is not None and (
        trust.operator is None or not is_signed(data, signature, trust.operator)
    ):
        raise TrustFileError(
            f"the signature beside {path}", "one by the operator whom the file names", "another"
        )
    return trust


def pin(path: Path, confirmed: str | None) -> TrustFile:
    """Pin a trust file, and return it.

    `confirmed` is the fingerprint as the user has it from the operator; it may be left out where
    the file takes the place of one that names the same operator, and is signed. Raises
    `TrustFileError`.
    """
    trust = load(path)
    data = path.read_bytes()
    before = pinned(trust.chain_id, trust.registry)
    renewed = (
        before is not None
        and before.operator is not None
        and before.operator == trust.operator
        and read_signature(path) is not None
    )
    if confirmed is not None and confirmed.lower() != fingerprint(data):
        raise TrustFileError("fingerprint", f"{fingerprint(data)}, the file's", "another")
    if confirmed is None and not renewed:
        raise TrustFileError(
            "fingerprint",
            "the fingerprint, as the registry's operator has told it",
            "missing",
            remedy="compare what `muniment trust show` prints with what the operator publishes, "
            "then give it with --fingerprint",
        )
    target = _path(trust.chain_id, trust.registry)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    temporary.write_bytes(data)
    temporary.replace(target)
    return trust


def _path(chain_id: int, registry: bytes) -> Path:
    return folder() / f"{chain_id}-{registry.hex()}.toml"
