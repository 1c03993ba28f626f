# SPDX-License-Identifier: Apache-2.0
"""Mutated evidence: what two verifiers must judge alike. Each seed gives the same cases again."""

from __future__ import annotations

import copy
import json
import random
import string
from collections.abc import Callable, Iterator
from typing import Any

from muniment.record.keccak import keccak
from tests.verifier.good_vectors import Case, Json, Source, of, sources, spelled
from tests.verifier.mutated_headers import with_other_header
from tests.verifier.rebuilt_state import GREATEST_WORD, Rebuilt

PLACES_OF_NODES = 12
INTEGERS = (
    *(0, 1, 2, 3, 255, 256, 4095, 4096, 65_535, 65_536, 2**32 - 1, 2**32, 2**36 - 1, 2**36),
    *(2**48 - 1, 2**48, 2**53 - 1),
)
TEXTS = (
    "",
    "0x",
    "00",
    "ff" * 20,
    "ff" * 32,
    "é",
    "e\u0301",
    "\u0000",
    "muniment/evidence/v1",
    "\U0001f600",
)
MEMBERS = ("entry", "engine", "account", "agency", "trace", "checkpoint", "handovers", "z")
OTHER_VALUES: tuple[Any, ...] = (None, True, False, 0, -1, 1, 1.5, "", [], {}, 2**53, 2**64)


def cases(count: int, seed: int) -> Iterator[Case]:
    """So many mutated files of the good vectors."""
    chance = random.Random(seed)
    good = sources()
    values = [json.loads(each.data) for each in good]
    kinds: list[tuple[int, Callable[[random.Random, Source, list[Json]], Case]]] = [
        (2, flipped),
        (2, cut),
        (2, respelled),
        (9, edited),
        (3, with_other_header),
        (2, at_another_time),
        (5, with_other_state),
    ]
    weights = [weight for weight, _ in kinds]
    for number in range(count):
        mutate = chance.choices([each for _, each in kinds], weights)[0]
        case = mutate(chance, chance.choice(good), values)
        yield Case(
            f"{number} {mutate.__name__} {case.name}", case.data, case.trust, case.now, case.pinned
        )


def boundaries() -> Iterator[Case]:
    """Each integer, and each place of another type, once with each value on the edge of a form."""
    seen: set[tuple[Any, ...]] = set()
    for source in sources():
        value = json.loads(source.data)
        for path in places(value):
            kind = at(value, path)
            name = (*(0 if isinstance(each, int) else each for each in path), type(kind).__name__)
            if name in seen:
                continue
            seen.add(name)
            edges: tuple[Any, ...] = OTHER_VALUES
            if isinstance(kind, int):
                edges = (*INTEGERS, -1, True, None, "1")
            for edge in edges:
                changed_value = put(copy.deepcopy(value), path, edge)
                yield of(source, spelled(changed_value))


# --- bytes ------------------------------------------------------------------------------------


def flipped(chance: random.Random, source: Source, _: list[Json]) -> Case:
    data = bytearray(source.data)
    for _flip in range(chance.choice((1, 1, 1, 2, 5))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return of(source, bytes(data))


def cut(chance: random.Random, source: Source, _: list[Json]) -> Case:
    """Truncated, or with a slice taken out, doubled or put elsewhere."""
    data = source.data
    start, end = sorted(chance.randrange(len(data) + 1) for _end in range(2))
    shape = chance.choice(("head", "tail", "without", "twice", "moved"))
    piece = data[start : min(end, start + chance.choice((1, 2, 64, 4096)))]
    rest = data[:start] + data[start + len(piece) :]
    at = chance.randrange(len(rest) + 1)
    made = {
        "head": data[:start],
        "tail": data[start:],
        "without": rest,
        "twice": data[:start] + piece + data[start:],
        "moved": rest[:at] + piece + rest[at:],
    }
    return of(source, made[shape])


def respelled(chance: random.Random, source: Source, _: list[Json]) -> Case:
    """The same value, or nearly, in another spelling."""
    text = source.data.decode()
    digit = chance.choice([at for at, each in enumerate(text) if each in string.digits])
    colon = chance.choice([at for at, each in enumerate(text) if each == ":"])
    made = {
        "space": text[: colon + 1] + " " + text[colon + 1 :],
        "line": text + "\n",
        "mark": "\ufeff" + text,
        "zero": text[:digit] + "0" + text[digit:],
        "point": text[: digit + 1] + ".0" + text[digit + 1 :],
        "exponent": text[: digit + 1] + "e0" + text[digit + 1 :],
        "escape": text.replace("a", "\\u0061", 1),
        "surrogate": text.replace('"', '"\\ud800', 1),
        "pair": text.replace('"}', '\\ud83d\\ude00"}', 1),
        "slash": text.replace("/", "\\/", 1),
        "twice": text.replace("{", '{"anchor":null,', 1),
        "deep": text.replace("null", "[" * 70 + "]" * 70, 1),
        "minus": text.replace(":", ":-", 1) if chance.random() < 0.5 else text[:-1] + ',"z":-0}',
        "not a number": text[:-1] + ',"z":NaN}',
        "great": text[:-1] + ',"z":' + "9" * chance.choice((16, 17, 400)) + "}",
        "proto": text.replace("{", '{"__proto__":{},', 1),
    }
    return of(source, made[chance.choice(sorted(made))].encode())


# --- values -----------------------------------------------------------------------------------


def places(value: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the values in a value are; of long arrays of nodes a few."""
    yield path
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*path, name))
    if isinstance(value, list):
        for at in range(len(value)):
            if path != ("anchor", "nodes") or at < PLACES_OF_NODES:
                yield from places(value[at], (*path, at))


def at(value: Json, path: tuple[Any, ...]) -> Json:
    for name in path:
        value = value[name]
    return value


def put(value: Json, path: tuple[Any, ...], new: Json) -> Json:
    if not path:
        return new
    at(value, path[:-1])[path[-1]] = new
    return value


def edited(chance: random.Random, source: Source, values: list[Json]) -> Case:
    """One to three values changed, taken out, added, swapped or grafted from another vector."""
    value = json.loads(source.data)
    for _edit in range(chance.choice((1, 1, 1, 1, 2, 3))):
        path = chance.choice(list(places(value)))
        value = put(value, path, changed(chance, at(value, path), path, values))
        if not isinstance(value, dict):
            break
    if isinstance(value, dict) and chance.random() < 0.5:
        in_order(value)
    return of(source, spelled(value))


def changed(chance: random.Random, value: Json, path: tuple[Any, ...], values: list[Json]) -> Json:
    if chance.random() < 0.08:
        return copy.deepcopy(chance.choice(OTHER_VALUES))
    if chance.random() < 0.25:
        for _try in range(8):
            other = chance.choice(values)
            try:
                return copy.deepcopy(at(other, path))
            except (KeyError, IndexError, TypeError):
                continue
    if isinstance(value, bool) or value is None:
        return chance.choice(OTHER_VALUES)
    if isinstance(value, int | float):
        return chance.choice((value + 1, value - 1, -value, chance.choice(INTEGERS)))
    if isinstance(value, str):
        return changed_text(chance, value)
    if isinstance(value, list):
        return changed_list(chance, value)
    return changed_object(chance, value)


def changed_text(chance: random.Random, text: str) -> str:
    if not text or chance.random() < 0.1:
        return chance.choice(TEXTS)
    where = chance.randrange(len(text))
    is_hex = set(text) <= set("0123456789abcdef")
    shape = chance.choice(("digit", "digit", "shorter", "longer", "capitals", "slice", "line"))
    if shape == "digit":
        letters = "0123456789abcdef" if is_hex else string.printable + "é—"
        return text[:where] + chance.choice(letters) + text[where + 1 :]
    if shape == "capitals":
        return text.upper()
    if shape == "line":
        return text[:where] + "\n" + text[where:]
    step = 2 if is_hex else 1
    where -= where % step
    if shape == "shorter":
        return text[:where] + text[where + step :]
    if shape == "longer":
        return text[:where] + ("00" if is_hex else "x") + text[where:]
    return text[where:]


def changed_list(chance: random.Random, items: list[Json]) -> list[Json]:
    made = list(items)
    if not made:
        return [chance.choice(OTHER_VALUES)]
    where, other = chance.randrange(len(made)), chance.randrange(len(made))
    shape = chance.choice(("drop", "drop", "twice", "swap", "reverse", "clear", "grow"))
    if shape == "drop":
        del made[where]
    elif shape == "twice":
        made.insert(where, copy.deepcopy(made[where]))
    elif shape == "swap":
        made[where], made[other] = made[other], made[where]
    elif shape == "reverse":
        made.reverse()
    elif shape == "clear":
        made.clear()
    else:
        made += [copy.deepcopy(made[where])] * chance.choice((1, 8, 64))
    return made


def changed_object(chance: random.Random, members: dict[str, Json]) -> dict[str, Json]:
    made = dict(members)
    name = chance.choice(sorted(made)) if made else "a"
    shape = chance.choice(("drop", "add", "rename"))
    taken = made.pop(name, None)
    if shape == "add":
        made[name] = taken
        new = chance.choice(
            ("entry", "engine", "account", "agency", "trace", "checkpoint", "handovers", "z")
        )
        made[new] = chance.choice(OTHER_VALUES)
    elif shape == "rename":
        made[name + "x"] = taken
    return made


def in_order(value: dict[str, Json]) -> None:
    """Nodes and digests ascending again, so that later steps are reached."""
    anchor = value.get("anchor")
    if isinstance(anchor, dict) and isinstance(anchor.get("nodes"), list):
        nodes = anchor["nodes"]
        if all(isinstance(each, str) for each in nodes):
            anchor["nodes"] = sorted(set(nodes))


# --- times and states -------------------------------------------------------------------------


def at_another_time(chance: random.Random, source: Source, values: list[Json]) -> Case:
    """Around the trust file's expiry and the greatest age, sometimes with an edit."""
    data = edited(chance, source, values).data if chance.random() < 0.3 else source.data
    expires = {"trust.toml": 2_110_812_125, "consensus-trust.toml": 2_110_934_764}[source.trust]
    now = chance.choice((0, source.now, expires - 1, expires, expires + 1, expires * 3))
    return of(source, data, now=now)


def with_other_state(chance: random.Random, source: Source, values: list[Json]) -> Case:
    """Words of the registry's storage changed, under a root and a trusted block that fit them."""
    value = json.loads(source.data)
    if "engine" in value["anchor"] or "entries" in value or "records" in value:
        return edited(chance, source, values)
    rebuilt = Rebuilt(value)
    record = value["record"]
    for _change in range(chance.choice((1, 1, 2))):
        slot = chance.choice(sorted(rebuilt.words))
        word = rebuilt.words[slot]
        rebuilt.words[slot] = chance.choice(
            (word ^ (1 << chance.randrange(256)), 0, 1, chance.getrandbits(256), GREATEST_WORD)
        )
    if chance.random() < 0.7:
        rebuilt.follow(record["trace"], chance)
    if chance.random() < 0.1:
        value = put(value, ("record", "trace"), changed_list(chance, record["trace"]))
    header = rebuilt.anchor(value["anchor"])
    return of(source, spelled(value), pinned=(rebuilt.number, keccak(header).hex()))
