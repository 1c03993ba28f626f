# SPDX-License-Identifier: Apache-2.0
"""Errors of what goes between agencies. They name parties, shares and places, never content."""

from __future__ import annotations

from collections.abc import Mapping

from muniment.errors import ExchangeError
from muniment.record.identifiers import RecordId


class EnvelopeError(ExchangeError):
    """An envelope is damaged, cut, spliced, of another form, or not signed by whom it names."""

    def __init__(self, what: str, expected: str, *, remedy: str = "") -> None:
        super().__init__(
            f"envelope: {what}",
            expected=expected,
            remedy=remedy or "ask the sender for the file again; nothing was taken in",
        )


class NotAddressedError(ExchangeError):
    """An envelope is for another agency, chain or registry, or to a key that is not there."""

    def __init__(self, what: str, expected: str, *, remedy: str = "") -> None:
        super().__init__(
            f"envelope: {what}",
            expected=expected,
            remedy=remedy or "ask the sender to make it for this agency, under its present key",
        )


class AgencyKeyError(ExchangeError):
    """An agency's key on chain is missing, retired, or none that can be used."""

    def __init__(self, agency_id: int, purpose: str, epoch: int | None, what: str) -> None:
        which = f"key for {purpose}" + ("" if epoch is None else f", epoch {epoch}")
        super().__init__(
            f"agency {agency_id}: its {which} {what}",
            expected="a key that its admin published and did not retire",
            remedy="its admin runs `muniment keys publish`, or rotates the key first",
        )
        self.agency_id = agency_id
        self.epoch = epoch


class NotSharedError(ExchangeError):
    """No share lets the agency have it: unknown, not granted, expired, revoked, or not of this
    record."""

    def __init__(self, share_id: bytes | None, what: str, *, remedy: str = "") -> None:
        named = "no share" if share_id is None else f"share 0x{share_id.hex()}"
        super().__init__(
            f"{named}: {what}",
            expected="a share that is granted, in force, and of this record",
            remedy=remedy or "ask for one: `muniment share request`",
        )
        self.share_id = share_id


class TermsError(ExchangeError):
    """The terms of a share do not allow it, or are not those that stand on chain."""

    def __init__(self, share_id: bytes, what: str, expected: str, *, remedy: str = "") -> None:
        super().__init__(
            f"share 0x{share_id.hex()}: {what}",
            expected=expected,
            remedy=remedy or "ask for a share with other terms: `muniment share request`",
        )
        self.share_id = share_id


class CorrectionError(ExchangeError):
    """A correction cannot be asked for, taken in or decided as it is."""

    def __init__(self, what: str, expected: str, *, remedy: str = "") -> None:
        super().__init__(
            f"correction: {what}",
            expected=expected,
            remedy=remedy or "see which there are: `muniment correction list`",
        )


class NotCustodianError(ExchangeError):
    """A record is in another agency's custody: this agency can act on it no more."""

    def __init__(self, record_id: bytes, custodian: int) -> None:
        super().__init__(
            f"record 0x{record_id.hex()} is in the custody of agency {custodian}",
            expected="a record in this agency's custody",
            remedy=f"ask agency {custodian} to do it, or to hand the custody over",
        )
        self.record_id = record_id
        self.custodian = custodian


class CustodyError(ExchangeError):
    """A hand-over of custody with its content does not hold, or is not at this point.

    `faults` says why, by record id, where it is about several.
    """

    def __init__(
        self,
        what: str,
        expected: str,
        *,
        remedy: str = "",
        faults: Mapping[RecordId, str] | None = None,
    ) -> None:
        super().__init__(f"hand-over: {what}", expected=expected, remedy=remedy)
        self.faults = dict(faults or {})


class UnknownHandoverError(CustodyError):
    """No hand-over of this id was given or taken here."""

    def __init__(self, handover_id: bytes) -> None:
        super().__init__(
            f"there is none of the id 0x{handover_id.hex()} here", "one of `muniment custody list`"
        )
