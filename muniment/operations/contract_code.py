# SPDX-License-Identifier: Apache-2.0
"""Whether the code on chain is the published source, compiled by the pinned compiler.

Compared byte for byte, but for two places: *immutables*, which the constructor wrote into the code,
and the CBOR metadata at the end, which hashes the source's comments and paths (solc's
documentation, "Contract Metadata"). An immutable has one value at all of its places, as a
constructor writes it; what it must be follows from the deployment, or is reported for the reader.

Code is compared, not storage: what another constructor stored first, a role for example, is not
seen here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from eth_utils.crypto import keccak

from muniment.artifacts import CONTRACTS, artifact, standard_input
from muniment.chain import (
    Address,
    AgencyRegistry,
    Block,
    Connection,
    RecordRegistry,
    Registries,
    ShareRegistry,
)
from muniment.errors import MunimentError
from muniment.record.identifiers import derive_lineage

_WORD: Final = 32


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
    immutables: dict[str, str]
    """Each immutable's 32 bytes as hex, by its name in the source."""


@dataclass(frozen=True, slots=True)
class Published:
    """What the pinned compiler makes of a contract: code, and where its immutables stand in it."""

    code: bytes
    immutables: dict[str, tuple[int, ...]]
    """Offsets of the 32-byte words of each immutable, by its name in the source."""


def recompile() -> dict[str, Published]:
    """Return what the pinned compiler makes of the packaged source, by contract.

    Raises `CompilerMissingError`.
    """
    version = str(artifact(CONTRACTS[0])["compiler"]["version"])
    try:
        import solcx  # noqa: PLC0415  (an extra: nothing else needs a compiler)
    except ImportError as error:
        raise CompilerMissingError(version, "py-solc-x is not installed") from error
    source = json.loads(json.dumps(standard_input()))
    # The syntax tree names the immutables. Asking for it changes no code.
    source["settings"]["outputSelection"]["*"][""] = ["ast"]
    try:
        output = solcx.compile_standard(source, solc_version=version)
    except solcx.exceptions.SolcNotInstalled as error:
        raise CompilerMissingError(version, "it is not installed") from error
    except (solcx.exceptions.SolcError, OSError) as error:
        raise CompilerMissingError(version, str(error).splitlines()[0]) from error
    names = _immutable_names(output["sources"])
    return {
        name: _published(output["contracts"][f"contracts/{name}.sol"][name], names)
        for name in CONTRACTS
    }


def compare(contract: str, address: Address, published: Published, code: bytes) -> CodeMatch:
    """Compare code on chain with a compiled contract. Raises `CodeMismatchError`."""
    expected, found = bytearray(published.code), bytearray(code)
    compared = len(expected) - _metadata_length(published.code)
    if len(found) - _metadata_length(code) != compared:
        raise CodeMismatchError(
            contract, address, min(len(found), compared), f"{len(expected)} bytes", f"{len(found)}"
        )
    values = {}
    for name, offsets in published.immutables.items():
        value = code[offsets[0] : offsets[0] + _WORD]
        values[name] = f"0x{value.hex()}"
        for offset in offsets:
            there = code[offset : offset + _WORD]
            if there != value:
                everywhere = f"immutable {name} = {values[name]}, as at byte {offsets[0]}"
                raise CodeMismatchError(contract, address, offset, everywhere, f"0x{there.hex()}")
            expected[offset : offset + _WORD] = there
    for offset in range(compared):
        if expected[offset] != found[offset]:
            raise CodeMismatchError(
                contract,
                address,
                offset,
                f"byte 0x{expected[offset]:02x}",
                f"0x{found[offset]:02x}",
            )
    return CodeMatch(contract, address, compared, values)


def verify_code(
    connection: Connection, registries: Registries, block: Block
) -> tuple[CodeMatch, ...]:
    """Compare all contracts of a deployment at `block` with the recompiled source.

    The immutables must be those of this deployment: each contract names the others, and a first
    registry has the lineage of its own address. A successor's origin is reported, not judged.
    Raises `CodeMismatchError`, `CompilerMissingError`, and `NoCodeError`.
    """
    published = recompile()
    contracts: list[RecordRegistry | AgencyRegistry | ShareRegistry]
    contracts = [registries.records, registries.agencies]
    if registries.shares is not None:
        contracts.append(registries.shares)
    matches = []
    for contract in contracts:
        name = contract.contract_name
        code = connection.code(contract.address, block)
        match = compare(name, contract.address, published[name], code)
        for immutable, value in _due(match, connection.chain_id, registries).items():
            if match.immutables[immutable] != value:
                raise CodeMismatchError(
                    name,
                    contract.address,
                    published[name].immutables[immutable][0],
                    f"immutable {immutable} = {value}, as in this deployment",
                    match.immutables[immutable],
                )
        matches.append(match)
    return tuple(matches)


def _due(match: CodeMatch, chain_id: int, registries: Registries) -> dict[str, str]:
    """The immutables that follow from the deployment, with the value that each must have."""
    records, agencies = _word(registries.records.address), _word(registries.agencies.address)
    if match.contract == "AgencyRegistry":
        return {"_records": records}
    if match.contract == "ShareRegistry":
        steward = f"0x{keccak(text='STEWARD').hex()}"
        return {"_records": records, "_agencies": agencies, "_steward": steward}
    if int(match.immutables["_predecessor"], 16):
        return {"_agencies": agencies}
    lineage = derive_lineage(chain_id, bytes.fromhex(registries.records.address[2:]))
    return {
        "_agencies": agencies,
        "_lineage": f"0x{lineage.hex()}",
        "_finalStatesRoot": _word("0x"),
        "_finalStatesCount": _word("0x"),
    }


def _word(value: str) -> str:
    """A hex value as the 32-byte word that holds it."""
    return f"0x{value[2:].lower().rjust(2 * _WORD, '0')}"


def _published(compiled: dict[str, Any], names: dict[int, str]) -> Published:
    deployed = compiled["evm"]["deployedBytecode"]
    return Published(
        bytes.fromhex(deployed["object"]),
        {
            names[int(node)]: tuple(sorted(place["start"] for place in places))
            for node, places in deployed["immutableReferences"].items()
        },
    )


def _immutable_names(sources: dict[str, Any]) -> dict[int, str]:
    """The names of all immutable variables, by their id in the syntax tree."""
    return {
        variable["id"]: variable["name"]
        for source in sources.values()
        for contract in source["ast"]["nodes"]
        if contract["nodeType"] == "ContractDefinition"
        for variable in contract["nodes"]
        if variable.get("mutability") == "immutable"
    }


def _metadata_length(code: bytes) -> int:
    """Bytes of CBOR metadata at the end, its two-byte length included; 0 where there is none."""
    if len(code) < 2:
        return 0
    length = int.from_bytes(code[-2:], "big") + 2
    plausible = 2 < length <= min(len(code), 256) and code[-length] in range(0xA1, 0xA8)
    return length if plausible else 0
