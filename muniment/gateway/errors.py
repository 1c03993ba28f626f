# SPDX-License-Identifier: Apache-2.0
"""Errors as callers get them: one body, RFC 9457, for everything that goes wrong.

An error's class gives `type` (a URN) and `status`; its words are those of `muniment.errors`, which
hold neither content nor secrets. What nobody foresaw is 500 with no words of its own: those are in
the log.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from muniment import errors
from muniment.chain.bindings import errors as refused
from muniment.chain.sender import UnknownOutcomeError
from muniment.exchange import errors as exchange
from muniment.gateway.outgoing import OutgoingError
from muniment.gateway.refusals import CallRefusedError
from muniment.journal.tiles import TileError
from muniment.pipeline.branches import PastFinalityError
from muniment.registry.evidence_soundness import UnprovableError
from muniment.registry.journal_records import NotSealedError
from muniment.registry.prepared import errors as preparing
from muniment.registry.record_types import UnknownTypeError
from muniment.registry.submission import RefusedError
from muniment.registry.unkept import UnkeptVersionError
from muniment.store.database import DiskFullError
from muniment.store.vault.contract import ObjectExistsError, ObjectMissingError

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 5
_URN: Final = "urn:muniment:problem:"
_NAMED: Final = 100
"""Most records that a body names."""
_LOG: Final = logging.getLogger("muniment.gateway")

STATUSES: Final[Mapping[type[errors.MunimentError], int]] = {
    errors.MunimentError: 500,
    errors.InvalidInputError: 422,
    errors.InvalidJsonError: 400,
    UnknownTypeError: 404,
    errors.RecordError: 500,
    UnprovableError: 409,
    errors.DisclosureError: 422,
    errors.JournalError: 500,
    errors.ProofError: 422,
    TileError: 500,
    errors.ChainError: 503,
    errors.WrongChainError: 500,
    PastFinalityError: 500,
    UnknownOutcomeError: 503,
    errors.ContractError: 409,
    refused.AccessControlUnauthorizedAccountError: 403,
    refused.RecordRegistryUnknownRecordError: 404,
    refused.ShareRegistryUnknownShareError: 404,
    RefusedError: 409,
    errors.KeystoreError: 500,
    errors.ErasedError: 410,
    errors.StoreError: 503,
    DiskFullError: 507,
    UnkeptVersionError: 404,
    NotSealedError: 409,
    ObjectMissingError: 404,
    ObjectExistsError: 409,
    errors.ConflictError: 409,
    errors.ExchangeError: 422,
    exchange.NotSharedError: 403,
    exchange.TermsError: 403,
    exchange.NotCustodianError: 409,
    exchange.CustodyError: 409,
    exchange.UnknownHandoverError: 404,
    OutgoingError: 422,
    preparing.PreparedActError: 409,
    preparing.UnknownPreparedActError: 404,
}
"""The status of each class; a class that is not named here has that of its nearest ancestor."""


def status_of(error: errors.MunimentError) -> int:
    """Return the HTTP status of an error."""
    if isinstance(error, CallRefusedError):
        return error.status
    return next(STATUSES[each] for each in type(error).__mro__ if each in STATUSES)


def problem_of(error: errors.MunimentError, instance: str | None = None) -> dict[str, Any]:
    """Return the body of an error: `type`, `title`, `status`, `detail`, and what else it says."""
    status = status_of(error)
    kind = type(error).__name__.removesuffix("Error")
    body: dict[str, Any] = {
        "type": _URN + re.sub(r"(?<!^)(?=[A-Z])", "-", kind).lower(),
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": error.what,
        "field": _field(error),
        "expected": error.expected or None,
        "remedy": error.remedy or None,
        "instance": instance,
    }
    if isinstance(error, CallRefusedError):
        body |= error.members
    if isinstance(error, errors.InvalidContentError):
        body["violations"] = [
            {"field": each.pointer, "rule": each.rule} for each in error.violations
        ]
    if isinstance(error, errors.ConflictError):
        body |= {"record": f"0x{error.record_id.hex()}", "current_version": error.version}
    if isinstance(error, refused.RecordRegistryStaleVersionError):
        body["current_version"] = error.current_version
    if isinstance(error, exchange.CustodyError) and error.faults:
        named = sorted(error.faults.items())[:_NAMED]
        body["records"] = {f"0x{each.hex()}": why for each, why in named}
    if isinstance(error, preparing.NonceError):
        body["expected_nonce"] = error.expected_nonce
    return {name: value for name, value in body.items() if value is not None}


def answer_of(error: errors.MunimentError, instance: str | None = None) -> Response:
    """Return the answer to a call that an error ended."""
    body = problem_of(error, instance)
    headers = {}
    after = getattr(error, "retry_after", None)
    if after is None and body["status"] in (503, 507):
        after = RETRY_SECONDS
    if after is not None:
        headers["Retry-After"] = str(after)
    if body["status"] == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="muniment"'
    return Response(
        json.dumps(body, ensure_ascii=False).encode(), body["status"], headers, MEDIA_TYPE
    )


def problem_answer(error: errors.MunimentError, path: str) -> Response:
    """Return the answer to a call that an error ended; what is not the caller's doing is logged."""
    if status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.warning("%s: %s", type(error).__name__, error.what)
    return answer_of(error, path)


def _field(error: errors.MunimentError) -> str | None:
    if isinstance(error, errors.InvalidContentError):
        return "content" + error.violations[0].pointer if error.violations else "content"
    if isinstance(error, errors.InvalidJsonError):
        return error.pointer or "body"
    return getattr(error, "field", None)


def _plain(status: int, kind: str, what: str, expected: str, path: str, **more: Any) -> Response:
    body = {
        "type": _URN + kind,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": what,
        "expected": expected,
        "instance": path,
    } | more
    return Response(json.dumps(body).encode(), status, media_type=MEDIA_TYPE)


def add_handlers(application: FastAPI) -> None:
    """Let an application answer every error in the one form."""

    @application.exception_handler(errors.MunimentError)
    def of_ours(request: Request, error: errors.MunimentError) -> Response:
        return problem_answer(error, request.url.path)

    @application.exception_handler(RequestValidationError)
    def of_values(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = [str(each) for each in first["loc"]]
        broken = first["type"] == "json_invalid"
        return _plain(
            400 if broken else 422,
            "invalid-json" if broken else "invalid-input",
            f"{'.'.join(place)} cannot be used",
            str(first["msg"]),
            request.url.path,
            field=".".join(place[1:]) or place[0],
        )

    @application.exception_handler(HTTPException)
    def of_http(request: Request, error: HTTPException) -> Response:
        phrase = HTTPStatus(error.status_code).phrase
        kind = phrase.lower().replace(" ", "-")
        expected = "a path and a method that /openapi.json lists"
        answer = _plain(error.status_code, kind, phrase, expected, request.url.path)
        answer.headers.update(error.headers or {})
        return answer

    @application.exception_handler(Exception)
    def of_nobody(request: Request, error: Exception) -> Response:
        _LOG.error("unforeseen: %s", type(error).__name__, exc_info=error)
        what = "an error that nobody foresaw: a bug of Muniment"
        return _plain(500, "unforeseen", what, "none; the log names it", request.url.path)
