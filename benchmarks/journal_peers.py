# SPDX-License-Identifier: Apache-2.0
"""What others do with many records under one root, on this machine, in the same run as ours.

- *Tessera POSIX* (Apache-2.0): its conformance server and its own hammer with 512 writers. Entries
  of random bytes; no salts, no encryption, no index, no types; durable and in the tree.
- *python-opentimestamps* (LGPL): a Merkle tree of digests in memory. Nothing is stored.
- *OpenAttestation* (Apache-2.0): `wrapDocuments` salts and digests the fields of documents as large
  as ours, and makes a tree of a batch. Nothing is stored or encrypted.

All of it is installed into the cache by these pins, and is no part of the product.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muniment.journal.checkpoints import ED25519, NoteKey, checkpoint_in
from toolchain.local_chain import free_port

_TESSERA: Final = "v1.0.2"
_OPENTIMESTAMPS: Final = "opentimestamps==0.4.5"
_OPENATTESTATION: Final = "@govtechsg/open-attestation@6.9.7"
_WRITERS: Final = 512
_ENTRY_BYTES: Final = 78
_ENTRIES: Final = 100_000
_LEAVES: Final = 100_000
_DOCUMENTS: Final = 2_000
_START_SECONDS: Final = 20.0

_TREE = """
import hashlib, sys, time
from opentimestamps.core.timestamp import Timestamp, make_merkle_tree
leaves = [Timestamp(hashlib.sha256(b"%d" % i).digest()) for i in range(int(sys.argv[1]))]
start = time.perf_counter()
make_merkle_tree(leaves)
print(len(leaves) / (time.perf_counter() - start))
"""

_WRAP = """
const { wrapDocuments, verifySignature } = require("@govtechsg/open-attestation");
const documents = [];
for (let i = 0; i < Number(process.argv[1]); i++) documents.push({
  issuers: [{ name: "Agency", documentStore: "0x9178F546D3FF57D7A6352bD61B80cCCD46199C2d",
              identityProof: { type: "DNS-TXT", location: "agency.example" } }],
  id: String(i), date: "2006-01-01", delay: i % 60, distance: 500 + i % 1000, origin: "SAT",
  destination: "DEN", time: i / 7, carrier: "WN", cancelled: false, number: "N" + i });
const start = process.hrtime.bigint();
const wrapped = wrapDocuments(documents);
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
if (!verifySignature(wrapped[0])) process.exit(1);
console.log(wrapped.length / seconds);
"""


def measure() -> dict[str, float]:
    """Return flat figures of the peers; the first run fetches them, a minute or so."""
    return {
        "tessera_entries_per_second": round(_tessera(_ENTRIES)),
        "opentimestamps_leaves_per_second": round(_opentimestamps(_LEAVES)),
        "openattestation_documents_per_second": round(_openattestation(_DOCUMENTS)),
    }


def _cache(name: str) -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "muniment" / "peers" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _tessera(entries: int) -> float:
    """Entries a second from the hammer's start until the goal is in the published tree."""
    server, hammer = _go_programs()
    private = Ed25519PrivateKey.generate()
    key = NoteKey("peer.example/log", private.public_key().public_bytes_raw())
    seed = base64.b64encode(bytes([ED25519]) + private.private_bytes_raw()).decode()
    secret = f"PRIVATE+KEY+{key.name}+{key.key_id.hex()}+{seed}"
    url = f"http://127.0.0.1:{(port := free_port())}"
    # On the disk that our own journal is measured on.
    with tempfile.TemporaryDirectory(dir=os.environ.get("MUNIMENT_BENCHMARK_DIR")) as folder:
        process = subprocess.Popen(
            [server, "--storage_dir", folder, "--listen", f"127.0.0.1:{port}"],
            env={**os.environ, "LOG_PRIVATE_KEY": secret},
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(f"{url}/checkpoint")
            start = time.perf_counter()
            subprocess.run(
                [
                    hammer,
                    f"--log_public_key={key.to_text()}",
                    f"--log_url={url}",
                    f"--num_writers={_WRITERS}",
                    f"--leaf_write_goal={entries}",
                    f"--leaf_min_size={_ENTRY_BYTES}",
                    "--max_write_ops=1000000",
                    "--dup_chance=0",
                    "--max_read_ops=0",
                    "--num_readers_random=0",
                    "--num_readers_full=0",
                    "--show_ui=false",
                ],
                check=True,
                capture_output=True,
                timeout=300,
            )
            seconds = time.perf_counter() - start
            size = checkpoint_in((Path(folder) / "checkpoint").read_bytes()).size
        finally:
            process.terminate()
            process.wait()
    assert size >= entries, f"Tessera has {size} entries"
    return size / seconds


def _go_programs() -> tuple[str, str]:
    folder = _cache(f"tessera-{_TESSERA}")
    go = shutil.which("go") or "/usr/local/go/bin/go"
    for name in ("cmd/conformance/posix", "internal/hammer"):
        if not (folder / Path(name).name).exists():
            if not Path(go).exists():
                raise SystemExit("Go 1.25 or newer is missing: `make doctor` names the cure")
            package = f"github.com/transparency-dev/tessera/{name}@{_TESSERA}"
            environment = {**os.environ, "GOBIN": str(folder), "GOFLAGS": "-mod=mod"}
            subprocess.run([go, "install", package], env=environment, check=True)
    return str(folder / "posix"), str(folder / "hammer")


def _wait(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    raise SystemExit(f"Tessera did not answer at {url} in {_START_SECONDS:g} s")


def _opentimestamps(leaves: int) -> float:
    folder = _cache(_OPENTIMESTAMPS.replace("==", "-"))
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", _OPENTIMESTAMPS], check=True)
        (folder / "installed").touch()
    answer = subprocess.run(
        [python, "-c", _TREE, str(leaves)], capture_output=True, text=True, check=True
    )
    return float(answer.stdout)


def _openattestation(documents: int) -> float:
    folder = _cache("open-attestation-" + _OPENATTESTATION.rpartition("@")[2])
    if not (folder / "installed").exists():
        npm, node = shutil.which("npm"), shutil.which("node")
        if npm is None or node is None:
            raise SystemExit("npm is missing: install Node 20")
        options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run([npm, "install", *options, _OPENATTESTATION], cwd=folder, check=True)
        (folder / "installed").touch()
    answer = subprocess.run(
        ["node", "-e", _WRAP, "--", str(documents)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(answer.stdout)
