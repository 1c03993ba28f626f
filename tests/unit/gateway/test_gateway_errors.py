# SPDX-License-Identifier: Apache-2.0
"""Every error that Muniment raises on purpose has a status and a body of the one form."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import muniment
from muniment.chain.bindings.errors import RecordRegistryStaleVersionError
from muniment.errors import (
    ConflictError,
    ContractError,
    InvalidContentError,
    InvalidInputError,
    InvalidJsonError,
    MunimentError,
    StoreError,
    UnreachableError,
    Violation,
)
from muniment.gateway.callers.caller import Caller, CallerKind
from muniment.gateway.callers.scopes import Scope
from muniment.gateway.errors import STATUSES, answer_of, problem_of, status_of
from muniment.gateway.refusals import (
    CallRefusedError,
    ForbiddenCallError,
    StaleCallError,
    TooFastError,
)

_APART = ("muniment.analysis", "muniment.cli", "muniment.store.vault.h", "muniment.store.vault.s3")


def classes() -> list[type[MunimentError]]:
    """All errors of the package, whatever module they are in."""
    for module in pkgutil.walk_packages(muniment.__path__, "muniment."):
        # What needs packages that are not installed everywhere raises nothing of its own.
        if not module.name.startswith(_APART) and "migrations" not in module.name:
            importlib.import_module(module.name)

    def below(kind: type[MunimentError]) -> Iterator[type[MunimentError]]:
        yield kind
        for each in kind.__subclasses__():
            yield from below(each)

    return sorted(set(below(MunimentError)), key=lambda kind: kind.__qualname__)


def bare(kind: type[MunimentError]) -> MunimentError:
    """An error of a class, without what its own constructor asks for."""
    error = kind.__new__(kind)
    MunimentError.__init__(error, "it happened", expected="something else", remedy="do this")
    return error


def test_each_class__has_a_status_that_fits() -> None:
    found = classes()
    assert len(found) > 100
    for kind in found:
        status = status_of(bare(kind))
        assert 400 <= status < 600, kind
        if issubclass(kind, CallRefusedError):
            assert status < 500 or status == 503
        if issubclass(kind, ContractError):
            # The registry said no: that is never the gateway's fault.
            assert status < 500, kind


def test_each_named_class__is_one_of_the_tree() -> None:
    assert set(STATUSES) <= set(classes())


@pytest.mark.parametrize(
    ("error", "status", "values"),
    [
        (InvalidInputError("limit", "1 to 500", "0"), 422, {"field": "limit"}),
        (InvalidJsonError("/a", "a value", "a float"), 400, {"field": "/a"}),
        (
            InvalidContentError("deed", [Violation("/holder", "type")]),
            422,
            {"field": "content/holder", "violations": [{"field": "/holder", "rule": "type"}]},
        ),
        (
            ConflictError("register", "7", bytes(32), 2),
            409,
            {"record": "0x" + "00" * 32, "current_version": 2},
        ),
        (
            StaleCallError("stale", "2", field="If-Match", current_version=2),
            409,
            {
                "field": "If-Match",
                "current_version": 2,
            },
        ),
    ],
)
def test_problem__names_field_and_expectation(
    error: MunimentError, status: int, values: dict[str, object]
) -> None:
    body = problem_of(error, "/records")
    assert body["status"] == status
    assert body["instance"] == "/records"
    assert body["detail"] == error.what
    assert body["expected"]
    assert body.items() >= values.items()
    assert None not in body.values()


@pytest.mark.parametrize(
    ("error", "after"),
    [
        (TooFastError(3), "3"),
        (UnreachableError("http://127.0.0.1:9", "refused"), "5"),
        (StoreError("locked"), "5"),
        (InvalidInputError("a", "b", "c"), None),
    ],
)
def test_answer__says_when_to_come_again(error: MunimentError, after: str | None) -> None:
    answer = answer_of(error)
    assert answer.media_type == "application/problem+json"
    assert answer.headers.get("retry-after") == after


def test_stale_version__is_told_where_the_contract_found_it() -> None:
    error = RecordRegistryStaleVersionError("RecordRegistryStaleVersion", {"current_version": 3})
    error.current_version = 3
    assert problem_of(error)["current_version"] == 3


@pytest.mark.parametrize(("scope", "kind"), [(Scope.READ, "token"), (Scope.ADMINISTER, "session")])
def test_missing_scope__is_looked_for_where_it_can_be_had(scope: Scope, kind: str) -> None:
    with pytest.raises(ForbiddenCallError) as caught:
        Caller(CallerKind.TOKEN, "7", frozenset()).require(scope)
    assert caught.value.expected.startswith(f"a {kind} ")
    assert ("make a token" in caught.value.remedy) == (kind == "token")
