# SPDX-License-Identifier: Apache-2.0
"""Every error that Muniment raises on purpose.

    MunimentError                        exit code 1
    ├── InvalidInputError                2   a value handed in is not what was asked for
    │   ├── InvalidJsonError                 not JSON, or outside the strict profile
    │   ├── InvalidSchemaError               a record type's schema that cannot be used
    │   └── InvalidContentError              content that breaks rules of its record type
    ├── RecordError                      3   a record, a version of it or its bytes do not hold
    │   ├── CommitmentMismatchError          content and commitment do not belong together
    │   ├── DisclosureError                  a disclosure that proves nothing
    │   ├── DecryptionError                  an encrypted object that was changed or is not this one
    │   └── AlgorithmUnavailableError        a digest algorithm that is unknown or not installed
    ├── JournalError                     3   a journal on disk is not what it must be
    ├── ProofError                       3   a proof that does not lead to the root
    ├── ChainError                       4   the chain, or the way to it
    │   ├── UnreachableError                 no node answers
    │   ├── WrongChainError                  a node answers, of another chain
    │   └── ContractError                5   the contract refused (one subclass an error of its ABI)
    ├── KeystoreError                    6   a key file cannot be used
    │   ├── WrongPasswordError               it does not open with this password
    │   └── ErasedError                      the secret was destroyed
    ├── StoreError                       8   the database or the vault cannot be used as it is
    ├── ConflictError                    9   the same source id stands for other content
    └── ExchangeError                    18  what goes between agencies does not hold, or may not

A message names the field, account or chain value and what was expected. It never holds a secret
nor a value of a record's content: errors end up in logs, and content must not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

__all__ = [
    "AlgorithmUnavailableError",
    "ChainError",
    "CommitmentMismatchError",
    "ConflictError",
    "ContractError",
    "DecryptionError",
    "DisclosureError",
    "ErasedError",
    "ExchangeError",
    "InvalidContentError",
    "InvalidInputError",
    "InvalidJsonError",
    "InvalidSchemaError",
    "JournalError",
    "KeystoreError",
    "MunimentError",
    "ProofError",
    "RecordError",
    "StoreError",
    "UnreachableError",
    "Violation",
    "WrongChainError",
    "WrongPasswordError",
]


class MunimentError(Exception):
    """Base of all errors: `what` happened, what was `expected`, and the `remedy` to try next.

    `expected` and `remedy` may be empty where there is nothing to say. `exit_code` is what the
    command line ends with when this error reaches it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, expected: str = "", remedy: str = "") -> None:
        super().__init__(f"{what}; expected {expected}" if expected else what)
        self.what = what
        self.expected = expected
        self.remedy = remedy

    def diagnostics(self) -> str:
        """Return lines for a person: what happened, what was expected, what to do next."""
        lines = [self.what]
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.remedy:
            lines.append(f"  next: {self.remedy}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by values rather than by arguments."""
        # Subclasses take other arguments than Exception.args; worker processes must still be able
        # to hand their errors back, so the values are restored without calling __init__ again.
        return _restore, (type(self), self.args, self.__dict__.copy())


def _restore(
    kind: type[MunimentError], args: tuple[object, ...], values: dict[str, object]
) -> MunimentError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(values)
    return error


# --- input ----------------------------------------------------------------------------------------


class InvalidInputError(MunimentError):
    """`field` is not what was `expected`; `got` says what kind of thing came, not its value."""

    exit_code: ClassVar[int] = 2

    def __init__(self, field: str, expected: str, got: str, *, remedy: str = "") -> None:
        super().__init__(f"{field} is {got}", expected=expected, remedy=remedy)
        self.field = field
        self.got = got


class InvalidJsonError(InvalidInputError):
    """Text that is not JSON or a value outside the strict profile; `pointer` (RFC 6901) is where.

    The empty pointer is the whole value.
    """

    def __init__(self, pointer: str, expected: str, got: str, *, remedy: str = "") -> None:
        super().__init__(
            f"the value at {pointer!r}" if pointer else "the JSON value",
            expected,
            got,
            remedy=remedy,
        )
        self.pointer = pointer


class InvalidSchemaError(InvalidInputError):
    """The schema of record type `record_type` cannot be used; `pointer` is the place in it."""

    def __init__(self, record_type: str, pointer: str, expected: str, got: str) -> None:
        super().__init__(
            f"the schema of record type {record_type!r} at {pointer!r}",
            expected,
            got,
            remedy="correct the schema and define the record type with a new version of it",
        )
        self.record_type = record_type
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: `pointer` names the field (RFC 6901), `rule` the schema keyword."""

    pointer: str
    rule: str

    def __str__(self) -> str:
        """Return place and rule as one clause."""
        return f"{self.pointer or 'the content'} breaks {self.rule}"


class InvalidContentError(InvalidInputError):
    """Content breaks `violations` of record type `record_type`. Values are withheld."""

    def __init__(self, record_type: str, violations: Iterable[Violation]) -> None:
        found = tuple(violations)
        super().__init__(
            "content",
            f"content that matches the schema of record type {record_type!r}",
            "invalid: " + ", ".join(map(str, found)),
            remedy="correct the named fields in the source, then try again",
        )
        self.record_type = record_type
        self.violations = found


# --- records --------------------------------------------------------------------------------------


class RecordError(MunimentError):
    """A record, a version of it or bytes that should be one do not hold."""

    exit_code: ClassVar[int] = 3


class CommitmentMismatchError(RecordError):
    """What was given hashes to `computed` (32 bytes), the commitment is `committed`."""

    def __init__(self, committed: bytes, computed: bytes) -> None:
        super().__init__(
            f"the content commits to 0x{computed.hex()}",
            expected=f"the commitment 0x{committed.hex()}",
            remedy="check that record, version, type and content belong together; "
            "if they do, the content was changed after it was registered",
        )
        self.committed = committed
        self.computed = computed


class DisclosureError(RecordError):
    """A disclosure is malformed or does not belong to its commitment; `step` is the failed one.

    The steps are those of docs/spec/records.md, "Verifying a disclosure".
    """

    def __init__(self, step: int, what: str, expected: str) -> None:
        super().__init__(
            f"step {step}: {what}",
            expected=expected,
            remedy="ask whoever made the disclosure for a fresh one; do not rely on this one",
        )
        self.step = step


class DecryptionError(RecordError):
    """Object `object_index` cannot be decrypted; `chunk` is the first bad one, None the header."""

    def __init__(self, object_index: int, chunk: int | None, what: str) -> None:
        place = "header" if chunk is None else f"chunk {chunk}"
        super().__init__(
            f"object {object_index}, {place}: {what}",
            expected="the unchanged object of this record and version, and the secret it was "
            "encrypted with",
            remedy="discard what was written so far and fetch the object again from a copy",
        )
        self.object_index = object_index
        self.chunk = chunk


class AlgorithmUnavailableError(RecordError):
    """Digest algorithm `algorithm` (the byte in state and entry) is unknown or not installed."""

    def __init__(self, algorithm: object, available: Iterable[int]) -> None:
        known = tuple(available)
        super().__init__(
            f"digest algorithm {algorithm!r} is not available",
            expected="one of " + ", ".join(map(str, known)),
            remedy="use a Python whose OpenSSL has the algorithm, or a newer Muniment",
        )
        self.algorithm = algorithm
        self.available = known


# --- journals and proofs --------------------------------------------------------------------------


class JournalError(MunimentError):
    """A journal, or a file of it, is not what it must be."""

    exit_code: ClassVar[int] = 3


class ProofError(MunimentError):
    """A proof does not hold. Both roots (32 bytes) travel along where there are two."""

    exit_code: ClassVar[int] = 3

    def __init__(
        self,
        what: str,
        *,
        expected: str = "",
        remedy: str = "",
        expected_root: bytes | None = None,
        computed_root: bytes | None = None,
    ) -> None:
        if expected_root is not None and not expected:
            expected = f"root 0x{expected_root.hex()}"
        super().__init__(what, expected=expected, remedy=remedy)
        self.expected_root = expected_root
        self.computed_root = computed_root


# --- chain ----------------------------------------------------------------------------------------


class ChainError(MunimentError):
    """Something about the chain, the node or the registry's address."""

    exit_code: ClassVar[int] = 4


class UnreachableError(ChainError):
    """No answer from `endpoint`. Only scheme, host and port are kept: URLs carry credentials."""

    def __init__(self, endpoint: str, reason: str) -> None:
        shown = _without_credentials(endpoint)
        super().__init__(
            f"no answer from the node at {shown}: {reason}",
            expected="a JSON-RPC node",
            remedy="check that the node runs and that the address is right; nothing was lost",
        )
        self.endpoint = shown
        self.reason = reason


class WrongChainError(ChainError):
    """The node is of chain `actual`, the configuration names chain `wanted`."""

    def __init__(self, wanted: int, actual: int) -> None:
        super().__init__(
            f"the node is of chain {actual}",
            expected=f"chain {wanted}",
            remedy="connect to a node of the configured chain; never change the configured chain "
            "of an existing registry",
        )
        self.wanted = wanted
        self.actual = actual


class ContractError(ChainError):
    """The contract refused with `error_name` and its named `arguments`."""

    exit_code: ClassVar[int] = 5

    def __init__(
        self,
        error_name: str,
        arguments: Mapping[str, object],
        *,
        what: str = "",
        expected: str = "",
        remedy: str = "",
    ) -> None:
        values = ", ".join(f"{name}={_plain(value)}" for name, value in arguments.items())
        shown = f"the contract refused: {error_name}({values})"
        super().__init__(f"{what} ({shown})" if what else shown, expected=expected, remedy=remedy)
        self.error_name = error_name
        self.arguments = dict(arguments)


def _plain(value: object) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)


def _without_credentials(endpoint: str) -> str:
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "an address that is not a URL"
    if not parts.scheme or not host:
        return "an address that is not a URL"
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


# --- keys -----------------------------------------------------------------------------------------


class KeystoreError(MunimentError):
    """The key file of `account` cannot be used."""

    exit_code: ClassVar[int] = 6

    def __init__(self, account: str, what: str, *, expected: str = "", remedy: str = "") -> None:
        super().__init__(f"keystore of {account!r}: {what}", expected=expected, remedy=remedy)
        self.account = account


class WrongPasswordError(KeystoreError):
    """The password does not open the key file of `account`."""

    def __init__(self, account: str) -> None:
        super().__init__(
            account,
            "the password does not open it",
            expected="the password it was saved with",
            remedy="check the prompt, password file or environment variable that gave it",
        )


class ErasedError(KeystoreError):
    """The secret of `version` of record `record_id` was destroyed; it can never come back."""

    def __init__(self, record_id: bytes, version: int) -> None:
        super().__init__(
            "key store",
            f"the secret of version {version} of record 0x{record_id.hex()} was destroyed",
            expected="a version that is not erased",
            remedy="nothing: erasure is final; the record's disposition says when and by whom",
        )
        self.record_id = record_id
        self.version = version


# --- store ----------------------------------------------------------------------------------------


class StoreError(MunimentError):
    """The database, the vault or what lies in them cannot be used as it is."""

    exit_code: ClassVar[int] = 8


class ConflictError(MunimentError):
    """`source_id` of `source_system` is registered already, as `record_id`, with other content."""

    exit_code: ClassVar[int] = 9

    def __init__(self, source_system: str, source_id: str, record_id: bytes, version: int) -> None:
        super().__init__(
            f"source id {source_id!r} of {source_system!r} stands for other content already: "
            f"record 0x{record_id.hex()}, version {version}",
            expected="the content that was registered, or a source id of its own",
            remedy="to change the record, amend it; to register another one, give it its own id",
        )
        self.source_system = source_system
        self.source_id = source_id
        self.record_id = record_id
        self.version = version


# --- between agencies -----------------------------------------------------------------------------


class ExchangeError(MunimentError):
    """What goes between agencies does not hold, or a share, a law or an act forbids it."""

    exit_code: ClassVar[int] = 18
