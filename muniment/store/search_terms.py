# SPDX-License-Identifier: Apache-2.0
"""Search terms: how records are found by a field's value without storing the value.

A record type names its searchable fields; for each the database holds a keyed hash of the value,
normalised, and a search asks for the hash of what is sought. Only equality can be asked, no part
and no range.

*What that leaks to whoever reads the database without the key:* which records have the same value
in the same field, so how often each value occurs; a field with few values (a sex, a status) can be
guessed from its frequencies, and whoever can have records of chosen content registered sees which
others match. Terms of different fields, types and agencies have nothing in common. Whoever has the
search key can try out values, so it lies in the key store. Make a field searchable only where that
is acceptable; erase its terms with the record. docs/security.md, "Finding", says the same.
"""

from __future__ import annotations

import hmac
import unicodedata
from struct import Struct
from typing import Final

from muniment.errors import InvalidInputError
from muniment.record.canonical import JsonValue, canonicalize
from muniment.record.identifiers import TypeId, require_bytes, require_uint

SEARCH_TAG: Final = b"muniment/search-term/v1\x00"
TERM_SIZE: Final = 32

_TYPE: Final = Struct(">H")


def search_term(key: bytes, type_id: TypeId, field: str, value: JsonValue) -> bytes:
    """Return the search term of `value` in `field` of the agency's record type `type_id`.

    HMAC-SHA-256(`key`, tag || type id (2 bytes) || JCS([field, normalised value])): 32 bytes.
    `key` is the agency's search key (`KeyStore.search_key`). Text is normalised (`normalize`), any
    other value is its canonical JSON. Raises `InvalidInputError`.
    """
    require_bytes("search key", key, 32)
    require_uint("type id", type_id, 16, least=1)
    if not isinstance(field, str) or not field:
        raise InvalidInputError("field", "a field's name", "empty or no text")
    sought = normalize(value) if isinstance(value, str) else value
    message = SEARCH_TAG + _TYPE.pack(type_id) + canonicalize([field, sought])
    return hmac.digest(key, message, "sha256")


def normalize(text: str) -> str:
    """Return `text` as it is compared: NFKC, case folded, white space collapsed.

    So full-width digits, ligatures, capitals and line breaks make no difference; accents do. The
    form is that of the Unicode tables of this Python: characters assigned later may compare
    otherwise under a newer one.
    """
    # Folding can undo a normal form and the other way round (Unicode 15, D146 has the order).
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    folded = unicodedata.normalize("NFKC", folded.casefold())
    return " ".join(folded.split())
