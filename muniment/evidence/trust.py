# SPDX-License-Identifier: Apache-2.0
"""Trust files: what a verifier is told to trust, by somebody, until a day (docs/spec/evidence.md).

A trust file comes from the registry's operator, never from an evidence file. Its fingerprint, the
SHA-256 of its bytes, stands in every verdict. A signature lies beside it, Ed25519 over those bytes.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import tomlkit
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from muniment.errors import InvalidInputError
from muniment.journal.checkpoints import COSIGNATURE, NoteKey
from muniment.proof.istanbul import ValidatorSet
from muniment.record.identifiers import Lineage, derive_lineage

FORMAT: Final = "muniment/trust/v1"
LAYOUT: Final = "muniment/storage/v1"
_SIGNATURE_TAG: Final = b"muniment/trust-signature/v1\0"
_INTEGER: Final = (1 << 63) - 1


class TrustFileError(InvalidInputError):
    """A trust file is not what it must be; `field` names the part."""


@dataclass(frozen=True, slots=True)
class PinnedValidators:
    """Who signs blocks: `addresses` (20 bytes each, ascending), from block `block` on."""

    block: int
    addresses: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class TrustFile:
    """What is trusted.

    `registry` and `code_hash` are bytes; `blocks` maps numbers to hashes; `nodes` are URLs of nodes
    whose word on a block's hash counts; `expires` in Unix seconds; `greatest_age` in seconds is how
    old a block may be for a VALID not to be stale; `operator` is the key of whoever signs.
    `lineage` is None for a first registry, whose lineage follows from its address. Of `witnesses`
    as many as `witnesses_needed` must have co-signed a journal's checkpoint, or a block, to vouch
    for it. `validators` are there where the chain's blocks are signed (Istanbul BFT).
    """

    chain_id: int
    registry: bytes
    code_hash: bytes
    blocks: Mapping[int, bytes]
    nodes: tuple[str, ...]
    algorithms: tuple[int, ...]
    expires: int
    greatest_age: int
    agencies: Mapping[int, str]
    operator: bytes | None
    fingerprint: str
    lineage: Lineage | None = None
    witnesses: tuple[NoteKey, ...] = ()
    witnesses_needed: int = 0
    validators: PinnedValidators | None = None

    @classmethod
    def from_bytes(cls, data: bytes) -> TrustFile:
        """Return the trust file of its bytes. Raises `TrustFileError`."""
        try:
            values = tomllib.loads(data.decode("utf-8"))
        except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
            raise TrustFileError("trust file", "TOML", "something else") from error
        root = _Table("trust file", values)
        root.require("format", FORMAT)
        expires = root.take("expires", datetime)
        algorithms = tuple(root.integers("algorithms"))
        age = root.integer("greatest_age_seconds")
        nodes = root.take("nodes", list, [])
        chain = root.table("chain")
        registry = root.table("registry")
        registry.require("layout", LAYOUT)
        operator = root.take("operator", str, "")
        blocks: dict[int, bytes] = {}
        for place, each in enumerate(root.take("blocks", list, [])):
            block = _Table(f"blocks[{place}]", each)
            blocks[block.integer("number")] = block.hexadecimal("hash", 32)
            block.end()
        agencies: dict[int, str] = {}
        for place, each in enumerate(root.take("agencies", list, [])):
            agency = _Table(f"agencies[{place}]", each)
            agencies[agency.integer("id")] = agency.take("name", str)
            agency.end()
        witnesses = []
        for place, each in enumerate(root.take("witnesses", list, [])):
            witness = _Table(f"witnesses[{place}]", each)
            witnesses.append(_witness(f"witnesses[{place}] key", witness.take("key", str)))
            witness.end()
        needed = root.integer("witnesses_needed") if witnesses else 0
        if witnesses and not 1 <= needed <= len(witnesses):
            expected = f"1 to {len(witnesses)}"
            raise TrustFileError("trust file witnesses_needed", expected, str(needed))
        validators = _validators(root.table("validators")) if root.has("validators") else None
        lineage = None
        if registry.has("lineage"):
            lineage = Lineage(registry.hexadecimal("lineage", 32))
        if not all(isinstance(each, str) for each in nodes):
            raise TrustFileError("trust file nodes", "URLs", "something else")
        found = cls(
            chain_id=chain.integer("id"),
            registry=registry.hexadecimal("address", 20),
            code_hash=registry.hexadecimal("code_hash", 32),
            blocks=blocks,
            nodes=tuple(nodes),
            algorithms=algorithms,
            expires=int(_aware(expires).timestamp()),
            greatest_age=age,
            agencies=agencies,
            operator=_unhex("operator", operator, 32) if operator else None,
            fingerprint=fingerprint(data),
            lineage=lineage,
            witnesses=tuple(witnesses),
            witnesses_needed=needed,
            validators=validators,
        )
        for table in (root, chain, registry):
            table.end()
        return found

    @property
    def record_lineage(self) -> Lineage:
        """The lineage that record ids derive from."""
        return self.lineage or derive_lineage(self.chain_id, self.registry)

    def to_bytes(self) -> bytes:
        """Return a file that says the same; the fingerprint is that of the file, once written."""
        document = tomlkit.document()
        document.add(tomlkit.comment("What verifiers of Muniment's evidence are told to trust."))
        document["format"] = FORMAT
        document["expires"] = datetime.fromtimestamp(self.expires, UTC)
        document["greatest_age_seconds"] = self.greatest_age
        document["algorithms"] = list(self.algorithms)
        document["nodes"] = list(self.nodes)
        if self.operator is not None:
            document["operator"] = self.operator.hex()
        if self.witnesses:
            document["witnesses_needed"] = self.witnesses_needed
        document["chain"] = {"id": self.chain_id}
        document["registry"] = {
            "address": f"0x{self.registry.hex()}",
            "code_hash": f"0x{self.code_hash.hex()}",
            "layout": LAYOUT,
            **({} if self.lineage is None else {"lineage": f"0x{self.lineage.hex()}"}),
        }
        if self.validators is not None:
            addresses = [f"0x{each.hex()}" for each in self.validators.addresses]
            document["validators"] = {"block": self.validators.block, "addresses": addresses}
        for name, rows in (
            ("blocks", [{"number": n, "hash": f"0x{h.hex()}"} for n, h in self.blocks.items()]),
            ("agencies", [{"id": key, "name": name} for key, name in self.agencies.items()]),
            ("witnesses", [{"key": each.to_text()} for each in self.witnesses]),
        ):
            tables = tomlkit.aot()
            for row in rows:
                table = tomlkit.table()
                table.update(row)
                tables.append(table)
            if rows:
                document[name] = tables
        return tomlkit.dumps(document).encode()


def fingerprint(data: bytes) -> str:
    """Return the fingerprint of a trust file's bytes: SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def sign(data: bytes, key: Ed25519PrivateKey) -> bytes:
    """Return the signature of a trust file's bytes: 64 bytes."""
    return key.sign(_SIGNATURE_TAG + data)


def is_signed(data: bytes, signature: bytes, operator: bytes) -> bool:
    """Whether a signature over a trust file's bytes is of this operator's key (32 bytes)."""
    try:
        Ed25519PublicKey.from_public_bytes(operator).verify(signature, _SIGNATURE_TAG + data)
    except (InvalidSignature, ValueError):
        return False
    return True


_MISSING: Final = object()


class _Table:
    """A TOML table: ask for each value, then `end`."""

    def __init__(self, place: str, values: object) -> None:
        if not isinstance(values, dict):
            raise TrustFileError(place, "a table", "something else")
        self._place = place
        self._left: dict[str, Any] = dict(values)

    def take(self, name: str, kind: type, default: object = _MISSING) -> Any:
        value = self._left.pop(name, default)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            got = "missing" if value is _MISSING else "something else"
            raise TrustFileError(f"{self._place} {name}", f"a {kind.__name__}", got)
        return value

    def has(self, name: str) -> bool:
        return name in self._left

    def integer(self, name: str) -> int:
        value: int = self.take(name, int)
        if not 0 <= value <= _INTEGER:
            raise TrustFileError(f"{self._place} {name}", "a number from 0", str(value))
        return value

    def integers(self, name: str) -> list[int]:
        values = self.take(name, list)
        if not values or not all(type(value) is int for value in values):
            raise TrustFileError(f"{self._place} {name}", "numbers", "something else")
        return list(values)

    def table(self, name: str) -> _Table:
        return _Table(f"{self._place} {name}", self.take(name, dict))

    def hexadecimal(self, name: str, size: int) -> bytes:
        return _unhex(f"{self._place} {name}", self.take(name, str), size)

    def require(self, name: str, wanted: str) -> None:
        value = self.take(name, str)
        if value != wanted:
            raise TrustFileError(f"{self._place} {name}", wanted, "another")

    def end(self) -> None:
        if self._left:
            name = min(self._left)
            raise TrustFileError(f"{self._place} {name}", "a name that is known", "unknown")


def _unhex(field: str, text: str, size: int) -> bytes:
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        value = b""
    if len(value) != size:
        raise TrustFileError(field, f"{size} bytes in hex", "something else")
    return value


def _validators(table: _Table) -> PinnedValidators:
    block = table.integer("block")
    named = table.take("addresses", list)
    table.end()
    place = "trust file validators addresses"
    if not all(isinstance(each, str) for each in named):
        raise TrustFileError(place, "addresses", "something else")
    addresses = tuple(_unhex(place, each, 20) for each in named)
    try:
        ValidatorSet(addresses)
    except InvalidInputError as error:
        raise TrustFileError(place, error.expected, error.what) from error
    if list(addresses) != sorted(addresses):
        raise TrustFileError(place, "ascending addresses", "another order")
    return PinnedValidators(block, addresses)


def _witness(field: str, text: str) -> NoteKey:
    try:
        key = NoteKey.from_text(text)
    except InvalidInputError as error:
        raise TrustFileError(field, error.expected, error.what) from error
    if key.algorithm != COSIGNATURE:
        raise TrustFileError(field, "the key of a witness (cosignature/v1)", "one of a log")
    return key


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
