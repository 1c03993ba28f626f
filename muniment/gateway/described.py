# SPDX-License-Identifier: Apache-2.0
"""The description at /openapi.json: how callers are known, and the one body of errors."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

_JSON: Final = "application/json"
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What went wrong (RFC 9457): docs/spec/rest.md, Forms",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
        "expected": {"type": "string"},
        "remedy": {"type": "string"},
        "instance": {"type": "string"},
        "current_version": {"type": "integer"},
    },
    "example": {
        "type": "urn:muniment:problem:stale-call",
        "title": "Conflict",
        "status": 409,
        "detail": "the record has changed since it was read",
        "field": "If-Match",
        "expected": 'If-Match: "2-5f"',
        "remedy": "read the record again, and decide anew",
        "instance": "/records/0x8c1f/content",
        "current_version": 2,
    },
}
_SUBMISSION: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["record", "version", "kind", "stage", "way", "submission", "watch"],
    "properties": {
        "record": {"type": ["string", "null"]},
        "version": {"type": ["integer", "null"]},
        "kind": {"type": "string"},
        "stage": {"type": "string"},
        "way": {"type": "string", "enum": ["journal", "direct"]},
        "journal": {"type": "integer"},
        "index": {"type": "integer"},
        "submission": {"type": ["integer", "null"]},
        "watch": {"type": "string"},
    },
    "example": {
        "record": "0x" + "8c1f" * 16,
        "version": 1,
        "kind": "register",
        "stage": "acknowledged",
        "way": "journal",
        "journal": 1,
        "index": 41,
        "submission": None,
        "watch": "/records/0x" + "8c1f" * 16 + "/registration",
    },
}
_WRITES: Final = {("/records", "post"), ("/records/{record}/registration", "get")}
_SECURITY: Final = {
    "token": {"type": "http", "scheme": "bearer", "description": "`muniment token make`"},
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-muniment"},
}
_SIGN_IN: Final = ("/session", "post")
_OPEN: Final = ("/healthz", "/session/ways", "/session/openid")


def describe(application: FastAPI) -> None:
    """Let an application describe itself so."""

    def description() -> dict[str, Any]:
        if application.openapi_schema is None:
            application.openapi_schema = _description(application)
        return application.openapi_schema

    application.openapi = description  # type: ignore[method-assign]


def _description(application: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=application.title,
        version=application.version,
        summary=application.summary,
        routes=application.routes,
    )
    parts = made.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas |= {"Problem": _PROBLEM, "Submission": _SUBMISSION}
    parts["securitySchemes"] = _SECURITY
    problem = {
        "description": "What went wrong",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            answers.pop("422", None)
            answers["default"] = problem
            if not path.startswith(_OPEN) and (path, method) != _SIGN_IN:
                operation["security"] = [{"token": []}, {"session": []}]
            if (path, method) in _WRITES:
                for status in answers:
                    if status.startswith("2"):
                        schema = {"$ref": "#/components/schemas/Submission"}
                        answers[status]["content"] = {_JSON: {"schema": schema}}
    return made
