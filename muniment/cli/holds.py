# SPDX-License-Identifier: Apache-2.0
"""`muniment hold` and `release`."""

from __future__ import annotations

from pathlib import Path

import click

from muniment.cli.options import finish, opened, record_of, writing
from muniment.errors import InvalidInputError
from muniment.registry import Registry, Submission

_target = click.argument("record", required=False)
_case = click.option("--case", required=True, help="The case; only its keyed hash is on chain.")
_agency = click.option("--agency", type=int, help="With --type: the agency whose type it is.")
_type = click.option("--type", "type_id", type=int, help="A whole record type, by its number.")


@click.command()
@_target
@_case
@_agency
@_type
@writing
def hold(
    record: str | None,
    case: str,
    agency: int | None,
    type_id: int | None,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Forbid change and destruction of RECORD, or of a whole record type, for a case.

    RECORD may be unknown to the chain yet. Needs HOLD_AUTHORITY.

    Example: muniment hold 0x8c1f… --case "District Court 7/2026"
    """
    with opened(profile) as registry:
        submission = _placed(registry, record, case, agency, type_id, placing=True)
        finish(registry, [submission], wait, timeout, as_json)


@click.command()
@_target
@_case
@_agency
@_type
@writing
def release(
    record: str | None,
    case: str,
    agency: int | None,
    type_id: int | None,
    profile: Path,
    wait: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Release the hold that this authority placed on RECORD, or on a whole type, for a case.

    Example: muniment release 0x8c1f… --case "District Court 7/2026"
    """
    with opened(profile) as registry:
        submission = _placed(registry, record, case, agency, type_id, placing=False)
        finish(registry, [submission], wait, timeout, as_json)


def _placed(
    registry: Registry,
    record: str | None,
    case: str,
    agency: int | None,
    type_id: int | None,
    *,
    placing: bool,
) -> Submission:
    if record is not None and type_id is None and agency is None:
        record_id = record_of(registry, record)
        return registry.hold(record_id, case) if placing else registry.release(record_id, case)
    if record is None and type_id is not None and agency is not None:
        act = registry.hold_type if placing else registry.release_type
        return act(agency, type_id, case)
    raise InvalidInputError("what is held", "a RECORD, or --agency and --type", "something else")
