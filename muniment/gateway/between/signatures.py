# SPDX-License-Identifier: Apache-2.0
"""HTTP Message Signatures (RFC 9421) between agencies: one strict form of them.

Every call covers method, authority, path, query and the digest of its body, names its moment, a
nonce and the key, and is signed by Ed25519 with the agency's key for messages, as it stands on
chain. Whatever is spelled otherwise is refused, so there is nothing to interpret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from muniment.gateway.events.signatures import SigningKey
from muniment.gateway.refusals import CallRefusedError

TAG: Final = "muniment-gateway-v1"
CLOCKS: Final = 300
"""Seconds by which the clocks of two gateways may differ."""
_COVERED: Final = '("@method" "@authority" "@path" "@query" "content-digest")'
_NAMES: Final = ("@method", "@authority", "@path", "@query", "content-digest")
_KEY: Final = r"(\d{1,18}):(0x[0-9a-f]{40}):(\d{1,10}):(\d{1,10})"
_input: Final = re.compile(
    r"sig1=(" + re.escape(_COVERED) + r";created=(\d{1,12});nonce=\"([A-Za-z0-9_-]{22,64})\""
    rf';keyid="{_KEY}";alg="ed25519";tag="{TAG}")'
).fullmatch
_signature: Final = re.compile(r"sig1=:([A-Za-z0-9+/]{86}==):").fullmatch
_digest: Final = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):").fullmatch


class UnsignedCallError(CallRefusedError):
    """A call between gateways that no agency is known to have signed, or that came before."""

    status = 401

    def __init__(self, what: str, expected: str) -> None:
        super().__init__(
            what,
            expected,
            remedy='docs/spec/rest.md, "Between gateways", says how calls are signed',
            field="Signature-Input",
        )


@dataclass(frozen=True, slots=True)
class KeyName:
    """Whose key signs: chain, record registry (lower case), agency, and the key's epoch."""

    chain_id: int
    registry: str
    agency_id: int
    epoch: int

    def __str__(self) -> str:
        """Return it as the signature names it."""
        return f"{self.chain_id}:{self.registry}:{self.agency_id}:{self.epoch}"


@dataclass(frozen=True, slots=True)
class ReadSignature:
    """What the headers of a call say: `created` in Unix seconds, `digest` of the body."""

    key: KeyName
    created: int
    nonce: str
    digest: bytes
    base: bytes
    signature: bytes

    def verify(self, public: bytes) -> None:
        """Require that a key has signed it. Raises `UnsignedCallError`."""
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(self.signature, self.base)
        except (InvalidSignature, ValueError):
            what = "the call's signature does not hold"
            raise UnsignedCallError(what, "one by the key that it names") from None


def content_digest(body: bytes) -> str:
    """Return the header Content-Digest (RFC 9530) of a body."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def signed_call(
    key: SigningKey, name: KeyName, method: str, url: str, body: bytes, now: int
) -> dict[str, str]:
    """Return the headers that sign a call, made at `now` (Unix seconds)."""
    parts = urlsplit(url)
    digest = content_digest(body)
    parameters = (
        f'{_COVERED};created={now};nonce="{secrets.token_urlsafe(24)}";keyid="{name}"'
        f';alg="ed25519";tag="{TAG}"'
    )
    base = _base(method, authority_of(url), parts.path or "/", parts.query, digest, parameters)
    signature = base64.b64encode(key.private.sign(base)).decode()
    return {
        "Content-Digest": digest,
        "Signature-Input": f"sig1={parameters}",
        "Signature": f"sig1=:{signature}:",
    }


def read_signature(
    headers: Mapping[str, str], method: str, authority: str, path: str, query: str
) -> ReadSignature:
    """Return what signs a call, of the one form; it is not verified yet. Raises
    `UnsignedCallError`."""
    given = _input(headers.get("signature-input", ""))
    signature = _signature(headers.get("signature", ""))
    digest = headers.get("content-digest", "")
    found = _digest(digest)
    if given is None or signature is None or found is None:
        raise UnsignedCallError(
            "the call is not signed in the form that is taken",
            "Content-Digest, Signature-Input and Signature of that form",
        )
    parameters, created, nonce, chain_id, registry, agency_id, epoch = given.groups()
    try:
        raw = base64.b64decode(signature[1], validate=True)
        hashed = base64.b64decode(found[1], validate=True)
    except binascii.Error:
        raise UnsignedCallError("the call's signature is no base64", "base64") from None
    if _encoded(raw) != signature[1] or _encoded(hashed) != found[1]:
        raise UnsignedCallError("the call's base64 is spelled otherwise", "canonical base64")
    return ReadSignature(
        KeyName(int(chain_id), registry, int(agency_id), int(epoch)),
        int(created),
        nonce,
        hashed,
        _base(method, authority, path, query, digest, parameters),
        raw,
    )


def authority_of(url: str) -> str:
    """Return the authority of an address as the header Host has it: no port where it is the
    scheme's own."""
    parts = urlsplit(url)
    own = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return parts.netloc.removesuffix(own) if own else parts.netloc


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _base(
    method: str, authority: str, path: str, query: str, digest: str, parameters: str
) -> bytes:
    """The signature base of RFC 9421 § 2.5."""
    values = (method.upper(), authority.lower(), path, f"?{query}", digest)
    lines = [f'"{name}": {value}' for name, value in zip(_NAMES, values, strict=True)]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()
