# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Signing in by OpenID Connect, at a real identity provider: npm's oidc-provider."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpx

from muniment.gateway.callers.accounts import add_account
from tests.chain.conftest import World
from tests.chain.gateway import Serve, officer, opened, serve, until  # noqa: F401
from toolchain.local_chain import ROOT, free_port

MODULES = ROOT / "node_modules"


@contextmanager
def provider(port: int, redirect: str) -> Iterator[str]:
    script = Path(__file__).parent / "openid_provider.mjs"
    command = ["node", str(script), str(MODULES), str(port), redirect]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert any("listening at" in line for line in process.stdout)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def walk(client: httpx.Client, address: str, subject: str) -> httpx.Response:
    """Go as a browser does, through the provider's forms, to the answer that leads to the pages."""
    answer = client.get(address)
    for _ in range(20):
        if answer.is_redirect:
            where = urljoin(str(answer.url), answer.headers["location"])
            if where.endswith("/") and "/session/" in str(answer.url):
                return answer
            answer = client.get(where)
            continue
        form = re.search(r'action="([^"]+)"', answer.text)
        if form is None:
            return answer
        given = {"prompt": "consent"}
        if 'value="login"' in answer.text:
            given = {"prompt": "login", "login": subject, "password": "x"}
        answer = client.post(urljoin(str(answer.url), form[1]), data=given)
    raise AssertionError("it goes round in circles")


def test_officer__signs_in_at_the_identity_provider(
    serve: Serve, world: World, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("a secret of the test\n")
    at_provider, at_gateway = free_port(), free_port()
    origin = f"http://127.0.0.1:{at_gateway}"
    with provider(at_provider, f"{origin}/session/openid/callback") as issuer:
        gateway = serve(
            *("--port", str(at_gateway)),
            openid={
                "issuer": issuer,
                "client_id": "muniment",
                "secret_file": str(tmp_path / "secret"),
            },
        )
        assert gateway.registry is not None
        database = gateway.registry.session.database
        add_account(database, "ada", world.address("registrar"), openid_subject="ada@agency")
        with gateway.client("read") as reader:
            assert reader.get("/session/ways").json()["openid"] is True
            until(lambda: len(reader.get("/agencies").json()["items"]) == 2)

        with httpx.Client(timeout=60) as browser:
            done = walk(browser, f"{origin}/session/openid", "ada@agency")
            assert done.status_code == 303, done.text
            shown = browser.get(f"{origin}/session").json()
            assert (shown["name"], shown["roles"]) == ("ada", ["registrar"])

        # Whom nobody added, and an answer to a sign-in that was begun elsewhere.
        with httpx.Client(timeout=60) as browser:
            refused = walk(browser, f"{origin}/session/openid", "eve@agency")
            assert refused.status_code == 403
            assert refused.json()["subject"] == "eve@agency"
            callback = f"{origin}/session/openid/callback"
            assert browser.get(f"{callback}?code=x&state=y").status_code == 401
        with httpx.Client(timeout=60) as browser:
            begun = browser.get(f"{origin}/session/openid")
            assert begun.status_code == 303
            forged = browser.get(f"{origin}/session/openid/callback?code=x&state=y")
            assert forged.status_code == 401
