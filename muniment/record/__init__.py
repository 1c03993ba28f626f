# SPDX-License-Identifier: Apache-2.0
"""Records: canonical content, ids, commitments, disclosures, encrypted objects, record types.

Pure: no network, no clock, no database, and randomness only through an argument.
docs/spec/records.md is the format of everything here.

    record_id = derive_record_id(lineage, AgencyId(7), derive_local_id(key, "faa", "1990-000123"))
    content = Content.parse(b'{"airport": "JFK", "date": "1990-01-08"}')
    record_type.check(content.fields())
    secret = new_secret()  # store it first
    version = Version(record_type.header(record_id, AgencyId(7), 1), content, secret)
    values = verify(version.header, version.disclose(["date"]), version.commitment)
"""

from __future__ import annotations

from muniment.record.algorithms import SHA_256, SM3, available_algorithms
from muniment.record.canonical import (
    JsonValue,
    canonicalize,
    parse,
    parse_canonical,
    pointer_of,
)
from muniment.record.commitment import (
    Commitment,
    Digest,
    RandomBytes,
    RecordHeader,
    Salt,
    Secret,
    check_content,
    commit,
    digest_list,
    new_secret,
)
from muniment.record.disclosure import (
    DisclosedField,
    Disclosure,
    disclose,
    rebuild,
    verify,
)
from muniment.record.files import FILE_SCHEMA, FileValue
from muniment.record.identifiers import (
    AgencyId,
    Lineage,
    LocalId,
    RecordId,
    TypeId,
    derive_lineage,
    derive_local_id,
    derive_record_id,
)
from muniment.record.objects import (
    CONTENT_OBJECT,
    ObjectPlace,
    ObjectSummary,
    decrypt,
    encrypt,
)
from muniment.record.types import RETAIN_FOREVER, RecordType, Sharing
from muniment.record.versions import Content, Version

__all__ = [
    "CONTENT_OBJECT",
    "FILE_SCHEMA",
    "RETAIN_FOREVER",
    "SHA_256",
    "SM3",
    "AgencyId",
    "Commitment",
    "Content",
    "Digest",
    "DisclosedField",
    "Disclosure",
    "FileValue",
    "JsonValue",
    "Lineage",
    "LocalId",
    "ObjectPlace",
    "ObjectSummary",
    "RandomBytes",
    "RecordHeader",
    "RecordId",
    "RecordType",
    "Salt",
    "Secret",
    "Sharing",
    "TypeId",
    "Version",
    "available_algorithms",
    "canonicalize",
    "check_content",
    "commit",
    "decrypt",
    "derive_lineage",
    "derive_local_id",
    "derive_record_id",
    "digest_list",
    "disclose",
    "encrypt",
    "new_secret",
    "parse",
    "parse_canonical",
    "pointer_of",
    "rebuild",
    "verify",
]
