# SPDX-License-Identifier: Apache-2.0
"""Signing in by OpenID Connect: the code flow with PKCE, of the one issuer that the settings name.

What must be the same when the officer comes back lies in a cookie that this gateway sealed, for ten
minutes. The identity provider says who somebody is, and nothing of what that one may do.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from muniment.errors import InvalidInputError, StoreError
from muniment.gateway.refusals import NotSignedInError
from muniment.gateway.settings import OpenIdSettings

PATH: Final = "/session/openid/callback"
SECONDS: Final = 600
_TIMEOUT: Final = 10.0
_TAG: Final = b"muniment/openid/v1\0"
_ALGORITHMS: Final = ["RS256", "PS256", "ES256", "EdDSA"]
_CLOCKS: Final = 60


class ProviderError(StoreError):
    """The identity provider does not answer, or not as OpenID Connect says."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the identity provider {what}",
            expected="an issuer of OpenID Connect that can be reached",
            remedy="see that it runs and that the profile's gateway.openid is right",
        )


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that was begun: where the browser goes, and the cookie it keeps meanwhile."""

    address: str
    cookie: str


class OpenId:
    """Sign-ins at one issuer, for the gateway at `origin`; `key` seals what the browser keeps."""

    def __init__(self, settings: OpenIdSettings, origin: str, key: bytes) -> None:
        """Ask nobody yet."""
        self._settings = settings
        self._redirect = origin + PATH
        self._key = key

    def begin(self) -> Begun:
        """Return where to sign in. Raises `ProviderError`."""
        metadata = self._metadata()
        kept = {
            "state": secrets.token_urlsafe(24),
            "nonce": secrets.token_urlsafe(24),
            "verifier": secrets.token_urlsafe(48),
            "until": int(time.time()) + SECONDS,
        }
        challenge = hashlib.sha256(str(kept["verifier"]).encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._redirect,
            "scope": "openid",
            "state": kept["state"],
            "nonce": kept["nonce"],
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        address = f"{metadata['authorization_endpoint']}?{urlencode(query)}"
        return Begun(address, self._sealed(kept))

    def end(self, cookie: str, code: str, state: str) -> str:
        """Return the subject who signed in. Raises `NotSignedInError`, `ProviderError`."""
        kept = self._opened(cookie)
        if not hmac.compare_digest(str(kept["state"]).encode(), state.encode()):
            raise NotSignedInError("this sign-in was begun elsewhere")
        metadata = self._metadata()
        token = self._token(metadata, code, str(kept["verifier"]))
        try:
            keys = KeySet.import_key_set(self._json(metadata["jwks_uri"]))  # type: ignore[arg-type]
            claims = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
            jwt.JWTClaimsRegistry(
                leeway=_CLOCKS,
                iss={"essential": True, "value": self._settings.issuer},
                aud={"essential": True, "value": self._settings.client_id},
                sub={"essential": True},
                exp={"essential": True},
                nonce={"essential": True, "value": str(kept["nonce"])},
            ).validate(claims)
        except (JoseError, ValueError) as error:
            raise NotSignedInError(
                f"what the identity provider signed does not hold: {type(error).__name__}"
            ) from error
        return str(claims["sub"])

    def _token(self, metadata: dict[str, Any], code: str, verifier: str) -> str:
        try:
            secret = self._settings.secret_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            what = error.strerror or "unreadable"
            raise InvalidInputError(
                "profile gateway.openid.secret_file", "a readable file", what
            ) from error
        try:
            with OAuth2Session(self._settings.client_id, secret) as client:
                answer = client.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=self._redirect,
                    code_verifier=verifier,
                    timeout=_TIMEOUT,
                )
        except requests.RequestException as error:
            raise ProviderError(f"does not answer: {type(error).__name__}") from error
        except OAuthError as error:
            raise NotSignedInError("the identity provider refused the code") from error
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderError("gave no ID token")
        return token

    def _metadata(self) -> dict[str, Any]:
        issuer = self._settings.issuer.rstrip("/")
        found = self._json(f"{issuer}/.well-known/openid-configuration")
        if found.get("issuer") != self._settings.issuer:
            raise ProviderError("is of another issuer than the profile names")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(found.get(name), str):
                raise ProviderError(f"does not tell its {name}")
        return found

    @staticmethod
    def _json(address: str) -> dict[str, Any]:
        try:
            answer = requests.get(address, timeout=_TIMEOUT, allow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise ProviderError(f"does not answer: {type(error).__name__}") from error
        if not isinstance(found, dict):
            raise ProviderError("answers with something else")
        return found

    def _sealed(self, kept: dict[str, Any]) -> str:
        text = base64.urlsafe_b64encode(json.dumps(kept).encode()).decode()
        return f"{text}.{self._mac(text)}"

    def _opened(self, cookie: str) -> dict[str, Any]:
        text, _, mac = cookie.partition(".")
        if not hmac.compare_digest(mac.encode(), self._mac(text).encode()):
            raise NotSignedInError("no sign-in was begun here")
        kept: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text))
        if kept["until"] < time.time():
            raise NotSignedInError("the sign-in took too long")
        return kept

    def _mac(self, text: str) -> str:
        return hmac.digest(self._key, _TAG + text.encode(), "sha256").hex()
