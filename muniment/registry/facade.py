# SPDX-License-Identifier: Apache-2.0
"""`Registry`: what agencies call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Final, Self

from muniment.chain.connection import address_of
from muniment.chain.contract import Call
from muniment.chain.traces import Trace
from muniment.errors import InvalidInputError
from muniment.evidence import EvidenceFile
from muniment.pipeline.indexer import IndexProgress
from muniment.record.canonical import JsonValue, parse
from muniment.record.files import FileValue
from muniment.record.identifiers import RecordId
from muniment.record.state import Status
from muniment.record.types import RecordType
from muniment.registry import access_entries, acts, agency, content, mirroring, reading, sealing
from muniment.registry.access_entries import EXPORTED, EXTRACTED, SHOWN, Access, AccessEntry
from muniment.registry.bulk_evidence import evidence_bundles
from muniment.registry.corrections import Corrections
from muniment.registry.custody import Handovers
from muniment.registry.disposition.facade import Disposition
from muniment.registry.disposition.mandates import mandate_for
from muniment.registry.disposition.stops import require_unshared
from muniment.registry.evidence_making import make_evidence
from muniment.registry.exchange import Exchange
from muniment.registry.history import History
from muniment.registry.history import full_history as gathered_history
from muniment.registry.journal_evidence import entry_proof_text
from muniment.registry.new_content import Attachment, NewContent
from muniment.registry.onward import Received
from muniment.registry.prepared.facade import PreparedActs
from muniment.registry.profile import Profile
from muniment.registry.reading import KeptVersion, Standing
from muniment.registry.sealing import JournalPlace
from muniment.registry.session import Session
from muniment.registry.submission import Stage, Submission, wait_for
from muniment.registry.syncing import Syncing
from muniment.store.mirror_search import Filters, MirroredRecord

OWN_WORK: Final = Access()
_DAY: Final = 86_400


class Registry:
    """An agency's registry. Every writing method returns a `Submission` that can be waited for.

    `Registry.open(profile)` is how it is made. A record is named by its id (bytes, or hexadecimal
    text with 0x). Errors are those of `muniment.errors`, typed and with a remedy.
    """

    def __init__(self, session: Session) -> None:
        """Take a session; see `open`."""
        self.session = session

    @classmethod
    def open(
        cls,
        profile: Profile | Path | str,
        *,
        passphrase: str | None = None,
        password: str | None = None,
    ) -> Registry:
        """Open the registry that a profile describes.

        `passphrase` opens the key store, `password` the keystores of accounts; where they are None
        they come from the environment, a file or a prompt when they are first needed. Nothing is
        connected before it is needed. Raises `InvalidInputError` for a profile that is none.
        """
        named = profile if isinstance(profile, Profile) else Profile.load(profile)
        return cls(Session(named, passphrase=passphrase, password=password))

    def close(self) -> None:
        """Close what was opened."""
        self.session.close()

    def __enter__(self) -> Self:
        """Use as a context, closed at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    @cached_property
    def exchange(self) -> Exchange:
        """What goes between this agency and others: shares, deliveries, messages."""
        return Exchange(self.session)

    @cached_property
    def handovers(self) -> Handovers:
        """Custody with its content: offered, checked, accepted, taken in, closed."""
        return Handovers(self.session)

    @cached_property
    def corrections(self) -> Corrections:
        """What recipients ask to be corrected, of this agency and by it."""
        return Corrections(self.session, self.amend)

    @cached_property
    def prepared(self) -> PreparedActs:
        """Acts without a key: prepared here, signed elsewhere, sent from here."""
        return PreparedActs(self.session)

    @cached_property
    def received(self) -> Received:
        """What other agencies gave this one by shares."""
        return Received(self.session)

    @cached_property
    def syncing(self) -> Syncing:
        """Sources that are followed as they change, and what vanished from them."""
        return Syncing(self.session)

    # --- content ----------------------------------------------------------------------------------

    def register(
        self,
        record_type: str,
        fields: Mapping[str, JsonValue] | str | bytes,
        *,
        source_id: str,
        source_system: str | None = None,
        attach: Mapping[str, Attachment] | None = None,
    ) -> Submission:
        """Register a record. `fields` are its content, or JSON text of it; `attach` its files.

        The same source id with the same content gives the same submission. Raises `ConflictError`
        for other content, `InvalidContentError`.
        """
        new = NewContent(source_id, _fields_of(fields), dict(attach or {}))
        return self.register_many(record_type, [new], source_system=source_system)[0]

    def register_many(
        self,
        record_type: str,
        contents: Sequence[NewContent],
        *,
        source_system: str | None = None,
    ) -> list[Submission]:
        """Register records of one type, all acknowledged or none; see `register`."""
        latest = self.session.record_types.latest(record_type)
        return content.register(self.session, latest, contents, source_system=source_system)

    def amend(
        self,
        record: bytes | str,
        fields: Mapping[str, JsonValue] | str | bytes,
        *,
        attach: Mapping[str, Attachment] | None = None,
        expected_version: int | None = None,
    ) -> Submission:
        """Give a record that this agency registered its next version of content."""
        record_id = record_id_of(record)
        kept = reading.kept_version(self.session, record_id)
        types = self.session.types_of(kept.row.agency_id)
        latest = types.latest(kept.record_type.name)
        new = NewContent(kept.row.source_id or "", _fields_of(fields), dict(attach or {}))
        return content.amend(
            self.session, latest, record_id, new, expected_version=expected_version
        )

    def content(
        self, record: bytes | str, version: int | None = None, *, access: Access = OWN_WORK
    ) -> KeptVersion:
        """Return a version's content, the latest by default, checked against its commitment.

        With `read_receipts` in the profile it leaves an access entry, as `extract` and evidence
        that shows fields do; `access` says for what and for whom.
        """
        kept = reading.kept_version(self.session, record_id_of(record), version)
        self._read(SHOWN, [(kept.row.record_id, kept.row.version)], access)
        return kept

    def extract(
        self,
        record: bytes | str,
        name: str,
        target: Path | IO[bytes],
        *,
        version: int | None = None,
        access: Access = OWN_WORK,
    ) -> FileValue:
        """Write the file of field `name` to `target`, whole and checked."""
        record_id = record_id_of(record)
        if self.session.profile.read_receipts:
            kept = reading.kept_version(self.session, record_id, version)
            self._read(EXTRACTED, [(record_id, kept.row.version)], access)
        return reading.extract(self.session, record_id, name, target, version)

    def history(self, record: bytes | str) -> list[AccessEntry]:
        """Return the reads of a record that this agency has written down, the earliest first."""
        return access_entries.history(self.session, record_id_of(record))

    def full_history(self, record: bytes | str) -> History:
        """Return all that is known here of a record: acts, shares, deliveries, corrections, reads,
        refused attempts, each with what proves it; see `history.full_history`."""
        return gathered_history(self.session, record_id_of(record))

    def find(
        self, record_type: str, fields: Mapping[str, JsonValue], *, issuer: int | None = None
    ) -> list[RecordId]:
        """Return the agency's records whose searchable fields have these values.

        The type is its own, or that of the agency `issuer`, whose records it has in its custody.
        """
        own = self.session.profile.agency.id
        latest = self.session.types_of(own if issuer is None else issuer).latest(record_type)
        return reading.find_by_fields(self.session, latest, fields, issuer)

    def record_id(self, source_id: str, source_system: str | None = None) -> RecordId:
        """Return the record id of one of the agency's source ids, registered or not."""
        return reading.record_id_of(self.session, source_id, source_system)

    # --- what the chain says ----------------------------------------------------------------------

    def standing(self, record: bytes | str) -> Standing:
        """Return what the chain says of a record now."""
        return reading.standing(self.session, record_id_of(record))

    def journal_place(self, record: bytes | str) -> JournalPlace | None:
        """Return where a record stands in a journal of this agency, None where in none.

        By the database: `sync` first.
        """
        return sealing.place_of(self.session, record_id_of(record))

    def trace(self, record: bytes | str) -> Trace:
        """Return all acts of a record, checked against its slots on chain."""
        return reading.trace(self.session, record_id_of(record))

    def sync(self, progress: Callable[[IndexProgress], None] | None = None) -> IndexProgress | None:
        """Bring the mirror up to the chain's head; None where another process does. See `search`.

        Raises `UnreachableError`, `PastFinalityError`.
        """
        return mirroring.sync(self.session, progress)

    def search(
        self,
        *,
        record_ids: Sequence[RecordId] | None = None,
        record_type: RecordType | None = None,
        custodian: int | None = None,
        status: Status | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int = 100,
    ) -> list[MirroredRecord]:
        """Return records of the whole registry, as the mirror has them; the filters add up.

        `since` and `until` bound the time of the last act, in Unix seconds. `sync` first.
        """
        filters = Filters(
            issuer=None if record_type is None else self.session.profile.agency.id,
            type_id=None if record_type is None else record_type.type_id,
            custodian=custodian,
            status=status,
            since=since,
            until=until,
        )
        return mirroring.search(self.session, filters, record_ids=record_ids, limit=limit)

    def evidence(
        self,
        record: bytes | str,
        *,
        fields: Iterable[str] | None = (),
        version: int | None = None,
        checkpoint: bytes | None = None,
        witnessed: bytes | None = None,
        access: Access = OWN_WORK,
    ) -> bytes:
        """Return the evidence file of a record; `fields` are the values to show, None for all;
        with `witnessed`, a note of witnesses, it is as of their block.

        See `evidence_making.make_evidence`. Raises `NoProofsError` where the node has no proofs.
        """
        made = make_evidence(
            self.session,
            [record_id_of(record)],
            fields=fields,
            version=version,
            checkpoint=checkpoint,
            witnessed=witnessed,
        )
        self._exported(made, access)
        return made

    def proof_text(self, record: bytes | str) -> bytes:
        """Return the C2SP tlog-proof of a journal record's entry, under its checkpoint.

        Raises `InvalidInputError` for a record of no journal, `NotSealedError`.
        """
        return entry_proof_text(self.session, record_id_of(record))

    def evidence_bundle(
        self,
        records: Iterable[bytes | str],
        *,
        fields: Iterable[str] | None = (),
        witnessed: bytes | None = None,
        progress: Callable[[int], None] | None = None,
        access: Access = OWN_WORK,
    ) -> bytes:
        """Return one evidence file of many records under one anchor; `progress` is told how many
        are read."""
        made = make_evidence(
            self.session,
            [record_id_of(each) for each in records],
            fields=fields,
            bundle=True,
            witnessed=witnessed,
            progress=progress,
        )
        self._exported(made, access)
        return made

    def evidence_bundles(
        self,
        records: Sequence[RecordId],
        *,
        fields: Iterable[str] | None = (),
        progress: Callable[[int], None] | None = None,
        access: Access = OWN_WORK,
    ) -> Iterator[bytes]:
        """Yield bundles of a thousand records each. See `bulk_evidence.evidence_bundles`."""
        bundles = evidence_bundles(self.session, records, fields=fields, progress=progress)
        for each in bundles:
            self._exported(each, access)
            yield each

    # --- acts of officers -------------------------------------------------------------------------

    def supersede(
        self, record: bytes | str, replacement: bytes | str, *, expected_version: int | None = None
    ) -> Submission:
        """Let another record of the same custodian take a record's place."""
        other = record_id_of(replacement)
        return self._on_record(
            "supersede",
            record,
            lambda _, version: self.session.records.supersede(record_id_of(record), version, other),
            expected_version,
            also=[other],
        )

    def revoke(
        self, record: bytes | str, reason: str | int, *, expected_version: int | None = None
    ) -> Submission:
        """Revoke a record for a reason: one of `acts.REASONS`, or a code of the agency's own."""
        code = acts.reason_code(reason)
        return self._on_record(
            "revoke",
            record,
            lambda _, version: self.session.records.revoke(record_id_of(record), version, code),
            expected_version,
        )

    def hold(self, record: bytes | str, case: str) -> Submission:
        """Forbid change and destruction of a record, known to the chain or not, for a case."""
        commitment = acts.case_commitment(self.session, case)
        record_id = record_id_of(record)
        call = self.session.records.place_hold(record_id, commitment)
        return acts.submit(self.session, "hold", call, record_id=record_id)

    def release(self, record: bytes | str, case: str) -> Submission:
        """Release the hold that this authority placed for a case."""
        commitment = acts.case_commitment(self.session, case)
        record_id = record_id_of(record)
        call = self.session.records.release_hold(record_id, commitment)
        return acts.submit(self.session, "release", call, record_id=record_id)

    def hold_type(self, agency_id: int, type_id: int, case: str) -> Submission:
        """Forbid change and destruction of all records of an agency's type, for a case."""
        commitment = acts.case_commitment(self.session, case)
        call = self.session.records.hold_type(agency_id, type_id, commitment)
        return acts.submit(self.session, "hold type", call)

    def release_type(self, agency_id: int, type_id: int, case: str) -> Submission:
        """Release the hold on a type that this authority placed for a case."""
        commitment = acts.case_commitment(self.session, case)
        call = self.session.records.release_type(agency_id, type_id, commitment)
        return acts.submit(self.session, "release type", call)

    def offer(
        self,
        record: bytes | str,
        to_agency: int,
        *,
        days: int = 30,
        expected_version: int | None = None,
    ) -> Submission:
        """Offer custody of a record to another agency, for some days."""
        period = _days(days) * _DAY
        return self._on_record(
            "offer",
            record,
            lambda now, version: self.session.records.offer_custody(
                now.record_id, version, to_agency, now.block.timestamp + period
            ),
            expected_version,
        )

    def accept(self, record: bytes | str) -> Submission:
        """Accept custody that was offered to this agency, of the record exactly as it stands, and
        without its content: with it, `handovers.accept`."""
        return self._on_record(
            "accept",
            record,
            lambda now, version: self.session.records.accept_custody(
                now.record_id, version, now.commitment, now.trace_head
            ),
            by_custodian=False,
        )

    def decline(self, record: bytes | str) -> Submission:
        """Decline custody that was offered to this agency."""
        record_id = record_id_of(record)
        call = self.session.records.decline_custody(record_id)
        return acts.submit(self.session, "decline", call, record_id=record_id)

    def withdraw(self, record: bytes | str) -> Submission:
        """Withdraw this agency's offer of custody."""
        record_id = record_id_of(record)
        call = self.session.records.withdraw_custody(record_id)
        return acts.submit(self.session, "withdraw", call, record_id=record_id)

    def propose_disposition(
        self,
        record: bytes | str,
        mandate: str,
        *,
        days: int = 30,
        expected_version: int | None = None,
    ) -> Submission:
        """Propose that a record's secrets be destroyed, under a mandate. A REGISTRAR does.

        Of many, or of what is due: `disposition`.
        """
        commitment = mandate_for(self.session, mandate).commitment
        period = _days(days) * _DAY
        return self._on_record(
            "propose disposition",
            record,
            lambda now, version: self.session.records.propose_disposition(
                now.record_id, version, commitment, now.block.timestamp + period
            ),
            expected_version,
        )

    def confirm_disposition(
        self, record: bytes | str, *, expected_version: int | None = None
    ) -> Submission:
        """Confirm a disposition that another officer proposed. A STEWARD does.

        Raises `ShareRunsError` while a share of the record that this agency granted is in force.
        """
        self.sync()
        require_unshared(self.session, record_id_of(record))
        return self._on_record(
            "dispose",
            record,
            lambda _, version: self.session.records.confirm_disposition(
                record_id_of(record), version
            ),
            expected_version,
        )

    @property
    def disposition(self) -> Disposition:
        """What may be destroyed, deciding on many at once, and certificates that it was done."""
        return Disposition(self.session)

    # --- the agency -------------------------------------------------------------------------------

    def add_officer(self, role: str, account: str) -> Submission:
        """Give an account a role of the agency: admin, registrar, steward or operator."""
        return self._officer("add officer", role, account, self.session.agencies.grant_role)

    def remove_officer(self, role: str, account: str) -> Submission:
        """Take a role of the agency from an account."""
        return self._officer("remove officer", role, account, self.session.agencies.revoke_role)

    def replace_officer(self, role: str, account: str, by: str) -> Submission:
        """Give an officer's role to another account and take it from the first, all or nothing."""
        role_id = agency.role_id(self.session, role)
        agencies = self.session.agencies
        call = agencies.multicall(
            [
                agencies.grant_role(role_id, address_of("new officer", by)),
                agencies.revoke_role(role_id, address_of("officer", account)),
            ]
        )
        return acts.submit(self.session, "replace officer", call)

    def schedule_admin_replacement(self, agency_id: int, new_admin: str) -> Submission:
        """Announce the replacement of all officers of an agency by one admin. The registry admin's
        way back from lost keys; it can be executed after the public delay."""
        call = self.session.agencies.schedule_admin_replacement(
            agency_id, address_of("new admin", new_admin)
        )
        return acts.submit(self.session, "schedule replacement", call)

    def cancel_admin_replacement(self, agency_id: int) -> Submission:
        """Cancel an announced replacement, as the agency's admin or a guardian."""
        call = self.session.agencies.cancel_admin_replacement(agency_id)
        return acts.submit(self.session, "cancel replacement", call)

    def execute_admin_replacement(self, agency_id: int) -> Submission:
        """Execute an announced replacement after its delay."""
        call = self.session.agencies.execute_admin_replacement(agency_id)
        return acts.submit(self.session, "execute replacement", call)

    def officers(self, agency_id: int | None = None) -> list[agency.Officer]:
        """Return the officers of an agency, this one's by default."""
        return agency.officers(self.session, agency_id or self.session.profile.agency.id)

    def publish_type(self, record_type: RecordType) -> Submission | None:
        """Publish a version of a record type on chain and keep its schema; None where it is there.

        Its number and version must be the next ones. Raises `InvalidInputError`.
        """
        return agency.publish_type(self.session, record_type)

    def add_type(self, record_type: RecordType) -> bool:
        """Keep the schema of a type that stands on chain already; return whether it was new."""
        return agency.add_type(self.session, record_type)

    def publish_keys(self) -> list[Submission]:
        """Publish the agency's public keys that the chain does not have yet."""
        return agency.publish_keys(self.session)

    # --- submissions ------------------------------------------------------------------------------

    def wait(
        self,
        submissions: Iterable[Submission],
        stage: Stage | str = Stage.PROVABLE,
        *,
        timeout: float | None = 120.0,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Return when all submissions have reached a stage; see `Submission.wait`."""
        many = list(submissions)
        wait_for(self.session, many, Stage(stage), timeout=timeout, progress=progress)

    def _exported(self, evidence: bytes, access: Access) -> None:
        """Write down which contents a file shows, before anybody has it."""
        if not self.session.profile.read_receipts:
            return
        shown = [
            (RecordId(each.record_id), each.content.version)
            for each in EvidenceFile.from_bytes(evidence).records
            if each.content is not None and each.content.disclosure.fields
        ]
        self._read(EXPORTED, shown, access)

    def _read(self, act: str, versions: Sequence[tuple[RecordId, int]], access: Access) -> None:
        access_entries.record_reads(self.session, act, versions, access)

    def _on_record(
        self,
        kind: str,
        record: bytes | str,
        make: Callable[[Standing, int], Call],
        expected_version: int | None = None,
        also: Sequence[RecordId] = (),
        *,
        by_custodian: bool = True,
    ) -> Submission:
        return acts.on_record(
            self.session,
            kind,
            record_id_of(record),
            make,
            expected_version,
            also,
            by_custodian=by_custodian,
        )

    def _officer(
        self, kind: str, role: str, account: str, make: Callable[[bytes, Any], Call]
    ) -> Submission:
        role_id = agency.role_id(self.session, role)
        return acts.submit(self.session, kind, make(role_id, address_of("officer", account)))


def record_id_of(value: bytes | str) -> RecordId:
    """Return a record id of its bytes or its hexadecimal text. Raises `InvalidInputError`."""
    if isinstance(value, str):
        try:
            value = bytes.fromhex(value.removeprefix("0x"))
        except ValueError:
            value = b""
    if not isinstance(value, bytes) or len(value) != 32:
        raise InvalidInputError("record id", "0x and 64 hex digits", "something else")
    return RecordId(value)


def _fields_of(fields: Mapping[str, JsonValue] | str | bytes) -> Mapping[str, JsonValue]:
    if isinstance(fields, Mapping):
        return fields
    parsed = parse(fields)
    if not isinstance(parsed, dict):
        raise InvalidInputError("content", "a JSON object", "another value")
    return parsed


def _days(days: int) -> int:
    if days < 1:
        raise InvalidInputError("days", "1 or more", str(days))
    return days
