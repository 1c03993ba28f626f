# SPDX-License-Identifier: Apache-2.0
# Made by `ape run export` from the contracts' ABI and NatSpec. Do not edit.
"""RecordRegistry: values, events and functions, typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from muniment.chain.contract import Address, BlockId, Call, Contract, Event
from muniment.record.state import RecordState


@dataclass(frozen=True, slots=True)
class DispositionProposal:
    """`DispositionProposal` of the interface."""

    trace_head: bytes
    mandate: bytes
    proposer: Address
    expires_at: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> DispositionProposal:
        """Return the value of decoded ABI values."""
        return cls(
            bytes(values[0]),
            bytes(values[1]),
            Address(values[2]),
            int(values[3]),
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """`Entry` of the interface."""

    kind: int
    algorithm: int
    type_id: int
    type_version: int
    time: int
    local_id: bytes
    commitment: bytes

    @classmethod
    def of(cls, values: Sequence[Any]) -> Entry:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            int(values[2]),
            int(values[3]),
            int(values[4]),
            bytes(values[5]),
            bytes(values[6]),
        )


@dataclass(frozen=True, slots=True)
class EntryPlace:
    """`EntryPlace` of the interface."""

    agency_id: int
    journal: int
    index: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> EntryPlace:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            int(values[2]),
        )


@dataclass(frozen=True, slots=True)
class Hold:
    """`Hold` of the interface."""

    authority: Address
    case_commitment: bytes

    @classmethod
    def of(cls, values: Sequence[Any]) -> Hold:
        """Return the value of decoded ABI values."""
        return cls(
            Address(values[0]),
            bytes(values[1]),
        )


@dataclass(frozen=True, slots=True)
class JournalHead:
    """`JournalHead` of the interface."""

    size: int
    repudiated_from: int
    opened: bool
    closed: bool

    @classmethod
    def of(cls, values: Sequence[Any]) -> JournalHead:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            bool(values[2]),
            bool(values[3]),
        )


@dataclass(frozen=True, slots=True)
class Origin:
    """`Origin` of the interface."""

    lineage: bytes
    predecessor: Address
    final_states_root: bytes
    final_states_count: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> Origin:
        """Return the value of decoded ABI values."""
        return cls(
            bytes(values[0]),
            Address(values[1]),
            bytes(values[2]),
            int(values[3]),
        )


@dataclass(frozen=True, slots=True)
class Record:
    """`Record` of the interface."""

    commitment: bytes
    state: RecordState
    trace_head: bytes

    @classmethod
    def of(cls, values: Sequence[Any]) -> Record:
        """Return the value of decoded ABI values."""
        return cls(
            bytes(values[0]),
            RecordState.from_word(values[1]),
            bytes(values[2]),
        )


@dataclass(frozen=True, slots=True)
class RecordTypeHead:
    """`RecordTypeHead` of the interface."""

    latest_version: int
    retention_days: int
    hold_count: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> RecordTypeHead:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            int(values[2]),
        )


@dataclass(frozen=True, slots=True)
class Seal:
    """`Seal` of the interface."""

    root: bytes
    size: int
    previous_size: int
    sealed_at: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> Seal:
        """Return the value of decoded ABI values."""
        return cls(
            bytes(values[0]),
            int(values[1]),
            int(values[2]),
            int(values[3]),
        )


@dataclass(frozen=True, slots=True)
class Amended(Event):
    """Act: the content has a new version."""

    sequence: int
    record_id: bytes
    agency_id: int
    account: Address
    state: RecordState
    commitment: bytes

    @classmethod
    def of(cls, values: Sequence[Any]) -> Amended:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            int(values[2]),
            Address(values[3]),
            RecordState.from_word(values[4]),
            bytes(values[5]),
        )


@dataclass(frozen=True, slots=True)
class CustodyOfferClosed(Event):
    """An offer of custody was declined by its receiver (`agencyId` is the receiver) or withdrawn
    by its giver.
    """

    sequence: int
    record_id: bytes
    agency_id: int
    account: Address

    @classmethod
    def of(cls, values: Sequence[Any]) -> CustodyOfferClosed:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            int(values[2]),
            Address(values[3]),
        )


@dataclass(frozen=True, slots=True)
class CustodyOffered(Event):
    """Custody was offered.

    No act: nothing changes until the offer is accepted.
    """

    sequence: int
    record_id: bytes
    from_agency: int
    to_agency: int
    account: Address
    expires_at: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> CustodyOffered:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            int(values[2]),
            int(values[3]),
            Address(values[4]),
            int(values[5]),
        )


@dataclass(frozen=True, slots=True)
class Disposed(Event):
    """Act: the record's secrets are to be destroyed."""

    sequence: int
    record_id: bytes
    agency_id: int
    account: Address
    state: RecordState
    proposer: Address
    mandate: bytes

    @classmethod
    def of(cls, values: Sequence[Any]) -> Disposed:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            int(values[2]),
            Address(values[3]),
            RecordState.from_word(values[4]),
            Address(values[5]),
            bytes(values[6]),
        )


@dataclass(frozen=True, slots=True)
class DispositionProposed(Event):
    """Disposition was proposed.

    No act.
    """

    sequence: int
    record_id: bytes
    agency_id: int
    account: Address
    trace_head: bytes
    mandate: bytes
    expires_at: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> DispositionProposed:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            int(values[2]),
            Address(values[3]),
            bytes(values[4]),
            bytes(values[5]),
            int(values[6]),
        )


@dataclass(frozen=True, slots=True)
class Enrolled(Event):
    """Act: a journal record was brought on chain, by the entry at `index` under the seal of
    `sealSize`.
    """

    sequence: int
    record_id: bytes
    agency_id: int
    account: Address
    state: RecordState
    commitment: bytes
    leaf_hash: bytes
    journal: int
    index: int
    seal_size: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> Enrolled:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            int(values[2]),
            Address(values[3]),
            RecordState.from_word(values[4]),
            bytes(values[5]),
            bytes(values[6]),
            int(values[7]),
            int(values[8]),
            int(values[9]),
        )


@dataclass(frozen=True, slots=True)
class Held(Event):
    """Act: an authority forbade change and destruction."""

    sequence: int
    record_id: bytes
    authority: Address
    state: RecordState
    case_commitment: bytes

    @classmethod
    def of(cls, values: Sequence[Any]) -> Held:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            Address(values[2]),
            RecordState.from_word(values[3]),
            bytes(values[4]),
        )


@dataclass(frozen=True, slots=True)
class JournalAdopted(Event):
    """A predecessor's journal stands here now with its last seal."""

    sequence: int
    agency_id: int
    journal: int
    head: JournalHead
    seal_hash: bytes

    @classmethod
    def of(cls, values: Sequence[Any]) -> JournalAdopted:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            int(values[2]),
            JournalHead.of(values[3]),
            bytes(values[4]),
        )


@dataclass(frozen=True, slots=True)
class JournalClosed(Event):
    """A journal takes no further seals."""

    sequence: int
    agency_id: int
    journal: int
    account: Address

    @classmethod
    def of(cls, values: Sequence[Any]) -> JournalClosed:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            int(values[2]),
            Address(values[3]),
        )


@dataclass(frozen=True, slots=True)
class JournalOpened(Event):
    """A journal was opened."""

    sequence: int
    agency_id: int
    journal: int
    account: Address

    @classmethod
    def of(cls, values: Sequence[Any]) -> JournalOpened:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            int(values[2]),
            Address(values[3]),
        )


@dataclass(frozen=True, slots=True)
class JournalRepudiated(Event):
    """The agency disowned a journal's entries from an index on."""

    sequence: int
    agency_id: int
    journal: int
    account: Address
    from_index: int
    reason: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> JournalRepudiated:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            int(values[2]),
            Address(values[3]),
            int(values[4]),
            int(values[5]),
        )


@dataclass(frozen=True, slots=True)
class JournalSealed(Event):
    """A journal's checkpoint was written on chain."""

    sequence: int
    agency_id: int
    journal: int
    account: Address
    root: bytes
    size: int
    previous_size: int
    sealed_at: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> JournalSealed:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            int(values[2]),
            Address(values[3]),
            bytes(values[4]),
            int(values[5]),
            int(values[6]),
            int(values[7]),
        )


@dataclass(frozen=True, slots=True)
class RecordAdopted(Event):
    """A predecessor's record stands here now with the state and trace head it had.

    No act.
    """

    sequence: int
    record_id: bytes
    state: RecordState
    commitment: bytes
    trace_head: bytes
    holds: tuple[Hold, ...]

    @classmethod
    def of(cls, values: Sequence[Any]) -> RecordAdopted:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            RecordState.from_word(values[2]),
            bytes(values[3]),
            bytes(values[4]),
            tuple(Hold.of(each) for each in values[5]),
        )


@dataclass(frozen=True, slots=True)
class Registered(Event):
    """Act: a record was registered directly.

    `state` is the record's state after the act, here and below: it holds time, version, type,
    algorithm, retention, status and hold count of the act. The registering agency is the
    state's issuer: a topic of its own would cost every record 375 gas.
    """

    sequence: int
    record_id: bytes
    account: Address
    state: RecordState
    commitment: bytes

    @classmethod
    def of(cls, values: Sequence[Any]) -> Registered:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            Address(values[2]),
            RecordState.from_word(values[3]),
            bytes(values[4]),
        )


@dataclass(frozen=True, slots=True)
class Released(Event):
    """Act: the authority lifted its hold."""

    sequence: int
    record_id: bytes
    authority: Address
    state: RecordState
    case_commitment: bytes

    @classmethod
    def of(cls, values: Sequence[Any]) -> Released:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            Address(values[2]),
            RecordState.from_word(values[3]),
            bytes(values[4]),
        )


@dataclass(frozen=True, slots=True)
class Revoked(Event):
    """Act: the record is no longer in force."""

    sequence: int
    record_id: bytes
    agency_id: int
    account: Address
    state: RecordState
    reason: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> Revoked:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            int(values[2]),
            Address(values[3]),
            RecordState.from_word(values[4]),
            int(values[5]),
        )


@dataclass(frozen=True, slots=True)
class SuccessionFinalised(Event):
    """The registry is retired for ever; ask `successor`."""

    sequence: int
    successor: Address

    @classmethod
    def of(cls, values: Sequence[Any]) -> SuccessionFinalised:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            Address(values[1]),
        )


@dataclass(frozen=True, slots=True)
class Superseded(Event):
    """Act: another record took this one's place."""

    sequence: int
    record_id: bytes
    agency_id: int
    account: Address
    state: RecordState
    replacement_id: bytes

    @classmethod
    def of(cls, values: Sequence[Any]) -> Superseded:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            int(values[2]),
            Address(values[3]),
            RecordState.from_word(values[4]),
            bytes(values[5]),
        )


@dataclass(frozen=True, slots=True)
class Transferred(Event):
    """Act: the custodian changed from `fromAgency` to `agencyId`."""

    sequence: int
    record_id: bytes
    agency_id: int
    account: Address
    state: RecordState
    from_agency: int

    @classmethod
    def of(cls, values: Sequence[Any]) -> Transferred:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            bytes(values[1]),
            int(values[2]),
            Address(values[3]),
            RecordState.from_word(values[4]),
            int(values[5]),
        )


@dataclass(frozen=True, slots=True)
class TypeHeld(Event):
    """An authority froze all records of a type."""

    sequence: int
    agency_id: int
    type_id: int
    authority: Address
    case_commitment: bytes

    @classmethod
    def of(cls, values: Sequence[Any]) -> TypeHeld:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            int(values[2]),
            Address(values[3]),
            bytes(values[4]),
        )


@dataclass(frozen=True, slots=True)
class TypeReleased(Event):
    """The authority lifted its hold on a type."""

    sequence: int
    agency_id: int
    type_id: int
    authority: Address
    case_commitment: bytes

    @classmethod
    def of(cls, values: Sequence[Any]) -> TypeReleased:
        """Return the value of decoded ABI values."""
        return cls(
            int(values[0]),
            int(values[1]),
            int(values[2]),
            Address(values[3]),
            bytes(values[4]),
        )


class RecordRegistry(Contract):
    """The record registry at one address.

    Reads name their block; writes return a `Call`, which a `Sender` signs and sends.
    """

    contract_name = "RecordRegistry"
    events: ClassVar[dict[str, type[Event]]] = {
        "Amended": Amended,
        "CustodyOfferClosed": CustodyOfferClosed,
        "CustodyOffered": CustodyOffered,
        "Disposed": Disposed,
        "DispositionProposed": DispositionProposed,
        "Enrolled": Enrolled,
        "Held": Held,
        "JournalAdopted": JournalAdopted,
        "JournalClosed": JournalClosed,
        "JournalOpened": JournalOpened,
        "JournalRepudiated": JournalRepudiated,
        "JournalSealed": JournalSealed,
        "RecordAdopted": RecordAdopted,
        "Registered": Registered,
        "Released": Released,
        "Revoked": Revoked,
        "SuccessionFinalised": SuccessionFinalised,
        "Superseded": Superseded,
        "Transferred": Transferred,
        "TypeHeld": TypeHeld,
        "TypeReleased": TypeReleased,
    }

    def accept_custody(
        self,
        record_id: bytes,
        expected_version: int,
        expected_commitment: bytes,
        expected_trace_head: bytes,
    ) -> Call:
        """Accepts custody.

        Refused while any hold stands. STEWARD of the agency to which custody is offered.
        """
        return self._call(
            "acceptCustody(bytes32,uint16,bytes32,bytes32)",
            (
                record_id,
                expected_version,
                expected_commitment,
                expected_trace_head,
            ),
        )

    def adopt_journal(
        self,
        agency_id: int,
        journal: int,
        head: JournalHead,
        seal_hash: bytes,
        index: int,
        proof: Sequence[bytes],
    ) -> Call:
        """Takes a journal of the predecessor over, with its head and last seal.

        Anybody: the proof decides.
        """
        return self._call(
            "adoptJournal(uint32,uint32,(uint64,uint64,bool,bool),bytes32,uint64,bytes32[])",
            (
                agency_id,
                journal,
                head,
                seal_hash,
                index,
                proof,
            ),
        )

    def adopt_record(
        self,
        record_id: bytes,
        adopted: Record,
        holds: Sequence[Hold],
        index: int,
        proof: Sequence[bytes],
    ) -> Call:
        """Takes a record of the predecessor over, with the state, trace head and holds it had.
        Anybody: the proof decides. An open offer is dropped.
        """
        return self._call(
            "adoptRecord(bytes32,(bytes32,uint256,bytes32),(address,bytes32)[],uint64,bytes32[])",
            (
                record_id,
                adopted,
                holds,
                index,
                proof,
            ),
        )

    def adopt_type_hold(
        self, agency_id: int, type_id: int, hold: Hold, index: int, proof: Sequence[bytes]
    ) -> Call:
        """Takes a hold on a type of the predecessor over.

        Anybody: the proof decides. The type must have been created here.
        """
        return self._call(
            "adoptTypeHold(uint32,uint16,(address,bytes32),uint64,bytes32[])",
            (
                agency_id,
                type_id,
                hold,
                index,
                proof,
            ),
        )

    def adoption_remaining(self, *, block: BlockId) -> int:
        """Final states of the predecessor that are not adopted yet."""
        values = self._read("adoptionRemaining()", (), block)
        return int(values[0])

    def agency_registry(self, *, block: BlockId) -> Address:
        """The agency registry."""
        values = self._read("agencyRegistry()", (), block)
        return Address(values[0])

    def amend(
        self,
        record_id: bytes,
        expected_version: int,
        type_version: int,
        algorithm: int,
        commitment: bytes,
    ) -> Call:
        """Puts a new version of the content in force.

        REGISTRAR of the custodian. Retention can only grow by it.
        """
        return self._call(
            "amend(bytes32,uint16,uint16,uint8,bytes32)",
            (
                record_id,
                expected_version,
                type_version,
                algorithm,
                commitment,
            ),
        )

    def close_journal(self, agency_id: int, journal: int) -> Call:
        """Ends a journal; what is sealed stays.

        Only AGENCY_ADMIN.
        """
        return self._call(
            "closeJournal(uint32,uint32)",
            (
                agency_id,
                journal,
            ),
        )

    def confirm_disposition(self, record_id: bytes, expected_version: int) -> Call:
        """Confirms a disposition: the custodian must now destroy the record's secrets.

        Final. STEWARD of the custodian, another account than the proposer's. Trace head, holds,
        retention and open offers are checked again. WARNING: the chain proves that destruction
        was decided by two officers, not that every copy is gone.
        """
        return self._call(
            "confirmDisposition(bytes32,uint16)",
            (
                record_id,
                expected_version,
            ),
        )

    def decline_custody(self, record_id: bytes) -> Call:
        """Declines an offer of custody.

        STEWARD of the agency to which custody is offered.
        """
        return self._call("declineCustody(bytes32)", (record_id,))

    def disposition_proposal(self, record_id: bytes, *, block: BlockId) -> DispositionProposal:
        """The proposed disposition of a record; zeros when there is none."""
        values = self._read("dispositionProposal(bytes32)", (record_id,), block)
        return DispositionProposal.of(values[0])

    def enrol(self, place: EntryPlace, entry: Entry, named: Seal, proof: Sequence[bytes]) -> Call:
        """Brings a journal record on chain by its inclusion proof (RFC 9162 § 2.1.3).

        Use `multicall` to act on it in the same transaction. REGISTRAR or STEWARD of the
        sealing agency. Retention counts from the seal.
        """
        return self._call(
            "enrol((uint32,uint32,uint64),(uint8,uint8,uint16,uint16,uint64,bytes32,bytes32),(bytes32,uint64,uint64,uint48),bytes32[])",
            (
                place,
                entry,
                named,
                proof,
            ),
        )

    def held_since(
        self, record_id: bytes, authority: Address, case_commitment: bytes, *, block: BlockId
    ) -> int:
        """Since when the authority holds the record for the case; 0 when it does not."""
        values = self._read(
            "heldSince(bytes32,address,bytes32)",
            (
                record_id,
                authority,
                case_commitment,
            ),
            block,
        )
        return int(values[0])

    def hold_type(self, agency_id: int, type_id: int, case_commitment: bytes) -> Call:
        """Freezes all records of a type, those in journals included.

        Only HOLD_AUTHORITY.
        """
        return self._call(
            "holdType(uint32,uint16,bytes32)",
            (
                agency_id,
                type_id,
                case_commitment,
            ),
        )

    def journal_count(self, agency_id: int, *, block: BlockId) -> int:
        """How many journals the agency has."""
        values = self._read("journalCount(uint32)", (agency_id,), block)
        return int(values[0])

    def journal_head(self, agency_id: int, journal: int, *, block: BlockId) -> JournalHead:
        """A journal's head; zeros when there is none."""
        values = self._read(
            "journalHead(uint32,uint32)",
            (
                agency_id,
                journal,
            ),
            block,
        )
        return JournalHead.of(values[0])

    def offer_custody(
        self, record_id: bytes, expected_version: int, to_agency: int, expires_at: int
    ) -> Call:
        """Offers custody to another agency.

        Nothing changes until it accepts; any act closes the offer, so that what is accepted is
        what was offered. STEWARD of the custodian.
        """
        return self._call(
            "offerCustody(bytes32,uint16,uint32,uint48)",
            (
                record_id,
                expected_version,
                to_agency,
                expires_at,
            ),
        )

    def on_agency_created(self, agency_id: int) -> Call:
        """An agency was created.

        Only the agency registry, here and below. No event: the agency registry's are complete.
        """
        return self._call("onAgencyCreated(uint32)", (agency_id,))

    def on_paused(self, since: int) -> Call:
        """Writing stopped (`since` is not 0) or goes on."""
        return self._call("onPaused(uint48)", (since,))

    def on_record_type_published(
        self, agency_id: int, type_id: int, version: int, retention_days: int
    ) -> Call:
        """A version of a record type was published."""
        return self._call(
            "onRecordTypePublished(uint32,uint16,uint16,uint24)",
            (
                agency_id,
                type_id,
                version,
                retention_days,
            ),
        )

    def on_role_changed(self, agency_id: int, kind: int, account: Address, granted: bool) -> Call:
        """An account was given a role, or it was taken away."""
        return self._call(
            "onRoleChanged(uint32,uint8,address,bool)",
            (
                agency_id,
                kind,
                account,
                granted,
            ),
        )

    def on_succeeded(self, heir: Address) -> Call:
        """The registry is retired for ever."""
        return self._call("onSucceeded(address)", (heir,))

    def open_journal(self, agency_id: int) -> Call:
        """Opens the agency's next journal.

        Only AGENCY_ADMIN.
        """
        return self._call("openJournal(uint32)", (agency_id,))

    def origin(self, *, block: BlockId) -> Origin:
        """Where this registry stands in a line of successors."""
        values = self._read("origin()", (), block)
        return Origin.of(values[0])

    def paused_since(self, *, block: BlockId) -> int:
        """Since when the registry is paused; 0 when it is not."""
        values = self._read("pausedSince()", (), block)
        return int(values[0])

    def place_hold(self, record_id: bytes, case_commitment: bytes) -> Call:
        """Forbids change and destruction of a record, for one case; also of an id that is not on
        chain yet. Only HOLD_AUTHORITY. Names no version, so that no amendment can outrun it.
        WARNING: holds belong to the account that placed them; an authority should be a multi-
        signature account, whose keys can change while its address stays.
        """
        return self._call(
            "placeHold(bytes32,bytes32)",
            (
                record_id,
                case_commitment,
            ),
        )

    def propose_disposition(
        self, record_id: bytes, expected_version: int, mandate: bytes, expires_at: int
    ) -> Call:
        """Proposes to destroy the record's content, once its retention is over.

        REGISTRAR of the custodian. A later proposal replaces an earlier one; any act voids it.
        """
        return self._call(
            "proposeDisposition(bytes32,uint16,bytes32,uint48)",
            (
                record_id,
                expected_version,
                mandate,
                expires_at,
            ),
        )

    def record(self, record_id: bytes, *, block: BlockId) -> Record:
        """A record's three slots; zeros when there is none."""
        values = self._read("record(bytes32)", (record_id,), block)
        return Record.of(values[0])

    def record_id_of(self, agency_id: int, local_id: bytes, *, block: BlockId) -> bytes:
        """The id of an agency's record."""
        values = self._read(
            "recordIdOf(uint32,bytes32)",
            (
                agency_id,
                local_id,
            ),
            block,
        )
        return bytes(values[0])

    def record_type_head(self, agency_id: int, type_id: int, *, block: BlockId) -> RecordTypeHead:
        """What stands here of a record type; zeros when there is none."""
        values = self._read(
            "recordTypeHead(uint32,uint16)",
            (
                agency_id,
                type_id,
            ),
            block,
        )
        return RecordTypeHead.of(values[0])

    def register(
        self,
        agency_id: int,
        type_id: int,
        type_version: int,
        algorithm: int,
        local_id: bytes,
        commitment: bytes,
    ) -> Call:
        """Registers a record of the agency.

        REGISTRAR or OPERATOR. The id derives from lineage, agency and `localId`: nobody else
        can take it. WARNING: block time is the validators' word for when; a time that the
        agency asserts belongs in the content.
        """
        return self._call(
            "register(uint32,uint16,uint16,uint8,bytes32,bytes32)",
            (
                agency_id,
                type_id,
                type_version,
                algorithm,
                local_id,
                commitment,
            ),
        )

    def register_many(
        self,
        agency_id: int,
        type_id: int,
        type_version: int,
        algorithm: int,
        local_ids: Sequence[bytes],
        commitments: Sequence[bytes],
    ) -> Call:
        """Registers 1 to `MAX_BATCH` records of one type, all or none.

        REGISTRAR or OPERATOR.
        """
        return self._call(
            "registerMany(uint32,uint16,uint16,uint8,bytes32[],bytes32[])",
            (
                agency_id,
                type_id,
                type_version,
                algorithm,
                local_ids,
                commitments,
            ),
        )

    def release_hold(self, record_id: bytes, case_commitment: bytes) -> Call:
        """Lifts the caller's own hold.

        Only HOLD_AUTHORITY, and only the account that placed it.
        """
        return self._call(
            "releaseHold(bytes32,bytes32)",
            (
                record_id,
                case_commitment,
            ),
        )

    def release_type(self, agency_id: int, type_id: int, case_commitment: bytes) -> Call:
        """Lifts the caller's own hold on a type.

        Only HOLD_AUTHORITY, and only the account that placed it.
        """
        return self._call(
            "releaseType(uint32,uint16,bytes32)",
            (
                agency_id,
                type_id,
                case_commitment,
            ),
        )

    def repudiate_journal(self, agency_id: int, journal: int, from_index: int, reason: int) -> Call:
        """Disowns a journal's entries from an index on, and ends it: they can no longer be
        enrolled. Only AGENCY_ADMIN. Can be repeated with a lower index, never undone. For a
        stolen operator key. WARNING: records already enrolled keep their state; revoke them.
        """
        return self._call(
            "repudiateJournal(uint32,uint32,uint64,uint16)",
            (
                agency_id,
                journal,
                from_index,
                reason,
            ),
        )

    def require_open(self, *, block: BlockId) -> None:
        """Reverts with `RecordRegistryPaused` or `RecordRegistryRetired` when nothing may be
        written.
        """
        self._read("requireOpen()", (), block)

    def revoke(self, record_id: bytes, expected_version: int, reason: int) -> Call:
        """Takes the record out of force.

        Final. REGISTRAR of the custodian.
        """
        return self._call(
            "revoke(bytes32,uint16,uint16)",
            (
                record_id,
                expected_version,
                reason,
            ),
        )

    def seal_hash_of(self, agency_id: int, journal: int, size: int, *, block: BlockId) -> bytes:
        """The hash of the journal's seal of that size; zero when there is none."""
        values = self._read(
            "sealHashOf(uint32,uint32,uint64)",
            (
                agency_id,
                journal,
                size,
            ),
            block,
        )
        return bytes(values[0])

    def seal_journal(
        self,
        agency_id: int,
        journal: int,
        previous: Seal,
        size: int,
        root: bytes,
        proof: Sequence[bytes],
    ) -> Call:
        """Writes a checkpoint of the journal on chain, if the new tree extends the sealed one (RFC
        9162 § 2.1.4). Only OPERATOR. At most `MAX_SEAL_GROWTH` entries more than before.
        """
        return self._call(
            "sealJournal(uint32,uint32,(bytes32,uint64,uint64,uint48),uint64,bytes32,bytes32[])",
            (
                agency_id,
                journal,
                previous,
                size,
                root,
                proof,
            ),
        )

    def sequence(self, *, block: BlockId) -> int:
        """The number of the last event."""
        values = self._read("sequence()", (), block)
        return int(values[0])

    def successor(self, *, block: BlockId) -> Address:
        """The final successor; zero while there is none."""
        values = self._read("successor()", (), block)
        return Address(values[0])

    def supersede(self, record_id: bytes, expected_version: int, replacement_id: bytes) -> Call:
        """Lets another record in force of the same custodian take this one's place.

        Final. REGISTRAR of the custodian.
        """
        return self._call(
            "supersede(bytes32,uint16,bytes32)",
            (
                record_id,
                expected_version,
                replacement_id,
            ),
        )

    def trace_head_of(self, record_id: bytes, *, block: BlockId) -> bytes:
        """The record's trace head, derived where it is not stored yet; zero when the record has no
        act.
        """
        values = self._read("traceHeadOf(bytes32)", (record_id,), block)
        return bytes(values[0])

    def type_held_since(
        self,
        agency_id: int,
        type_id: int,
        authority: Address,
        case_commitment: bytes,
        *,
        block: BlockId,
    ) -> int:
        """Since when the authority holds the type for the case; 0 when it does not."""
        values = self._read(
            "typeHeldSince(uint32,uint16,address,bytes32)",
            (
                agency_id,
                type_id,
                authority,
                case_commitment,
            ),
            block,
        )
        return int(values[0])

    def withdraw_custody(self, record_id: bytes) -> Call:
        """Withdraws an offer of custody.

        STEWARD of the custodian.
        """
        return self._call("withdrawCustody(bytes32)", (record_id,))

    def max_batch(self, *, block: BlockId) -> int:
        """Greatest number of records in one batch."""
        values = self._read("MAX_BATCH()", (), block)
        return int(values[0])

    def max_open_period(self, *, block: BlockId) -> int:
        """Longest time that an offer or a proposal may stand open."""
        values = self._read("MAX_OPEN_PERIOD()", (), block)
        return int(values[0])

    def max_seal_growth(self, *, block: BlockId) -> int:
        """Most entries that one seal can add, so that a stolen key cannot use a journal up."""
        values = self._read("MAX_SEAL_GROWTH()", (), block)
        return int(values[0])
