# SPDX-License-Identifier: Apache-2.0
"""The officer's own side: what a prepared act does is read from its data, then it is signed.

Nothing of the document is believed. The chain and the contracts are those that the officer's own
profile or trust file names; what the act does is decoded from the data that is signed; the words
that came with it must be the same, and what is said to be behind its commitments must open them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from muniment.chain.accounts import Signer
from muniment.chain.calls import DecodedCall, decode_call
from muniment.chain.connection import Address, address_of
from muniment.registry.prepared.document import PreparedDocument
from muniment.registry.prepared.errors import NotAsPreparedError
from muniment.registry.prepared.openings import Opened, commitments_of, open_all
from muniment.registry.prepared.words import agency_registry_of, describe


@dataclass(frozen=True, slots=True)
class TrustedRegistry:
    """The registry that an officer means: chain, record registry, share registry where known."""

    chain_id: int
    records: Address
    shares: Address | None = None

    def contract_at(self, to: str) -> str:
        """Return which contract an address is. Raises `NotAsPreparedError` for any other."""
        known = {
            self.records: "RecordRegistry",
            agency_registry_of(self.records): "AgencyRegistry",
        }
        if self.shares is not None:
            known[self.shares] = "ShareRegistry"
        if to not in known:
            raise NotAsPreparedError("contract", " or ".join(sorted(known)), to)
        return known[Address(to)]


@dataclass(frozen=True, slots=True)
class Review:
    """An act as its own data tells it: a sentence for each thing that it does, and what is behind
    its commitments. `unopened` are commitments that nothing opens."""

    document: PreparedDocument
    call: DecodedCall
    sentences: tuple[str, ...]
    opened: tuple[Opened, ...]

    @property
    def unopened(self) -> tuple[bytes, ...]:
        """Commitments of content, terms and mandates of which the document does not say what is
        behind them."""
        shown = {each.commitment for each in self.opened}
        return tuple(each for each in commitments_of(self.call) if each not in shown)


def review(document: PreparedDocument, trusted: TrustedRegistry) -> Review:
    """Read what a prepared act does, from its data.

    Raises `NotAsPreparedError` where it is for another chain or contract, where its words are not
    what the data says, or where it claims something else to be behind a commitment; `CallDataError`
    for data that no contract of the registry takes.
    """
    if document.chain_id != trusted.chain_id:
        raise NotAsPreparedError("chain", str(trusted.chain_id), str(document.chain_id))
    call = decode_call(trusted.contract_at(document.to), document.data)
    sentences = describe(call)
    if list(document.description) != sentences:
        raise NotAsPreparedError(
            "description", "what the data does: " + "; ".join(sentences), "another"
        )
    opened = open_all(list(document.openings), call)
    return Review(document, call, tuple(sentences), tuple(opened))


def sign(reviewed: Review, signer: Signer, nonce: int | None = None) -> bytes:
    """Return the raw transaction of an act that was reviewed; `nonce` where another than the
    document's. Raises `NotAsPreparedError` for another officer's act, and one whose time is over.
    """
    document = reviewed.document
    if address_of("account", document.account) != signer.address:
        raise NotAsPreparedError("account", signer.address, document.account)
    if document.expires_at <= time.time():
        raise NotAsPreparedError("expiry", "a moment to come", "over: prepare it anew")
    transaction = document.transaction
    if nonce is not None:
        transaction = replace(transaction, nonce=nonce)
    return signer.sign(transaction)[0]
