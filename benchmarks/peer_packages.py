# SPDX-License-Identifier: Apache-2.0
"""The peers' contracts, as their own npm packages ship them: pinned by version and SHA-512.

Packed, not installed: EAS's package would bring a second Hardhat, and only the creation code is
wanted. Nothing of a package is run. The files lie in the cache outside the tree.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

_NPM_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class Package:
    """An npm package: `name`, `version`, and the SHA-512 of its file in base64, as npm has it."""

    name: str
    version: str
    sha512: str

    def file(self) -> Path:
        """Return the packed file, fetched where the cache lacks it.

        Ends the run with the cure when npm is missing or cannot fetch it, or when the file is not
        the pinned one.
        """
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "muniment/peers"
        cache.mkdir(parents=True, exist_ok=True)
        kept = cache / f"{self.name.strip('@').replace('/', '-')}-{self.version}.tgz"
        if not (kept.exists() and self._is_pinned(kept)):
            with TemporaryDirectory(dir=cache) as folder:
                fetched = self._fetch(Path(folder))
                if not self._is_pinned(fetched):
                    raise SystemExit(f"{self.name}@{self.version}: not the file that is pinned")
                fetched.replace(kept)
        return kept

    def _fetch(self, folder: Path) -> Path:
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit("npm is missing: install Node 20")
        command = [npm, "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder)]
        result = subprocess.run(
            [*command, f"{self.name}@{self.version}"],
            capture_output=True,
            text=True,
            timeout=_NPM_SECONDS,
            check=False,
        )
        files = list(folder.glob("*.tgz"))
        if result.returncode or len(files) != 1:
            raise SystemExit(
                f"npm could not fetch {self.name}@{self.version}; leave --peers out where there is "
                f"no registry: {result.stderr.strip()}"
            )
        return files[0]

    def _is_pinned(self, path: Path) -> bool:
        return b64encode(hashlib.sha512(path.read_bytes()).digest()).decode() == self.sha512


@dataclass(frozen=True, slots=True)
class PeerContract:
    """Where a contract's creation code stands: package, file in it, and the constant's name."""

    package: Package
    path: str
    constant: str = "_bytecode"

    def creation_code(self) -> bytes:
        """Return the creation code, without constructor arguments."""
        with tarfile.open(self.package.file()) as packed:
            member = packed.extractfile(f"package/{self.path}")
            if member is None:
                raise SystemExit(f"{self.package.name}: {self.path} is not a file")
            text = member.read().decode()
        found = re.findall(rf'const {re.escape(self.constant)}\s*=\s*"0x([0-9a-f]+)"', text)
        if len(found) != 1:
            raise SystemExit(f"{self.package.name}: {len(found)} constants {self.constant}")
        return bytes.fromhex(found[0])


EAS_PACKAGE: Final = Package(
    "@ethereum-attestation-service/eas-contracts",
    "1.9.0",
    "L60y1fgKlY3a45xxnPlgRbiGQY8RF/lF+AzF1iVoR7/aEzitS0Nuyyjq8+IXs1sSSU0dl2+yGSmELxVeB6FelA==",
)
DOCUMENT_STORE_PACKAGE: Final = Package(
    "@trustvc/document-store",
    "1.0.3",
    "YIECQwcoreIfyTbol1/5u9CGK6mbg0Q0bSN2/Ks388zLus1IXELWK5EHYuyrFPbb9d8ajsvz7m+ySsMIY9574w==",
)
TOKEN_REGISTRY_PACKAGE: Final = Package(
    "@tradetrust-tt/token-registry",
    "5.5.1",
    "yxOdjRLSI0fPptFbicYpnb/fn4Ngbi/LuGDCQKL0vb7PLCvhT8DLpiAFbFs0cc+QAb439lnZjhPg+UbWQHufRA==",
)

_EAS_FILES: Final = "dist/typechain-types/factories/contracts"
_TOKEN_FILES: Final = "dist/contracts/factories/contracts"

SCHEMA_REGISTRY: Final = PeerContract(EAS_PACKAGE, f"{_EAS_FILES}/SchemaRegistry__factory.js")
EAS: Final = PeerContract(EAS_PACKAGE, f"{_EAS_FILES}/EAS__factory.js")
# One file for all contracts of the package; `DocumentStore__factory` takes this constant.
DOCUMENT_STORE: Final = PeerContract(DOCUMENT_STORE_PACKAGE, "index.js", "_bytecode$1")
TITLE_ESCROW_FACTORY: Final = PeerContract(
    TOKEN_REGISTRY_PACKAGE, f"{_TOKEN_FILES}/TitleEscrowFactory__factory.js"
)
TRADE_TRUST_TOKEN: Final = PeerContract(
    TOKEN_REGISTRY_PACKAGE, f"{_TOKEN_FILES}/TradeTrustToken__factory.js"
)
