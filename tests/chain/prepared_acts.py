# SPDX-License-Identifier: Apache-2.0
"""Acts as a gateway prepares them, and as an officer elsewhere reads and signs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from muniment.chain import Signer
from muniment.chain.connection import address_of
from muniment.registry import Registry, Submission
from muniment.registry.prepared.document import PreparedDocument
from muniment.registry.prepared.signing import Review, TrustedRegistry, review, sign
from muniment.registry.session import Session
from tests.chain.agency import Open
from tests.chain.conftest import ROLES
from toolchain.local_chain import development_keys

Act = Callable[[Session], Any]


def officer(role: str) -> Signer:
    """The key of an officer, which no registry here has."""
    return Signer.from_key(development_keys(len(ROLES))[ROLES.index(role)])


def keyless(opened: Open) -> Registry:
    """The agency's registry as a gateway has it: OPERATOR keys, and no officer's."""
    registry = opened("stranger", operators=True)
    profile = registry.session.profile
    registry.session.profile = replace(profile, keys=replace(profile.keys, officer=None))
    return registry


def trusted(registry: Registry) -> TrustedRegistry:
    chain = registry.session.profile.chain
    shares = None if chain.shares is None else address_of("shares", chain.shares)
    return TrustedRegistry(chain.id, address_of("registry", chain.registry), shares)


def prepared_for(registry: Registry, role: str, act: Act) -> PreparedDocument:
    [document], _ = registry.prepared.prepare(officer(role).address, act)
    return document


def reviewed(registry: Registry, document: PreparedDocument) -> Review:
    """The act as its officer's own side reads it, from the JSON that is handed over."""
    source = json.dumps(document.to_json()).encode()
    return review(PreparedDocument.from_json(source), trusted(registry))


def signed(registry: Registry, role: str, document: PreparedDocument) -> bytes:
    return sign(reviewed(registry, document), officer(role))


def act(registry: Registry, role: str, what: Act) -> Submission:
    """Prepare, sign and hand in."""
    document = prepared_for(registry, role, what)
    [submission] = registry.prepared.submit(document.prepared_id, signed(registry, role, document))
    return submission


def deed(holder: str = "Ada", number: str = "1") -> Act:
    def registered(session: Session) -> Submission:
        content = {"holder": holder, "parcel": number}
        return Registry(session).register("land-deed", content, source_id=number)

    return registered
