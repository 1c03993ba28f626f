# SPDX-License-Identifier: Apache-2.0
"""Whoever hands custody over may lie: what the new custodian accepts is what the chain has, or
nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from muniment.exchange.custody import DESTROYED, ClosingMessage, HandedVersion, HandoverMessage
from muniment.exchange.envelope import Outgoing
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.exchange.envelope_parts import PartKind
from muniment.exchange.errors import CustodyError, EnvelopeError, NotAddressedError
from muniment.record.commitment import Secret
from muniment.record.identifiers import RecordId
from muniment.registry import Registry, UnkeptVersionError
from muniment.registry.custody.packing import package_of, version_of_part
from muniment.registry.disposition.candidates import candidates_of
from muniment.registry.exchange.keeping import send
from muniment.registry.submission import RefusedError
from muniment.store import envelopes
from tests.chain.test_custody import findings, registered, states
from tests.chain.two_agencies import Agencies, Agency, agencies

__all__ = ["agencies"]

Parts = list[Outgoing]


def honest(giver: Registry, records: Sequence[RecordId]) -> tuple[bytes, Parts]:
    """What a package of records holds, as it should be, with its streams read."""
    handover_id = secrets.token_bytes(32)
    chosen = [each for each in candidates_of(giver.session, records).values() if each]
    parts = []
    for each in package_of(giver.session, handover_id, chosen):
        data = each.data
        if not isinstance(data, bytes):
            read = b""
            while piece := data.read(1 << 16):
                read += piece
            data = read
        parts.append(replace(each, data=data))
    return handover_id, parts


def sealed(giver: Registry, handover_id: bytes, parts: Parts, target: Path) -> Path:
    """A package of any parts, signed by the agency."""
    send(
        giver.session,
        EnvelopeKind.CUSTODY,
        2,
        handover_id,
        parts,
        target,
        keep=False,
        versions=version_of_part,
    )
    return target


def of_record(part: Outgoing, record: bytes, kind: PartKind, version: int, index: int = 0) -> bool:
    return (part.kind, part.record_id, part.version, part.index) == (kind, record, version, index)


@pytest.fixture
def offered(agencies: Agencies, tmp_path: Path) -> tuple[Registry, list[RecordId]]:
    """Three deeds on offer to agency 2: one plain, one with a file, one of two versions."""
    first, _ = agencies
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(b"%PDF" + bytes(3 << 20))
    registrar, giver = first.open("registrar"), first.open("steward")
    records = [
        registered(registrar, "12/1"),
        registered(registrar, "12/2", scan),
        registered(registrar, "12/3"),
    ]
    registrar.amend(records[2], {"holder": "Grace", "parcel": "12/3"}).wait("final")
    giver.sync()
    for each in records:
        giver.offer(each, 2).wait("final")
    return giver, records


def require_nothing_kept(taker: Registry, records: Sequence[RecordId]) -> None:
    """The vault, the database and the key store have nothing of records and packages."""
    taker.sync()
    assert taker.handovers.handovers() == []
    assert not list(taker.session.vault.list("exchange/"))
    assert not list(taker.session.vault.list("packs/"))
    assert not list(taker.session.keys.places())
    with taker.session.database.read() as connection:
        assert envelopes.find(connection) == []
        for each in records:
            assert envelopes.places_of(connection, each) == []
    for each in records:
        with pytest.raises(UnkeptVersionError):
            taker.content(each)


def refused(
    agencies: Agencies,
    offered: tuple[Registry, list[RecordId]],
    tmp_path: Path,
    lie: Callable[[Parts, list[RecordId]], Parts],
) -> dict[RecordId, str]:
    """Why the records of a package that lies are not accepted; the honest ones are."""
    giver, records = offered
    handover_id, parts = honest(giver, records)
    package = sealed(giver, handover_id, lie(parts, records), tmp_path / "lie")
    taker = agencies[1].open("steward")
    with pytest.raises(CustodyError) as error:
        taker.handovers.accept(package, all_or_nothing=True)
    require_nothing_kept(taker, records)
    accepted = taker.handovers.accept(package)
    assert {each.record_id for each in accepted.submissions} == set(records) - set(accepted.faults)
    taker.wait(accepted.submissions, "final")
    taker.sync()
    for each in accepted.faults:
        with pytest.raises(UnkeptVersionError):
            taker.content(each)
    assert not list(taker.session.vault.list("exchange/"))
    assert dict(accepted.faults) == error.value.faults
    return dict(accepted.faults)


def test_content_swapped(agencies: Agencies, offered, tmp_path: Path) -> None:
    def lie(parts: Parts, records: list[RecordId]) -> Parts:
        return [
            replace(part, data=b'{"holder":"Mallory","parcel":"12/1"}')
            if of_record(part, records[0], PartKind.FILE, 1)
            else part
            for part in parts
        ]

    faults = refused(agencies, offered, tmp_path, lie)
    assert faults == {offered[1][0]: "version 1 is not the content that was committed to"}


def test_another_secret(agencies: Agencies, offered, tmp_path: Path) -> None:
    def lie(parts: Parts, records: list[RecordId]) -> Parts:
        found = []
        for part in parts:
            if of_record(part, records[0], PartKind.VERSION, 1):
                handed = HandedVersion.from_bytes(bytes(part.data))  # type: ignore[arg-type]
                handed = replace(handed, secret=Secret(b"s" * 32))
                part = replace(part, data=handed.to_bytes())
            found.append(part)
        return found

    faults = refused(agencies, offered, tmp_path, lie)
    assert faults == {offered[1][0]: "version 1 is not the content that was committed to"}


@pytest.mark.parametrize("version", [1, 2])
def test_version_left_out(agencies: Agencies, offered, tmp_path: Path, version: int) -> None:
    def lie(parts: Parts, records: list[RecordId]) -> Parts:
        return [part for part in parts if (part.record_id, part.version) != (records[2], version)]

    faults = refused(agencies, offered, tmp_path, lie)
    assert faults == {
        offered[1][2]: "version 1 is not in the package"
        if version == 1
        else "1 versions came of 2 that the chain has"
    }


def test_version_before_put_in_place_of_the_latest(
    agencies: Agencies, offered, tmp_path: Path
) -> None:
    def lie(parts: Parts, records: list[RecordId]) -> Parts:
        [first] = [each for each in parts if of_record(each, records[2], PartKind.FILE, 1)]
        return [
            replace(part, data=first.data)
            if of_record(part, records[2], PartKind.FILE, 2)
            else part
            for part in parts
        ]

    faults = refused(agencies, offered, tmp_path, lie)
    assert faults == {offered[1][2]: "version 2 is not the content that was committed to"}


@pytest.mark.parametrize("how", ["changed", "cut", "left out", "another field's"])
def test_file(agencies: Agencies, offered, tmp_path: Path, how: str) -> None:
    def lie(parts: Parts, records: list[RecordId]) -> Parts:
        found = []
        for part in parts:
            if part.kind is PartKind.FILE and part.index:
                data = bytes(part.data)  # type: ignore[arg-type]
                if how == "left out":
                    continue
                if how == "changed":
                    part = replace(part, data=data[:-1] + b"x")
                elif how == "cut":
                    part = replace(part, data=data[:-1])
                else:
                    part = replace(part, index=part.index + 1)
            found.append(part)
        return found

    [why] = refused(agencies, offered, tmp_path, lie).values()
    assert why.startswith("file ")


def test_record_of_somebody_else(agencies: Agencies, offered, tmp_path: Path) -> None:
    """A record that agency 1 has not offered, under the cover of those that it has."""
    first, _ = agencies
    giver, records = offered
    other = registered(first.open("registrar"), "12/9")
    giver.sync()
    handover_id, parts = honest(giver, [*records, other])
    package = sealed(giver, handover_id, parts, tmp_path / "package")
    taker = agencies[1].open("steward")
    found = taker.handovers.check(package)
    assert {each.record_id for each in found.acceptable} == set(records)
    assert found.faults == {other: "its custody is not on offer to this agency"}
    # Received, the rest waits, and all is as it should be.
    taken = taker.exchange.receive(package)
    assert (taken.count, states(taker, handover_id)) == (len(records), {"arrived": len(records)})
    assert taker.exchange.receive(package).row == taken.row
    assert taker.handovers.check(handover_id).faults == found.faults
    assert findings(taker) == []


def test_act_slipped_in__between_check_and_acceptance(
    agencies: Agencies, offered, tmp_path: Path
) -> None:
    giver, records = offered
    taker = agencies[1].open("steward")
    handover_id, parts = honest(giver, records[:1])
    package = sealed(giver, handover_id, parts, tmp_path / "package")
    accepted = taker.handovers.accept(package)
    # Acknowledged, not sent: now the record is changed, and offered again.
    agencies[0].open("registrar").revoke(records[0], "error").wait("final")
    giver.offer(records[0], 2).wait("final")
    with pytest.raises(RefusedError, match="Stale"):
        taker.wait(accepted.submissions, "final")
    taker.sync()
    with pytest.raises(UnkeptVersionError):
        taker.content(records[0])
    # What stands now holds again, by another acceptance of the same content.
    again = taker.handovers.accept(package)
    taker.wait(again.submissions, "final")
    taker.sync()
    assert taker.content(records[0]).fields["holder"] == "Ada Lovelace"


def test_package__opens_for_its_recipient_alone(
    agencies: Agencies, offered, tmp_path: Path
) -> None:
    giver, records = offered
    handover_id, parts = honest(giver, records)
    package = sealed(giver, handover_id, parts, tmp_path / "package")
    with pytest.raises(NotAddressedError, match="for agency 2"):
        agencies[0].open("steward").handovers.accept(package)
    forged = tmp_path / "forged"
    forged.write_bytes(package.read_bytes().replace(b'"recipient":2', b'"recipient":1'))
    with pytest.raises((EnvelopeError, NotAddressedError)):
        agencies[0].open("steward").handovers.accept(forged)


@pytest.mark.parametrize("how", ["cut", "changed", "longer", "spliced"])
def test_package__that_is_not_as_it_was_written(
    agencies: Agencies, offered, tmp_path: Path, how: str
) -> None:
    giver, records = offered
    package = sealed(giver, *honest(giver, records), tmp_path / "package")
    data = package.read_bytes()
    other = sealed(giver, *honest(giver, records), tmp_path / "other").read_bytes()
    bad = {
        "cut": data[:-1],
        "changed": data[: len(data) // 2]
        + bytes([data[len(data) // 2] ^ 1])
        + data[len(data) // 2 + 1 :],
        "longer": data + b"\0",
        "spliced": data[: len(data) // 2] + other[len(data) // 2 :],
    }[how]
    (tmp_path / "bad").write_bytes(bad)
    taker = agencies[1].open("steward")
    with pytest.raises(EnvelopeError):
        taker.handovers.accept(tmp_path / "bad")
    require_nothing_kept(taker, records)


@pytest.mark.parametrize("how", ["twice", "count", "other id", "mixed", "no content"])
def test_package__of_another_form(agencies: Agencies, offered, tmp_path: Path, how: str) -> None:
    giver, records = offered
    handover_id, parts = honest(giver, records)
    of_first = [part for part in parts if part.record_id == records[0]]
    bad = {
        "twice": [*parts, *of_first],
        "count": [replace(parts[0], data=HandoverMessage(handover_id, 4).to_bytes()), *parts[1:]],
        "other id": [replace(parts[0], data=HandoverMessage(b"i" * 32, 3).to_bytes()), *parts[1:]],
        "mixed": [*(part for part in parts if part is not of_first[1]), of_first[1]],
        "no content": parts[1:],
    }[how]
    package = sealed(giver, handover_id, bad, tmp_path / "package")
    taker = agencies[1].open("steward")
    with pytest.raises(EnvelopeError):
        taker.handovers.accept(package)
    require_nothing_kept(taker, records)


def test_hand_over_id__used_twice(agencies: Agencies, offered, tmp_path: Path) -> None:
    giver, records = offered
    taker = agencies[1].open("steward")
    handover_id, parts = honest(giver, records)
    accepted = taker.handovers.accept(sealed(giver, handover_id, parts, tmp_path / "one"))
    taker.wait(accepted.submissions, "final")
    taker.sync()
    other = registered(agencies[0].open("registrar"), "12/9")
    giver.sync()
    giver.offer(other, 2).wait("final")
    _, parts = honest(giver, [other])
    message = HandoverMessage(handover_id, 1).to_bytes()
    package = sealed(
        giver, handover_id, [replace(parts[0], data=message), *parts[1:]], tmp_path / "two"
    )
    with pytest.raises(EnvelopeError, match="another package"):
        taker.handovers.accept(package)


def test_acceptance__by_an_officer_without_the_role(
    agencies: Agencies, offered, tmp_path: Path
) -> None:
    giver, records = offered
    package = sealed(giver, *honest(giver, records), tmp_path / "package")
    second: Agency = agencies[1]
    registrar = second.open("registrar")
    accepted = registrar.handovers.accept(package)
    with pytest.raises(RefusedError, match="AccessControl"):
        registrar.wait(accepted.submissions, "final")
    registrar.sync()
    for each in records:
        with pytest.raises(UnkeptVersionError):
            registrar.content(each)
    steward = second.open("steward")
    again = steward.handovers.accept(package)
    steward.wait(again.submissions, "final")
    steward.sync()
    assert steward.content(records[2]).fields["holder"] == "Grace"
    # And once more, it is all there already.
    before = steward.handovers.accept(package)
    assert (before.submissions, set(before.before)) == ((), set(records))


def test_closing__of_what_was_not_handed_over(agencies: Agencies, offered, tmp_path: Path) -> None:
    giver, records = offered
    package = sealed(giver, *honest(giver, records[:1]), tmp_path / "package")
    taker = agencies[1].open("steward")
    accepted = taker.handovers.accept(package)
    taker.wait(accepted.submissions, "final")
    taker.sync()
    message = ClosingMessage(accepted.handover_id, DESTROYED, None, 1, (records[1],))
    send(
        giver.session,
        EnvelopeKind.CUSTODY_CLOSING,
        2,
        accepted.handover_id,
        [Outgoing(PartKind.MESSAGE, message.to_bytes())],
        tmp_path / "closing",
    )
    with pytest.raises(CustodyError) as error:
        taker.exchange.receive(tmp_path / "closing")
    assert set(error.value.faults) == {records[1]}
    strange = replace(message, handover_id=b"h" * 32, record_ids=(records[0],))
    send(
        giver.session,
        EnvelopeKind.CUSTODY_CLOSING,
        2,
        b"h" * 32,
        [Outgoing(PartKind.MESSAGE, strange.to_bytes())],
        tmp_path / "strange",
    )
    with pytest.raises(CustodyError, match="handed nothing over"):
        taker.exchange.receive(tmp_path / "strange")
    [copy] = taker.handovers.copies(records[0])
    assert copy.state == "outstanding"
