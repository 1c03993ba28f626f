# SPDX-License-Identifier: Apache-2.0
"""Headers with a field changed, or with other signatures."""

from __future__ import annotations

import json
import random
from typing import Any

import rlp

from muniment.record.keccak import keccak
from tests.verifier.good_vectors import Case, Json, Source, of, spelled

SEALED_SHAPES = ("vanity", "members", "proposer", "drop", "twice", "order", "seal", "form")
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def with_other_header(chance: random.Random, source: Source, _: list[Json]) -> Case:
    """A field of the header changed, or what is sealed; often under a trust file that names it."""
    value = json.loads(source.data)
    fields = rlp.decode(bytes.fromhex(value["anchor"]["header"]))
    is_signed = "engine" in value["anchor"]
    where = chance.randrange(len(fields))
    shape = chance.choice(("field", "drop", "add", "list", "extra", "extra"))
    if shape == "field":
        fields[where] = changed_bytes(chance, fields[where])
    elif shape == "drop":
        del fields[where]
    elif shape == "add":
        fields += [b""] * chance.choice((1, 2, 5))
    elif shape == "list":
        fields[where] = [fields[where]]
    elif is_signed:
        fields[11] = other_extra_data(chance, fields[11])
    else:
        fields[chance.choice((3, 8, 11))] = changed_bytes(chance, fields[8])
    header = rlp.encode(fields)
    value["anchor"]["header"] = header.hex()
    numbers = 7 if is_signed else 8
    number = int.from_bytes(fields[numbers], "big") if is_number(fields, numbers) else 0
    pinned = (number, keccak(header).hex()) if chance.random() < 0.6 and not is_signed else None
    return of(source, spelled(value), pinned=pinned)


def is_number(fields: list[Any], index: int) -> bool:
    return len(fields) > index and isinstance(fields[index], bytes) and len(fields[index]) <= 6


def changed_bytes(chance: random.Random, data: bytes) -> bytes:
    made = bytearray(data or b"\x00")
    shape = chance.choice(("bit", "shorter", "longer", "ahead", "empty"))
    if shape == "bit":
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    elif shape == "shorter":
        made.pop()
    elif shape == "longer":
        made.append(chance.randrange(256))
    elif shape == "ahead":
        made.insert(0, 0)
    else:
        made.clear()
    return bytes(made)


def other_extra_data(chance: random.Random, extra: bytes) -> bytes:
    vanity, (members, proposer, seals) = extra[:32], rlp.decode(extra[32:])
    members, seals = list(members), list(seals)
    shape = chance.choice(
        ("vanity", "members", "proposer", "drop", "twice", "order", "seal", "form")
    )
    if shape == "vanity":
        vanity = changed_bytes(chance, vanity)
    elif shape == "members":
        members.reverse()
    elif shape == "proposer":
        proposer = changed_bytes(chance, proposer) if chance.random() < 0.5 else seals[0]
    elif shape == "drop":
        seals.pop(chance.randrange(len(seals)))
    elif shape == "twice":
        seals.append(seals[0])
    elif shape == "order":
        chance.shuffle(seals)
    elif shape == "seal":
        where = chance.randrange(len(seals))
        seals[where] = chance.choice((changed_bytes(chance, seals[where]), mirrored(seals[where])))
    else:
        return vanity + rlp.encode([members, proposer, seals, b""])
    return vanity + rlp.encode([members, proposer, seals])


def mirrored(seal: bytes) -> bytes:
    """The other signature of the same key over the same hash: s in its upper half."""
    upper = ORDER - int.from_bytes(seal[32:64], "big")
    return seal[:32] + upper.to_bytes(32, "big") + bytes([seal[64] ^ 1])
