# SPDX-License-Identifier: Apache-2.0
"""The disposition certificate: its form and its signature (docs/spec/disposition.md).

It is canonical JSON, byte for byte, signed by the agency's key for messages. Times are Unix
seconds, ids and digests bytes that stand in hexadecimal in the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from muniment.errors import InvalidJsonError
from muniment.evidence.members import EvidenceFormError, Members
from muniment.record.canonical import JsonValue, canonicalize, parse_canonical

FORMAT: Final = "muniment/disposition/v1"
_TAG: Final = b"muniment/disposition/v1\0"
_UINT16: Final = (1 << 16) - 1
_UINT32: Final = (1 << 32) - 1
_INTEGER: Final = (1 << 53) - 1
_MOST: Final = 100_000


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule that allowed it: a version of a record type, its days of retention, and the last
    day of the record's retention (days since 1970)."""

    issuer: int
    type_id: int
    type_version: int
    name: str
    retention_days: int
    last_day: int


@dataclass(frozen=True, slots=True)
class DecidedAct:
    """The act on chain: block, time, transaction, and the two officers' accounts (20 bytes); the
    mandate's commitment, its words and the salt that opens it, None where they are not kept."""

    block_number: int
    block_hash: bytes
    time: int
    transaction: bytes
    proposer: bytes
    confirmer: bytes
    mandate: bytes
    words: str | None
    salt: bytes | None


@dataclass(frozen=True, slots=True)
class DestroyedSecret:
    """A version's secret: when it was destroyed, the wrapping epoch that it was under (None: not
    known), and whether that epoch's key is gone too."""

    version: int
    time: int
    epoch: int | None
    is_dropped: bool


@dataclass(frozen=True, slots=True)
class KnownRecipient:
    """An agency that was sent the record before: by which envelope, when, under which share (None:
    with custody), in which versions (0: all), and whether its receipt stands on chain."""

    agency_id: int
    kind: str
    digest: bytes
    time: int
    share_id: bytes | None
    versions: tuple[int, ...]
    is_acknowledged: bool


@dataclass(frozen=True, slots=True)
class FormerCopy:
    """What a former custodian said of its copy: outstanding (nothing yet), destroyed, or kept, then
    under which share; and the digest of the signed envelope in which it said so."""

    agency_id: int
    state: str
    share_id: bytes | None
    statement: bytes | None


@dataclass(frozen=True, slots=True)
class BackupsLeft:
    """Backups of the key store from before: for how many days they are kept (None: not said), how
    many are known that still hold a secret, and when the last one dies (None: none holds one, or
    that is not known)."""

    keep_days: int | None
    known: int
    last_dies_at: int | None


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was destroyed, when, under which rule, and who may still have it.

    `registry` 20 bytes, `signer` the public key (32 bytes) of `epoch`. `reads` counts what read
    receipts tell, by act; None where none are kept. `evidence` is the evidence file's JSON.
    """

    chain_id: int
    registry: bytes
    record_id: bytes
    agency_id: int
    made_at: int
    epoch: int
    signer: bytes
    rule: Rule
    act: DecidedAct
    destroyed: tuple[DestroyedSecret, ...]
    recipients: tuple[KnownRecipient, ...]
    former: tuple[FormerCopy, ...]
    reads: tuple[tuple[str, int], ...] | None
    backups: BackupsLeft
    does_not_prove: tuple[str, ...]
    evidence: JsonValue
    signature: bytes = b""

    def signed(self, key: Ed25519PrivateKey) -> bytes:
        """Return the certificate's bytes, signed."""
        body = self._body()
        signature = key.sign(_TAG + canonicalize(body))
        return canonicalize({**body, "signature": signature.hex()})

    def is_signed_by(self, public: bytes) -> bool:
        """Whether a public key (32 bytes) has made the signature."""
        try:
            key = Ed25519PublicKey.from_public_bytes(public)
            key.verify(self.signature, _TAG + canonicalize(self._body()))
        except (InvalidSignature, ValueError):
            return False
        return True

    def _body(self) -> dict[str, JsonValue]:
        act, rule = self.act, self.rule
        return {
            "act": {
                "block": act.block_number,
                "block_hash": act.block_hash.hex(),
                "confirmer": act.confirmer.hex(),
                "mandate": {
                    "commitment": act.mandate.hex(),
                    "salt": None if act.salt is None else act.salt.hex(),
                    "words": act.words,
                },
                "proposer": act.proposer.hex(),
                "time": act.time,
                "transaction": act.transaction.hex(),
            },
            "agency": self.agency_id,
            "backups": {
                "keep_days": self.backups.keep_days,
                "known": self.backups.known,
                "last_dies_at": self.backups.last_dies_at,
            },
            "chain_id": self.chain_id,
            "destroyed": [
                {
                    "dropped": each.is_dropped,
                    "epoch": each.epoch,
                    "time": each.time,
                    "version": each.version,
                }
                for each in self.destroyed
            ],
            "does_not_prove": list(self.does_not_prove),
            "evidence": self.evidence,
            "format": FORMAT,
            "former_custodians": [
                {
                    "agency": each.agency_id,
                    "copy": each.state,
                    "share": None if each.share_id is None else each.share_id.hex(),
                    "statement": None if each.statement is None else each.statement.hex(),
                }
                for each in self.former
            ],
            "made_at": self.made_at,
            "reads": None if self.reads is None else dict(self.reads),
            "recipients": [
                {
                    "acknowledged": each.is_acknowledged,
                    "agency": each.agency_id,
                    "digest": each.digest.hex(),
                    "kind": each.kind,
                    "share": None if each.share_id is None else each.share_id.hex(),
                    "time": each.time,
                    "versions": list(each.versions),
                }
                for each in self.recipients
            ],
            "record": self.record_id.hex(),
            "registry": self.registry.hex(),
            "rule": {
                "issuer": rule.issuer,
                "last_day": rule.last_day,
                "name": rule.name,
                "retention_days": rule.retention_days,
                "type": rule.type_id,
                "type_version": rule.type_version,
            },
            "signer": {"epoch": self.epoch, "key": self.signer.hex()},
        }

    @classmethod
    def from_bytes(cls, data: bytes) -> Certificate:
        """Return the certificate of a file's bytes. Raises `EvidenceFormError` and nothing else."""
        try:
            return _certificate(Members("certificate", parse_canonical(data)))
        except InvalidJsonError as error:
            raise EvidenceFormError("certificate", "JSON that is its own canonical form") from error


def _certificate(members: Members) -> Certificate:
    members.constant("format", FORMAT)
    signer = Members("signer", members.take("signer"))
    made = Certificate(
        chain_id=members.integer("chain_id", _INTEGER, 1),
        registry=members.hexadecimal("registry", 20),
        record_id=members.hexadecimal("record", 32),
        agency_id=members.integer("agency", _UINT32, 1),
        made_at=members.integer("made_at", _INTEGER),
        epoch=signer.integer("epoch", _UINT32, 1),
        signer=signer.hexadecimal("key", 32),
        rule=_rule(Members("rule", members.take("rule"))),
        act=_act(Members("act", members.take("act"))),
        destroyed=tuple(
            _destroyed(Members("destroyed", each)) for each in members.array("destroyed", _MOST, 1)
        ),
        recipients=tuple(
            _recipient(Members("recipients", each)) for each in members.array("recipients", _MOST)
        ),
        former=tuple(
            _former(Members("former_custodians", each))
            for each in members.array("former_custodians", _MOST)
        ),
        reads=_reads(members.take("reads")),
        backups=_backups(Members("backups", members.take("backups"))),
        does_not_prove=tuple(
            _text("does_not_prove", each) for each in members.array("does_not_prove", 100, 1)
        ),
        evidence=members.take("evidence"),
        signature=members.hexadecimal("signature", 64),
    )
    signer.end()
    members.end()
    return made


def _rule(members: Members) -> Rule:
    made = Rule(
        members.integer("issuer", _UINT32, 1),
        members.integer("type", _UINT16, 1),
        members.integer("type_version", _UINT16, 1),
        members.text("name"),
        members.integer("retention_days", _INTEGER),
        members.integer("last_day", _INTEGER),
    )
    members.end()
    return made


def _act(members: Members) -> DecidedAct:
    mandate = Members("mandate", members.take("mandate"))
    words, salt = mandate.take("words"), mandate.take("salt")
    if (words is None) != (salt is None):
        raise EvidenceFormError("mandate", "words with their salt, or neither")
    made = DecidedAct(
        members.integer("block", _INTEGER),
        members.hexadecimal("block_hash", 32),
        members.integer("time", _INTEGER),
        members.hexadecimal("transaction", 32),
        members.hexadecimal("proposer", 20),
        members.hexadecimal("confirmer", 20),
        mandate.hexadecimal("commitment", 32),
        None if words is None else _text("mandate.words", words),
        None if salt is None else Members("mandate", {"salt": salt}).hexadecimal("salt", 32),
    )
    mandate.end()
    members.end()
    return made


def _destroyed(members: Members) -> DestroyedSecret:
    made = DestroyedSecret(
        members.integer("version", _UINT16, 1),
        members.integer("time", _INTEGER),
        _optional(members, "epoch"),
        _flag(members, "dropped"),
    )
    members.end()
    return made


def _recipient(members: Members) -> KnownRecipient:
    made = KnownRecipient(
        members.integer("agency", _UINT32, 1),
        members.text("kind"),
        members.hexadecimal("digest", 32),
        members.integer("time", _INTEGER),
        _optional_bytes(members, "share"),
        tuple(_number("versions", each) for each in members.array("versions", _UINT16)),
        _flag(members, "acknowledged"),
    )
    members.end()
    return made


def _former(members: Members) -> FormerCopy:
    made = FormerCopy(
        members.integer("agency", _UINT32, 1),
        members.text("copy"),
        _optional_bytes(members, "share"),
        _optional_bytes(members, "statement"),
    )
    members.end()
    return made


def _reads(value: Any) -> tuple[tuple[str, int], ...] | None:
    if value is None:
        return None
    members = Members("reads", value)
    return tuple((name, members.integer(name, _INTEGER)) for name in sorted(value))


def _backups(members: Members) -> BackupsLeft:
    made = BackupsLeft(
        _optional(members, "keep_days"),
        members.integer("known", _INTEGER),
        _optional(members, "last_dies_at"),
    )
    members.end()
    return made


def _optional(members: Members, name: str) -> int | None:
    value = members.take(name)
    return None if value is None else _number(name, value)


def _optional_bytes(members: Members, name: str) -> bytes | None:
    value = members.take(name)
    return None if value is None else Members(name, {name: value}).hexadecimal(name, 32)


def _number(place: str, value: Any) -> int:
    return Members(place, {place: value}).integer(place, _INTEGER)


def _flag(members: Members, name: str) -> bool:
    value = members.take(name)
    if not isinstance(value, bool):
        raise EvidenceFormError(name, "true or false")
    return value


def _text(place: str, value: Any) -> str:
    return Members(place, {place: value}).text(place)
