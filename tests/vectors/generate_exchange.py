# SPDX-License-Identifier: Apache-2.0
"""Write exchange/*.json: docs/spec/exchange.md worked out by hand, without the package's code.

    python tests/vectors/generate_exchange.py          # write the files
    python tests/vectors/generate_exchange.py --check  # fail if they differ

Cases whose name ends in ``_fail`` must be refused, those of envelopes at the step that is named:
opening, signature, key or parts. Keys, salts and the ephemeral key of HPKE are fixed here alone.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib.util
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from eth_hash.auto import keccak

TARGET = Path(__file__).with_name("exchange")

SENDER = bytes(range(32))
ANOTHER_SENDER = bytes(range(1, 33))
RECIPIENT = bytes(range(32, 64))
ANOTHER_RECIPIENT = bytes(range(33, 65))
EPHEMERAL = bytes(range(64, 96))
FILE_KEY = bytes(range(96, 128))
RECORD = hashlib.sha256(b"a record").digest()
ANOTHER_RECORD = hashlib.sha256(b"another record").digest()
SHARE = hashlib.sha256(b"a share").digest()
NONE = bytes(32)
SCOPE_SALT = bytes(range(128, 160))
TERMS_SALT = bytes(range(160, 192))
TERMS = {
    "fields": ["airport", "date"],
    "legal_basis": "Aviation Safety Act § 4",
    "onward": False,
    "purpose": "wildlife strikes 1990",
}
HEADER = {
    "chain_id": 31337,
    "format": "muniment/envelope/v1",
    "kind": "delivery",
    "made_at": 1795478400,
    "recipient": 2,
    "recipient_epoch": 1,
    "registry": "5fbdb2315678afecb367f032d93f642f64180aa3",
    "sender": 1,
    "sender_epoch": 1,
    "subject": SHARE.hex(),
}
END, MESSAGE, RECORD_PART = 0, 1, 2
MAX_BODY = 1 << 20
ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of Ed25519's base point."""


def public_x(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def public_ed(private: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


# --- HPKE, RFC 9180, base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM --------------

KEM = b"KEM\x00\x20"
SUITE = b"HPKE\x00\x20\x00\x01\x00\x02"


def extract(suite: bytes, salt: bytes, label: bytes, value: bytes) -> bytes:
    return hmac.digest(salt or NONE, b"HPKE-v1" + suite + label + value, "sha256")


def expand(suite: bytes, key: bytes, label: bytes, info: bytes, size: int) -> bytes:
    labelled = size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(key, labelled + b"\x01", "sha256")[:size]


def hpke(shared: bytes, encapsulated: bytes, recipient: bytes, info: bytes, plain: bytes) -> bytes:
    """Seal under the outcome of the key exchange, which is what an attacker would have guessed."""
    of_kem = expand(
        KEM,
        extract(KEM, b"", b"eae_prk", shared),
        b"shared_secret",
        encapsulated + recipient,
        32,
    )
    context = (
        b"\0" + extract(SUITE, b"", b"psk_id_hash", b"") + extract(SUITE, b"", b"info_hash", info)
    )
    secret = extract(SUITE, of_kem, b"secret", b"")
    key = expand(SUITE, secret, b"key", context, 32)
    nonce = expand(SUITE, secret, b"base_nonce", context, 12)
    return encapsulated + AESGCM(key).encrypt(nonce, plain, b"")


def wrapped(header: bytes, recipient: bytes, file_key: bytes = FILE_KEY) -> bytes:
    ephemeral = X25519PrivateKey.from_private_bytes(EPHEMERAL)
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    info = b"muniment/envelope/key/v1\0" + header
    return hpke(shared, public_x(EPHEMERAL), recipient, info, file_key)


def wrapped_under_zero(header: bytes, encapsulated: int) -> bytes:
    """As if the exchange had given zeros: what a point of small order gives to who lets it."""
    info = b"muniment/envelope/key/v1\0" + header
    return hpke(NONE, encapsulated.to_bytes(32, "little"), public_x(RECIPIENT), info, FILE_KEY)


# --- envelopes ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    kind: int
    body: bytes = b""
    record: bytes = NONE
    version: int = 0
    index: int = 0
    place: int = 0
    last: int = 1

    def label(self, number: int) -> bytes:
        salt = hashlib.sha256(b"salt of part %d" % number).digest()[:16]
        numbers = b"".join(each.to_bytes(4, "big") for each in (self.version, self.index))
        return (
            bytes([self.kind, self.last])
            + self.record
            + numbers
            + self.place.to_bytes(4, "big")
            + salt
        )


def frame(
    number: int, part: Part, file_key: bytes = FILE_KEY, *, bound: Part | None = None
) -> bytes:
    """A sealed part; `bound` is the part whose label the body is sealed under, its own if None."""
    cipher, label = AESGCM(file_key), part.label(number)
    associated = b"muniment/envelope/body/v1\0" + (bound or part).label(number)
    sealed_label = cipher.encrypt(
        number.to_bytes(11, "big") + b"\0", label, b"muniment/envelope/label/v1\0"
    )
    nonce = number.to_bytes(11, "big") + (b"\2" if part.kind == END else b"\1")
    sealed_body = cipher.encrypt(nonce, part.body, associated)
    return len(sealed_body).to_bytes(4, "big") + sealed_label + sealed_body


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 9162, section 2.1.1."""
    if len(leaves) < 2:
        return hashlib.sha256(b"\0" + leaves[0] if leaves else b"").digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


def signed(header: bytes, count: int, root: bytes, digest: bytes) -> bytes:
    hashed = hashlib.sha256(header).digest()
    return b"muniment/envelope/v1\0" + hashed + count.to_bytes(8, "big") + root + digest


@dataclass(frozen=True)
class Envelope:
    """What an envelope is made of; whoever signs may have made anything of it."""

    header: bytes
    key: bytes
    frames: tuple[bytes, ...]
    root: bytes
    count: int
    signer: bytes = SENDER

    def before(self) -> bytes:
        size = len(self.header).to_bytes(4, "big")
        return b"MUNIENV\x01" + size + self.header + self.key + b"".join(self.frames) + bytes(4)

    def statement(self, over: bytes | None = None) -> bytes:
        digest = hashlib.sha256(self.before()).digest()
        text = signed(self.header if over is None else over, self.count, self.root, digest)
        signature = Ed25519PrivateKey.from_private_bytes(self.signer).sign(text)
        return self.count.to_bytes(8, "big") + self.root + digest + signature

    def file(self) -> bytes:
        return self.before() + self.statement()

    def digest(self) -> bytes:
        statement = self.statement()
        digest = hashlib.sha256(self.before()).digest()
        text = signed(self.header, self.count, self.root, digest)
        return hashlib.sha256(text + statement[72:]).digest()


def envelope(parts: list[Part], header: dict[str, Any] | None = None) -> Envelope:
    plain = rfc8785.dumps(HEADER if header is None else header)
    leaves = [part.label(number) + part.body for number, part in enumerate(parts)]
    return Envelope(
        plain,
        wrapped(plain, public_x(RECIPIENT)),
        tuple(frame(number, part) for number, part in enumerate(parts)),
        root_of(leaves),
        len(parts),
    )


DELIVERY_PARTS = [
    Part(MESSAGE, b'{"format":"muniment/delivery/v1"}'),
    Part(RECORD_PART, b"what is shown of a record", RECORD, 1),
    Part(RECORD_PART, b"what is shown of another", ANOTHER_RECORD, 2),
    Part(END),
]
KINDS = (
    "share-request",
    "share-grant",
    "delivery",
    "custody",
    "custody-closing",
    "correction-request",
    "correction-answer",
)


def case(name: str, data: bytes, refused: str = "", **more: Any) -> dict[str, Any]:
    shown = {"envelope": data.hex(), "name": name, **more}
    return shown | {"refused": refused} if refused else shown


def good() -> list[dict[str, Any]]:
    found = []
    for kind in KINDS:
        parts = DELIVERY_PARTS if kind == "delivery" else [DELIVERY_PARTS[0], Part(END)]
        made = envelope(parts, HEADER | {"kind": kind})
        found.append(
            case(
                kind,
                made.file(),
                digest=made.digest().hex(),
                parts=[
                    {
                        "body": part.body.hex(),
                        "kind": part.kind,
                        "record": part.record.hex(),
                        "version": part.version,
                    }
                    for part in parts[:-1]
                ],
            )
        )
    nothing = envelope([Part(END)])
    found.append(
        case("no-part-but-the-end", nothing.file(), digest=nothing.digest().hex(), parts=[])
    )
    return found


def at_opening(right: Envelope) -> list[dict[str, Any]]:
    def headed(name: str, plain: bytes) -> dict[str, Any]:
        return case(name, replace(right, header=plain).file(), "opening")

    def changed(name: str, **members: Any) -> dict[str, Any]:
        return headed(name, rfc8785.dumps(HEADER | members))

    plain = right.header
    without = {name: value for name, value in HEADER.items() if name != "subject"}
    return [
        case("empty-file_fail", b"", "opening"),
        case("another-format_fail", b"MUNIENV\x02" + right.file()[8:], "opening"),
        case("cut-in-the-header_fail", right.file()[:100], "opening"),
        headed("header-too-long_fail", rfc8785.dumps(HEADER | {"kind": "x" * 4096})),
        headed("header-not-canonical_fail", json.dumps(HEADER).encode()),
        headed("header-not-json_fail", b"{"),
        headed(
            "header-with-a-member-twice_fail",
            plain[:-1] + b',"subject":"' + NONE.hex().encode() + b'"}',
        ),
        headed("header-without-subject_fail", rfc8785.dumps(without)),
        changed("header-with-another-member_fail", note="x"),
        changed("header-of-another-version_fail", format="muniment/envelope/v2"),
        changed("kind-unknown_fail", kind="parcel"),
        changed("epoch-zero_fail", sender_epoch=0),
        changed("recipient-as-text_fail", recipient="2"),
        changed("recipient-true_fail", recipient=True),
        changed("agency-too-great_fail", sender=1 << 32),
        changed("subject-in-capitals_fail", subject=SHARE.hex().upper()),
        changed("subject-too-short_fail", subject=SHARE.hex()[2:]),
        changed("time-negative_fail", made_at=-1),
    ]


def at_signature(right: Envelope) -> list[dict[str, Any]]:
    file, before, statement = right.file(), right.before(), right.statement()
    other = rfc8785.dumps(HEADER | {"subject": NONE.hex()})
    first, second, third, end = right.frames
    scalar = int.from_bytes(statement[104:], "little") + ORDER
    oversized = (MAX_BODY + 17).to_bytes(4, "big") + first[4:]
    identity = (1).to_bytes(32, "little")

    def changed(name: str, at: int) -> dict[str, Any]:
        place = len(before) + at
        return case(name, file[:place] + bytes([file[place] ^ 1]) + file[place + 1 :], "signature")

    return [
        case("cut-short_fail", file[:-1], "signature"),
        case("statement-missing_fail", before, "signature"),
        case("last-part-missing_fail", file.replace(end, b""), "signature"),
        case("bytes-after-the-end_fail", file + b"\0", "signature"),
        case(
            "parts-reordered_fail",
            replace(right, frames=(first, third, second, end)).before() + statement,
            "signature",
        ),
        case("header-changed_fail", file.replace(right.header, other), "signature"),
        case("key-for-another_fail", file.replace(right.key, right.key[::-1]), "signature"),
        case(
            "signature-of-another-key_fail",
            replace(right, signer=ANOTHER_SENDER).file(),
            "signature",
        ),
        case("signature-over-another-header_fail", before + right.statement(other), "signature"),
        case(
            "signature-malleated_fail",
            before + statement[:104] + scalar.to_bytes(32, "little"),
            "signature",
        ),
        changed("count-changed_fail", 7),
        changed("root-changed_fail", 8),
        changed("digest-changed_fail", 40),
        changed("signature-changed_fail", 72),
        case("count-changed-and-signed_fail", replace(right, count=5).file(), "signature"),
        case("length-too-great_fail", replace(right, frames=(oversized,)).file(), "signature"),
        case(
            "length-below-a-tag_fail",
            replace(right, frames=((15).to_bytes(4, "big") + first[4:],)).file(),
            "signature",
        ),
        case(
            "sender-key-of-small-order_fail",
            before + statement[:72] + identity + NONE,
            "signature",
            senderKey=identity.hex(),
        ),
    ]


def at_key(right: Envelope) -> list[dict[str, Any]]:
    plain = right.header
    other = rfc8785.dumps(HEADER | {"recipient_epoch": 2})

    def keyed(name: str, key: bytes) -> dict[str, Any]:
        return case(name, replace(right, key=key).file(), "key")

    field = 2**255 - 19
    of_order_8 = 325606250916557431795983626356110631294008115727848805560023387167927233504
    points = {
        "zero": 0,
        "one": 1,
        "minus-one": field - 1,
        "the-field": field,
        "above-the-field": field + 1,
        "of-order-8": of_order_8,
        "of-order-8-too": 0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
    }
    return [
        keyed("wrapped-for-another-agency_fail", wrapped(plain, public_x(ANOTHER_RECIPIENT))),
        keyed("wrapped-under-another-header_fail", wrapped(other, public_x(RECIPIENT))),
        *(
            keyed(f"encapsulated-key-{name}_fail", wrapped_under_zero(plain, point))
            for name, point in points.items()
        ),
    ]


def at_parts(right: Envelope) -> list[dict[str, Any]]:
    message, record, another, end = DELIVERY_PARTS
    first, second, third, last = right.frames
    others = bytes(reversed(FILE_KEY))
    spliced = replace(right, frames=(first, frame(1, record, others), third, last))

    def of(name: str, *parts: Part) -> dict[str, Any]:
        return case(name, envelope(list(parts)).file(), "parts")

    return [
        case("end-missing_fail", envelope([message, record]).file(), "parts"),
        case(
            "parts-reordered-and-signed_fail",
            replace(right, frames=(first, third, second, last)).file(),
            "parts",
        ),
        case("spliced-from-two_fail", spliced.file(), "parts"),
        case("root-changed-and-signed_fail", replace(right, root=NONE).file(), "parts"),
        case(
            "label-of-another-record_fail",
            replace(right, frames=(first, frame(1, record, bound=another), third, last)).file(),
            "parts",
        ),
        of("part-of-unknown-kind_fail", replace(message, kind=7), end),
        of("last-neither-yes-nor-no_fail", replace(message, last=2), end),
        of("part-after-the-end_fail", message, end, record),
        of("end-twice_fail", message, end, end),
        of("end-with-a-body_fail", message, replace(end, body=b"x")),
        of("end-of-a-record_fail", message, replace(end, record=RECORD)),
        of("end-not-last_fail", message, replace(end, last=0)),
        of("first-place-missing_fail", replace(message, place=1), end),
        of(
            "part-not-full-and-not-last_fail",
            replace(message, last=0),
            replace(message, place=1),
            end,
        ),
        of("thing-not-finished_fail", replace(record, body=bytes(4), last=0), end),
    ]


# --- bodies ---------------------------------------------------------------------------------------


def commitment_of(terms: dict[str, Any], salt: bytes) -> bytes:
    return hashlib.sha256(b"muniment/terms/v1\0" + salt + rfc8785.dumps(terms)).digest()


def request(**changes: Any) -> dict[str, Any]:
    return {
        "format": "muniment/share-request/v1",
        "record": RECORD.hex(),
        "salt": TERMS_SALT.hex(),
        "scope_salt": SCOPE_SALT.hex(),
        "terms": TERMS,
    } | changes


def grant(**changes: Any) -> dict[str, Any]:
    return {
        "format": "muniment/share-grant/v1",
        "salt": TERMS_SALT.hex(),
        "share": SHARE.hex(),
        "terms": TERMS,
    } | changes


def terms(**changes: Any) -> dict[str, Any]:
    return grant(terms=TERMS | changes)


def body(name: str, form: str, value: Any) -> dict[str, Any]:
    return {"body": rfc8785.dumps(value).decode(), "form": form, "name": name}


def messages() -> list[dict[str, Any]]:
    commitment = commitment_of(TERMS, TERMS_SALT).hex()
    agreement = {"record": None, "scope_salt": None}
    doubled = rfc8785.dumps(grant()).decode()[:-1] + ',"terms":{}}'
    deep = rfc8785.dumps(grant()).decode().replace("false", "[" * 70 + "]" * 70)
    return [
        body("request", "request", request())
        | {"commitment": commitment, "scope": keccak(RECORD + SCOPE_SALT).hex()},
        body("request-of-an-agreement", "request", request(**agreement))
        | {"commitment": commitment, "scope": NONE.hex()},
        body("grant", "grant", grant()) | {"commitment": commitment},
        body("grant-of-all-fields", "grant", terms(fields=None))
        | {"commitment": commitment_of(TERMS | {"fields": None}, TERMS_SALT).hex()},
        body("delivery", "delivery", grant(format="muniment/delivery/v1"))
        | {"commitment": commitment},
        body("record-without-its-salt_fail", "request", request(scope_salt=None)),
        body("salt-without-its-record_fail", "request", request(record=None)),
        body("salt-too-short_fail", "request", request(salt=TERMS_SALT.hex()[2:])),
        body("hex-in-capitals_fail", "request", request(record=RECORD.hex().upper())),
        body("grant-for-request_fail", "request", grant()),
        body("delivery-for-grant_fail", "grant", grant(format="muniment/delivery/v1")),
        body("another-member_fail", "grant", grant(note="x")),
        body("another-term_fail", "grant", terms(note="x")),
        body("no-purpose_fail", "grant", terms(purpose=" ")),
        body("purpose-too-long_fail", "grant", terms(purpose="x" * 4097)),
        body("no-legal-basis_fail", "grant", terms(legal_basis="")),
        body("no-field_fail", "grant", terms(fields=[])),
        body("fields-out-of-order_fail", "grant", terms(fields=["date", "airport"])),
        body("field-twice_fail", "grant", terms(fields=["date", "date"])),
        body("field-that-is-none_fail", "grant", terms(fields=["airport", None])),
        body("onward-as-number_fail", "grant", terms(onward=1)),
        body("terms-as-text_fail", "grant", grant(terms="all")),
        {"body": json.dumps(grant()), "form": "grant", "name": "not-canonical_fail"},
        {"body": doubled, "form": "grant", "name": "member-twice_fail"},
        {"body": deep, "form": "grant", "name": "nested-too-deep_fail"},
        {"body": "[]", "form": "grant", "name": "no-object_fail"},
        {"body": "", "form": "grant", "name": "nothing_fail"},
    ]


def delivered() -> list[dict[str, Any]]:
    beside = Path(__file__).with_name("generate_commitments.py")
    spec = importlib.util.spec_from_file_location("generate_commitments", beside)
    assert spec is not None
    assert spec.loader is not None
    commitments = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(commitments)
    strike = commitments.commitment("wildlife-strike", commitments.STRIKE)
    airport = strike["fields"][0]
    content = {
        "digests": [each[2:] for each in strike["digests"]],
        "fields": [{"field": airport["text"], "salt": airport["salt"][2:]}],
        "schema_digest": strike["schemaDigest"][2:],
        "version": 1,
    }
    value = {
        "algorithm": 1,
        "content": content,
        "format": "muniment/delivered/v1",
        "issuer": 1,
        "record": strike["recordId"][2:],
        "type_id": 1,
        "type_version": 1,
    }
    made = {"commitment": strike["commitment"][2:]}

    def of(name: str, **changes: Any) -> dict[str, Any]:
        return body(name, "delivered", value | changes) | made

    def showing(name: str, **changes: Any) -> dict[str, Any]:
        return of(name, content=content | changes)

    decoy = next(
        each
        for each in content["digests"]
        if each not in {field["digest"][2:] for field in strike["fields"]}
    )
    return [
        of("delivered") | {"values": {"airport": "JFK"}},
        showing("delivered-with-no-field", fields=[]) | {"values": {}},
        showing(
            "value-changed_fail",
            fields=[{"field": '["airport","LGA"]', "salt": airport["salt"][2:]}],
        ),
        showing("decoy-shown-as-a-field_fail", fields=[{"field": '["secret","x"]', "salt": decoy}]),
        showing("another-version_fail", version=2),
        showing("another-schema_fail", schema_digest=NONE.hex()),
        showing("digest-left-out_fail", digests=content["digests"][1:]),
        of("another-record_fail", record=ANOTHER_RECORD.hex()),
        of("another-type_fail", type_id=2),
        of("another-issuer_fail", issuer=2),
        of("another-algorithm_fail", algorithm=2),
        of("unknown-algorithm_fail", algorithm=9),
        of("version-of-type-zero_fail", type_version=0),
        of("entry-as-null_fail", entry=None),
        of("with-another-member_fail", secret=NONE.hex()),
    ]


def documents() -> dict[str, Any]:
    right = envelope(DELIVERY_PARTS)
    return {
        "bodies.json": {
            "delivered": delivered(),
            "messages": messages(),
            "salt": TERMS_SALT.hex(),
            "source": "docs/spec/exchange.md, made by tests/vectors/generate_exchange.py",
            "terms": TERMS,
            "termsUnderAnotherSalt_fail": commitment_of(TERMS, SCOPE_SALT).hex(),
        },
        "envelopes.json": {
            "cases": [
                *good(),
                *at_opening(right),
                *at_signature(right),
                *at_key(right),
                *at_parts(right),
            ],
            "fileKey": FILE_KEY.hex(),
            "recipientKey": public_x(RECIPIENT).hex(),
            "recipientPrivate": RECIPIENT.hex(),
            "senderKey": public_ed(SENDER).hex(),
            "senderPrivate": SENDER.hex(),
            "source": "docs/spec/exchange.md, made by tests/vectors/generate_exchange.py",
        },
    }


def rendered() -> dict[Path, str]:
    return {
        TARGET / name: json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True) + "\n"
        for name, value in documents().items()
    }


def main() -> None:
    for path, text in rendered().items():
        if "--check" not in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path.name} differs: run this without --check and look at the difference")


if __name__ == "__main__":
    main()
