# SPDX-License-Identifier: Apache-2.0
"""Provenance of records as W3C PROV: who made which version by which act, and what ended it.

| of the registry | in PROV |
| --- | --- |
| a version of a record | entity, `specializationOf` the record, `wasAttributedTo` its agency |
| registering, amending | activity; the version `wasGeneratedBy` it, `wasDerivedFrom` (a revision) |
| superseding, revoking | activity; the latest version `wasInvalidatedBy` it |
| disposition | activity; the record and the versions still standing are invalidated by it |
| custody, a hold | entities that acts generate and invalidate; attributed to who has them |
| a journal's entry and seal | entities; the seal is a collection, the entry its member |
| enrolling | activity that used entry and seal: the version is the entry's already |
| a share, a delivery | entity, from grant to end; activity that used the record, influenced by it |
| agency, account | agents; the account `actedOnBehalfOf` the agency in an act |

Everything but a delivery's sending and an entry's own time is on chain. Times are block times; an
entry's is the agency's word, and so an attribute of its own. Reads are not told: they name people.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from muniment.analysis.life import Delivery, Entered, Hold, Life, LifeShare, Seal
from muniment.analysis.life_words import agency_words
from muniment.analysis.prov_document import Name, ProvDocument
from muniment.chain.bindings import record_registry as events
from muniment.chain.traces import TracedAct
from muniment.errors import InvalidInputError
from muniment.record.trace import ActKind

VOCABULARY: Final = "urn:muniment:prov:v1:"

_CLASSES: Final = {
    ActKind.REGISTERED: "Registration",
    ActKind.ENROLLED: "Enrolment",
    ActKind.AMENDED: "Amendment",
    ActKind.SUPERSEDED: "Supersession",
    ActKind.REVOKED: "Revocation",
    ActKind.HELD: "HoldPlacing",
    ActKind.RELEASED: "HoldRelease",
    ActKind.TRANSFERRED: "CustodyTransfer",
    ActKind.DISPOSED: "Disposition",
}


def provenance(lives: Iterable[Life]) -> ProvDocument:
    """Return one document of the provenance of some records of one registry.

    Raises `InvalidInputError` for records of several registries, or for none.
    """
    many = list(lives)
    registries = {(each.chain_id, each.registry.lower()) for each in many}
    if len(registries) != 1:
        raise InvalidInputError("records", "some of one registry", f"of {len(registries)}")
    [(chain_id, registry)] = registries
    document = ProvDocument(
        {"muniment": VOCABULARY, "r": f"urn:muniment:chain:{chain_id}:{registry}:"}
    )
    # All records first: one that takes another's place may be of the set itself.
    for each in [_Record(document, life) for life in many]:
        each.tell()
    return document


class _Record:
    """One record's statements, added to a document act by act."""

    def __init__(self, document: ProvDocument, life: Life) -> None:
        """Begin with the record itself."""
        self.document, self.life = document, life
        self.name = document.element(
            "entity",
            f"r:record-{life.record_id.hex()}",
            type=Name("muniment:Record"),
            label=f"record 0x{life.record_id.hex()}",
            recordType=life.type_name,
            status=life.trace.state.status.name.lower(),
            asOfBlock=life.trace.block.number,
        )
        self.standing: list[Name] = []
        self.custody: Name | None = None
        self.custodies = 0

    def tell(self) -> None:
        """Add all that is known of the record."""
        if self.life.entered is not None:
            self._entry(self.life.entered)
        for each in self.life.acts:
            self._act(each)
        for number, hold in enumerate(self.life.holds, start=1):
            self._hold(number, hold)
        for share in self.life.shares:
            self._share(share)
        for delivery in self.life.deliveries:
            self._delivery(delivery)

    # --- how it came ------------------------------------------------------------------------------

    def _entry(self, entered: Entered) -> None:
        tell, agency = self.document, self._agency(entered.agency_id)
        place = f"r:journal-{entered.agency_id}-{entered.journal}"
        entry = tell.element(
            "entity",
            f"{place}-entry-{entered.index}",
            type=Name("muniment:JournalEntry"),
            journal=entered.journal,
            index=entered.index,
            claimedTime=entered.time,
        )
        appending = tell.element(
            "activity", f"{place}-appending-{entered.index}", type=Name("muniment:Appending")
        )
        tell.relate("wasGeneratedBy", entry, appending, None)
        tell.relate("wasAssociatedWith", appending, agency)
        self._version(1, entered.commitment, entered.agency_id, appending, None)
        self._begin_custody(entered.agency_id, appending, None)
        if entered.seal is not None:
            self._seal(f"{place}-seal", entered.seal, agency, entry)

    def _seal(self, place: str, seal: Seal, agency: Name, entry: Name) -> None:
        tell = self.document
        is_new = f"{place}-{seal.size}" not in tell
        sealed = tell.element(
            "entity",
            f"{place}-{seal.size}",
            type=Name("muniment:Seal"),
            size=seal.size,
            root=f"0x{seal.root.hex()}",
        )
        sealing = tell.element(
            "activity",
            f"{place}-{seal.size}-sealing",
            seal.sealed_at,
            seal.sealed_at,
            type=Name("muniment:Sealing"),
            block=seal.block_number,
        )
        if is_new:
            tell.relate("wasGeneratedBy", sealed, sealing, seal.sealed_at)
            tell.relate("wasAssociatedWith", sealing, agency)
        tell.relate("used", sealing, entry, seal.sealed_at)
        tell.relate("hadMember", sealed, entry)

    def _version(
        self, number: int, commitment: bytes, agency_id: int, act: Name, time: int | None
    ) -> None:
        tell = self.document
        version = tell.element(
            "entity",
            f"{self.name}-v{number}",
            type=Name("muniment:RecordVersion"),
            version=number,
            commitment=f"0x{commitment.hex()}",
        )
        tell.relate("specializationOf", version, self.name)
        tell.relate("wasGeneratedBy", version, act, time)
        tell.relate("wasAttributedTo", version, self._agency(agency_id))
        if self.standing:
            revision = Name("prov:Revision")
            tell.relate("wasDerivedFrom", version, self.standing[-1], act, type=revision)
        else:
            tell.relate("wasGeneratedBy", self.name, act, time)
        self.standing.append(version)

    # --- acts -------------------------------------------------------------------------------------

    def _act(self, traced: TracedAct) -> None:
        tell, act, event, time = self.document, traced.act, traced.event, traced.time
        name = tell.element(
            "activity",
            f"r:act-{act.sequence}",
            time,
            time,
            type=Name(f"muniment:{_CLASSES[act.kind]}"),
            block=traced.block_number,
            transaction=f"0x{traced.transaction_hash.hex()}",
            reason=event.reason if isinstance(event, events.Revoked) else None,
        )
        account = self._account(act.account)
        tell.relate("wasAssociatedWith", name, account)
        if act.agency_id:
            tell.relate("actedOnBehalfOf", account, self._agency(act.agency_id), name)
        if act.kind in (ActKind.REGISTERED, ActKind.AMENDED) and act.commitment is not None:
            self._version(act.state.version, act.commitment, act.agency_id, name, time)
            if act.kind is ActKind.REGISTERED:
                self._begin_custody(act.state.custodian, name, time)
        elif isinstance(event, events.Enrolled):
            place = f"r:journal-{event.agency_id}-{event.journal}"
            tell.relate("used", name, f"{place}-entry-{event.index}", time)
        elif isinstance(event, events.Superseded):
            replacement = tell.element(
                "entity",
                f"r:record-{event.replacement_id.hex()}",
                type=Name("muniment:Record"),
                label=f"record 0x{event.replacement_id.hex()}",
            )
            tell.relate("used", name, replacement, time)
            tell.relate("wasInfluencedBy", self.name, replacement)
            self._invalidate(name, time)
        elif isinstance(event, events.Revoked):
            self._invalidate(name, time)
        elif isinstance(event, events.Transferred):
            tell.relate("used", name, self.name, time)
            self._begin_custody(act.agency_id, name, time)
        elif isinstance(event, events.Disposed):
            self._dispose(name, event, time)
        elif self.standing:
            # A hold may come before the record does: then there is nothing to use yet.
            tell.relate("used", name, self.name, time)

    def _invalidate(self, act: Name, time: int) -> None:
        """The latest version is in force no more. Earlier ones were revised, and stay."""
        self.document.relate("wasInvalidatedBy", self.standing.pop(), act, time)

    def _dispose(self, act: Name, event: events.Disposed, time: int) -> None:
        proposer = self._account(bytes.fromhex(event.proposer[2:]))
        self.document.relate("wasAssociatedWith", act, proposer, role="proposer")
        ended = [*self.standing, self.name, *([self.custody] if self.custody else [])]
        for each in ended:
            self.document.relate("wasInvalidatedBy", each, act, time)
        self.standing.clear()

    def _begin_custody(self, agency_id: int, act: Name, time: int | None) -> None:
        tell, before = self.document, self.custody
        self.custodies += 1
        custody = tell.element(
            "entity", f"{self.name}-custody-{self.custodies}", type=Name("muniment:Custody")
        )
        tell.relate("wasGeneratedBy", custody, act, time)
        tell.relate("wasAttributedTo", custody, self._agency(agency_id))
        tell.relate("wasInfluencedBy", custody, self.name)
        if before is not None:
            tell.relate("wasInvalidatedBy", before, act, time)
            tell.relate("wasDerivedFrom", custody, before, act)
        self.custody = custody

    # --- holds, shares, deliveries ----------------------------------------------------------------

    def _hold(self, number: int, hold: Hold) -> None:
        tell = self.document
        name = tell.element(
            "entity",
            f"{self.name}-hold-{number}",
            type=Name("muniment:TypeHold" if hold.on_type else "muniment:Hold"),
            case=f"0x{hold.case_commitment.hex()}",
        )
        authority = self._account(bytes.fromhex(hold.authority[2:]))
        tell.relate("wasAttributedTo", name, authority)
        tell.relate("wasInfluencedBy", self.name, name)
        kinds = {ActKind.HELD: "wasGeneratedBy", ActKind.RELEASED: "wasInvalidatedBy"}
        times = {ActKind.HELD: hold.since, ActKind.RELEASED: hold.until}
        for each in self.life.acts:
            key = (each.act.account, each.act.argument, each.time)
            wanted = times.get(each.act.kind)
            if wanted is not None and key == (
                bytes.fromhex(hold.authority[2:]),
                hold.case_commitment,
                wanted,
            ):
                tell.relate(kinds[each.act.kind], name, f"r:act-{each.act.sequence}", each.time)

    def _share(self, share: LifeShare) -> None:
        tell, place = self.document, f"r:share-{share.share_id.hex()}"
        is_new = place not in tell
        name = tell.element(
            "entity",
            place,
            type=Name("muniment:Agreement" if share.of_type else "muniment:Share"),
            status=share.status,
        )
        tell.relate("wasInfluencedBy", name, self.name)
        if not is_new:
            return
        requester, granter = self._agency(share.requester), self._agency(share.granter)
        tell.relate("wasAttributedTo", name, granter)
        moments = [
            ("request", "wasGeneratedBy", requester, share.requested_at),
            ("grant", "used", granter, share.granted_at),
            ("end", "wasInvalidatedBy", granter, share.ended_at),
        ]
        for what, kind, agency, time in moments:
            if time is None:
                continue
            act = tell.element(
                "activity",
                f"{place}-{what}",
                time,
                time,
                type=Name(f"muniment:Share{what.capitalize()}"),
            )
            ends = (act, name) if kind == "used" else (name, act)
            tell.relate(kind, *ends, time)
            tell.relate("wasAssociatedWith", act, agency)

    def _delivery(self, delivery: Delivery) -> None:
        tell, place = self.document, f"r:delivery-{delivery.digest.hex()}"
        is_new = place not in tell
        name = tell.element(
            "activity",
            place,
            delivery.made_at,
            delivery.received_at,
            type=Name("muniment:Delivery"),
        )
        tell.relate("used", name, self.name, None)
        if not is_new:
            return
        tell.relate("wasAssociatedWith", name, self._agency(delivery.sender), role="sender")
        tell.relate("wasAssociatedWith", name, self._agency(delivery.recipient), role="recipient")
        tell.relate("wasInfluencedBy", name, f"r:share-{delivery.share_id.hex()}")

    # --- agents -----------------------------------------------------------------------------------

    def _agency(self, agency_id: int) -> Name:
        return self.document.element(
            "agent",
            f"r:agency-{agency_id}",
            type=Name("prov:Organization"),
            label=agency_words(self.life, agency_id),
            agency=agency_id,
        )

    def _account(self, account: bytes) -> Name:
        return self.document.element(
            "agent", f"r:account-{account.hex()}", type=Name("muniment:Account")
        )
