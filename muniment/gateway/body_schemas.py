# SPDX-License-Identifier: Apache-2.0
"""Bodies as /openapi.json describes them, from the members that are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from muniment.gateway.bodies import JSON, Member

_KINDS: Final[Mapping[type, str]] = {
    str: "string",
    int: "integer",
    bool: "boolean",
    list: "array",
    dict: "object",
    type(None): "null",
}


def described_body(members: Mapping[str, Member], example: Any = None) -> dict[str, Any]:
    """Return what describes a body of these members, for a route's `openapi_extra`."""
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name, member in members.items() if member.needed],
        "properties": {name: _property(member) for name, member in members.items()},
    }
    content: dict[str, Any] = {"schema": schema}
    if example is not None:
        content["example"] = example
    return {"requestBody": {"required": True, "content": {JSON: content}}}


def _property(member: Member) -> dict[str, Any]:
    kinds = member.kind if isinstance(member.kind, tuple) else (member.kind,)
    names = [_KINDS[each] for each in kinds]
    found: dict[str, Any] = {
        "type": names[0] if len(names) == 1 else names,
        "description": member.expected,
    }
    if "array" in names:
        found["items"] = {"type": "string"}
    if member.filled:
        found["minLength"] = 1
    return found
