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
from tests.chain.gateway import Gateway, Serve, deed, officer, opened, serve, until  # noqa: F401
from tests.chain.test_gateway_callers import PASSWORD

SECONDS = 60
# What never ends, what says 503 when work stands still, what would sign the caller out, and a body
# that schemathesis cannot write: `test_gateway_files` has bad rows of its own.
LEFT_OUT = ("/events", "/healthz", "/session", "/records:bulk")


def attack(gateway: Gateway, folder: Path, *headers: str) -> None:
    """Call everything that the description lists, as it says and as it says not."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{gateway.url}/openapi.json"]
    for each in headers:
        command += ["-H", each]
    for each in LEFT_OUT:
        command += ["--exclude-path", each]
    command += ["--checks", "not_a_server_error", "--max-time", str(SECONDS), "--no-color"]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "20"]
    command += ["--generation-database", "none", "--continue-on-failure", "--no-shrink"]
    command += ["--request-timeout", "30", "--warnings", "off"]
    before = len(gateway.lines)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert "FAILURES" not in done.stdout, done.stdout[-8000:]
    # The tool may fail by itself: what counts is what the gateway answered.
    calls = [line for line in gateway.lines[before:] if line.get("text") == "call"]
    assert len(calls) > 300, done.stdout[-8000:]
    assert {line["resource"] for line in calls if line["status"] >= 500} == set()
    assert len({line["resource"] for line in calls}) > 30


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
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            # A proof of receipt is a file that another gateway made.
            if body is not None and path != "/received/check":
                assert "example" in body or "examples" in body, (path, method)
    assert "security" not in described["paths"]["/session"]["post"], "nobody is signed in before"


@pytest.mark.slow
def test_calls_of_all_kinds__meet_no_error_that_nobody_foresaw(
    serve: Serve, world: World, tmp_path: Path
) -> None:
    gateway = serve(requests_per_second=100_000, burst=100_000, sign_ins_per_minute=100_000)
    with gateway.client() as client:
        for number in range(3):
            client.post("/records", json=deed(number))
        authorization = f"Authorization: {client.headers['authorization']}"
        attack(gateway, tmp_path, authorization)
        until(lambda: len(client.get("/agencies").json()["items"]) == 2)
    assert gateway.registry is not None
    database = gateway.registry.session.database
    add_account(database, "admin", world.address("agency_admin"), password=PASSWORD)
    given = {"name": "admin", "password": PASSWORD}
    signed_in = httpx.post(f"{gateway.url}/session", json=given, timeout=60)
    cookie = f"Cookie: muniment={signed_in.cookies['muniment']}"
    csrf = f"Muniment-CSRF: {signed_in.json()['csrf']}"
    attack(gateway, tmp_path, cookie, csrf)
    unforeseen = [line for line in gateway.lines if "unforeseen" in str(line.get("text"))]
    assert unforeseen == []
