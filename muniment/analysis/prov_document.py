# SPDX-License-Identifier: Apache-2.0
"""W3C PROV documents: statements, written as PROV-JSON and as PROV-N.

Only what provenance of records needs (PROV-DM, W3C Recommendation 2013-04-30; PROV-JSON, W3C Member
Submission 2013-04-24). Names are qualified: `prefix:local`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from muniment.errors import InvalidInputError
from muniment.record.instants import instant

_FORMAL: Final[dict[str, tuple[str, ...]]] = {
    "entity": (),
    "activity": ("startTime", "endTime"),
    "agent": (),
    "wasGeneratedBy": ("entity", "activity", "time"),
    "used": ("activity", "entity", "time"),
    "wasInvalidatedBy": ("entity", "activity", "time"),
    "wasDerivedFrom": ("generatedEntity", "usedEntity", "activity", "generation", "usage"),
    "wasAttributedTo": ("entity", "agent"),
    "wasAssociatedWith": ("activity", "agent", "plan"),
    "actedOnBehalfOf": ("delegate", "responsible", "activity"),
    "wasInfluencedBy": ("influencee", "influencer"),
    "specializationOf": ("specificEntity", "generalEntity"),
    "hadMember": ("collection", "entity"),
}
"""The statements, and their arguments in order."""
_ELEMENTS: Final = ("entity", "activity", "agent")
_TIMES: Final = ("startTime", "endTime", "time")


class Name(str):
    """A qualified name, where a plain text would be a literal."""

    __slots__ = ()


Value = str | int | Name
"""An attribute's value: a text, a number or a qualified name."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a kind: its arguments in order (a name, a time in Unix seconds, or None),
    and its attributes. Elements have a `name`; relations have none."""

    kind: str
    name: str | None
    arguments: tuple[str | int | None, ...]
    attributes: Mapping[str, Value]


@dataclass(slots=True)
class ProvDocument:
    """A document with the namespaces of `prefixes`, filled by `element` and `relate`."""

    prefixes: Mapping[str, str]
    statements: list[Statement] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)

    def __contains__(self, name: str) -> bool:
        """Whether an element of this name is there."""
        return name in self._known

    def element(self, kind: str, name: str, *times: int | None, **attributes: Value | None) -> Name:
        """Add an entity, activity or agent unless one of its name is there; return the name.

        An attribute `type` is `prov:type`, `label` is `prov:label`; others are Muniment's own. None
        is left out. An activity's `times` are its start and its end.
        """
        if kind not in _ELEMENTS:
            raise InvalidInputError("PROV element", " or ".join(_ELEMENTS), repr(kind))
        if name not in self._known:
            self._known.add(name)
            given = (*times, *([None] * (len(_FORMAL[kind]) - len(times))))
            self.statements.append(Statement(kind, name, given, _qualified(attributes)))
        return Name(name)

    def relate(self, kind: str, *arguments: str | int | None, **attributes: Value | None) -> None:
        """Add a relation; arguments left out at the end are None. See `element`."""
        missing = len(_FORMAL[kind]) - len(arguments)
        padded = (*arguments, *([None] * missing))
        self.statements.append(Statement(kind, None, padded, _qualified(attributes)))

    def to_json(self) -> str:
        """Return the document as PROV-JSON, indented."""
        document: dict[str, Any] = {"prefix": dict(self.prefixes)}
        for number, each in enumerate(self.statements, start=1):
            values: dict[str, Any] = {
                f"prov:{name}": _time(value) if name in _TIMES else str(value)
                for name, value in zip(_FORMAL[each.kind], each.arguments, strict=True)
                if value is not None
            }
            values |= {name: _json_value(value) for name, value in each.attributes.items()}
            document.setdefault(each.kind, {})[each.name or f"_:r{number}"] = values
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"

    def to_prov_n(self) -> str:
        """Return the document as PROV-N."""
        lines = [f"  prefix {prefix} <{uri}>" for prefix, uri in self.prefixes.items()]
        lines += ["", *(f"  {_notation(each)}" for each in self.statements)]
        return "\n".join(["document", *lines, "endDocument", ""])


def _qualified(attributes: Mapping[str, Value | None]) -> dict[str, Value]:
    standard = {"type": "prov:type", "label": "prov:label"}
    return {
        standard.get(name, f"muniment:{name}"): value
        for name, value in attributes.items()
        if value is not None
    }


def _time(value: str | int | None) -> str:
    return instant(int(value or 0))


def _json_value(value: Value) -> Any:
    if isinstance(value, Name):
        return {"$": str(value), "type": "prov:QUALIFIED_NAME"}
    if isinstance(value, int):
        return {"$": str(value), "type": "xsd:long"}
    return value


def _notation(statement: Statement) -> str:
    named = [statement.name] if statement.name is not None else []
    arguments = [
        "-" if value is None else _time(value) if name in _TIMES else str(value)
        for name, value in zip(_FORMAL[statement.kind], statement.arguments, strict=True)
    ]
    if statement.attributes:
        pairs = [f"{name}={_literal(value)}" for name, value in statement.attributes.items()]
        arguments.append(f"[{', '.join(pairs)}]")
    return f"{statement.kind}({', '.join([*named, *arguments])})"


def _literal(value: Value) -> str:
    if isinstance(value, Name):
        return f"'{value}'"
    if isinstance(value, int):
        return f'"{value}" %% xsd:long'
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
