# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""The description at /openapi.json, and what calls that are made from it come to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from muniment.gateway.callers.accounts import add_account
from tests.chain.conftest import World
from tests.chain.gateway import Serve, deed, officer, opened, serve, until  # noqa: F401
from tests.chain.test_gateway_callers import PASSWORD

SECONDS = 60
# What never ends, what says 503 when work stands still, what would sign the caller out, and a body
# that schemathesis cannot write: `test_gateway_files` has bad rows of its own.
LEFT_OUT = ("/events", "/healthz", "/session", "/records:bulk")


def attack(url: str, folder: Path, *headers: str) -> subprocess.CompletedProcess[str]:
    """Call everything that the description lists, as it says and as it says not."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json"]
    for each in headers:
        command += ["-H", each]
    for each in LEFT_OUT:
        command += ["--exclude-path", each]
    command += ["--checks", "not_a_server_error", "--max-time", str(SECONDS), "--no-color"]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "20", "--workers", "2"]
    command += ["--generation-database", "none", "--continue-on-failure", "--no-shrink"]
    command += ["--request-timeout", "30", "--warnings", "off"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)


def test_description__has_examples_errors_and_security(serve: Serve) -> None:
    gateway = serve()
    described = httpx.get(f"{gateway.url}/openapi.json").json()
    assert "HTTPValidationError" not in described["components"]["schemas"]
    register = described["paths"]["/records"]["post"]
    assert register["requestBody"]["content"]["application/json"]["example"]["type"]
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (path, method)
            problem = operation["responses"]["default"]["content"]["application/problem+json"]
            assert problem["schema"]["$ref"] == "#/components/schemas/Problem"


@pytest.mark.slow
def test_calls_of_all_kinds__meet_no_error_that_nobody_foresaw(
    serve: Serve, world: World, tmp_path: Path
) -> None:
    gateway = serve(requests_per_second=100_000, burst=100_000, sign_ins_per_minute=100_000)
    with gateway.client() as client:
        for number in range(3):
            client.post("/records", json=deed(number))
        authorization = f"Authorization: {client.headers['authorization']}"
        by_token = attack(gateway.url, tmp_path, authorization)
        until(lambda: len(client.get("/agencies").json()["items"]) == 2)
    assert by_token.returncode == 0, by_token.stdout[-8000:]
    assert gateway.registry is not None
    database = gateway.registry.session.database
    add_account(database, "admin", world.address("agency_admin"), password=PASSWORD)
    given = {"name": "admin", "password": PASSWORD}
    signed_in = httpx.post(f"{gateway.url}/session", json=given, timeout=60)
    cookie = f"Cookie: muniment={signed_in.cookies['muniment']}"
    csrf = f"Muniment-CSRF: {signed_in.json()['csrf']}"
    by_session = attack(gateway.url, tmp_path, cookie, csrf)
    assert by_session.returncode == 0, by_session.stdout[-8000:]
    unforeseen = [line for line in gateway.lines if "unforeseen" in str(line.get("text"))]
    assert unforeseen == []
