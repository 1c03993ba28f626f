# SPDX-License-Identifier: Apache-2.0
"""What opens the commitments in a call, so that its officer sees what is behind them.

A call of a registration holds a commitment alone: whoever prepares it could commit to something
else than the officer meant. With the fields and the version's secret the officer's own side makes
it anew, and so it is with the salts of terms and mandates. Which case is behind a hold, and which
of the agency's references behind a local id, is keyed by its key store: nothing opens these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from muniment.chain.calls import DecodedCall
from muniment.errors import InvalidInputError, RecordError
from muniment.evidence.members import EvidenceFormError, Members, unhex
from muniment.exchange.envelope_header import EnvelopeKind
from muniment.exchange.messages import GrantMessage, RequestMessage, SharedTerms
from muniment.exchange.terms import Terms
from muniment.record.canonical import canonical_text
from muniment.record.commitment import RecordHeader, Secret, commit
from muniment.record.identifiers import AgencyId, RecordId, TypeId
from muniment.record.objects import CONTENT_OBJECT
from muniment.record.versions import Content
from muniment.registry.disposition.mandates import mandate_commitment
from muniment.registry.exchange.keeping import kept_parts
from muniment.registry.exchange.shares import list_shares, message_in
from muniment.registry.prepared.errors import NotAsPreparedError
from muniment.registry.session import Session
from muniment.store import dispositions, envelopes, packs, prepared
from muniment.store.envelopes import SENT

CONTENT, TERMS, MANDATE = "content", "terms", "mandate"


@dataclass(frozen=True, slots=True)
class Opened:
    """What is behind a commitment of a call: lines to show."""

    commitment: bytes
    lines: tuple[str, ...]


def openings_of(session: Session, prepared_id: bytes, call: DecodedCall) -> list[dict[str, Any]]:
    """Return, as JSON, what opens the commitments of a prepared call. Raises what reading does."""
    return [
        *_contents(session, prepared_id),
        *(each for leaf in call.leaves() for each in _of_call(session, leaf)),
    ]


def open_all(openings: list[Any], call: DecodedCall) -> list[Opened]:
    """Check what is said to be behind the commitments of a call, and return what it is.

    Raises `NotAsPreparedError` for one that does not open what the call holds.
    """
    held = set(commitments_of(call))
    found = []
    for place, each in enumerate(openings):
        opened = _opened(f"openings[{place}]", each)
        if opened.commitment not in held:
            raise NotAsPreparedError(
                f"openings[{place}]", "what opens a commitment of the call", "of something else"
            )
        found.append(opened)
    return found


def commitments_of(call: DecodedCall) -> list[bytes]:
    """Return the commitments of content, terms and mandates in a call, each once."""
    found: list[bytes] = []
    for leaf in call.leaves():
        named = ("commitment", "terms", "mandate")
        found += [leaf.arguments[name] for name in named if name in leaf.arguments]
        found += leaf.arguments.get("commitments", ())
    return list(dict.fromkeys(found))


def _contents(session: Session, prepared_id: bytes) -> Iterator[dict[str, Any]]:
    with session.database.read() as connection:
        versions = prepared.versions_of_act(connection, prepared_id)
    secrets = session.keys.secrets([(each.row.record_id, each.row.version) for each in versions])
    for each in versions:
        row = each.row
        packed = next(part for part in each.packed if part.place.index == CONTENT_OBJECT)
        secret = secrets[row.record_id, row.version]
        content = Content(packs.read_object(session.vault, packed, secret)).fields()
        yield {
            "opens": CONTENT,
            "record": f"0x{row.record_id.hex()}",
            "issuer": row.agency_id,
            "type": row.type_id,
            "schema": f"0x{row.schema_digest.hex()}",
            "version": row.version,
            "algorithm": row.algorithm,
            "fields": content,
            "secret": f"0x{secret.hex()}",
        }


def _of_call(session: Session, call: DecodedCall) -> Iterator[dict[str, Any]]:
    arguments = call.arguments
    if call.function == "proposeDisposition":
        with session.database.read() as connection:
            mandate = dispositions.mandate_of(connection, arguments["mandate"])
        if mandate is not None:
            yield {"opens": MANDATE, "words": mandate.words, "salt": f"0x{mandate.salt.hex()}"}
    elif call.function in ("requestShare", "grantShare"):
        shared = (
            _asked(session, arguments["terms"])
            if call.function == "requestShare"
            else _granted(session, arguments["shareId"], arguments["terms"])
        )
        if shared is not None:
            yield {
                "opens": TERMS,
                "terms": shared.terms.to_json(),
                "salt": f"0x{shared.salt.hex()}",
            }


def _asked(session: Session, commitment: bytes) -> SharedTerms | None:
    with session.database.read() as connection:
        rows = envelopes.find(
            connection, kinds=[EnvelopeKind.SHARE_REQUEST], direction=SENT, subject=commitment
        )
    for row in rows:
        return RequestMessage.from_bytes(message_in(kept_parts(session, row))).shared
    return None


def _granted(session: Session, share_id: bytes, commitment: bytes) -> SharedTerms | None:
    known = [each.shared for each in list_shares(session, share_ids=[share_id])]
    with session.database.read() as connection:
        rows = envelopes.find(
            connection, kinds=[EnvelopeKind.SHARE_GRANT], direction=SENT, subject=share_id
        )
    known += [GrantMessage.from_bytes(message_in(kept_parts(session, row))).shared for row in rows]
    return next((each for each in known if each and each.commitment == commitment), None)


def _opened(place: str, value: object) -> Opened:
    try:
        members = Members(place, value)
        kind = members.take("opens")
        if kind == CONTENT:
            return _content(members)
        if kind == TERMS:
            terms = Terms.from_json(place, members.take("terms"))
            salt = hexadecimal(members, "salt", 32)
            members.end()
            fields = "all fields" if terms.fields is None else ", ".join(terms.fields)
            lines = (
                f"purpose: {terms.purpose!r}",
                f"legal basis: {terms.legal_basis!r}",
                f"fields: {fields}",
                "may be shown to others" if terms.onward else "may not be shown to others",
            )
            return Opened(terms.commitment(salt), lines)
        if kind == MANDATE:
            words = members.text("words")
            salt = hexadecimal(members, "salt", 32)
            members.end()
            return Opened(mandate_commitment(words, salt), (f"mandate: {words!r}",))
    except (EvidenceFormError, InvalidInputError, RecordError) as error:
        what = "what opens a commitment of the call"
        raise NotAsPreparedError(place, what, error.what) from error
    raise NotAsPreparedError(place, f"{CONTENT}, {TERMS} or {MANDATE}", "of another kind")


def _content(members: Members) -> Opened:
    header = RecordHeader(
        RecordId(hexadecimal(members, "record", 32)),
        AgencyId(members.integer("issuer", 2**32 - 1)),
        TypeId(members.integer("type", 2**16 - 1)),
        hexadecimal(members, "schema", 32),
        members.integer("version", 2**16 - 1),
        algorithm=members.integer("algorithm", 2**8 - 1),
    )
    fields = members.take("fields")
    secret = Secret(hexadecimal(members, "secret", 32))
    members.end()
    # With the secret the whole digest list is made anew: no field can be hidden among the decoys.
    commitment = commit(header, fields, secret)
    lines = [f"record 0x{header.record_id.hex()}, version {header.version}, with these fields:"]
    lines += [f"  {name}: {canonical_text(fields[name])}" for name in sorted(fields)]
    return Opened(commitment, tuple(lines))


def hexadecimal(members: Members, name: str, size: int | None = None) -> bytes:
    """Return the bytes of a member in lower-case hexadecimal after 0x. Raises
    `EvidenceFormError`."""
    value = members.take(name)
    if not isinstance(value, str) or not value.startswith("0x"):
        raise EvidenceFormError(name, "0x and lower-case hex")
    return unhex(name, value[2:], size)
