# SPDX-License-Identifier: Apache-2.0
"""What every vault does, wherever its bytes lie: named objects, put once, never changed.

Vaults hold ciphertext and public files. They know nothing of records; `store/vault/versions.py`
does. `tests/unit/store/vault/contract.py` is the suite that each kind of vault must pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol, runtime_checkable

from muniment.errors import InvalidInputError, StoreError
from muniment.record.files import Readable
from muniment.record.objects import Writable

MAX_NAME: Final = 512
MAX_PART: Final = 128
_PART: Final = r"[a-z0-9][a-z0-9._-]{0,127}"
_FIRST: Final = r"[a-z0-9][a-z0-9._-]{1,127}"
_matches_name: Final = re.compile(rf"{_FIRST}(?:/{_PART})*").fullmatch
_matches_prefix: Final = re.compile(rf"(?:{_FIRST}/(?:{_PART}/)*)?(?:{_PART})?").fullmatch


Producer = Callable[[Writable], object]
"""Writes an object's bytes to what it is given; when it raises, there is no object."""
Source = bytes | Readable | Producer
"""Where an object's bytes come from: themselves, a stream to its end, or whoever makes them."""


class ObjectMissingError(StoreError):
    """The vault holds no object of this `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the vault holds no object {name}",
            expected="an object that was put and not deleted",
            remedy="restore it from a copy of the vault; `muniment fsck` lists all that is missing",
        )
        self.name = name


class ObjectExistsError(StoreError):
    """The vault holds other bytes under this `name` already."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the vault holds other bytes as {name} already",
            expected="a new name, or the same bytes again",
            remedy="nothing was changed; objects are never overwritten",
        )
        self.name = name


class VaultError(StoreError):
    """The vault's place cannot be read or written: full, read-only, gone. Nothing half is left."""


class NoVaultError(VaultError):
    """Nothing lies at the vault's place: a mistake in the URL, or a disk that is not mounted."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"vault {place}: no vault lies there",
            expected="the vault that `muniment init` made",
            remedy="check the URL, and that the disk is mounted; what was lost comes back by "
            "`muniment restore`; nothing was written",
        )


@runtime_checkable
class Vault(Protocol):
    """A place for objects. Names are relative and slash-separated (`require_name`).

    No name may continue another past a slash (`ab` and `ab/c`): a folder could not hold both.
    Every method may be called by several threads and processes at once. All raise `VaultError`
    for what the place says, and `InvalidInputError` for a name that is none.
    """

    @property
    def durability(self) -> str:
        """What has happened when `put_if_absent` returns, in one sentence for operators."""
        ...

    def put_if_absent(self, name: str, data: Source) -> bool:
        """Store all of `data` under `name`, durably; return whether it was new.

        The same bytes again change nothing and return False. Raises `ObjectExistsError` for other
        bytes. What reading or producing `data` raises passes through, and nothing is stored.
        """
        ...

    def put_many(self, objects: Sequence[tuple[str, bytes]]) -> None:
        """Store many small objects, each as by `put_if_absent`; all are durable on return.

        A crash before leaves any of them, each whole. Raises as `put_if_absent`.
        """
        ...

    def replace(self, name: str, data: bytes) -> None:
        """Store `data` under `name`, durably, in the place of what was there; never half of it.

        For the one object of a journal that changes, its checkpoint.
        """
        ...

    def open(self, name: str) -> AbstractContextManager[Readable]:
        """Open the object for reading from its start. Raises `ObjectMissingError`."""
        ...

    def get_range(self, name: str, offset: int, length: int) -> bytes:
        """Return at most `length` bytes from `offset`: fewer only at the object's end.

        Raises `ObjectMissingError`.
        """
        ...

    def size(self, name: str) -> int:
        """Return the object's bytes. Raises `ObjectMissingError`."""
        ...

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the names that begin with `prefix`, in byte order, each once.

        What is put or deleted meanwhile may or may not be among them.
        """
        ...

    def delete(self, name: str) -> bool:
        """Take the object away, durably; return whether there was one."""
        ...

    def close(self) -> None:
        """Give back what the vault holds of the system."""
        ...


@runtime_checkable
class DigestKeeping(Protocol):
    """A vault that keeps what each object's bytes were when it was put."""

    def digest(self, name: str) -> bytes:
        """Return the SHA-256 of the object as it was put. Raises `ObjectMissingError`."""
        ...


def require_name(name: str) -> str:
    """Return `name` if it is one; raise `InvalidInputError`.

    Parts of a to z, 0 to 9, dot, hyphen and underline that begin with a letter or digit (so none
    is hidden, `.` or `..`), up to 128 each and 512 in all, the first of at least two, joined by
    slashes: the same name on every file system and object store, whatever it does with capitals.
    """
    if not isinstance(name, str) or len(name) > MAX_NAME or not _matches_name(name):
        raise InvalidInputError(
            "the object's name", "lower-case parts joined by slashes", "another text"
        )
    return name


def require_prefix(prefix: str) -> str:
    """Return `prefix` if a name can begin with it; raise `InvalidInputError`."""
    if not isinstance(prefix, str) or len(prefix) > MAX_NAME or not _matches_prefix(prefix):
        raise InvalidInputError("the prefix", "the beginning of a name", "another text")
    return prefix
