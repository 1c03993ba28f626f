# SPDX-License-Identifier: Apache-2.0
"""From what a node says of a revert to the typed error of the contract."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from muniment.chain.connection import RpcError, address_of
from muniment.errors import ContractError

_SOLIDITY: Final = {
    "Error(string)": ("reason",),
    "Panic(uint256)": ("code",),
}

REMEDIES: Final = {
    "AccessControlUnauthorizedAccount": "use an account with the role, or ask the admin for it",
    "RecordRegistryPaused": "wait until the registry goes on; nothing was written",
    "RecordRegistryRetired": "ask the successor: `muniment succession where` says where it is",
    "RecordRegistryStaleVersion": "read the record again and name its current version",
    "RecordRegistryStaleTrace": "read the record again: something was done to it meanwhile",
    "RecordRegistryStaleTypeVersion": "check the content against the type's latest version",
    "RecordRegistryHeld": "wait until the authorities release their holds",
    "RecordRegistryTypeHeld": "wait until the authorities release their holds on the type",
    "RecordRegistryAlreadyRegistered": "amend the record, or give another source id",
    "RecordRegistryUnknownRecord": "check id, chain and registry; enrol a journal record first",
    "RecordRegistryRetained": "wait until its retention is over",
    "RecordRegistrySameOfficer": "let another officer confirm",
    "RecordRegistryNoProposal": "propose the disposition again: the record has changed since",
    "RecordRegistryOfferExpired": "ask the giver for a new offer",
    "RecordRegistryUnknownSeal": "name the journal's seal as it is on chain",
    "RecordRegistryInconsistentTree": "do not seal: the stored entries are not those sealed before",
    "AgencyRegistryOperatorExclusive": "use an account of its own for machines",
    "AgencyRegistryLastHolder": "give another account the role first",
    "AgencyRegistryNotReady": "wait until the public delay is over",
    "AgencyRegistryLapsed": "announce it again",
    "AgencyRegistrySuccessionPending": "wait for that day, or call it off first",
    "AgencyRegistryNotASuccessor": "deploy one from these final states; `muniment succession name` "
    "names it, by a signpost where it is on another chain",
}
"""What to do next, by error name, where there is more to say than the error itself."""


class UnknownRevertError(ContractError):
    """A revert that is no error of the contracts: `data` as the node sent it."""

    def __init__(self, data: bytes) -> None:
        super().__init__(
            "unknown error",
            {"data": data},
            remedy="check that the address is that of a registry of this version",
        )
        self.data = data


@cache
def _by_selector() -> dict[bytes, tuple[str, type[ContractError], tuple[str, ...]]]:
    from muniment.chain.bindings.errors import ERROR_FIELDS, ERRORS  # noqa: PLC0415  (they are many)

    table = {
        keccak(text=signature)[:4]: (signature, kind, ERROR_FIELDS[signature])
        for signature, kind in ERRORS.items()
    }
    for signature, names in _SOLIDITY.items():
        table[keccak(text=signature)[:4]] = (signature, ContractError, names)
    return table


def contract_error(data: bytes) -> ContractError:
    """Return the typed error of revert data, its values as attributes."""
    known = _by_selector().get(data[:4])
    if known is None:
        return UnknownRevertError(data)
    signature, kind, names = known
    name, _, kinds = signature.partition("(")
    types = [each for each in kinds.rstrip(")").split(",") if each]
    try:
        values = decode(types, data[4:])
    except DecodingError:
        return UnknownRevertError(data)
    arguments = {
        field: address_of(field, value) if each == "address" else value
        for field, value, each in zip(names, values, types, strict=True)
    }
    error = kind(name, arguments, remedy=REMEDIES.get(name, ""))
    for field, value in arguments.items():
        setattr(error, field, value)
    return error


def revert_data(fault: RpcError) -> bytes | None:
    """Return the revert data in a node's error, wherever that node puts it; None where it has none.

    Anvil and geth send it as `data`, Hardhat inside an object in `data`, others only within the
    message. In a message nothing but a known error counts: hashes stand there too.
    """
    found = _find(fault.data)
    if found is not None:
        return found
    for quoted in re.findall(r"0x((?:[0-9a-fA-F]{2}){4,})", fault.reason):
        data = bytes.fromhex(quoted)
        if data[:4] in _by_selector():
            return data
    return None


def _find(value: Any) -> bytes | None:
    if isinstance(value, str) and value.startswith("0x") and len(value) >= 10:
        try:
            data = bytes.fromhex(value[2:])
        except ValueError:
            return None
        # A transaction hash is hex too.
        return data if data[:4] in _by_selector() or len(data) % 32 == 4 else None
    if isinstance(value, dict):
        for key in ("data", "result", "originalError", "error"):
            found = _find(value.get(key))
            if found is not None:
                return found
    return None
