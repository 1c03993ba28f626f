# SPDX-License-Identifier: Apache-2.0
"""Whether the code on chain is the published source, compiled by the pinned compiler.

Compared byte for byte, but for two places: *immutables*, which the constructor wrote into the code
(their values are reported), and the CBOR metadata at the end, which hashes the source's comments
and paths (solc's documentation, "Contract Metadata").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from muniment.artifacts import CONTRACTS, artifact, standard_input
from muniment.chain import Registries
from muniment.chain.connection import Address, Block, Connection
from muniment.errors import MunimentError


class CompilerMissingError(MunimentError):
    """There is no compiler to recompile the source with."""

    def __init__(self, version: str, reason: str) -> None:
        super().__init__(
            f"solc {version} cannot be used: {reason}",
            expected=f"py-solc-x (pip install 'muniment[contract]') and solc {version}",
            remedy=f"install it with `python -m solcx.install v{version}`, or let "
            f"SOLCX_BINARY_PATH name a folder with an executable solc-v{version}",
        )


class CodeMismatchError(MunimentError):
    """The code of a contract on chain is not the published one, from byte `offset` on."""

    exit_code = 7

    def __init__(self, contract: str, address: str, offset: int, expected: str, got: str) -> None:
        super().__init__(
            f"{contract} at {address} differs from the published code at byte {offset}: "
            f"the chain has {got}",
            expected=expected,
            remedy="do not trust this registry: ask its operator which version it is",
        )
        self.contract = contract
        self.address = address
        self.offset = offset


@dataclass(frozen=True, slots=True)
class CodeMatch:
    """A contract whose code is the published one, and the immutables that its constructor set."""

    contract: str
    address: Address
    bytes_compared: int
    immutables: tuple[str, ...]


def recompile() -> dict[str, dict[str, Any]]:
    """Return what the pinned compiler makes of the packaged source, by contract.

    Raises `CompilerMissingError`.
    """
    version = str(artifact(CONTRACTS[0])["compiler"]["version"])
    try:
        import solcx  # noqa: PLC0415  (an extra: nothing else needs a compiler)
    except ImportError as error:
        raise CompilerMissingError(version, "py-solc-x is not installed") from error
    try:
        source = json.loads(json.dumps(standard_input()))
        output = solcx.compile_standard(source, solc_version=version)
    except solcx.exceptions.SolcNotInstalled as error:
        raise CompilerMissingError(version, "it is not installed") from error
    except (solcx.exceptions.SolcError, OSError) as error:
        raise CompilerMissingError(version, str(error).splitlines()[0]) from error
    return {name: output["contracts"][f"contracts/{name}.sol"][name] for name in CONTRACTS}


def compare(contract: str, address: Address, published: dict[str, Any], code: bytes) -> CodeMatch:
    """Compare code on chain with a compiled contract. Raises `CodeMismatchError`."""
    deployed = published["evm"]["deployedBytecode"]
    expected = bytearray(bytes.fromhex(deployed["object"]))
    found = bytearray(code)
    immutables = []
    for places in deployed["immutableReferences"].values():
        for place in places:
            start, end = place["start"], place["start"] + place["length"]
            immutables.append(f"0x{bytes(found[start:end]).hex()}")
            expected[start:end] = found[start:end] = bytes(place["length"])
    compared = len(expected) - _metadata_length(bytes(expected))
    if len(found) - _metadata_length(bytes(found)) != compared:
        raise CodeMismatchError(
            contract, address, min(len(found), compared), f"{len(expected)} bytes", f"{len(found)}"
        )
    for offset in range(compared):
        if expected[offset] != found[offset]:
            raise CodeMismatchError(
                contract,
                address,
                offset,
                f"byte 0x{expected[offset]:02x}",
                f"0x{found[offset]:02x}",
            )
    return CodeMatch(contract, address, compared, tuple(sorted(set(immutables))))


def verify_code(
    connection: Connection, registries: Registries, block: Block
) -> tuple[CodeMatch, ...]:
    """Compare all contracts of a deployment at `block` with the recompiled source.

    Raises `CodeMismatchError`, `CompilerMissingError`, and `NoCodeError`.
    """
    published = recompile()
    contracts = [registries.records, registries.agencies]
    if registries.shares is not None:
        contracts.append(registries.shares)
    return tuple(
        compare(
            contract.contract_name,
            contract.address,
            published[contract.contract_name],
            connection.code(contract.address, block),
        )
        for contract in contracts
    )


def _metadata_length(code: bytes) -> int:
    """Bytes of CBOR metadata at the end, its two-byte length included; 0 where there is none."""
    if len(code) < 2:
        return 0
    length = int.from_bytes(code[-2:], "big") + 2
    plausible = 2 < length <= min(len(code), 256) and code[-length] in range(0xA1, 0xA8)
    return length if plausible else 0
