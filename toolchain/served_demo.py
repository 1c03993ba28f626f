# SPDX-License-Identifier: Apache-2.0
"""The demo's end when asked (`make demo SERVE=1`): the gateway with the officers' console and the
public verifier, over the agency that the demo made."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import click

from muniment.registry.session import address_in
from toolchain.exchange_demo import Shell
from toolchain.local_chain import ROOT, free_port

_OFFICERS = {
    "registrar": ("officer.json", "registers, amends, revokes; administers the agency"),
    "steward": ("steward.json", "decides on shares, custody, destruction"),
}
_PORT = 8080
_STARTED_IN = 60.0


def serve(say: Shell, folder: Path, environment: dict[str, str], trust: Path) -> None:
    """Start the gateway, and say where its pages are and who may sign in."""
    click.echo(
        "\nThe gateway: REST for its systems, a console for its officers, a public verifier."
    )
    page = folder / "verifier.html"
    build = ["node", "web/verifier/making/build.mjs", "--trust", str(trust), "--out", str(page)]
    subprocess.run(build, cwd=ROOT, check=True)
    profile = folder / "muniment.toml"
    text = profile.read_text()
    if "gateway" not in tomllib.loads(text):
        profile.write_text(text + f'\n[gateway]\nverifier = "{page.name}"\n')
    password = folder / "password"
    for name, (keystore, _) in _OFFICERS.items():
        address = address_in(folder / keystore)
        say(
            *("account", "add", name, "--address", address),
            *("--password-file", str(password)),
        )
    token = say(
        *("token", "make", "a-system", "--scope", "read", "--scope", "register", "--days", "1"),
        "--json",
    )
    url, pid = _start(folder, environment)
    secret = password.read_text().strip()
    click.echo(f"the gateway serves (process {pid}, its log: {folder / 'gateway.log'})\n")
    click.secho(f"  console    {url}/", bold=True)
    click.secho(f"  verifier   {url}/verify", bold=True)
    click.echo(f"  REST       {url}/openapi.json\n")
    for name, (keystore, does) in _OFFICERS.items():
        click.echo(f"  {name:10} {does}; keystore {folder / keystore}")
    bearer = json.loads(token)["token"]
    click.echo(
        f"  The password of both, and of their keystores, is {secret}\n\n"
        f"  curl -H 'Authorization: Bearer {bearer}' '{url}/records?limit=3'\n\n"
        f"To drop on the verifier: {folder / 'strike.json'}, and {folder / 'changed.json'}, "
        "of which one value was changed."
    )


def _start(folder: Path, environment: dict[str, str]) -> tuple[str, int]:
    port = free_port() if _taken(_PORT) else _PORT
    url = f"http://127.0.0.1:{port}"
    with (folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "muniment.cli", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (folder / "gateway.pid").write_text(str(process.pid))
    deadline = time.monotonic() + _STARTED_IN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
                if answer.status == 200:
                    return url, process.pid
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit(f"the gateway does not answer; see {folder / 'gateway.log'}")


def _taken(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
