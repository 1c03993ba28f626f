# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""Acts that are prepared without a key, signed elsewhere, and sent from here."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from muniment.chain.bindings.errors import RecordRegistryWrongStatusError
from muniment.chain.contract import Call
from muniment.chain.signed import SignedTransaction
from muniment.errors import ConflictError, KeystoreError
from muniment.record.state import Status
from muniment.registry import Registry, Stage, journals
from muniment.registry.checking import check
from muniment.registry.prepared.cleaning import GRACE_MS, clean
from muniment.registry.prepared.errors import (
    NonceError,
    PreparedActError,
    PreparedElsewhereError,
    UnknownPreparedActError,
    UnsignedError,
)
from muniment.registry.prepared.preparing import PreparingSession
from muniment.registry.sending import Sending
from muniment.registry.submission import RefusedError
from muniment.registry.unkept import UnkeptVersionError
from muniment.store import outbox, prepared
from muniment.store.outbox_rows import LIVE, TransactionState
from muniment.store.prepared import PreparedState
from tests.chain.agency import Open, opened  # noqa: F401
from tests.chain.conftest import World
from tests.chain.prepared_acts import act, deed, keyless, officer, prepared_for, reviewed, signed
from tests.chain.test_disposition import later


def test_registration__by_an_officer_whose_key_is_elsewhere(opened: Open) -> None:
    gateway = keyless(opened)
    document = prepared_for(gateway, "registrar", deed())
    shown = reviewed(gateway, document)
    assert shown.unopened == ()
    assert '  holder: "Ada"' in shown.opened[0].lines
    [waiting] = gateway.prepared.submissions(document.prepared_id)
    assert waiting.stage is Stage.PREPARED
    with pytest.raises(UnsignedError):
        waiting.wait()
    record_id = gateway.record_id("1")
    # Nothing else here knows of it before it is signed.
    with pytest.raises(UnkeptVersionError):
        gateway.content(record_id)
    raw = signed(gateway, "registrar", document)
    assert gateway.prepared.submit(document.prepared_id, raw) == [waiting]
    waiting.wait("provable")
    assert gateway.content(record_id).fields == {"holder": "Ada", "parcel": "1"}
    assert gateway.find("land-deed", {"holder": "Ada"}) == [record_id]
    assert gateway.standing(record_id).state.status is Status.IN_FORCE
    # The same transaction again is the same submission, and another is none.
    assert gateway.prepared.submit(document.prepared_id, raw) == [waiting]
    with pytest.raises(PreparedActError, match="another transaction"):
        gateway.prepared.submit(
            document.prepared_id, signed(gateway, "registrar", replace(document, nonce=99))
        )
    assert list(check(gateway.session)) == []


def test_acts_of_a_life__each_prepared_and_signed_elsewhere(opened: Open, world: World) -> None:
    gateway = keyless(opened)
    act(gateway, "registrar", deed()).wait()
    act(gateway, "registrar", deed(number="2")).wait()
    first, second = gateway.record_id("1"), gateway.record_id("2")

    def done(role: str, what: str) -> Status:
        acts = {
            "amend": lambda s: Registry(s).amend(first, {"holder": "Grace", "parcel": "1"}),
            "hold": lambda s: Registry(s).hold(first, "K 1"),
            "release": lambda s: Registry(s).release(first, "K 1"),
            "hold type": lambda s: Registry(s).hold_type(1, 2, "K 2"),
            "release type": lambda s: Registry(s).release_type(1, 2, "K 2"),
            "offer": lambda s: Registry(s).offer(first, 2),
            "withdraw": lambda s: Registry(s).withdraw(first),
            "supersede": lambda s: Registry(s).supersede(first, second),
            "propose": lambda s: Registry(s).propose_disposition(first, "schedule 4"),
            "confirm": lambda s: Registry(s).confirm_disposition(first),
        }
        act(gateway, role, acts[what]).wait()
        return gateway.standing(first).state.status

    assert done("registrar", "amend") is Status.IN_FORCE
    assert gateway.content(first).row.version == 2
    for role, what in (
        ("hold_authority", "hold"),
        ("hold_authority", "release"),
        ("hold_authority", "hold type"),
        ("hold_authority", "release type"),
        ("steward", "offer"),
        ("steward", "withdraw"),
    ):
        done(role, what)
    assert done("registrar", "supersede") is Status.SUPERSEDED
    later(world, 2)
    done("registrar", "propose")
    assert done("steward", "confirm") is Status.DISPOSED
    later(world, 0)
    gateway.sync()
    with pytest.raises(KeystoreError):
        gateway.content(first)
    assert len(gateway.trace(first).acts) == 6


def test_acts_of_the_administrator__roles_types_keys_journals(opened: Open, world: World) -> None:
    gateway = keyless(opened)
    somebody = world.address("stranger")
    act(gateway, "agency_admin", lambda s: Registry(s).add_officer("steward", somebody)).wait()
    assert somebody in {each.account for each in gateway.officers()}
    act(gateway, "agency_admin", lambda s: Registry(s).remove_officer("steward", somebody)).wait()
    assert somebody not in {each.account for each in gateway.officers()}
    act(gateway, "agency_admin", lambda s: journals.open_journal(s)).wait()
    act(gateway, "agency_admin", lambda s: journals.close_journal(s, 1)).wait()
    assert journals.journal_count(gateway.session) == 1
    documents, made = gateway.prepared.prepare(
        officer("agency_admin").address, lambda s: Registry(s).publish_keys()
    )
    assert len(documents) == len(made) == 3
    for each in documents:
        # Each reads the account's next nonce when it is signed.
        now = gateway.prepared.document(each.prepared_id)
        [key] = gateway.prepared.submit(each.prepared_id, signed(gateway, "agency_admin", now))
        key.wait()
    again, _ = gateway.prepared.prepare(
        officer("agency_admin").address, lambda s: Registry(s).publish_keys()
    )
    assert again == []


def test_many__share_one_transaction_that_is_signed_once(opened: Open, world: World) -> None:
    gateway = keyless(opened)
    for number in "123":
        act(gateway, "registrar", deed(number=number)).wait()
    ids = [gateway.record_id(number) for number in "123"]
    later(world)
    documents, _ = gateway.prepared.prepare(
        officer("registrar").address,
        lambda s: Registry(s).disposition.propose(ids, "schedule 4"),
    )
    [document] = documents
    assert len(document.submissions) == len(document.description) == 3
    submissions = gateway.prepared.submit(
        document.prepared_id, signed(gateway, "registrar", document)
    )
    gateway.wait(submissions)
    assert {each.stage for each in submissions} <= {Stage.PROVABLE, Stage.FINAL}


def test_what_the_registry_would_refuse__is_refused_at_once_and_leaves_nothing(
    opened: Open,
) -> None:
    gateway = keyless(opened)
    act(gateway, "registrar", deed()).wait()
    record_id = gateway.record_id("1")
    act(gateway, "registrar", lambda s: Registry(s).revoke(record_id, "error")).wait()
    with pytest.raises(RecordRegistryWrongStatusError):
        prepared_for(gateway, "registrar", lambda s: Registry(s).revoke(record_id, "error"))
    assert gateway.prepared.waiting(officer("registrar").address) == []
    with pytest.raises(UnknownPreparedActError):
        gateway.prepared.document(bytes(32))


def test_prepared_again__is_the_same_act(opened: Open) -> None:
    gateway = keyless(opened)
    first = prepared_for(gateway, "registrar", deed())
    second = prepared_for(gateway, "registrar", deed())
    assert (first.prepared_id, first.data) == (second.prepared_id, second.data)
    assert len(gateway.prepared.waiting(officer("registrar").address)) == 1


def test_other_content__takes_the_place_of_the_same_officers_and_of_no_others(
    opened: Open,
) -> None:
    gateway = keyless(opened)
    first = prepared_for(gateway, "registrar", deed("Ada"))
    with pytest.raises(PreparedElsewhereError):
        prepared_for(gateway, "agency_admin", deed("Grace"))
    second = prepared_for(gateway, "registrar", deed("Grace"))
    assert second.data != first.data
    # The secret of what was discarded is gone: the salts are others too.
    assert second.openings[0]["secret"] != first.openings[0]["secret"]
    with pytest.raises(PreparedActError, match="discarded"):
        gateway.prepared.submit(first.prepared_id, signed(gateway, "registrar", first))
    gateway.prepared.submit(second.prepared_id, signed(gateway, "registrar", second))
    with pytest.raises(PreparedActError):
        gateway.prepared.discard(second.prepared_id)


def test_registered_meanwhile__the_signed_one_is_refused(opened: Open) -> None:
    gateway = keyless(opened)
    document = prepared_for(gateway, "registrar", deed())
    gateway.register("land-deed", {"holder": "Ada", "parcel": "1"}, source_id="1").wait()
    with pytest.raises(ConflictError):
        gateway.prepared.submit(document.prepared_id, signed(gateway, "registrar", document))
    # The record that stands keeps the secret that both used.
    assert clean(gateway.session, int(time.time() * 1000) + 10 * GRACE_MS) == 0
    assert gateway.content(gateway.record_id("1")).fields["holder"] == "Ada"


def test_expired__its_content_is_destroyed_and_its_source_id_free(opened: Open) -> None:
    gateway = keyless(opened)
    document = prepared_for(gateway, "registrar", deed("Ada"))
    secret = document.openings[0]["secret"]
    record_id = gateway.record_id("1")
    over = document.expires_at * 1000 + 1000
    assert clean(gateway.session, over) == 1
    assert clean(gateway.session, over) == 0
    with pytest.raises(PreparedActError, match="its time is over"):
        gateway.prepared.submit(document.prepared_id, signed(gateway, "registrar", document))
    with pytest.raises(RefusedError, match="did not sign it in time"):
        gateway.prepared.submissions(document.prepared_id)[0].wait()
    clean(gateway.session, over + GRACE_MS)
    [fresh] = gateway.session.keys.secrets([(record_id, 1)]).values()
    assert f"0x{fresh.hex()}" != secret
    with gateway.session.database.read() as connection:
        assert prepared.versions_of_act(connection, document.prepared_id) == []
    act(gateway, "registrar", deed("Grace")).wait()
    assert gateway.content(record_id).fields["holder"] == "Grace"
    assert list(check(gateway.session)) == []


def test_expired__what_stands_on_chain_all_the_same_is_kept(opened: Open, world: World) -> None:
    gateway = keyless(opened)
    document = prepared_for(gateway, "registrar", deed("Ada"))
    # Its officer sends it by another node, and never comes back.
    world.connection.request(
        "eth_sendRawTransaction", [f"0x{signed(gateway, 'registrar', document).hex()}"]
    )
    world.connection.request("anvil_mine", ["0x4"])
    clean(gateway.session, document.expires_at * 1000 + GRACE_MS + 1000)
    record_id = gateway.record_id("1")
    assert gateway.content(record_id).fields["holder"] == "Ada"
    assert gateway.prepared.submissions(document.prepared_id)[0].stage is Stage.FINAL
    assert list(check(gateway.session)) == []


def test_nonce__must_be_the_accounts_next(opened: Open, world: World) -> None:
    gateway = keyless(opened)
    act(gateway, "registrar", deed()).wait()
    record_id = gateway.record_id("1")
    document = prepared_for(gateway, "registrar", lambda s: Registry(s).revoke(record_id, "error"))
    for wrong in (document.nonce - 1, document.nonce + 1):
        with pytest.raises(NonceError) as caught:
            gateway.prepared.submit(
                document.prepared_id,
                signed(gateway, "registrar", replace(document, nonce=wrong)),
            )
        assert caught.value.expected_nonce == document.nonce
    # Two acts at once: the second has the nonce that follows.
    other = prepared_for(gateway, "registrar", deed(number="2"))
    assert other.nonce == document.nonce
    gateway.prepared.submit(document.prepared_id, signed(gateway, "registrar", document))
    assert gateway.prepared.document(other.prepared_id).nonce == document.nonce + 1


def test_nonce_spent_elsewhere__refused_with_a_reason_and_prepared_anew(
    opened: Open, world: World
) -> None:
    gateway = keyless(opened)
    act(gateway, "registrar", deed()).wait()
    record_id = gateway.record_id("1")

    def revoke(session: object) -> object:
        return Registry(session).revoke(record_id, "error")  # type: ignore[arg-type]

    document = prepared_for(gateway, "registrar", revoke)
    raw = signed(gateway, "registrar", document)
    # The officer's account does something else at this moment, by another way, and that is mined.
    agencies = world.registries.agencies
    hello = Call(agencies.address, agencies.multicall([]).data, "multicall(bytes[])")
    [submission] = gateway.prepared.submit(document.prepared_id, raw)
    assert submission.stage is Stage.ACKNOWLEDGED
    world.send("registrar", hello)
    world.connection.request("anvil_mine", ["0x4"])
    with gateway.session.database.write() as connection:
        rows = outbox.transactions_of(connection, [officer("registrar").address], list(LIVE))
        # As after some seconds: nodes find a transaction late.
        outbox.update_transactions(
            connection,
            [replace(each, state=TransactionState.SENT, broadcast_ms=1) for each in rows],
        )
    with pytest.raises(RefusedError, match="prepare it anew"):
        submission.wait(timeout=30)
    assert gateway.standing(record_id).state.status is Status.IN_FORCE
    with gateway.session.database.write() as connection:
        assert submission.submission_id is not None
        assert outbox.retry(connection, submission.submission_id) is None
    act(gateway, "registrar", revoke).wait()
    assert gateway.standing(record_id).state.status is Status.REVOKED
    assert list(check(gateway.session)) == []


def test_failed_in_its_block__refused_whole(opened: Open, world: World) -> None:
    gateway = keyless(opened)
    act(gateway, "registrar", deed()).wait()
    record_id = gateway.record_id("1")
    document = prepared_for(gateway, "registrar", lambda s: Registry(s).revoke(record_id, "error"))
    records = world.registries.records
    world.send("hold_authority", records.place_hold(record_id, bytes(31) + b"\1"))
    [submission] = gateway.prepared.submit(
        document.prepared_id, signed(gateway, "registrar", document)
    )
    with pytest.raises(RefusedError, match="Held"):
        submission.wait()
    with gateway.session.database.read() as connection:
        rows = outbox.transactions_of(
            connection, [officer("registrar").address], list(TransactionState)
        )
    # One transaction went out, and no other was signed in its place.
    assert [each.hash for each in rows][-1] == SignedTransaction.from_raw(
        signed(gateway, "registrar", document)
    ).hash
    assert PreparedState.SIGNED is gateway.prepared.row(document.prepared_id).state


def test_process_that_ended_while_it_prepared__is_gone_on_with(opened: Open) -> None:
    gateway = keyless(opened)
    account = officer("registrar").address
    expires_ms = int((time.time() + 3600) * 1000)
    begun = PreparingSession(gateway.session, account, expires_ms)
    deed()(begun)
    # It ended before a node had said how much gas the act takes.
    [prepared_id] = begun.prepared_ids
    half = gateway.prepared.document(prepared_id)
    with pytest.raises(PreparedActError, match="prepare it again"):
        gateway.prepared.submit(prepared_id, signed(gateway, "registrar", half))
    document = prepared_for(gateway, "registrar", deed())
    assert (document.prepared_id, document.data) == (prepared_id, half.data)
    [submission] = gateway.prepared.submit(prepared_id, signed(gateway, "registrar", document))
    submission.wait()


def test_officer__sends_again_once_the_daemon_has_sent_what_was_prepared(
    opened: Open, world: World
) -> None:
    gateway, own = keyless(opened), opened("registrar")
    database = gateway.session.database

    def turn(daemon: Sending) -> None:
        with database.read() as connection:
            needed = outbox.open_accounts(connection)
        daemon.step(needed)

    with Sending(gateway.session, all_operators=True) as daemon:
        document = prepared_for(gateway, "registrar", deed())
        raw = signed(gateway, "registrar", document)
        [made] = gateway.prepared.submit(document.prepared_id, raw)
        for _ in range(20):
            turn(daemon)
            world.connection.request("anvil_mine", ["0x1"])
        assert made.stage is Stage.FINAL
        turn(daemon)
        # What its officer must sign by another way is not the daemon's to hold.
        later_one = own.register("land-deed", {"holder": "Grace", "parcel": "2"}, source_id="2")
        turn(daemon)
        later_one.wait(timeout=60)
    assert later_one.stage is Stage.PROVABLE
