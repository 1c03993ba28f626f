# SPDX-License-Identifier: Apache-2.0
"""A land registry with a running gateway, and a tax authority beside it, on a real Anvil.

Everything there is to see in the console is there: records of two types by both ways, one of each
status, holds, a share that is asked for, custody that is offered, reads, tokens, accounts.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from muniment.chain import Connection, Sender, Signer, deploy
from muniment.chain.bindings.record_registry import Seal
from muniment.chain.contract import Call
from muniment.exchange.terms import Terms
from muniment.gateway.callers.accounts import add_account
from muniment.gateway.callers.tokens import make_token
from muniment.record import FILE_SCHEMA, AgencyId, RecordType, TypeId, derive_lineage
from muniment.record.identifiers import RecordId
from muniment.record.types import RETAIN_FOREVER, Sharing
from muniment.registry import (
    AgencyProfile,
    ChainProfile,
    KeysProfile,
    Profile,
    Registry,
    Submission,
    journals,
)
from muniment.registry.access_entries import publish_access_type
from muniment.registry.profile import JournalProfile, ReadsProfile
from muniment.registry.session import address_in, make_stores
from muniment.store.keys import KeyStore
from tests.chain.agency import PASSWORD, keystore, sealer
from tests.chain.conftest import ROLES, World
from tests.chain.gateway import Gateway, start_gateway
from tests.chain.receivers import Receiver
from toolchain.local_chain import CHAIN_ID, anvil, development_keys, free_port

LAND, TAX, ARCHIVE = 1, 2, 3
DAY: Final = 86_400
DAYS_OF_LIFE: Final = 36
ACCOUNT_PASSWORD: Final = "a password of the console"
ACCOUNTS: Final = {
    "administrator": "agency_admin",
    "registrar": "registrar",
    "steward": "steward",
    "auditor": "hold_authority",
}
"""Who signs in, and as which actor of the chain."""
OUTSIDE: Final = {"registry_admin": "registry_admin"}
"""Likewise, of those who see to agencies from outside."""

DEED: Final = RecordType.define(
    "land-deed",
    TypeId(1),
    1,
    {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["holder", "parcel", "use", "area", "signed"],
        "properties": {
            "holder": {"type": "string", "title": "Holder", "minLength": 2, "maxLength": 200},
            "parcel": {
                "type": "string",
                "title": "Parcel",
                "pattern": "^[0-9]{1,3}/[0-9]+$",
                "description": "District and number, such as 12/345",
            },
            "use": {"title": "Use", "enum": ["dwelling", "forest", "field", "industry"]},
            "area": {"type": "integer", "title": "Area in m²", "minimum": 1},
            "price": {"type": "string", "format": "decimal", "title": "Price"},
            "signed": {"type": "string", "format": "date", "title": "Signed on"},
            "mortgaged": {"type": "boolean", "title": "Mortgaged"},
            "remarks": {"type": "string", "maxLength": 2000, "title": "Remarks"},
            "scan": {"$ref": "#/$defs/file", "title": "Scan of the deed"},
        },
        "additionalProperties": False,
        "$defs": {"file": dict(FILE_SCHEMA)},
    },
    retention_days=0,
    sharing=Sharing.CONDITIONAL,
    searchable=["holder", "parcel"],
)
PERMIT: Final = RecordType.define(
    "building-permit",
    TypeId(2),
    1,
    {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["applicant", "site", "floors"],
        "properties": {
            "applicant": {"type": "string", "title": "Applicant"},
            "site": {"type": "string", "title": "Site"},
            "floors": {"type": "integer", "minimum": 1, "maximum": 200, "title": "Floors"},
        },
        "additionalProperties": False,
    },
    retention_days=3650,
    sharing=Sharing.OPEN,
    searchable=["applicant"],
)
RETURN: Final = RecordType.define(
    "tax-return",
    TypeId(1),
    1,
    {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["payer"],
        "properties": {"payer": {"type": "string"}},
        "additionalProperties": False,
    },
    retention_days=RETAIN_FOREVER,
    sharing=Sharing.CONDITIONAL,
)
HOLDERS: Final = (
    "Ada Lovelace",
    "Grace Hopper",
    "Mary Somerville",
    "Emmy Noether",
    "Chien-Shiung Wu",
    "Katherine Johnson",
)


@dataclass
class Seeded:
    """The running gateway, its folder, the registry of the land registry and its records; as its
    steward opens it, and as the tax authority's does; who is told of events."""

    folder: Path
    world: World
    gateway: Gateway
    registry: Registry
    steward: Registry
    others: Registry
    receiver: Receiver
    records: dict[str, str] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """What the walks need to know."""
        return {
            "url": self.gateway.url,
            "accountPassword": ACCOUNT_PASSWORD,
            "keystorePassword": PASSWORD,
            "keystores": {
                name: str(self.folder / f"{actor}.json")
                for name, actor in (ACCOUNTS | OUTSIDE).items()
            },
            "keys": {
                name: f"0x{development_keys(len(ROLES))[ROLES.index(actor)].hex()}"
                for name, actor in (ACCOUNTS | OUTSIDE).items()
            },
            "folder": str(self.folder),
            "receiver": self.receiver.url,
            "deaf": f"http://127.0.0.1:{free_port()}/nobody",
            "records": self.records,
            "stranger": self.world.address("stranger"),
        }


@contextmanager
def seeded(folder: Path) -> Iterator[Seeded]:
    """Set everything up below `folder`, run the gateway, and end it."""
    with ExitStack() as stack:
        # The chain's clock begins weeks ago and is brought forward act by act.
        begun = str(int(time.time()) - DAYS_OF_LIFE * DAY)
        world = _deployed(stack.enter_context(anvil("--timestamp", begun)))
        opened: list[Registry] = []
        stack.callback(lambda: [each.close() for each in opened])
        land, tax = folder / "land", folder / "tax"
        for agency, place in ((LAND, land), (TAX, tax)):
            _key_store(world, agency, place)

        def as_officer(actor: str, **more: Any) -> Registry:
            agency, place = (TAX, tax) if actor.startswith("other_") else (LAND, land)
            registry = Registry.open(
                _profile(world, agency, place, actor, **more), password=PASSWORD
            )
            opened.append(registry)
            return registry

        _publish(as_officer("agency_admin"), DEED, PERMIT)
        _publish(as_officer("other_admin"), RETURN)
        admin = as_officer("agency_admin")
        lanes = [sealer(land), sealer(land, 1)]
        admin.wait([admin.add_officer("operator", address_in(each)) for each in lanes])
        for _ in range(3):
            admin.wait([journals.open_journal(admin.session)])
        _sealed_by_a_thief(world)
        access = publish_access_type(admin.session)
        assert access is not None
        admin.wait([access])
        more = {
            "journal": JournalProfile(1, lanes[0], entries=100_000, seconds=1),
            "reads": ReadsProfile(2, lanes[1], seconds=600),
        }
        registrar = as_officer("registrar", operators=True, **more)
        records = _records(world, registrar, as_officer("hold_authority"))
        steward, others = as_officer("steward"), as_officer("other_steward")
        _shares(steward, others, folder)
        replaced = world.registries.agencies.schedule_admin_replacement(
            LAND, world.address("stranger")
        )
        world.send("registry_admin", replaced)
        records |= _offered(as_officer("other_registrar"), others, land)
        _given(steward, others, as_officer("other_registrar"), folder)
        for name, actor in (ACCOUNTS | OUTSIDE).items():
            keystore(land, world, actor)
            add_account(
                registrar.session.database,
                name,
                world.address(actor),
                password=ACCOUNT_PASSWORD,
            )
        registrar.sync()
        token, _ = make_token(registrar.session.database, "case system", ["register", "read"])
        # Officers sign in and out often here, and the tests come from one address.
        profile = _profile(
            world,
            LAND,
            land,
            "registrar",
            operators=True,
            gateway={
                "sign_ins_per_minute": 600,
                "burst": 2000,
                "requests_per_second": 500,
                "outgoing": {"private": ["127.0.0.1/32"]},
            },
            **more,
        )
        gateway = start_gateway(profile.path.parent, registry=registrar)
        stack.callback(_end, gateway.process)
        _permits(gateway.url, token)
        receiver = Receiver()
        receiver.start()
        stack.callback(receiver.stop)
        yield Seeded(land, world, gateway, registrar, steward, others, receiver, records)


def _sealed_by_a_thief(world: World) -> None:
    """A third journal, which a stolen machine key has sealed with entries that nobody knows."""
    records = world.registries.records
    nothing = Seal(bytes(32), 0, 0, 0)
    world.send("operator", records.seal_journal(LAND, 3, nothing, 40, bytes([7]) * 32, ()))


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


def _deployed(url: str) -> World:
    connection = Connection(url, CHAIN_ID)
    keys = development_keys(len(ROLES))
    senders = {
        role: Sender(connection, Signer.from_key(key), timeout=60)
        for role, key in zip(ROLES, keys, strict=True)
    }
    registries = deploy(
        senders["registry_admin"],
        registry_admin=senders["registry_admin"].signer.address,
        guardian=senders["guardian"].signer.address,
        admin_delay=3600,
    )
    world = World(connection, registries, senders)
    agencies, latest = registries.agencies, connection.block()
    senders["registry_admin"].send_many(
        [
            agencies.create_agency("Land Registry", world.address("agency_admin")),
            agencies.create_agency("Tax Authority", world.address("other_admin")),
            agencies.create_agency("City Archive", world.address("stranger")),
            # It has lost its keys: what is announced now can be carried out when tests begin.
            agencies.schedule_admin_replacement(ARCHIVE, world.address("other_steward")),
            agencies.grant_role(
                agencies.hold_authority(block=latest), world.address("hold_authority")
            ),
        ]
    )

    def grant(actor: str, agency: int) -> Call:
        kind = getattr(agencies, actor.removeprefix("other_"))(block=latest)
        role = agencies.agency_role(kind, agency, block=latest)
        return agencies.grant_role(role, world.address(actor))

    world.senders["agency_admin"].send_many(
        [grant(each, LAND) for each in ("registrar", "steward", "operator")]
    )
    world.senders["other_admin"].send_many(
        [grant(each, TAX) for each in ("other_registrar", "other_steward")]
    )
    return world


def _key_store(world: World, agency: int, folder: Path) -> None:
    folder.mkdir(parents=True)
    address = bytes.fromhex(world.registries.records.address[2:])
    key_file = folder / "key"
    key_file.write_bytes(bytes([agency]) * 32)
    key_file.chmod(0o600)
    KeyStore.create(
        f"sqlite:///{folder}/keys.db",
        folder / "root.json",
        agency_id=AgencyId(agency),
        lineage=derive_lineage(CHAIN_ID, address),
        key_file=key_file,
    ).close()
    make_stores(f"sqlite:///{folder}/muniment.db", str(folder / "vault"))


def _profile(
    world: World, agency: int, folder: Path, actor: str, *, operators: bool = False, **more: Any
) -> Profile:
    chain = ChainProfile(
        CHAIN_ID,
        (world.connection.url,),
        world.registries.records.address,
        world.registries.shares.address if world.registries.shares else None,
        world.registries.first_block,
        0,
    )
    profile = Profile(
        # The gateway's process finds it by this name.
        path=folder / "profile.toml",
        chain=chain,
        agency=AgencyProfile(agency, "cadastre" if agency == LAND else "returns"),
        keys=KeysProfile(
            store=f"sqlite:///{folder}/keys.db",
            root=folder / "root.json",
            officer=keystore(folder, world, actor),
            operators=(keystore(folder, world, "operator"),) if operators else (),
            key_file=folder / "key",
        ),
        database=f"sqlite:///{folder}/muniment.db",
        vault=str(folder / "vault"),
        read_receipts="reads" in more,
        **more,
    )
    profile.path.write_text(profile.to_toml())
    return profile


def _publish(admin: Registry, *types: RecordType) -> None:
    admin.wait(admin.publish_keys())
    for each in types:
        # The registry counts them: one after the other.
        made = admin.publish_type(each)
        assert made is not None
        made.wait()


def _pass(world: World, days: float) -> None:
    """Bring the chain's clock forward."""
    world.connection.request("evm_increaseTime", [int(days * DAY)])
    world.connection.request("evm_mine", [])


def _records(world: World, registrar: Registry, authority: Registry) -> dict[str, str]:
    scan = registrar.session.profile.path.parent / "scan.pdf"
    scan.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 200)
    made = []
    for number, use in enumerate(("dwelling", "forest", "field", "industry") * 3):
        content = {
            "holder": HOLDERS[number % len(HOLDERS)],
            "parcel": f"12/{340 + number}",
            "use": use,
            "area": 400 + 37 * number,
            "price": f"{125_000 + 1_750 * number}.00",
            "signed": f"2026-0{1 + number % 9}-14",
        }
        attach = {"scan": scan} if number == 0 else {}
        source = f"12/{340 + number}"
        made.append(registrar.register("land-deed", content, source_id=source, attach=attach))
    registrar.wait(made, "final")
    ids = [f"0x{(each.record_id or b'').hex()}" for each in made]
    first, amended, superseded, revoked, held, _, proposed = ids[:7]
    before = dict(registrar.content(amended).fields)
    _pass(world, 12)
    registrar.wait([registrar.amend(amended, before | {"holder": "Grace Murray Hopper"})])
    _pass(world, 9)
    authority.wait([authority.hold(each, "case 2026/17") for each in (held, amended)])
    _pass(world, 5)
    authority.wait([authority.release(amended, "case 2026/17")])
    registrar.wait([registrar.supersede(superseded, first), registrar.revoke(revoked, "error")])
    _pass(world, 6)
    registrar.wait([registrar.amend(amended, before | {"price": "131000.00"})])
    registrar.wait([registrar.propose_disposition(proposed, "schedule 4, item 2")])
    now = world.connection.block().timestamp
    _pass(world, max(0.0, (time.time() - now) / DAY))
    for each in (first, amended):
        registrar.content(each)
    names = ("deed", "amended", "superseded", "revoked", "held", "free", "proposed")
    names += ("replaced", "replacement", "due")
    return dict(zip(names, ids, strict=False))


def _shares(ours: Registry, others: Registry, folder: Path) -> None:
    for purpose, fields in (
        ("property tax of 2026", ["holder", "parcel", "area"]),
        ("statistics of forests", ["area", "use"]),
    ):
        path = folder / f"{purpose}.envelope"
        terms = Terms.of(purpose, "Tax Act § 12", fields)
        asked = others.exchange.request(LAND, terms, record_type="land-deed", target=path)
        asked.submission.wait()
        ours.exchange.receive(path)


def _agreed(asking: Registry, giving: Registry, terms: Terms, name: str, path: Path) -> bytes:
    """A share of all records of a type, asked for and granted; its id."""
    granter = giving.session.profile.agency.id
    asked = asking.exchange.request(granter, terms, record_type=name, target=path)
    asked.submission.wait()
    taken = giving.exchange.receive(path)
    assert taken.share is not None
    granted = giving.exchange.grant(taken.share.share_id)
    assert isinstance(granted, Submission)
    granted.wait()
    return taken.share.share_id


def _given(ours: Registry, others: Registry, registrar: Registry, folder: Path) -> None:
    """Shares in force both ways, and a delivery of the tax authority's that is to be taken in."""
    terms = Terms.of("boundaries of 2026", "Land Act § 12", ["holder", "parcel"])
    _agreed(others, ours, terms, "land-deed", folder / "boundaries.envelope")
    terms = Terms.of("owners of parcels", "Land Act § 4", None)
    share = _agreed(ours, others, terms, "tax-return", folder / "owners.envelope")
    made = registrar.register("tax-return", {"payer": "Lise Meitner"}, source_id="2026-9")
    made.wait("final")
    assert made.record_id is not None
    target = folder / "land" / "returns.delivery"
    others.sync()
    others.exchange.deliver(share, target, [RecordId(made.record_id)])


def _offered(registrar: Registry, steward: Registry, folder: Path) -> dict[str, str]:
    """Returns whose custody is offered to the land registry, by what becomes of the offers: two by
    itself, the others in packages that lie in its folder."""
    names = ("offered", "declined", "packed", "packed_too", "unwanted")
    made = [
        registrar.register("tax-return", {"payer": payer}, source_id=f"2026-{number}")
        for number, payer in enumerate(HOLDERS[: len(names)])
    ]
    registrar.wait(made, "final")
    ids = [RecordId(each.record_id or b"") for each in made]
    steward.sync()
    offers = [steward.offer(each, LAND) for each in ids[:2]]
    for package, chosen in (("accepted.custody", ids[2:4]), ("declined.custody", ids[4:])):
        offers += steward.handovers.offer(chosen, LAND, folder / package).submissions
    steward.wait(offers)
    return {name: f"0x{each.hex()}" for name, each in zip(names, ids, strict=True)}


def _permits(url: str, token: str) -> None:
    rows = "".join(
        json.dumps(
            {
                "source_id": f"P-{number:04}",
                "content": {
                    "applicant": HOLDERS[number % len(HOLDERS)],
                    "site": f"Mill Lane {number + 1}",
                    "floors": 1 + number % 5,
                },
            }
        )
        + "\n"
        for number in range(240)
    )
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    answer = httpx.post(
        f"{url}/records:bulk?type=building-permit", content=rows, headers=headers, timeout=60
    )
    assert answer.status_code == 200, answer.text
    assert '"refused":0' in answer.text.replace(" ", ""), answer.text[-400:]
