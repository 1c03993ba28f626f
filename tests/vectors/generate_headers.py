# SPDX-License-Identifier: Apache-2.0
"""Vectors of signed headers and accounts, from a running network of validators.

    python -m tests.vectors.generate_headers ~/.local/state/muniment/network

Registers a record on the chain, has one validator away for some blocks, and writes what the nodes
then say to tests/vectors/headers/. What must be refused (`_fail`) is made of the real headers; the
one key that is made up is named.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import coincurve
import rlp

from muniment.chain import Connection
from muniment.chain.engines import header_rlp
from muniment.proof.istanbul import IstanbulHeader
from muniment.proof.slots import record_slots, successor_slot
from muniment.record.keccak import keccak
from network.members import Network
from network.running import start, stop, wait_for_blocks
from tests.chain.conftest import deploy_world

FOLDER = Path(__file__).resolve().parent / "headers"
STRANGER = coincurve.PrivateKey(keccak(b"muniment test: a stranger among the validators"))
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
EXTRA, VANITY = 11, 32


def main(folder: str) -> None:
    network = Network.at(Path(folder).absolute())
    connection = Connection(network.validators()[0].url, network.chain_id)
    world = deploy_world(connection.url, network.chain_id)
    record_id = world.register("vector")
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    busy = connection.block().number
    captured(connection, "first-block", "the first block", 1)
    captured(connection, "with-transactions", "a block with a transaction", busy)
    account(connection, world.registries.records.address, record_id, busy)
    later = round_of_more(network, connection)
    captured(connection, "second-round", "its first proposer was away: round 1", later)
    failing(connection, busy)


def round_of_more(network: Network, connection: Connection) -> int:
    """A block whose proposer came second, because one validator was away."""
    away = network.validators()[1]
    before = connection.block().number
    stop(network, [away], kill=True)
    time.sleep(12)
    start(network, [away])
    top = wait_for_blocks(network, [away])
    for number in range(before, top):
        if bytes.fromhex(asked(connection, number)["extraData"][2:])[VANITY - 1]:
            return number
    raise SystemExit("no block had a second round")


def asked(connection: Connection, number: int) -> Any:
    return connection.request("kaia_getHeaderByNumber", [hex(number)])


def council(connection: Connection, number: int) -> list[str]:
    """Who could seal a block."""
    found = connection.request("kaia_getCouncil", [hex(number)])
    return sorted(each.lower() for each in found)


def captured(connection: Connection, name: str, what: str, number: int) -> None:
    answer = asked(connection, number)
    consensus = connection.request("kaia_getBlockWithConsensusInfoByNumber", [hex(number)])
    header = header_rlp(answer)
    told = {
        "what": what,
        "answer": answer,
        "header": header.hex(),
        "validators": council(connection, number),
        # Of the node; the committers alone are recovered here.
        "proposer": consensus["proposer"].lower(),
        "committers": [f"0x{each.hex()}" for each in IstanbulHeader.from_rlp(header).committers()],
    }
    write(name, told)


def account(connection: Connection, address: str, record_id: bytes, number: int) -> None:
    slots = [*record_slots(record_id), successor_slot()]
    words = [f"0x{slot:064x}" for slot in slots]
    proof = connection.request("eth_getProof", [address, words, hex(number)])
    nodes = {*proof["accountProof"], *(node for e in proof["storageProof"] for node in e["proof"])}
    told = {
        "what": "the record registry's account, three slots of a record, and an empty slot",
        "stateRoot": asked(connection, number)["stateRoot"],
        "address": address.lower(),
        "nodes": sorted(nodes),
        "codeHash": proof["codeHash"],
        "storageHash": proof["storageHash"],
        "slots": {
            word: connection.request("eth_getStorageAt", [address, word, hex(number)])
            for word in words
        },
    }
    write("account", told)


def failing(connection: Connection, number: int) -> None:
    header = rlp.decode(header_rlp(asked(connection, number)))
    before = rlp.decode(header_rlp(asked(connection, number - 1)))
    vanity, (validators, seal, seals) = parts(header)
    _, (_, _, other_seals) = parts(before)
    stranger = STRANGER.sign_recoverable(hash_of(header) + b"\x02", hasher=keccak)
    pinned = council(connection, number)

    def put(
        name: str,
        what: str,
        refused: str,
        list_of: Any,
        own: Any,
        committed: Any,
        head: Any = vanity,
    ) -> None:
        changed = list(header)
        changed[EXTRA] = head + rlp.encode([list_of, own, committed])
        write_fail(name, what, refused, rlp.encode(changed), pinned)

    a, b, c = seals
    put("too-few-seals", "two seals of four validators", "quorum", validators, seal, [a, b])
    put("no-seals", "nobody committed it", "quorum", validators, seal, [])
    put("one-seal-twice", "the third seal is the second", "twice", validators, seal, [a, b, b])
    put(
        "stranger",
        "a key outside of the set sealed it",
        "member",
        validators,
        seal,
        [a, b, stranger],
    )
    put(
        *("seal-of-another-block", "the seals are those of the block before", "member"),
        *(validators, seal, other_seals),
    )
    put(
        *("round-byte", "the round byte says 1", "HeaderError"),
        *(validators, seal, seals, vanity[:-1] + b"\x01"),
    )
    put(
        *("validator-list", "the header's own list has another first validator", "proposer"),
        *([STRANGER_ADDRESS, *validators[1:]], seal, seals),
    )
    put(
        *("proposer-seal-as-committer", "the proposer's seal stands among the committers'"),
        *("member", validators, seal, [a, b, seal]),
    )
    put(
        "committer-seal-as-proposer",
        "a committer's seal proposes",
        "proposer",
        validators,
        a,
        seals,
    )
    put("upper-s", "a seal in its other form", "seal", validators, seal, [a, b, upper(c)])
    put("seal-of-no-curve", "a seal of zeros", "seal", validators, seal, [a, b, bytes(65)])
    put("v-of-27", "a recovery byte of 27", "seal", validators, seal, [a, b, c[:64] + b"\x1b"])
    put("seal-too-short", "a seal of 64 bytes", "HeaderError", validators, seal, [a, b, c[:64]])
    for name, place in (("state-root", 2), ("number", 7), ("parent-hash", 0)):
        changed = list(header)
        changed[place] = keccak(b"other")[: len(changed[place])]
        write_fail(name, f"another {name}", "proposer", rlp.encode(changed), pinned)
    write_fail(
        *("another-set", "another validator is pinned for one that sealed", "member"),
        rlp.encode(header),
        sorted({*pinned, "0x" + "11" * 20} - {sealer_that_did_not_propose(header)}),
    )


def sealer_that_did_not_propose(header: Any) -> str:
    read = IstanbulHeader.from_rlp(rlp.encode(header))
    return next(f"0x{each.hex()}" for each in read.committers() if each != read.proposer())


def parts(header: Any) -> tuple[bytes, Any]:
    return header[EXTRA][:VANITY], rlp.decode(header[EXTRA][VANITY:])


def hash_of(header: Any) -> bytes:
    return IstanbulHeader.from_rlp(rlp.encode(header)).hash


def upper(seal: bytes) -> bytes:
    s = ORDER - int.from_bytes(seal[32:64], "big")
    return seal[:32] + s.to_bytes(32, "big") + bytes([seal[64] ^ 1])


def write_fail(name: str, what: str, refused: str, header: bytes, pinned: list[str]) -> None:
    write(
        f"{name}_fail",
        {"what": what, "header": header.hex(), "validators": pinned, "refused": refused},
    )


def write(name: str, told: dict[str, Any]) -> None:
    (FOLDER / f"{name}.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")


STRANGER_ADDRESS: bytes = keccak(STRANGER.public_key.format(compressed=False)[1:])[-20:]

if __name__ == "__main__":
    main(sys.argv[1])
