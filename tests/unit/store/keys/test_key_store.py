# SPDX-License-Identifier: Apache-2.0
"""The key store keeps secrets, gives them back, destroys them for good; on each database."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.errors import (
    ErasedError,
    InvalidInputError,
    KeystoreError,
    StoreError,
    WrongPasswordError,
)
from muniment.record.commitment import Secret, new_secret
from muniment.record.identifiers import AgencyId, Lineage, RecordId
from muniment.store.keys import KeyPurpose, KeyStore, public_keys, restore_root_file
from muniment.store.keys.core import Core
from tests.unit.store.keys.places import AGENCY, LINEAGE, NOW, OTHER, RECORD, Place, secret


class TestSecrets:
    def test_put__is_there_after_reopening(self, place: Place) -> None:
        with place.create() as keys:
            assert keys.put_secrets({(RECORD, 1): secret(1), (RECORD, 2): secret(2)}) == 2
        with place.open() as keys:
            assert keys.secret(RECORD, 1) == secret(1)
            assert keys.secrets([(RECORD, 2), (RECORD, 3), (OTHER, 1)]) == {(RECORD, 2): secret(2)}
            assert list(keys.places()) == [(RECORD, 1), (RECORD, 2)]

    def test_put_again__same_value_is_fine_and_another_is_refused_whole(self, place: Place) -> None:
        with place.create() as keys:
            keys.put_secrets({(RECORD, 1): secret(1)})
            assert keys.put_secrets({(RECORD, 1): secret(1), (OTHER, 1): secret(3)}) == 1
            with pytest.raises(KeystoreError, match="another secret"):
                keys.put_secrets({(OTHER, 2): secret(4), (RECORD, 1): secret(2)})
            assert keys.secret(RECORD, 1) == secret(1)
            assert list(keys.places()) == [(RECORD, 1), (OTHER, 1)]

    def test_put__more_than_a_statement_holds(self, place: Place) -> None:
        many = {(RecordId(n.to_bytes(32, "big")), 1): new_secret() for n in range(2501)}
        with place.create() as keys:
            assert keys.put_secrets(many) == 2501
            assert keys.put_secrets(many) == 0
            assert keys.secrets(many) == many
            assert list(keys.check()) == []

    def test_secret__unknown(self, place: Place) -> None:
        with place.create() as keys, pytest.raises(KeystoreError, match="holds no secret") as error:
            keys.secret(RECORD, 1)
        assert RECORD.hex() in str(error.value)

    @pytest.mark.parametrize(
        ("record", "version", "value"),
        [
            (b"short", 1, b"s" * 32),
            (RECORD, 0, b"s" * 32),
            (RECORD, 65536, b"s" * 32),
            (RECORD, 1, b"s"),
        ],
    )
    def test_put__refuses_what_is_no_secret(
        self, place: Place, record: RecordId, version: int, value: Secret
    ) -> None:
        with place.create() as keys, pytest.raises(InvalidInputError):
            keys.put_secrets({(record, version): value})

    def test_put__from_several_threads_counts_every_row(self, place: Place) -> None:
        with place.create() as keys:

            def put(worker: int) -> None:
                for n in range(5):
                    record = RecordId(bytes([worker, n]) * 16)
                    keys.put_secrets({(record, 1): new_secret()})

            threads = [threading.Thread(target=put, args=(worker,)) for worker in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(list(keys.places())) == 20
            assert list(keys.check()) == []


class TestErasure:
    def test_erase__is_final_and_remembered(self, place: Place) -> None:
        with place.create() as keys:
            keys.put_secrets(
                {(RECORD, 1): secret(1), (RECORD, 2): secret(2), (OTHER, 1): secret(3)}
            )
            done = keys.erase(RECORD, [1, 3])
            assert (done.destroyed, done.already, done.absent, done.epochs) == (
                (1,),
                (),
                (3,),
                (1,),
            )
        with place.open() as keys:
            for version in (1, 3):
                with pytest.raises(ErasedError):
                    keys.secret(RECORD, version)
                with pytest.raises(ErasedError):
                    keys.put_secrets({(RECORD, version): secret(1)})
            assert keys.secret(RECORD, 2) == secret(2)
            assert keys.erase(RECORD, [1]).already == (1,)
            assert list(keys.erased_places()) == [(RECORD, 1), (RECORD, 3)]
            assert list(keys.check()) == []


class TestAgencyKeys:
    def test_symmetric_keys__stay_and_differ(self, place: Place) -> None:
        with place.create() as keys:
            local_id, search = keys.local_id_key(), keys.search_key()
        with place.open() as keys:
            assert (keys.local_id_key(), keys.search_key()) == (local_id, search)
        assert len({local_id, search}) == 2

    def test_symmetric_keys__are_read_once_however_many_records_need_them(
        self, place: Place
    ) -> None:
        with place.create() as keys:
            first = keys.local_id_key(), keys.search_key()
            sent: list[str] = []
            engine = keys._core.database.engine
            sa.event.listen(engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
            for _ in range(100):
                assert (keys.local_id_key(), keys.search_key()) == first
            assert sent == []
            # What they are read by is what was listened to.
            keys.agency_key(KeyPurpose.MESSAGES)
            assert sent != []

    def test_rotate_and_retire(self, place: Place) -> None:
        with place.create() as keys:
            first = keys.agency_key(KeyPurpose.MESSAGES)
            place.now += 10
            fresh = keys.rotate_agency_key(KeyPurpose.MESSAGES)
            assert (fresh.epoch, fresh.made_at) == (2, NOW + 10)
            assert keys.agency_key(KeyPurpose.MESSAGES).public == fresh.public
            assert keys.agency_key(KeyPurpose.MESSAGES, 1) == first
            with pytest.raises(KeystoreError, match="in use"):
                keys.retire_agency_key(KeyPurpose.MESSAGES, 2)
            assert keys.retire_agency_key(KeyPurpose.MESSAGES, 1).retired_at == NOW + 10
            assert keys.retire_agency_key(KeyPurpose.MESSAGES, 1).retired_at == NOW + 10
            with pytest.raises(KeystoreError, match="retired"):
                keys.agency_key(KeyPurpose.MESSAGES, 1)
            with pytest.raises(KeystoreError, match="holds no"):
                keys.agency_key(KeyPurpose.MESSAGES, 3)
            assert list(keys.check()) == []

    def test_pairs__work(self, place: Place) -> None:
        with place.create() as keys:
            signer = keys.agency_key(KeyPurpose.CHECKPOINTS)
            key = signer.ed25519()
            key.public_key().verify(key.sign(b"note"), b"note")
            assert key.public_key().public_bytes_raw() == signer.public
            encryption = keys.agency_key(KeyPurpose.ENCRYPTION)
            assert encryption.x25519().public_key().public_bytes_raw() == encryption.public
            with pytest.raises(InvalidInputError):
                signer.x25519()
            with pytest.raises(InvalidInputError):
                encryption.ed25519()

    def test_public_keys__need_no_unlocking(self, place: Place) -> None:
        with place.create() as keys:
            keys.rotate_agency_key(KeyPurpose.ENCRYPTION)
            unlocked = keys.public_keys()
        place.root.unlink()
        assert public_keys(place.url) == unlocked
        assert [(key.purpose, key.epoch) for key in unlocked] == [
            ("checkpoints", 1),
            ("encryption", 1),
            ("encryption", 2),
            ("messages", 1),
        ]

    def test_purposes__have_the_contracts_numbers(self) -> None:
        assert [purpose.number for purpose in KeyPurpose] == [0, 1, 2]


class TestEpochs:
    def test_drop__leaves_backups_unreadable_and_the_store_whole(self, place: Place) -> None:
        many = {(RecordId(n.to_bytes(32, "big")), 1): new_secret() for n in range(25)}
        with place.create() as keys:
            keys.put_secrets(many)
            (before,) = place.execute(
                "SELECT wrapped, epoch FROM version_secrets WHERE record_id = :r",
                r=(7).to_bytes(32, "big"),
            )
            assert keys.begin_epoch() == 2
            keys.put_secrets({(RECORD, 1): secret(9)})
            assert keys.epochs() == {1: 30, 2: 1}
            with pytest.raises(KeystoreError, match="still wrapped"):
                keys.drop_epoch(1)
            with pytest.raises(KeystoreError, match="written under"):
                keys.drop_epoch(2)
            assert list(keys.rewrap(batch=10)) == [5, 10, 10, 5]
            assert list(keys.rewrap()) == []
            keys.drop_epoch(1)
            assert keys.epochs() == {2: 31}
            assert keys.secrets(many) == many
            assert list(keys.check()) == []
            # Somebody puts a row of an old backup back.
            place.execute(
                "UPDATE version_secrets SET wrapped = :w, epoch = :e WHERE record_id = :r",
                w=before.wrapped,
                e=before.epoch,
                r=(7).to_bytes(32, "big"),
            )
            with pytest.raises(KeystoreError, match="epoch 1"):
                keys.secret(RecordId((7).to_bytes(32, "big")), 1)

    def test_another_process__follows_a_new_epoch(self, place: Place) -> None:
        with place.create() as one, place.open() as other:
            other.put_secrets({(RECORD, 1): secret(1)})
            one.begin_epoch()
            list(one.rewrap())
            one.drop_epoch(1)
            assert other.secret(RECORD, 1) == secret(1)
            other.put_secrets({(RECORD, 2): secret(2)})
            assert one.secret(RECORD, 2) == secret(2)
            assert one.epochs() == {2: 7}

    def test_begin__stopped_before_the_commit__is_made_up_for(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with place.create() as keys:
            with monkeypatch.context() as patch:
                patch.setattr(Core, "write_state", lambda *_, **__: 1 / 0)
                with pytest.raises(ZeroDivisionError):
                    keys.begin_epoch()
            keys.put_secrets({(RECORD, 1): secret(1)})
        with place.open() as keys:
            assert keys.secret(RECORD, 1) == secret(1)
            assert keys.begin_epoch() == 3
            keys.drop_epoch(2)
            assert list(keys.check()) == []


class TestOpening:
    def test_wrong_passphrase(self, place: Place) -> None:
        place.create(passphrase="right").close()
        with pytest.raises(WrongPasswordError):
            place.open(passphrase="wrong")
        place.open(passphrase="right").close()

    def test_another_key_file__and_the_other_kind_of_credential(
        self, place: Place, tmp_path: Path
    ) -> None:
        place.create().close()
        (tmp_path / "another").write_bytes(b"k" * 32)
        (tmp_path / "another").chmod(0o600)
        with pytest.raises(KeystoreError, match="does not open"):
            place.open(key_file=tmp_path / "another")
        with pytest.raises(KeystoreError, match="another way"):
            place.open(passphrase="word")

    @pytest.mark.parametrize("credentials", [{}, {"passphrase": "a", "key_file": "b"}])
    def test_one_credential_it_must_be(self, place: Place, credentials: dict[str, str]) -> None:
        with pytest.raises(InvalidInputError):
            KeyStore.open(place.url, place.root, **credentials)

    def test_another_agency_or_registry__wrong_key_store(self, place: Place) -> None:
        place.create().close()
        with pytest.raises(KeystoreError, match="wrong key store"):
            place.open(agency_id=AgencyId(8))
        with pytest.raises(KeystoreError, match="wrong key store"):
            place.open(lineage=Lineage(b"m" * 32))
        place.open(agency_id=AGENCY, lineage=LINEAGE).close()

    def test_another_stores_root_file__wrong_key_store(self, place: Place, tmp_path: Path) -> None:
        place.create().close()
        (tmp_path / "second").mkdir()
        second = Place(f"sqlite:///{tmp_path}/second/keys.db", tmp_path / "second")
        second.create().close()
        with pytest.raises(KeystoreError, match="wrong key store"):
            KeyStore.open(place.url, second.root, key_file=second.key_file)

    def test_create__twice_is_refused_and_changes_nothing(self, place: Place) -> None:
        with place.create() as keys:
            keys.put_secrets({(RECORD, 1): secret(1)})
        with pytest.raises(KeystoreError, match="exists"):
            place.create()
        place.root.rename(place.root.with_suffix(".kept"))
        with pytest.raises(KeystoreError, match="holds a key store already"):
            place.create()
        assert not place.root.exists()
        place.root.with_suffix(".kept").rename(place.root)
        with place.open() as keys:
            assert keys.secret(RECORD, 1) == secret(1)

    def test_database_without_store__says_so(self, place: Place, tmp_path: Path) -> None:
        place.create().close()
        place.execute("DROP TABLE key_store")
        with pytest.raises(KeystoreError, match="it is empty"):
            place.open()

    def test_store_of_another_format(self, place: Place) -> None:
        place.create().close()
        place.execute("UPDATE key_store SET format = 'muniment/key-store/v9'")
        with pytest.raises(KeystoreError, match="another format"):
            place.open()

    def test_change_credential__the_old_opens_no_more(self, place: Place) -> None:
        with place.create() as keys, place.open() as other:
            keys.change_credential(passphrase="new one")
            keys.begin_epoch()
            with pytest.raises(KeystoreError, match="locked anew"):
                other.put_secrets({(RECORD, 1): secret(1)})
        with pytest.raises(KeystoreError):
            place.open()
        with place.open(passphrase="new one") as keys:
            assert keys.epochs() == {1: 5, 2: 0}


class TestRecovery:
    def test_drill__proves_the_copy_and_restores(self, place: Place, tmp_path: Path) -> None:
        copy = tmp_path / "copy.json"
        with place.create() as keys:
            keys.put_secrets({(RECORD, 1): secret(1)})
            keys.begin_epoch()
            keys.put_secrets({(RECORD, 2): secret(2)})
            keys.export_recovery(copy, "in the safe")
            report = keys.drill(copy, "in the safe")
            assert report.usable
            assert (report.epochs, report.missing, report.compared) == ((1, 2), (), 7)
            with pytest.raises(WrongPasswordError):
                keys.drill(copy, "elsewhere")
            with pytest.raises(KeystoreError, match="exists"):
                keys.export_recovery(copy, "in the safe")
        place.root.unlink()
        restore_root_file(copy, "in the safe", place.root, passphrase="fresh")
        with place.open(passphrase="fresh") as keys:
            assert keys.secret(RECORD, 2) == secret(2)
        with pytest.raises(KeystoreError, match="exists"):
            restore_root_file(copy, "in the safe", place.root, passphrase="fresh")

    def test_drill__an_old_copy_is_told(self, place: Place, tmp_path: Path) -> None:
        copy = tmp_path / "copy.json"
        with place.create() as keys:
            keys.export_recovery(copy, "word")
            keys.begin_epoch()
            list(keys.rewrap())
            keys.drop_epoch(1)
            report = keys.drill(copy, "word")
        assert not report.usable
        assert (report.missing, report.dropped) == ((2,), (1,))

    def test_drill__copy_of_another_store(self, place: Place, tmp_path: Path) -> None:
        (tmp_path / "second").mkdir()
        second = Place(f"sqlite:///{tmp_path}/second/keys.db", tmp_path / "second")
        with place.create() as keys, second.create() as others:
            others.export_recovery(tmp_path / "copy.json", "word")
            with pytest.raises(KeystoreError, match="wrong key store"):
                keys.drill(tmp_path / "copy.json", "word")


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["put", "erase", "epoch", "rewrap", "rotate"]),
            st.integers(0, 3),
            st.integers(1, 3),
        ),
        max_size=12,
    )
)
def test_any_sequence__keeps_what_a_dictionary_keeps(
    place: Place, steps: list[tuple[str, int, int]]
) -> None:
    if not place.root.exists():
        place.create().close()
    with place.open() as keys:
        model = keys.secrets(list(keys.places()))
        gone = set(keys.erased_places())
        for act, number, version in steps:
            spot = (RecordId(bytes([number]) * 32), version)
            if act == "put" and spot not in gone:
                value = model.get(spot) or new_secret()
                assert keys.put_secrets({spot: value}) == (spot not in model)
                model[spot] = value
            elif act == "erase":
                keys.erase(spot[0], [version])
                model.pop(spot, None)
                gone.add(spot)
            elif act == "epoch":
                keys.begin_epoch()
            elif act == "rewrap":
                list(keys.rewrap(2))
            elif act == "rotate":
                keys.rotate_agency_key(KeyPurpose.ENCRYPTION)
        assert keys.secrets(model) == model
        assert set(keys.places()) == set(model)
        assert set(keys.erased_places()) == gone
        assert list(keys.check()) == []


def test_missing_server_or_file__is_a_clear_error(place: Place, tmp_path: Path) -> None:
    place.create().close()
    with pytest.raises((KeystoreError, StoreError)):
        KeyStore.open(f"sqlite:///{tmp_path}/none.db", place.root, key_file=place.key_file)
    assert not (tmp_path / "none.db").exists()
    for url in ("mysql://host/name", "sqlite://", "no url"):
        with pytest.raises(InvalidInputError):
            KeyStore.open(url, place.root, key_file=place.key_file)
