# SPDX-License-Identifier: Apache-2.0
"""Journals are read by tools that know nothing of Muniment: Tessera's fsck, and Go's sumdb code.

Both are built from pinned modules (tests/journal/golang), and kept outside of the tree.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muniment.journal.checkpoints import Checkpoint, NoteKey, sign
from muniment.journal.entry import Entry, EntryKind
from muniment.journal.origins import origin_of
from muniment.journal.proof_text import text_proof
from muniment.journal.tiles import GrowingEdge
from muniment.record.commitment import Commitment
from muniment.record.identifiers import Lineage, LocalId, TypeId
from muniment.store.journal_files import JournalFiles
from muniment.store.vault.folder import FolderVault

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).parent / "golang"
ORIGIN = origin_of(Lineage(bytes(range(32))), 7, 1)
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = NoteKey(ORIGIN, PRIVATE.public_key().public_bytes_raw())
SIZES = (1, 255, 256, 257, 1_000, 30_000, 65_536, 66_000)
"""The journal is published at each: partial tiles come and go, and a third level begins."""


@pytest.fixture(scope="module")
def tools() -> Path:
    """The folder of the two programs, built once for their sources."""
    go = shutil.which("go") or "/usr/local/go/bin/go"
    if not Path(go).exists():
        pytest.fail("Go 1.25 or newer is missing: `make doctor` names the cure")
    sources = [SOURCE / name for name in ("go.mod", "go.sum", "checker.go")]
    digest = hashlib.sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "muniment" / "go" / digest
    if not (folder / "fsck").exists() or not (folder / "checker").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for package, name in (
            (".", "checker"),
            ("github.com/transparency-dev/tessera/cmd/fsck", "fsck"),
        ):
            built = folder / f"{name}.{os.getpid()}"
            command = [go, "build", "-mod=readonly", "-buildvcs=false", "-o", str(built), package]
            subprocess.run(command, cwd=SOURCE, check=True)
            built.replace(folder / name)
    return folder


def entry(number: int) -> bytes:
    local_id = LocalId(hashlib.sha256(b"%d" % number).digest())
    commitment = Commitment(hashlib.sha256(b"c%d" % number).digest())
    return Entry(EntryKind.REGISTRATION, 1, TypeId(1), 1, number, local_id, commitment).to_bytes()


class Published:
    """A journal in a vault, published again and again as it grows."""

    def __init__(self, folder: Path) -> None:
        self.files = JournalFiles(FolderVault(folder), 1)
        self.folder = folder / "objects/jo/journals/1"
        self.edge = GrowingEdge()
        self.roots: dict[int, bytes] = {}

    def grow(self, size: int) -> None:
        before = self.edge.size
        self.files.write(self.edge.append([entry(each) for each in range(before, size)]))
        self.files.write(self.edge.partial_files())
        self.roots[size] = self.edge.root()
        self.files.put_checkpoint(sign(Checkpoint(ORIGIN, size, self.edge.root()), ORIGIN, PRIVATE))
        self.files.drop_partials(before, size)

    def claims(self) -> str:
        """What the journal claims to prove, for the Go program."""
        tree, note = self.files.tree(self.edge.size), self.files.checkpoint()
        assert note is not None
        size = self.edge.size
        indexes = {at for at in (0, 1, 254, 255, 256, 257, 511, size // 2, size - 1) if at < size}
        included = []
        for index in sorted(indexes):
            proof = tree.inclusion_proof(index)
            included.append(
                {
                    "Index": index,
                    "Entry": text(tree.entry(index)),
                    "Proof": [text(each) for each in proof],
                    "Text": text_proof(index, proof, note, tree.entry(index)).decode(),
                }
            )
        consistent = [
            {
                "Size": before,
                "Root": text(root),
                "Proof": [text(each) for each in tree.consistency_proof(before)],
            }
            for before, root in self.roots.items()
        ]
        return json.dumps(
            {
                "Key": KEY.to_text(),
                "Folder": str(self.folder),
                "Inclusion": included,
                "Consistency": consistent,
            }
        )


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def passes_fsck(tools: Path, journal: Published, key: Path) -> bool:
    """Whether Tessera's checker vouches for the journal.

    It says so on standard error; its exit code is 0 either way, and on a wrong hash tile it waits
    for ever.
    """
    arguments = [f"--storage_url=file://{journal.folder}/", f"--public_key={key}", "--ui=false"]
    try:
        answer = run([str(tools / "fsck"), *arguments], timeout=60)
    except subprocess.TimeoutExpired:
        return False
    root = text(journal.edge.root())
    return f"Successfully fsck'd log with size {journal.edge.size} and root {root}" in answer.stderr


def check(tools: Path, claims: str) -> subprocess.CompletedProcess[str]:
    return run([str(tools / "checker")], claims)


def run(
    command: list[str], standard_input: str = "", timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, input=standard_input, capture_output=True, text=True, timeout=timeout, check=False
    )


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key.pub"
    path.write_text(KEY.to_text())
    return path


def test_every_size__passes_both(tools: Path, tmp_path: Path, key_file: Path) -> None:
    journal = Published(tmp_path / "vault")
    for size in SIZES:
        journal.grow(size)
        assert passes_fsck(tools, journal, key_file), size
        answer = check(tools, journal.claims())
        assert (answer.returncode, answer.stdout) == (0, "ok\n"), (size, answer.stderr)


def changed(path: Path) -> Callable[[], None]:
    whole = path.read_bytes()
    path.write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])
    return lambda: (path.write_bytes(whole), None)[1]


def test_changed_files__pass_neither(tools: Path, tmp_path: Path, key_file: Path) -> None:
    """So both of them do look."""
    journal = Published(tmp_path / "vault")
    for size in (300, 1_000):
        journal.grow(size)
    claims = journal.claims()
    for name in ("checkpoint", "tile/0/001", "tile/entries/002"):
        restore = changed(journal.folder / name)
        assert not passes_fsck(tools, journal, key_file), name
        if "entries" not in name:
            assert check(tools, claims).returncode != 0, name
        restore()
    assert passes_fsck(tools, journal, key_file)
    assert check(tools, claims).returncode == 0


def test_changed_claims__are_refused(tools: Path, tmp_path: Path) -> None:
    journal = Published(tmp_path / "vault")
    for size in (300, 1_000):
        journal.grow(size)
    honest = journal.claims()
    for kind in ("Inclusion", "Consistency"):
        claims = json.loads(honest)
        proof = claims[kind][0]["Proof"]
        claims[kind][0]["Proof"] = [text(bytes(32)), *proof[1:]]
        assert check(tools, json.dumps(claims)).returncode != 0, kind
        claims[kind][0]["Proof"] = proof[:-1]
        assert check(tools, json.dumps(claims)).returncode != 0, kind
    claims = json.loads(honest)
    claims["Key"] = NoteKey(ORIGIN, bytes(32)).to_text()
    assert check(tools, json.dumps(claims)).returncode != 0
