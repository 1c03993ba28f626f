# SPDX-License-Identifier: Apache-2.0
"""Errors explain themselves, keep their values, travel between processes and leak nothing."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator

import pytest

from muniment import errors
from muniment.errors import (
    AlgorithmUnavailableError,
    ChainError,
    CommitmentMismatchError,
    ConflictError,
    ContractError,
    DecryptionError,
    DisclosureError,
    ErasedError,
    ExchangeError,
    InvalidContentError,
    InvalidInputError,
    InvalidJsonError,
    InvalidSchemaError,
    JournalError,
    KeystoreError,
    MunimentError,
    ProofError,
    RecordError,
    StoreError,
    UnreachableError,
    Violation,
    WrongChainError,
    WrongPasswordError,
)

EXAMPLES: list[MunimentError] = [
    MunimentError("it failed", expected="it to work", remedy="try again"),
    InvalidInputError("agency id", "an integer", "of type str"),
    InvalidJsonError("/airport", "text", "a number"),
    InvalidSchemaError("deed", "/type", "'object'", "absent"),
    InvalidContentError("deed", [Violation("/owner", "required")]),
    RecordError("no such version"),
    CommitmentMismatchError(b"\x01" * 32, b"\x02" * 32),
    DisclosureError(2, "digest 3 does not follow digest 2", "ascending digests"),
    DecryptionError(1, 4, "not authentic"),
    AlgorithmUnavailableError(9, (1, 2)),
    JournalError("tile 3 is missing"),
    ProofError("the path leads elsewhere", expected_root=b"\x01" * 32, computed_root=b"\x02" * 32),
    ChainError("the address has no code"),
    UnreachableError("http://localhost:8545", "connection refused"),
    WrongChainError(1337, 1),
    ContractError("RecordRegistryUnknownRecord", {"recordId": b"\xab" * 32}),
    KeystoreError("registrar", "no such file"),
    WrongPasswordError("registrar"),
    ErasedError(b"\xab" * 32, 2),
    StoreError("the vault cannot be read"),
    ConflictError("faa-strikes", "1990-000123", b"\xab" * 32, 1),
    ExchangeError("share 0x12: it is revoked", expected="one in force", remedy="ask for one"),
]


def _kinds(kind: type[MunimentError] = MunimentError) -> Iterator[type[MunimentError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _kinds(child)


def test_examples__cover_every_error_of_the_module() -> None:
    here = {kind for kind in _kinds() if kind.__module__ == errors.__name__}
    assert {type(example) for example in EXAMPLES} == here


def test_all__names_every_public_error_and_no_other() -> None:
    public = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and value.__module__ == errors.__name__ and name[0] != "_"
    }
    assert set(errors.__all__) == public


def test_docstring__draws_every_error_under_its_parent() -> None:
    drawn: dict[str, str] = {}
    parents: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        words = line.lstrip(" │├└─").split()
        if not words or not words[0].endswith("Error"):
            continue
        depth = len(line) - len(line.lstrip(" │├└─"))
        while parents and parents[-1][0] >= depth:
            parents.pop()
        drawn[words[0]] = parents[-1][1] if parents else "Exception"
        parents.append((depth, words[0]))
    assert drawn == {
        kind.__name__: kind.__bases__[0].__name__
        for kind in _kinds()
        if kind.__module__ == errors.__name__
    }


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
class TestEveryError:
    def test_error__pickled__keeps_kind_message_and_values(self, error: MunimentError) -> None:
        returned = pickle.loads(pickle.dumps(error))
        assert type(returned) is type(error)
        assert str(returned) == str(error)
        assert vars(returned) == vars(error)

    def test_error__copied__keeps_its_diagnostics(self, error: MunimentError) -> None:
        assert copy.copy(error).diagnostics() == error.diagnostics()

    def test_diagnostics__tells_what_was_expected_and_what_to_do(
        self, error: MunimentError
    ) -> None:
        lines = error.diagnostics().splitlines()
        assert lines[0] == error.what
        assert (f"  expected: {error.expected}" in lines) == bool(error.expected)
        assert (f"  next: {error.remedy}" in lines) == bool(error.remedy)

    def test_exit_code__is_neither_success_nor_a_signal(self, error: MunimentError) -> None:
        assert 1 <= error.exit_code < 64


def test_mismatch__names_both_commitments() -> None:
    error = CommitmentMismatchError(b"\x01" * 32, b"\x02" * 32)
    assert "0x" + "01" * 32 in str(error)
    assert "0x" + "02" * 32 in str(error)


def test_contract_error__shows_bytes_as_hex_and_numbers_as_they_are() -> None:
    error = ContractError("StaleVersion", {"recordId": b"\xab\xcd", "version": 3})
    assert str(error) == "the contract refused: StaleVersion(recordId=0xabcd, version=3)"
    assert error.arguments == {"recordId": b"\xab\xcd", "version": 3}


@pytest.mark.parametrize(
    ("endpoint", "shown"),
    [
        ("https://user:secret@node.example:8545/v3/secret?key=secret", "https://node.example:8545"),
        ("http://[::1]:8545", "http://[::1]:8545"),
        ("secret", "an address that is not a URL"),
        ("http://secret:notaport", "an address that is not a URL"),
        ("http://[secret", "an address that is not a URL"),
    ],
)
def test_unreachable__drops_credentials_of_the_address(endpoint: str, shown: str) -> None:
    error = UnreachableError(endpoint, "timed out")
    assert error.endpoint == shown
    assert "secret" not in error.diagnostics() + repr(vars(error))


def test_wrong_chain__names_both_chains() -> None:
    assert str(WrongChainError(1337, 1)) == "the node is of chain 1; expected chain 1337"
