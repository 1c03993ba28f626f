# SPDX-License-Identifier: Apache-2.0
"""The gateway's settings: the profile's table `gateway`, every entry of which may be left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from muniment.errors import InvalidInputError
from muniment.registry.profile import Profile

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class OpenIdSettings:
    """Where officers sign in by OpenID Connect: the `issuer`'s URL, this client's id, and the file
    that holds its secret."""

    issuer: str
    client_id: str
    secret_file: Path


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """How the gateway serves.

    `origin` is its public address, such as https://records.example.gov, and None while it is for
    this machine alone. `requests_per_second` and `burst` bound each caller, `body_bytes` every body
    but an upload, which `upload_bytes` bounds; `pause_seconds` is how long a body may stand still
    while it comes, `wait_seconds` the longest wait that `Prefer` may ask for. `group_records` is
    the most records that are acknowledged together, `session_hours` how long an officer stays
    signed in. `allowed_origins` are pages of other places that may call with tokens (CORS).
    `verifier` is the public verifier's file, with the registry's trust file built in (`make
    verifier TRUST=FILE`).
    """

    origin: str | None = None
    requests_per_second: int = 50
    burst: int = 200
    sign_ins_per_minute: int = 5
    body_bytes: int = 4 << 20
    bulk_bytes: int = 1 << 32
    upload_bytes: int = 1 << 36
    pause_seconds: int = 30
    wait_seconds: int = 30
    group_records: int = 1000
    waiting_records: int = 4096
    session_hours: int = 8
    allowed_origins: tuple[str, ...] = ()
    openid: OpenIdSettings | None = None
    verifier: Path | None = None
    others: Mapping[str, Any] = field(default_factory=dict)
    """Tables that other parts read themselves."""

    @classmethod
    def of(cls, profile: Profile) -> GatewaySettings:
        """Return a profile's settings. Raises `InvalidInputError` that names the entry."""
        given = dict(profile.gateway)
        found: dict[str, Any] = {}
        others = {name: given.pop(name) for name in list(given) if isinstance(given[name], dict)}
        if "openid" in others:
            found["openid"] = _openid(others.pop("openid"), profile.path.parent)
        if "verifier" in given:
            found["verifier"] = _file(given.pop("verifier"), profile.path.parent)
        for name, value in given.items():
            found[name] = _checked(name, value)
        return cls(**found, others=others)

    @property
    def is_secure(self) -> bool:
        """Whether callers come by TLS: the cookies of officers say so then."""
        return self.origin is not None and self.origin.startswith("https://")


def _checked(name: str, value: Any) -> Any:
    if name == "origin":
        return origin_of(name, value)
    if name == "allowed_origins":
        if not isinstance(value, list):
            raise InvalidInputError("profile gateway.allowed_origins", "a list of origins", "other")
        return tuple(origin_of(name, each) for each in value)
    numbers = {each.name for each in fields(GatewaySettings) if each.type == "int"}
    if name not in numbers:
        expected = "an entry that docs/guides/gateway.md lists"
        raise InvalidInputError(f"profile gateway.{name}", expected, "unknown")
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidInputError(f"profile gateway.{name}", "a number from 1 on", "another value")
    return value


def origin_of(name: str, value: object) -> str:
    """Return an origin: scheme, host and port alone; plain HTTP on this machine only. Raises
    `InvalidInputError`."""
    parts = urlsplit(value if isinstance(value, str) else "")
    plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
    whole = f"{parts.scheme}://{parts.netloc}"
    if not (parts.scheme == "https" or plain) or whole != value or "@" in parts.netloc:
        raise InvalidInputError(
            f"profile gateway.{name}", "an origin such as https://records.example.gov", "another"
        )
    return whole


def _file(given: Any, folder: Path) -> Path:
    if not isinstance(given, str) or not (folder / given).is_file():
        raise InvalidInputError("profile gateway.verifier", "the path of a file", "another value")
    return folder / given


def _openid(given: Mapping[str, Any], folder: Path) -> OpenIdSettings:
    wanted = {"issuer", "client_id", "secret_file"}
    if set(given) != wanted or not all(isinstance(each, str) for each in given.values()):
        raise InvalidInputError("profile gateway.openid", ", ".join(sorted(wanted)), "others")
    return OpenIdSettings(given["issuer"], given["client_id"], folder / given["secret_file"])
