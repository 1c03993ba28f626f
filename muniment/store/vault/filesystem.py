# SPDX-License-Identifier: Apache-2.0
"""A vault on an object store that fsspec opens, and that creates an object in one step.

    <root>/MUNIMENT-VAULT       names the format
    <root>/objects/<name>       one object

The store must create exclusively (`mode="create"`, S3's If-None-Match) and show what it has taken
to everybody at once, as S3 does. Nothing else orders writers: there are no locks and no renames.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, cast

from muniment.record.files import Readable
from muniment.record.identifiers import require_uint
from muniment.store.vault.contract import (
    NoVaultError,
    ObjectExistsError,
    ObjectMissingError,
    Source,
    VaultError,
    require_name,
    require_prefix,
)
from muniment.store.vault.remote import PIECE, Digesting, Pieces, pour

MARKER: Final = "MUNIMENT-VAULT"
FORMAT: Final = b"muniment/filesystem-vault/v1\n"
_WHOLE: Final = 8 << 20
"""What is shorter is sent from memory; what is longer lies in a temporary file meanwhile."""
_SIDE_BY_SIDE: Final = 8


class FilesystemVault:
    """A vault below a root of an fsspec file system; see `Vault` for what each method promises."""

    def __init__(
        self,
        filesystem: Any,
        root: str,
        place: str,
        faults: tuple[type[Exception], ...] = (OSError,),
        *,
        create: bool = True,
    ) -> None:
        """Open the vault below `root`, making it where there is none.

        `place` is its URL, for messages; `faults` are what the file system raises beside its
        answers. Raises `VaultError` where it cannot be used, or something else lies there; with
        `create=False` `NoVaultError` where nothing does.
        """
        self._filesystem = filesystem
        self._root = root
        self._objects = f"{root}/objects"
        self._place = place
        self._faults = faults
        with self._translated("the vault"):
            self._make(create=create)

    @property
    def durability(self) -> str:
        """What has happened when a put returns."""
        return "what the object store promises for an object that it has acknowledged"

    def put_if_absent(self, name: str, data: Source) -> bool:
        """See `Vault.put_if_absent`.

        False is also returned where the store took the object and its answer was lost.
        """
        path = self._path(name)
        with tempfile.SpooledTemporaryFile(_WHOLE, suffix=".vault") as spool:
            out = Digesting(lambda piece: cast("None", spool.write(piece)))
            pour(data, out)
            with self._translated(name):
                try:
                    self._create(path, spool, out.length)
                except FileExistsError:
                    if self._digest(path) != (out.length, out.digest):
                        raise ObjectExistsError(name) from None
                    return False
        return True

    def put_many(self, objects: Sequence[tuple[str, bytes]]) -> None:
        """See `Vault.put_many`: several are put at a time."""
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as putting:
            list(putting.map(lambda each: self.put_if_absent(*each), objects))

    def replace(self, name: str, data: bytes) -> None:
        """See `Vault.replace`."""
        path = self._path(name)
        with self._translated(name):
            self._filesystem.pipe_file(path, data)

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[Readable]:
        """See `Vault.open`."""
        if self.size(name) <= _WHOLE:
            yield io.BytesIO(self._read(name, 0, _WHOLE))
        else:
            yield Pieces(lambda offset, length: self._read(name, offset, length))

    def get_range(self, name: str, offset: int, length: int) -> bytes:
        """See `Vault.get_range`."""
        require_uint("offset", offset, 63)
        require_uint("length", length, 63)
        return self._read(name, offset, length)

    def size(self, name: str) -> int:
        """See `Vault.size`."""
        path = self._path(name)
        with self._translated(name):
            found = self._info(path)
            if found is None:
                raise ObjectMissingError(name)
            return int(found["size"])

    def list(self, prefix: str = "") -> Iterator[str]:
        """See `Vault.list`."""
        require_prefix(prefix)
        folder, _, _ = f"{self._objects}/{prefix}".rpartition("/")
        with self._translated("the vault"):
            try:
                found = self._filesystem.find(folder)
            except FileNotFoundError:
                return
        start = len(self._filesystem._strip_protocol(self._objects)) + 1  # noqa: SLF001
        yield from sorted(each[start:] for each in found if each[start:].startswith(prefix))

    def delete(self, name: str) -> bool:
        """See `Vault.delete`."""
        path = self._path(name)
        with self._translated(name):
            if self._info(path) is None:
                return False
            with contextlib.suppress(FileNotFoundError):
                self._filesystem.rm_file(path)
        return True

    def close(self) -> None:
        """Nothing is held that does not go by itself."""

    def __repr__(self) -> str:
        """Name the place."""
        return f"{type(self).__name__}({self._place!r})"

    def _path(self, name: str) -> str:
        return f"{self._objects}/{require_name(name)}"

    def _create(self, path: str, spool: Any, length: int) -> None:
        """Create an object with all of a spooled file. Raises `FileExistsError`."""
        spool.seek(0)
        if length <= _WHOLE:
            self._filesystem.pipe_file(path, spool.read(), mode="create")
            return
        with tempfile.NamedTemporaryFile(suffix=".vault") as file:
            while piece := spool.read(PIECE):
                file.write(piece)
            file.flush()
            self._filesystem.put_file(file.name, path, mode="create")

    def _info(self, path: str) -> dict[str, Any] | None:
        """What is known of an object, None where there is none."""
        try:
            found: dict[str, Any] = self._filesystem.info(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found if found["type"] == "file" else None

    def _read(self, name: str, offset: int, length: int) -> bytes:
        path = self._path(name)
        with self._translated(name):
            found = self._info(path)
            if found is None:
                raise ObjectMissingError(name)
            end = min(offset + length, int(found["size"]))
            if offset >= end:
                return b""
            try:
                return bytes(self._filesystem.cat_file(path, start=offset, end=end))
            except FileNotFoundError:
                raise ObjectMissingError(name) from None

    def _digest(self, path: str) -> tuple[int, bytes]:
        digest, length = hashlib.sha256(), 0
        with self._filesystem.open(path, "rb") as there:
            while piece := there.read(PIECE):
                digest.update(piece)
                length += len(piece)
        return length, digest.digest()

    def _make(self, *, create: bool) -> None:
        marker = f"{self._root}/{MARKER}"
        if self._info(marker) is None:
            if self._filesystem.exists(self._root) and self._filesystem.ls(self._root):
                raise self._no_vault()
            if not create:
                raise NoVaultError(self._place)
            with contextlib.suppress(FileExistsError):
                self._filesystem.pipe_file(marker, FORMAT, mode="create")
        if self._filesystem.cat_file(marker) != FORMAT:
            raise self._no_vault()

    def _no_vault(self) -> VaultError:
        return VaultError(
            f"vault {self._place}: something else lies there",
            expected="nothing yet, or a vault of this format",
            remedy="name another path, or use the release of Muniment that made it",
        )

    @contextlib.contextmanager
    def _translated(self, name: str) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise VaultError(
                f"vault {self._place}, {name}: access is refused",
                expected="permission to list, read, create and delete there",
                remedy="check the credentials of this process and the bucket's policy",
            ) from error
        except self._faults as error:
            raise VaultError(
                f"vault {self._place}, {name}: {str(error).partition(chr(10))[0]}",
                expected="an object store that answers",
                remedy="check that it can be reached and that the URL is its; what was "
                "acknowledged is kept, and the same command goes on where it was",
            ) from error
