# SPDX-License-Identifier: Apache-2.0
"""The servers' Java archives: fetched by Maven once for each state of pom.xml, outside of the tree.

They lie in ${XDG_CACHE_HOME:-~/.cache}/muniment/devservers/KEY. Where Maven fetches from is its own
configuration's matter.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

from devservers.errors import ServerError

POM: Final = Path(__file__).resolve().with_name("pom.xml")
PLUGIN: Final = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies"
_LEAST_JAVA: Final = 17


def java() -> str:
    """The program that runs Java: of JAVA_HOME, else of PATH. Raises `ServerError`."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin") if home else None)
    if found is None:
        raise _missing("java", f"openjdk-{_LEAST_JAVA}-jdk-headless")
    return found


def archives() -> Path:
    """Return the folder of the archives, fetching them where that was not done yet (122 MB).

    Raises `ServerError`.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "muniment"
    key = hashlib.sha256(POM.read_bytes()).hexdigest()[:16]
    folder = cache / "devservers" / key
    if folder.is_dir():
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        raise _missing("mvn", "maven")
    making = folder.with_name(f"{key}.{os.getpid()}")
    making.mkdir(parents=True)
    command = [maven, "--quiet", "--batch-mode", "--no-transfer-progress", "--file", str(POM)]
    try:
        subprocess.run(
            [*command, PLUGIN, f"-DoutputDirectory={making}", "-DincludeScope=runtime"],
            stdin=subprocess.DEVNULL,
            check=True,
        )
        with suppress(OSError):  # somebody else was quicker
            making.rename(folder)
    except subprocess.CalledProcessError as error:
        raise ServerError(
            f"Maven ended with {error.returncode}",
            expected="the servers' archives",
            remedy="read what it said above; it fetches from where its settings.xml says",
        ) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return folder


def _missing(program: str, package: str) -> ServerError:
    return ServerError(
        f"{program} is missing", expected="it in PATH", remedy=f"apt-get install {package}"
    )
