# SPDX-License-Identifier: Apache-2.0
"""Disclosure: showing some fields of a version, checkable against its commitment.

A disclosure carries each shown field as the exact text that was hashed, its salt, and the whole
digest list. It proves that the issuing agency committed to these values for this record. It does
not prove that the agency committed to nothing else of the same name that is not shown: only who
holds the secret and rebuilds the whole list (`rebuild`) knows all of a version.
docs/spec/records.md, "Disclosures", is the format, with the same numbers for the steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from muniment.errors import (
    CommitmentMismatchError,
    DisclosureError,
    InvalidInputError,
    InvalidJsonError,
)
from muniment.record.algorithms import SHA_256
from muniment.record.canonical import (
    JsonValue,
    canonical_text,
    canonicalize,
    parse,
    parse_canonical,
)
from muniment.record.commitment import (
    DIGEST_GROUP,
    DIGEST_SIZE,
    MAX_DIGESTS,
    Commitment,
    Digest,
    RecordHeader,
    Salt,
    Secret,
    canonical_field,
    commit_digests,
    derive_salts,
    digest_field,
    digest_list,
)
from muniment.record.identifiers import require_bytes

FORMAT: Final = "muniment/disclosure/v1"


@dataclass(frozen=True, slots=True)
class DisclosedField:
    """One shown field: the canonical `text` of ``[name, value]`` and its `salt` (32 bytes)."""

    text: str
    salt: Salt


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Some fields of a version, in order of their names, and the version's whole digest list.

    Building one checks nothing: `verify` does, because disclosures come from strangers.
    """

    fields: tuple[DisclosedField, ...]
    digests: tuple[Digest, ...]

    def to_json(self) -> bytes:
        """Return the JSON form, which is its own canonical bytes."""
        return canonicalize(
            {
                "digests": [digest.hex() for digest in self.digests],
                "fields": [
                    {"field": field.text, "salt": field.salt.hex()} for field in self.fields
                ],
                "format": FORMAT,
            }
        )

    @classmethod
    def from_json(cls, source: bytes) -> Disclosure:
        """Return the disclosure whose JSON form is `source`, byte for byte.

        Raises `InvalidJsonError` where the bytes are not canonical JSON, `DisclosureError`
        (step 1) where they are not of this form. Proves nothing yet.
        """
        match parse_canonical(source):
            case {
                "format": str(form),
                "digests": list(digests),
                "fields": list(fields),
                **rest,
            } if form == FORMAT and not rest:
                return cls(
                    tuple(_field_of(index, field) for index, field in enumerate(fields)),
                    tuple(
                        Digest(_unhex(f"digest {index}", digest))
                        for index, digest in enumerate(digests)
                    ),
                )
        raise DisclosureError(
            1, "the JSON is of another form", f"the members digests, fields and format {FORMAT!r}"
        )


def disclose(
    content: Mapping[str, JsonValue],
    secret: Secret,
    fields: Iterable[str],
    *,
    algorithm: int = SHA_256,
    digests: tuple[Digest, ...] | None = None,
) -> Disclosure:
    """Return a disclosure of the named `fields` of `content`; none of them is allowed too.

    `digests` is the version's digest list, where the caller has made it already.
    Raises `InvalidInputError` that names a field which the content has not, and as `commit` does.
    """
    if isinstance(fields, str):
        raise InvalidInputError("fields", "a list of field names", "one text")
    salts = derive_salts(content, secret)
    wanted = set(fields)
    if not all(isinstance(name, str) for name in wanted):
        raise InvalidInputError("fields", "names of fields of the content", "other values")
    names = sorted(wanted)
    missing = [name for name in names if name not in content]
    if missing:
        raise InvalidInputError(
            "fields", "names of fields of the content", "not all there: " + ", ".join(missing)
        )
    return Disclosure(
        tuple(DisclosedField(canonical_field(name, content[name]), salts[name]) for name in names),
        digest_list(algorithm, content, secret) if digests is None else digests,
    )


def rebuild(
    header: RecordHeader,
    content: Mapping[str, JsonValue],
    secret: Secret,
    commitment: Commitment,
) -> Disclosure:
    """Return the disclosure of *all* fields after checking that it makes `commitment`.

    Who holds the secret rebuilds the whole list, decoys included, and so knows that the version
    has no field that was kept back. Raises `CommitmentMismatchError`, and as `commit` does.
    """
    complete = disclose(content, secret, content, algorithm=header.algorithm)
    require_bytes("commitment", commitment, DIGEST_SIZE)
    computed = commit_digests(header, complete.digests)
    if computed != commitment:
        raise CommitmentMismatchError(commitment, computed)
    return complete


def verify(
    header: RecordHeader, disclosure: Disclosure, commitment: Commitment
) -> dict[str, JsonValue]:
    """Return the values that `disclosure` proves under `header` and `commitment`, by field name.

    Whatever comes in, only `DisclosureError` (with the number of the failed step),
    `CommitmentMismatchError` (step 3), `AlgorithmUnavailableError` and `InvalidInputError`
    (for `header` and `commitment`) are raised.
    """
    if not isinstance(header, RecordHeader):
        raise InvalidInputError("header", "a RecordHeader", f"of type {type(header).__name__}")
    require_bytes("commitment", commitment, DIGEST_SIZE)

    # (1) The parts have their types and sizes, and the digest list has a length that can be.
    _check_form(disclosure)

    # (2) The digests ascend strictly: sorted, and none there twice.
    for index, (lower, higher) in enumerate(pairwise(disclosure.digests)):
        if lower >= higher:
            raise DisclosureError(
                2,
                f"digest {index + 1} does not follow digest {index}",
                "strictly ascending digests",
            )

    # (3) Header and list make the commitment.
    computed = commit_digests(header, disclosure.digests)
    if computed != commitment:
        raise CommitmentMismatchError(commitment, computed)

    listed = frozenset(disclosure.digests)
    values: dict[str, JsonValue] = {}
    previous: str | None = None
    for index, field in enumerate(disclosure.fields):
        # (4) The text is a name and a value, spelled canonically.
        name, value = _read_field(index, field.text)

        # (5) The names ascend strictly, so none is there twice.
        if previous is not None and name <= previous:
            what = "repeats the name of" if name == previous else "stands before"
            raise DisclosureError(5, f"field {index} {what} field {index - 1}", "ascending names")
        previous = name

        # (6) Its digest is in the list.
        if digest_field(header.algorithm, field.salt, field.text) not in listed:
            raise DisclosureError(
                6, f"field {index} is not in the digest list", "a digest that was committed to"
            )
        values[name] = value
    return values


def _check_form(disclosure: Disclosure) -> None:
    if not isinstance(disclosure, Disclosure):
        raise DisclosureError(1, f"it is of type {type(disclosure).__name__}", "a Disclosure")
    if type(disclosure.fields) is not tuple or type(disclosure.digests) is not tuple:
        raise DisclosureError(1, "fields or digests are no tuple", "two tuples")
    count = len(disclosure.digests)
    if count % DIGEST_GROUP or not DIGEST_GROUP <= count <= MAX_DIGESTS:
        raise DisclosureError(
            1,
            f"{count} digests",
            f"a multiple of {DIGEST_GROUP} from {DIGEST_GROUP} to {MAX_DIGESTS}",
        )
    for index, digest in enumerate(disclosure.digests):
        if type(digest) is not bytes or len(digest) != DIGEST_SIZE:
            raise DisclosureError(1, f"digest {index} has another form", f"{DIGEST_SIZE} bytes")
    if len(disclosure.fields) > count:
        raise DisclosureError(
            1, f"{len(disclosure.fields)} fields in a list of {count}", "no more than digests"
        )
    for index, field in enumerate(disclosure.fields):
        if not isinstance(field, DisclosedField) or type(field.text) is not str:
            raise DisclosureError(1, f"field {index} has another form", "a text and a salt")
        if type(field.salt) is not bytes or len(field.salt) != DIGEST_SIZE:
            raise DisclosureError(
                1, f"the salt of field {index} has another form", f"{DIGEST_SIZE} bytes"
            )


def _read_field(index: int, text: str) -> tuple[str, JsonValue]:
    try:
        pair = parse(text)
        spelled = canonical_text(pair)
    except InvalidJsonError as error:
        raise DisclosureError(
            4, f"field {index} is outside the profile: {error.got}", error.expected
        ) from None
    if spelled != text:
        raise DisclosureError(4, f"field {index} is spelled differently", "canonical text")
    match pair:
        case [str(name), value]:
            return name, value
    raise DisclosureError(4, f"field {index} is not a pair", "a name and a value")


def _field_of(index: int, field: JsonValue) -> DisclosedField:
    match field:
        case {"field": str(text), "salt": salt, **rest} if not rest:
            return DisclosedField(text, Salt(_unhex(f"the salt of field {index}", salt)))
    raise DisclosureError(1, f"field {index} has another form", "the members field and salt")


def _unhex(what: str, text: JsonValue) -> bytes:
    # bytes.fromhex takes spaces and capitals too, so the result is written back and compared.
    try:
        value = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        value = b""
    if len(value) != DIGEST_SIZE or value.hex() != text:
        raise DisclosureError(1, f"{what} has another form", "64 digits of lower-case hex")
    return value
