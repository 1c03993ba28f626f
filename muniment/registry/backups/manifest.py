# SPDX-License-Identifier: Apache-2.0
"""What a backup's folder holds: a manifest with the digest of each file, checked on restore."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from muniment.errors import InvalidJsonError, StoreError
from muniment.evidence.members import EvidenceFormError, Members
from muniment.record.canonical import canonicalize, parse_canonical
from muniment.store import durable_files

FORMAT: Final = "muniment/backup/v1"
NAME: Final = "MANIFEST.json"
_PIECE: Final = 1 << 20
_INTEGER: Final = (1 << 53) - 1
_MOST: Final = 1 << 30


class BackupKind(enum.StrEnum):
    """What is backed up. Each has places of its own: together they are everything."""

    DATABASE = "database"
    KEYS = "keys"
    VAULT = "vault"


class BackupError(StoreError):
    """A backup cannot be made or brought back as it is asked for."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A file of a backup: its size in bytes and its digest (SHA-256)."""

    size: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Manifest:
    """A backup: of which agency (id, and lineage of 32 bytes), in which `form` (sqlite, postgresql
    or vault), made when (Unix milliseconds), with which files by name."""

    kind: BackupKind
    form: str
    agency_id: int
    lineage: bytes
    made_ms: int
    files: dict[str, BackedUp]

    def write(self, folder: Path) -> None:
        """Put it in the place of the one before; the files are there already."""
        data = canonicalize(
            {
                "agency": self.agency_id,
                "files": [
                    {"name": name, "sha256": each.digest.hex(), "size": each.size}
                    for name, each in sorted(self.files.items())
                ],
                "form": self.form,
                "format": FORMAT,
                "kind": str(self.kind),
                "lineage": self.lineage.hex(),
                "made_ms": self.made_ms,
            }
        )
        durable_files.replace(folder / NAME, data)

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """Return a folder's manifest, None where it has none. Raises `BackupError`."""
        try:
            data = (folder / NAME).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BackupError(
                f"backup {folder}: {error.strerror or 'cannot be read'}",
                expected=f"a folder with {NAME}",
                remedy="check the path, the mount and who may read it",
            ) from error
        try:
            return _manifest(Members("manifest", parse_canonical(data)))
        except (InvalidJsonError, EvidenceFormError, ValueError) as error:
            raise BackupError(
                f"backup {folder}: its manifest is damaged",
                expected=f"the file that `muniment backup` wrote, of format {FORMAT}",
                remedy="use another backup",
            ) from error

    def require(self, kind: BackupKind, agency_id: int, lineage: bytes, folder: Path) -> None:
        """Raise `BackupError` unless the backup is of this kind, agency and registry."""
        if self.kind is not kind:
            raise BackupError(
                f"backup {folder} is one of the {self.kind}",
                expected=f"one of the {kind}",
                remedy="name another folder: database, keys and vault are kept apart",
            )
        if (self.agency_id, self.lineage) != (agency_id, lineage):
            raise BackupError(
                f"backup {folder} is of agency {self.agency_id}, or of another registry",
                expected=f"one of agency {agency_id} of this registry",
                remedy="check the folder and the profile",
            )


def digest_of(path: Path) -> BackedUp:
    """Return size and digest of a file. Raises `OSError`."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as reader:
        while piece := reader.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return BackedUp(size, digest.digest())


def require_whole(folder: Path, name: str, wanted: BackedUp) -> Path:
    """Return the path of a backup's file that is as it was written. Raises `BackupError`."""
    path = folder / name
    try:
        found = digest_of(path)
    except OSError as error:
        raise BackupError(
            f"backup {folder}: {name}: {error.strerror or 'cannot be read'}",
            expected="every file that its manifest names",
            remedy="use another backup",
        ) from error
    if found != wanted:
        raise BackupError(
            f"backup {folder}: {name} is damaged",
            expected=f"{wanted.size} bytes, SHA-256 {wanted.digest.hex()}",
            remedy="use another backup",
        )
    return path


def _manifest(members: Members) -> Manifest:
    members.constant("format", FORMAT)
    files: dict[str, BackedUp] = {}
    for each in members.array("files", _MOST):
        file = Members("file", each)
        found = BackedUp(file.integer("size", _INTEGER), file.hexadecimal("sha256", 32))
        files[file.text("name")] = found
        file.end()
    made = Manifest(
        BackupKind(members.text("kind")),
        members.text("form"),
        members.integer("agency", _INTEGER, 1),
        members.hexadecimal("lineage", 32),
        members.integer("made_ms", _INTEGER),
        files,
    )
    members.end()
    return made
