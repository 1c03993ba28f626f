# SPDX-License-Identifier: Apache-2.0
"""The agencies' public keys, as the chain has them, and this agency's own of the same epochs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from muniment.chain.connection import Connection
from muniment.chain.values import KeyPurpose as ChainPurpose
from muniment.exchange.errors import AgencyKeyError
from muniment.registry.session import Session
from muniment.store.keys import AgencyKey, KeyPurpose

_PURPOSES: Final = {each: ChainPurpose(each.number) for each in KeyPurpose}


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key of an agency on chain: 32 raw bytes; `retired_at` Unix seconds, 0 while in use."""

    agency_id: int
    purpose: KeyPurpose
    epoch: int
    public: bytes
    retired_at: int

    def require_in_use(self) -> PublishedKey:
        """Return it, if it is not retired. Raises `AgencyKeyError`."""
        if self.retired_at:
            raise AgencyKeyError(self.agency_id, self.purpose, self.epoch, "is retired")
        return self


def published_key(
    session: Session, agency_id: int, purpose: KeyPurpose, epoch: int | None = None
) -> PublishedKey:
    """Return an agency's latest key for a purpose, or that of `epoch`, as it stands on chain now.

    Raises `AgencyKeyError` where there is none.
    """

    def read(node: Connection) -> PublishedKey:
        block = node.block()
        agencies = session.registries(node, block).agencies
        number = _PURPOSES[purpose]
        wanted = epoch or agencies.agency_key_epoch(agency_id, number, block=block)
        key = agencies.agency_key(agency_id, number, wanted, block=block)
        return PublishedKey(agency_id, purpose, wanted, key.key, key.retired_at)

    found = session.nodes.read(read)
    if not any(found.public):
        raise AgencyKeyError(agency_id, purpose, epoch, "is not on chain")
    return found


def own_key(session: Session, purpose: KeyPurpose) -> AgencyKey:
    """Return this agency's key for a purpose, of the latest epoch that stands on chain.

    A key that was made and not published yet is not used. Raises `AgencyKeyError`,
    `KeystoreError`.
    """
    agency_id = session.profile.agency.id
    published = published_key(session, agency_id, purpose).require_in_use()
    own = session.keys.agency_key(purpose, published.epoch)
    if own.public != published.public:
        what = "on chain is not the key store's"
        raise AgencyKeyError(agency_id, purpose, published.epoch, what)
    return own
