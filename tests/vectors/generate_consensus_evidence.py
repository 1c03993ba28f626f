# SPDX-License-Identifier: Apache-2.0
"""Adds evidence under the signatures of validators to tests/vectors/evidence.

Starts four validators of its own, registers records, votes a fifth in and the first out, and takes
evidence from before, between and after. What must be refused is made of these files: the keys of
this throw-away network are at hand, so that hand-overs can be signed by whoever a case wants. Run
once, as `generate_evidence.py`.

    python -m tests.vectors.generate_consensus_evidence
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import coincurve
import rlp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muniment.chain import Connection
from muniment.chain.anchors import header_of as header_bytes
from muniment.evidence import EvidenceFile, TrustFile
from muniment.evidence.block_notes import sign_block
from muniment.evidence.handovers import HandOver
from muniment.journal.checkpoints import COSIGNATURE, NoteKey, cosign
from muniment.proof.istanbul import IstanbulHeader
from muniment.record.canonical import canonicalize
from muniment.record.keccak import keccak
from muniment.registry import Registry
from muniment.registry.evidence_making import make_trust
from network import handing_over, voting
from network.founding import add_local
from network.members import Network
from network.running import stop, wait_for_blocks
from tests.chain.conftest import deploy_world
from tests.vectors.generate_evidence import TARGET, open_registries
from tests.vectors.generate_journal_evidence import made_files, opened_journal
from toolchain.on_network import CHAIN_ID, local_network

OF_JOURNAL = ("journal-entry", "conflict-entries", "conflict-entry-and-transaction")
TRUST = "consensus-trust.toml"
STRANGER = coincurve.PrivateKey(keccak(b"muniment test: a stranger among the validators"))
EXTRA, VANITY = 11, 32
DAY = 86_400
Change = Callable[[dict[str, Any]], None]


@dataclass
class Scene:
    """What the network left: evidence files, hand-overs, keys by address, blocks by name."""

    files: dict[str, bytes]
    handovers: list[HandOver]
    keys: dict[bytes, bytes]
    trust: TrustFile
    now: int


def witness(number: int) -> tuple[str, Ed25519PrivateKey]:
    name = ("court.example/witness", "archive.example/witness")[number - 1]
    return name, Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def note_of(header: IstanbulHeader, at: int, witnesses: int = 2, chain: int = CHAIN_ID) -> bytes:
    """A block's note, by one or two witnesses, at a time."""
    note = sign_block(chain, header.number, header.hash, *witness(1), at)
    return cosign(note, *witness(2), at) if witnesses > 1 else note


def header_of(data: bytes) -> IstanbulHeader:
    return IstanbulHeader.from_rlp(EvidenceFile.from_bytes(data).anchor.header)


def with_anchor(data: bytes, **changes: Any) -> bytes:
    file = EvidenceFile.from_bytes(data)
    return replace(file, anchor=replace(file.anchor, **changes)).to_bytes()


def made(network: Network, folder: Path) -> Scene:
    """Live through two changes of the set, and keep what is needed of it."""
    world = deploy_world(network.validators()[3].url, CHAIN_ID)
    by = open_registries(world, folder)
    registrar = opened_journal(by, folder)
    # It pins no block: the signatures are to decide.
    trusted = make_trust(registrar.session, days=3650, greatest_age_days=36_500, nodes=())
    keys = []
    for number in (1, 2):
        name, private = witness(number)
        keys.append(NoteKey(name, private.public_key().public_bytes_raw(), COSIGNATURE))
    trusted = replace(trusted, blocks={}, witnesses=tuple(keys), witnesses_needed=2)
    path = folder / "trust.toml"
    path.write_bytes(trusted.to_bytes())
    network_folder = handing_over.folder_of(network)
    profile = registrar.session.profile
    profile = replace(profile, trust=path, chain=replace(profile.chain, handovers=network_folder))
    of_journal, _ = made_files(world, by, registrar, folder)
    registrar.close()
    registrar = Registry.open(profile, password="vectors")
    ids = {name: registered(registrar, name) for name in ("plain", "revoked")}
    registrar.revoke(ids["revoked"], "fraud").wait("final")
    plain = registrar.evidence(ids["plain"], fields=["holder"])
    wait_for_blocks(network, network.validators())
    files = {
        "consensus": plain,
        "consensus-revoked": registrar.evidence(ids["revoked"], fields=[]),
        "consensus-bundle": registrar.evidence_bundle(list(ids.values()), fields=["holder"]),
    }
    grown, member = add_local(network, "v5")
    grown = voting.promote(grown, member)
    files.update((f"consensus-{name}", of_journal[name]) for name in OF_JOURNAL)
    files["between"] = sealed_by(registrar, ids["plain"], member.address, 4)
    first = grown.validators()[0]
    keys_of = {
        bytes.fromhex(each.address[2:]): bytes.fromhex((grown.home(each) / "nodekey").read_text())
        for each in grown.own()
    }
    voting.demote(grown, first)
    wait_for_blocks(grown, grown.validators()[1:], 2)
    files["after"] = sealed_by(registrar, ids["plain"], member.address, 3)
    handovers = handing_over.kept(grown)
    # A block that the old set has signed after it had handed over: the vote had not taken effect.
    connection = Connection(world.connection.url, CHAIN_ID)
    block = connection.block(handovers[0].number + 1)
    note = note_of(IstanbulHeader.from_rlp(header_bytes(connection, block)), block.timestamp + 1)
    files["consensus-vote-under-way"] = with_anchor(
        registrar.evidence(ids["plain"], fields=[], witnessed=note), witnessed=None
    )
    for each in (registrar, *by.values()):
        each.close()
    stop(grown, grown.own(), kill=True)
    trust = TrustFile.from_bytes(path.read_bytes())
    return Scene(files, handovers, keys_of, trust, int(time.time()) + DAY)


def registered(registry: Registry, name: str) -> bytes:
    fields = {"holder": f"Holder of {name}", "parcel": name}
    submission = registry.register("land-deed", fields, source_id=name)
    submission.wait("final")
    assert submission.record_id is not None
    return submission.record_id


def sealed_by(registry: Registry, record_id: bytes, address: str, seals: int) -> bytes:
    """Evidence of a block that the new member sealed and so many in all: of 5 validators 4, of 4
    three. Of other blocks a quorum of both sets may have signed."""
    wanted = bytes.fromhex(address[2:])
    while True:
        data = registry.evidence(record_id, fields=["holder"])
        committers = header_of(data).committers()
        if wanted in committers and len(committers) == seals:
            return data
        time.sleep(1)


# ---------------------------------------------------------------- headers that are changed


def changed_header(data: bytes, change: Callable[[Any, Any, Any, Any], tuple[Any, ...]]) -> bytes:
    """`change` takes vanity, validators, the proposer's seal and the others', and returns them."""
    fields = list(rlp.decode(EvidenceFile.from_bytes(data).anchor.header))
    extra = fields[EXTRA]
    vanity, *rest = change(extra[:VANITY], *rlp.decode(extra[VANITY:]))
    fields[EXTRA] = vanity + rlp.encode(rest)
    return with_anchor(data, header=rlp.encode(fields))


def signed_anew(
    scene: Scene, data: bytes, signers: list[bytes], number: int | None = None
) -> bytes:
    """The header of a file, signed by others; with another number where one is given."""
    fields = list(rlp.decode(EvidenceFile.from_bytes(data).anchor.header))
    if number is not None:
        fields[7] = number.to_bytes(8, "big").lstrip(b"\0")
    vanity = bytes(VANITY)
    keys = [coincurve.PrivateKey(scene.keys[each]) for each in signers]

    def header(seal: bytes, seals: list[bytes]) -> bytes:
        fields[EXTRA] = vanity + rlp.encode([sorted(signers), seal, seals])
        return bytes(rlp.encode(fields))

    seal = keys[0].sign_recoverable(keccak(header(b"", [])), hasher=keccak)
    block_hash = keccak(header(seal, []))
    seals = [each.sign_recoverable(block_hash + b"\2", hasher=keccak) for each in keys]
    return with_anchor(data, header=header(seal, seals))


def failing_headers(scene: Scene) -> dict[str, bytes]:
    """What is wrong with seals."""
    plain = scene.files["consensus"]
    other = rlp.decode(
        rlp.decode(EvidenceFile.from_bytes(scene.files["consensus-revoked"]).anchor.header)[EXTRA][
            VANITY:
        ]
    )[2]
    stranger = STRANGER.sign_recoverable(header_of(plain).hash + b"\2", hasher=keccak)
    changes: dict[str, Callable[[Any, Any, Any, Any], tuple[Any, ...]]] = {
        "too-few-seals": lambda v, a, p, s: (v, a, p, s[:2]),
        "no-seals": lambda v, a, p, s: (v, a, p, []),
        "one-seal-twice": lambda v, a, p, s: (v, a, p, [s[0], s[1], s[1]]),
        "strangers-seal": lambda v, a, p, s: (v, a, p, [s[0], s[1], stranger]),
        "seals-of-another-block": lambda v, a, p, s: (v, a, p, other),
        "list-of-validators-changed": lambda v, a, p, s: (v, [bytes(20), *a[1:]], p, s),
        "proposers-seal-as-committers": lambda v, a, p, s: (v, a, p, [s[0], s[1], p]),
        "committers-seal-as-proposers": lambda v, a, p, s: (v, a, s[0], s),
    }
    return {name: changed_header(plain, change) for name, change in changes.items()}


# ---------------------------------------------------------------- hand-overs that are changed


def resigned(scene: Scene, handover: HandOver, signers: list[bytes], **changes: Any) -> HandOver:
    """A hand-over that says something else, signed by whom the case wants."""
    blank = replace(handover, **changes, signatures=())
    return blank.signed(scene.keys[each] for each in signers)


def failing_handovers(scene: Scene) -> dict[str, bytes]:
    """What is wrong with hand-overs, in evidence that is valid but for that."""
    after, between = witnessed(scene, "after"), witnessed(scene, "between")
    first, second = scene.handovers
    [joining] = set(first.new) - set(first.old)
    old, everyone = list(first.old), [*first.old, joining]
    stranger = keccak(STRANGER.public_key.format(compressed=False)[1:])[-20:]
    keys = Scene([], [], {**scene.keys, stranger: STRANGER.secret}, scene.trust, scene.now)  # type: ignore[arg-type]
    foreign = replace(first, old=tuple(sorted([*old[:3], stranger])), signatures=())
    foreign = foreign.signed(keys.keys[each] for each in [*foreign.old, *everyone])
    back = resigned(
        scene, second, everyone, number=second.number + 1, old=second.new, new=first.new
    )
    there = resigned(scene, second, everyone, number=second.number + 2)
    other_set = tuple(each for each in second.old if each != second.new[0])
    lists: dict[str, tuple[bytes, list[HandOver]]] = {
        "of-two-old-members": (between, [resigned(scene, first, [*old[:2], joining])]),
        "without-the-new-member": (between, [resigned(scene, first, old)]),
        "signed-by-nobody": (between, [replace(first, signatures=())]),
        "of-another-chain": (between, [resigned(scene, first, everyone, chain_id=1)]),
        "changed-block": (between, [replace(first, block_hash=bytes(32))]),
        "signatures-not-in-order": (
            between,
            [replace(first, signatures=first.signatures[::-1])],
        ),
        "of-another-old-set": (between, [foreign]),
        "first-left-out": (after, [second]),
        "second-left-out": (after, [first]),
        "second-of-another-old-set": (
            after,
            [first, resigned(scene, second, everyone, old=other_set)],
        ),
        "wrong-order": (after, [second, first]),
        "not-ascending": (
            after,
            [first, resigned(scene, second, everyone, number=first.number)],
        ),
        "to-and-fro": (after, [first, second, back, there]),
        "one-too-many": (between, [first, second]),
        "after-the-block": (
            between,
            [resigned(scene, first, everyone, number=header_of(between).number)],
        ),
        "with-a-strangers-signature": (between, [with_stranger(first)]),
        "unused-for-a-block-signed-by-both": (by_both(scene), [first]),
        "unused": (scene.files["consensus"], [resigned(scene, first, everyone, number=1)]),
    }
    found = {
        f"handover-{name}": with_anchor(data, handovers=tuple(handovers))
        for name, (data, handovers) in lists.items()
    }
    found["handover-missing"] = with_anchor(between, handovers=())
    return found


def with_stranger(handover: HandOver) -> HandOver:
    """One signature more, of a key that is in neither set."""
    found = dict(zip(handover.signers(), handover.signatures, strict=True))
    address = keccak(STRANGER.public_key.format(compressed=False)[1:])[-20:]
    found[address] = STRANGER.sign_recoverable(handover.message, hasher=keccak)
    return replace(handover, signatures=tuple(found[each] for each in sorted(found)))


def by_both(scene: Scene) -> bytes:
    """A block that all four of the old set have signed: four are a quorum of the five too."""
    first = scene.handovers[0]
    return signed_anew(scene, scene.files["consensus"], list(first.old), first.number + 1)


def witnessed(scene: Scene, name: str, **changes: Any) -> bytes:
    """A file with the note of two witnesses over its block."""
    data = scene.files[name]
    at = header_of(data).timestamp + 2
    return with_anchor(data, witnessed=note_of(header_of(data), **{"at": at, **changes}))


def malformed(data: bytes) -> dict[str, bytes]:
    """What is wrong with the form."""
    found: dict[str, bytes] = {}

    def put(name: str, change: Change) -> None:
        file = json.loads(data)
        change(file["anchor"])
        found[f"form-{name}"] = canonicalize(file)

    put("engine-unknown", lambda a: a.update(engine="clique"))
    put("handovers-empty", lambda a: a.update(handovers=[]))
    put("handovers-without-engine", lambda a: a.pop("engine"))
    put("handover-unknown-member", lambda a: a["handovers"][0].update(note=""))
    put("handover-of-another-version", lambda a: a["handovers"][0].update(format="handover/v2"))
    put("handover-set-not-ascending", lambda a: a["handovers"][0]["new"].reverse())
    put("handover-of-no-change", lambda a: a["handovers"][0].update(new=a["handovers"][0]["old"]))
    put("handover-signature-short", lambda a: a["handovers"][0]["signatures"].append("11"))
    put("witnessed-no-text", lambda a: a.update(witnessed=1))
    return found


def cases(scene: Scene) -> dict[str, tuple[bytes, dict[str, Any]]]:
    """All files with what is expected of them."""
    invalid, unknown = {"outcome": "invalid"}, {"outcome": "unknown"}
    plain, files = scene.files["consensus"], scene.files
    good = {
        "consensus": "valid",
        "consensus-revoked": "revoked",
        "consensus-vote-under-way": "valid",
        "consensus-journal-entry": "valid",
        "consensus-conflict-entries": "conflict",
        "consensus-conflict-entry-and-transaction": "conflict",
    }
    found: dict[str, tuple[bytes, dict[str, Any]]] = {
        f"{name}.json": (files[name], {"outcome": outcome}) for name, outcome in good.items()
    }
    found["consensus-bundle.json"] = (files["consensus-bundle"], {"outcome": ["valid", "revoked"]})
    found["consensus-signed-by-both.json"] = (by_both(scene), {"outcome": "valid"})
    found["consensus-witnessed.json"] = (witnessed(scene, "consensus"), {"outcome": "valid"})
    for name in ("between", "after"):
        data = witnessed(scene, name)
        found[f"consensus-{name}.json"] = (data, {"outcome": "valid"})
    expired = scene.trust.expires + DAY
    found["consensus-expired.json"] = (
        witnessed(scene, "consensus", at=scene.trust.expires),
        {"outcome": "valid", "now": expired},
    )

    def fail(name: str, data: bytes, expected: dict[str, Any]) -> None:
        found[f"consensus-{name}_fail.json"] = (data, expected)

    for name, data in failing_headers(scene).items():
        fail(name, data, {**invalid, "step": 12})
    with_round = changed_header(plain, lambda v, a, p, s: (v[:-1] + b"\1", a, p, s))
    fail("round-byte-changed", with_round, {**invalid, "step": 3})
    for name, data in failing_handovers(scene).items():
        fail(name, data, {**invalid, "step": 12})
    for name, data in malformed(witnessed(scene, "between")).items():
        fail(name, data, {**invalid, "step": 1})
    file = json.loads(plain)
    del file["anchor"]["engine"]
    fail("engine-left-out", canonicalize(file), {**invalid, "step": 2})
    before = scene.trust.validators
    assert before is not None
    first_set = list(before.addresses)
    fail(
        "before-the-set",
        signed_anew(scene, plain, first_set[:3], before.block - 1),
        {**unknown, "step": 12},
    )
    # Retired keys sign a past of their own, on to keys that nobody knows.
    fail("forged-by-retired-keys", forged(scene), {**unknown, "step": 12})
    fail("handover-without-note", files["between"], {**unknown, "step": 12})
    fail("two-handovers-without-note", files["after"], {**unknown, "step": 12})
    fail(
        "handover-seen-by-one",
        witnessed(scene, "between", witnesses=1),
        {**unknown, "step": 12},
    )
    header = header_of(plain)
    another = note_of(header_of(files["consensus-revoked"]), header.timestamp + 2)
    fail("note-of-another-block", with_anchor(plain, witnessed=another), {**invalid, "step": 12})
    fail("note-of-another-chain", witnessed(scene, "consensus", chain=1), {**invalid, "step": 12})
    fail("note-is-none", with_anchor(plain, witnessed=b"trust me"), {**invalid, "step": 12})
    note = bytearray(note_of(header, header.timestamp))
    note[-10] = ord("A") if note[-10] != ord("A") else ord("B")
    fail(
        "note-with-another-signature",
        with_anchor(plain, witnessed=bytes(note)),
        {**invalid, "step": 12},
    )
    fail("expired", plain, {**unknown, "step": 2, "now": expired})
    fail(
        "expired-and-seen-by-one",
        witnessed(scene, "consensus", witnesses=1),
        {**unknown, "step": 12, "now": expired},
    )
    fail(
        "expired-and-seen-later",
        witnessed(scene, "consensus", at=scene.trust.expires + 1),
        {**unknown, "step": 12, "now": expired},
    )
    return found


def forged(scene: Scene) -> bytes:
    """A block of the first set's keys and a new one's, after a hand-over that they made up."""
    first = scene.handovers[0]
    stranger = keccak(STRANGER.public_key.format(compressed=False)[1:])[-20:]
    scene = replace(scene, keys={**scene.keys, stranger: STRANGER.secret})
    new = tuple(sorted([*first.old[:3], stranger]))
    made_up = resigned(scene, first, [*first.old[:3], stranger], new=new)
    data = signed_anew(scene, scene.files["after"], [*new], first.number + 1)
    return with_anchor(data, handovers=(made_up,))


def main() -> None:
    """Write the files, and add them to the table."""
    with tempfile.TemporaryDirectory() as name, local_network() as network:
        scene = made(network, Path(name))
    (TARGET / TRUST).write_bytes(scene.trust.to_bytes())
    for old in TARGET.glob("consensus*.json"):
        old.unlink()
    table = json.loads((TARGET / "cases.json").read_text())
    kept = {name: each for name, each in table["cases"].items() if not name.startswith("consensus")}
    for name, (data, expected) in cases(scene).items():
        (TARGET / name).write_bytes(data)
        kept[name] = {"trust": TRUST, "now": scene.now, **expected}
    table["cases"] = kept
    (TARGET / "cases.json").write_text(json.dumps(table, indent=1) + "\n")
    print(f"{len(kept)} cases")


if __name__ == "__main__":
    main()
