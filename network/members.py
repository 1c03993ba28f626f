# SPDX-License-Identifier: Apache-2.0
"""Who takes part: the members of a network and the folder that says so.

DIR/network.json names all members, and is the same on every host. A member whose folder DIR/NAME
holds a `nodekey` is run from here; of the others only what they made public is known.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import coincurve

from muniment.errors import InvalidInputError
from muniment.record.keccak import keccak
from network.errors import NetworkError

VALIDATOR: Final = "validator"
OBSERVER: Final = "observer"
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")
_ADDRESS: Final = re.compile(r"0x[0-9a-f]{40}")
_PUBLIC: Final = re.compile(r"[0-9a-f]{128}")
_PRIVATE_FILE: Final = 0o600
_PRIVATE_FOLDER: Final = 0o700
_PORTS: Final = range(1, 65536)


@dataclass(frozen=True, slots=True)
class Member:
    """One node: `role` validator or observer, `public` the key's 64 bytes as hex.

    `host` (an IP address) and `p2p` are where peers find it, `rpc_host` and `rpc` where its own
    host's programs do.
    """

    name: str
    role: str
    address: str
    public: str
    host: str
    p2p: int
    rpc_host: str
    rpc: int

    @property
    def url(self) -> str:
        """Where it answers JSON-RPC."""
        return f"http://{self.rpc_host}:{self.rpc}"

    @property
    def peer(self) -> str:
        """As the node names a peer."""
        kind = "cn" if self.role == VALIDATOR else "pn"
        return f"kni://{self.public}@{self.host}:{self.p2p}?discport=0&ntype={kind}"

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Member:
        """Return the member of its JSON form. Raises `InvalidInputError`."""
        fields = tuple(cls.__dataclass_fields__)
        if set(given) != set(fields):
            raise InvalidInputError("member", ", ".join(fields), ", ".join(sorted(given)))
        for field, form in (("name", _NAME), ("address", _ADDRESS), ("public", _PUBLIC)):
            if not isinstance(given[field], str) or not form.fullmatch(given[field]):
                raise InvalidInputError(f"member's {field}", form.pattern, repr(given[field]))
        if given["role"] not in (VALIDATOR, OBSERVER):
            raise InvalidInputError("member's role", f"{VALIDATOR} or {OBSERVER}", given["role"])
        if f"0x{keccak(bytes.fromhex(given['public']))[-20:].hex()}" != given["address"]:
            raise InvalidInputError("member's address", "that of its public key", given["address"])
        for field in ("p2p", "rpc"):
            if type(given[field]) is not int or given[field] not in _PORTS:
                raise InvalidInputError(f"member's {field}", "a port", repr(given[field]))
        for field in ("host", "rpc_host"):
            try:
                ipaddress.ip_address(given[field])
            except ValueError:
                got = repr(given[field])
                raise InvalidInputError(f"member's {field}", "an IP address", got) from None
        return cls(**given)


@dataclass(frozen=True, slots=True)
class Network:
    """The members of chain `chain_id`, and `folder`, which holds all of it."""

    folder: Path
    chain_id: int
    members: tuple[Member, ...]

    @classmethod
    def at(cls, folder: Path) -> Network:
        """Return the network of a folder. Raises `NetworkError`, `InvalidInputError`."""
        try:
            given = json.loads((folder / "network.json").read_text())
        except FileNotFoundError as error:
            raise NetworkError(
                f"{folder} holds no network",
                expected="network.json",
                remedy="python -m network create",
            ) from error
        except ValueError as error:
            raise InvalidInputError(f"{folder}/network.json", "JSON", "another text") from error
        return cls(folder, int(given["chain_id"]), tuple(map(Member.of, given["members"])))

    def save(self) -> None:
        """Write network.json, and to each member run here whom it connects to."""
        told = {"chain_id": self.chain_id, "members": [asdict(each) for each in self.members]}
        write_whole(self.folder / "network.json", json.dumps(told, indent=1) + "\n")
        peers = json.dumps([each.peer for each in self.members], indent=1)
        for member in self.own():
            write_whole(self.home(member) / "static-nodes.json", peers + "\n")

    def home(self, member: Member) -> Path:
        """A member's folder: key, chain, log."""
        return self.folder / member.name

    def own(self) -> list[Member]:
        """The members whose keys lie here."""
        return [each for each in self.members if (self.home(each) / "nodekey").exists()]

    def validators(self) -> list[Member]:
        """The members that are to validate."""
        return [each for each in self.members if each.role == VALIDATOR]

    def member(self, name: str) -> Member:
        """Return a member by its name or address. Raises `InvalidInputError`."""
        for each in self.members:
            if name in (each.name, each.address):
                return each
        known = ", ".join(each.name for each in self.members)
        raise InvalidInputError("member", f"one of {known}", repr(name))

    def address(self, named: str) -> str:
        """Return an address as it is, or a member's by its name. Raises `InvalidInputError`."""
        return named.lower() if _ADDRESS.fullmatch(named.lower()) else self.member(named).address

    def with_members(self, members: Sequence[Member]) -> Network:
        """Return the network with other members."""
        return replace(self, members=tuple(members))

    @property
    def restriction(self) -> str:
        """The addresses that nodes connect to and take connections from, as they are told it."""
        hosts = {each.host for each in self.members}
        if all(ipaddress.ip_address(host).is_loopback for host in hosts):
            return "127.0.0.0/8"
        return ",".join(sorted(str(ipaddress.ip_network(host)) for host in hosts))


def new_member(
    folder: Path, name: str, role: str, host: str, p2p: int, rpc_host: str, rpc: int
) -> Member:
    """Make a key in DIR/NAME, readable by its owner alone, and return the member it stands for.

    Raises `InvalidInputError`, and `NetworkError` where there is a key already.
    """
    key = coincurve.PrivateKey()
    public = key.public_key.format(compressed=False)[1:]
    member = Member.of(
        {
            "name": name,
            "role": role,
            "address": f"0x{keccak(public)[-20:].hex()}",
            "public": public.hex(),
            "host": host,
            "p2p": p2p,
            "rpc_host": rpc_host,
            "rpc": rpc,
        }
    )
    home = folder / name
    home.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    home.chmod(_PRIVATE_FOLDER)
    try:
        file = os.open(home / "nodekey", os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
    except FileExistsError as error:
        raise NetworkError(
            f"{home}/nodekey exists",
            expected="a new name",
            remedy="choose another name: a validator's key is never written over",
        ) from error
    with os.fdopen(file, "w") as out:
        out.write(key.to_hex())
        out.flush()
        os.fsync(out.fileno())
    return member


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is never seen half written."""
    making = path.with_name(f"{path.name}.{os.getpid()}")
    making.write_text(text)
    making.replace(path)
