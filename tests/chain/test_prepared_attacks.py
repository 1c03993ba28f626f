# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""A gateway taken over: all its files, tokens and OPERATOR keys, and no officer's key.

It cannot confirm a disposition, and it cannot have an officer sign something else unnoticed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth_account import Account

from muniment.chain import Sender, Signer
from muniment.chain.bindings import RecordRegistry
from muniment.chain.calls import decode_call
from muniment.chain.connection import Unconnected
from muniment.chain.signed import RawTransactionError, SignedTransaction
from muniment.errors import ContractError
from muniment.record.state import Status
from muniment.registry import Registry, Stage
from muniment.registry.prepared.document import PreparedDocument
from muniment.registry.prepared.errors import NotAsPreparedError
from muniment.registry.prepared.signing import TrustedRegistry, review
from muniment.registry.prepared.words import describe
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.store import outbox
from muniment.store.outbox_rows import Act, TransactionState
from tests.chain.agency import PASSWORD, Open, keystore, opened  # noqa: F401
from tests.chain.command_line import answer
from tests.chain.conftest import ROLES, World
from tests.chain.prepared_acts import (
    act,
    deed,
    keyless,
    officer,
    prepared_for,
    reviewed,
    signed,
    trusted,
)
from tests.chain.test_disposition import later
from toolchain.local_chain import development_keys

ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141


def proposed(gateway: Registry, world: World, number: str = "1") -> bytes:
    """A record whose destruction a registrar has proposed; only the steward is missing."""
    act(gateway, "registrar", deed(number=number)).wait()
    record_id = gateway.record_id(number)
    later(world)
    act(
        gateway, "registrar", lambda s: Registry(s).propose_disposition(record_id, "schedule 4")
    ).wait()
    return record_id


def test_gateway_taken_over__cannot_confirm_a_disposition(opened: Open, world: World) -> None:
    gateway = keyless(opened)
    record_id = proposed(gateway, world)
    session, steward = gateway.session, officer("steward").address
    confirm = session.records.confirm_disposition(record_id, 1)
    # By each key that it has: the contract knows them as machines.
    for path in session.keystores().values():
        machine = Signer.from_keystore(path, PASSWORD)
        with pytest.raises(ContractError):
            Sender(world.connection, machine, timeout=60).send(confirm)
    # By the outbox, in the steward's name: nothing here signs for the steward.
    with session.database.write() as connection:
        [number] = outbox.acknowledge(
            connection, [Act("dispose", confirm, record_id, 1, steward)], 0
        )
    waiting = Submission(number, "dispose", record_id, 1, session)
    other = gateway.register("land-deed", {"holder": "Ada", "parcel": "2"}, source_id="2")
    gateway.wait([other])
    assert waiting.stage is Stage.ACKNOWLEDGED
    # By a transaction that a machine's key signs, handed in as the steward's.
    document = prepared_for(
        gateway, "steward", lambda s: Registry(s).confirm_disposition(record_id)
    )
    [path] = session.profile.keys.operators
    raw, _ = Signer.from_keystore(path, PASSWORD).sign(document.transaction)
    with pytest.raises(NotAsPreparedError, match="signer"):
        gateway.prepared.submit(document.prepared_id, raw)
    # By what the steward has signed once, for something else.
    act(gateway, "steward", lambda s: Registry(s).offer(record_id, 2)).wait()
    with session.database.read() as connection:
        old = outbox.transactions_of(connection, [steward], list(TransactionState))[-1].raw
    fields = rlp.decode(old)
    fields[5] = document.data
    for each in (old, rlp.encode(fields)):
        with pytest.raises(NotAsPreparedError):
            gateway.prepared.submit(document.prepared_id, each)
    assert gateway.standing(record_id).state.status is Status.IN_FORCE


def confirming(record_id: bytes) -> Callable[[Session], Submission]:
    return lambda session: Registry(session).confirm_disposition(record_id)


def test_signed_for_one_record__is_good_for_no_other(opened: Open, world: World) -> None:
    gateway = keyless(opened)
    first = proposed(gateway, world, "1")
    second = proposed(gateway, world, "2")
    documents = [prepared_for(gateway, "steward", confirming(each)) for each in (first, second)]
    raw = signed(gateway, "steward", documents[0])
    with pytest.raises(NotAsPreparedError, match="data"):
        gateway.prepared.submit(documents[1].prepared_id, raw)
    [done] = gateway.prepared.submit(documents[0].prepared_id, raw)
    done.wait()
    assert gateway.standing(second).state.status is Status.IN_FORCE


@pytest.mark.parametrize("part", ["chain", "contract", "value", "gas"])
def test_another_transaction_of_the_officer__is_refused(
    opened: Open, world: World, part: str
) -> None:
    gateway = keyless(opened)
    document = prepared_for(gateway, "registrar", deed())
    honest = document.transaction
    wrong = {
        "chain": replace(honest, chain_id=1),
        "contract": replace(honest, to=officer("steward").address),
        "gas": replace(honest, gas=21_000),
        "value": honest,
    }[part]
    raw, _ = officer("registrar").sign(wrong)
    if part == "value":
        key = development_keys(len(ROLES))[ROLES.index("registrar")]
        raw = bytes(
            Account.sign_transaction(
                {
                    "chainId": honest.chain_id,
                    "nonce": honest.nonce,
                    "gas": honest.gas,
                    "gasPrice": honest.gas_price,
                    "to": honest.to,
                    "value": 1,
                    "data": honest.data,
                },
                key,
            ).raw_transaction
        )
    with pytest.raises(NotAsPreparedError, match=part):
        gateway.prepared.submit(document.prepared_id, raw)


def test_other_spellings_of_a_signed_transaction__are_refused(opened: Open) -> None:
    gateway = keyless(opened)
    document = prepared_for(gateway, "registrar", deed())
    raw = signed(gateway, "registrar", document)
    fields = rlp.decode(raw)
    v, s = (int.from_bytes(fields[place], "big") for place in (6, 8))
    mirrored = [*fields]
    mirrored[6] = (v ^ 1 if v % 2 else v + 1).to_bytes(3, "big").lstrip(b"\0")
    mirrored[8] = (ORDER - s).to_bytes(32, "big").lstrip(b"\0")
    padded = [*fields]
    padded[0] = b"\0" + fields[0]
    for each in (rlp.encode(mirrored), rlp.encode(padded), raw + b"\0", b"\x02" + raw, b""):
        with pytest.raises(RawTransactionError):
            gateway.prepared.submit(document.prepared_id, each)
    assert SignedTransaction.from_raw(raw).signer == officer("registrar").address


def changed(document: PreparedDocument, **members: Any) -> PreparedDocument:
    """What a gateway that lies hands to the officer."""
    return PreparedDocument.from_json(json.dumps({**document.to_json(), **members}).encode())


def test_what_an_officer_is_to_sign__cannot_be_changed_unnoticed(
    opened: Open, world: World
) -> None:
    gateway = keyless(opened)
    record_id = proposed(gateway, world)
    known = trusted(gateway)
    document = prepared_for(gateway, "steward", lambda s: Registry(s).offer(record_id, 2))
    confirm = RecordRegistry(Unconnected(), known.records).confirm_disposition(record_id, 1)
    # The data of another act, under the words of the first.
    with pytest.raises(NotAsPreparedError, match="description"):
        review(changed(document, data=f"0x{confirm.data.hex()}"), known)
    # With words of its own: then they are what is shown.
    lying = changed(
        document,
        data=f"0x{confirm.data.hex()}",
        description=describe(decode_call("RecordRegistry", confirm.data)),
        act="offer",
    )
    assert "CONFIRM TO DESTROY" in review(lying, known).sentences[0]
    # Hidden beside, or within.
    with pytest.raises(Exception, match="something else beside it"):
        review(changed(document, data=f"0x{document.data.hex()}00"), known)
    both = RecordRegistry(Unconnected(), known.records).multicall(
        [
            RecordRegistry(Unconnected(), known.records).decline_custody(record_id),
            confirm,
        ]
    )
    with pytest.raises(NotAsPreparedError, match="CONFIRM TO DESTROY"):
        review(changed(document, data=f"0x{both.data.hex()}"), known)
    # On another chain, or for a contract of the gateway's own making.
    with pytest.raises(NotAsPreparedError, match="chain"):
        review(changed(document, chain_id=1), known)
    with pytest.raises(NotAsPreparedError, match="contract"):
        review(changed(document, to=officer("stranger").address), known)
    elsewhere = TrustedRegistry(known.chain_id, officer("stranger").address)
    with pytest.raises(NotAsPreparedError, match="contract"):
        review(document, elsewhere)


def test_content_that_an_officer_registers__cannot_be_changed_unnoticed(opened: Open) -> None:
    gateway = keyless(opened)
    mine = prepared_for(gateway, "registrar", deed("Ada"))
    theirs = prepared_for(gateway, "registrar", deed("Mallory", number="2"))
    honest = mine.to_json()["openings"][0]
    # The commitment of other content, shown with what the officer had typed.
    lie = [{**theirs.to_json()["openings"][0], "fields": honest["fields"]}]
    with pytest.raises(NotAsPreparedError, match="openings"):
        reviewed(gateway, changed(theirs, openings=lie))
    with pytest.raises(NotAsPreparedError, match="openings"):
        reviewed(gateway, changed(theirs, openings=[honest]))
    # A field more than is shown: the secret makes the whole list.
    shorter = {name: value for name, value in honest["fields"].items() if name != "parcel"}
    with pytest.raises(NotAsPreparedError, match="openings"):
        reviewed(gateway, changed(mine, openings=[{**honest, "fields": shorter}]))
    # Shown nothing: that is said.
    assert len(reviewed(gateway, changed(theirs, openings=[])).unopened) == 1


def test_commands__sign_without_a_chain_and_submit_without_a_key(
    opened: Open,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    gateway = keyless(opened)
    session = gateway.session
    document = prepared_for(gateway, "registrar", deed())
    file, out = tmp_path / "act.json", tmp_path / "signed.json"
    file.write_text(json.dumps(document.to_json()))
    profile = session.profile
    offline = replace(
        profile,
        path=tmp_path / "officer.toml",
        chain=replace(profile.chain, urls=("http://127.0.0.1:9",)),
        keys=replace(profile.keys, officer=keystore(tmp_path, world, "registrar")),
        database=f"sqlite:///{tmp_path}/nowhere/none.db",
    )
    offline.path.write_text(offline.to_toml())
    monkeypatch.setenv("MUNIMENT_PASSWORD", PASSWORD)

    def run(path: Path, *arguments: str) -> Any:
        monkeypatch.setenv("MUNIMENT_PROFILE", str(path))
        return answer(arguments, "", tmp_path, monkeypatch, capfd)

    done = run(offline.path, "sign", str(file), "-o", str(out), "--yes")
    assert done.code == 0, done.err
    assert "register a record of agency 1" in done.err
    assert 'holder: "Ada"' in done.err
    lying = tmp_path / "lie.json"
    lie = document.to_json() | {"description": ["give everybody a day off"]}
    lying.write_text(json.dumps(lie))
    refused = run(offline.path, "sign", str(lying), "--yes")
    assert (refused.code, refused.out) == (2, "")
    profile.path.write_text(session.profile.to_toml())
    sent = run(profile.path, "submit", str(out), "--json")
    assert sent.code == 0, sent.err
    assert sent.json["stage"] in ("provable", "final")
    assert gateway.content(gateway.record_id("1")).fields["holder"] == "Ada"
