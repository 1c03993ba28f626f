# SPDX-License-Identifier: Apache-2.0
"""Many secrets destroyed at once: what they were under, and when they went."""

from __future__ import annotations

import pytest

from muniment.errors import ErasedError, KeystoreError
from tests.unit.store.keys.places import NOW, OTHER, RECORD, Place, secret


def test_destroyed_together__epochs_before_and_times_after(place: Place) -> None:
    with place.create() as keys:
        keys.put_secrets({(RECORD, 1): secret(1), (OTHER, 1): secret(2)})
        keys.begin_epoch()
        keys.put_secrets({(RECORD, 2): secret(3)})
        wanted = [(RECORD, 1), (RECORD, 2), (RECORD, 3), (OTHER, 1)]
        destruction = keys.destruction
        assert destruction.epochs(wanted) == {(RECORD, 1): 1, (RECORD, 2): 2, (OTHER, 1): 1}
        destruction.destroy(wanted[:3])
        assert destruction.epochs(wanted) == {(OTHER, 1): 1}
        assert destruction.times(wanted) == dict.fromkeys(wanted[:3], NOW)
        for _, version in wanted[:3]:
            with pytest.raises(ErasedError):
                keys.secret(RECORD, version)
        assert keys.secret(OTHER, 1) == secret(2)
        # Done again later, the first time stays.
        place.now += 60
        destruction.destroy(wanted)
        assert destruction.times(wanted) == dict.fromkeys(wanted[:3], NOW) | {wanted[3]: NOW + 60}
        assert list(keys.check()) == []


def test_time_changed__is_no_time(place: Place) -> None:
    with place.create() as keys:
        keys.destruction.destroy([(RECORD, 1)])
        place.execute("UPDATE tombstones SET erased_at = erased_at - 86400")
        with pytest.raises(KeystoreError, match="tombstone of version 1"):
            keys.destruction.times([(RECORD, 1)])


def test_readmitted__the_tombstone_is_gone_and_the_ledger_agrees(place: Place) -> None:
    with place.create() as keys:
        keys.put_secrets({(RECORD, 1): secret(1)})
        keys.destruction.destroy([(RECORD, 1), (RECORD, 2), (OTHER, 1)])
        back = {(RECORD, 1): secret(1), (RECORD, 3): secret(3)}
        assert keys.destruction.readmit(back) == 1
        assert keys.destruction.readmit(back) == 0
        assert keys.secrets(back) == back
        # What did not come back stays destroyed, and all of it is authentic.
        assert set(keys.destruction.times([(RECORD, 1), (RECORD, 2), (OTHER, 1)])) == {
            (RECORD, 2),
            (OTHER, 1),
        }
        with pytest.raises(ErasedError):
            keys.put_secrets({(RECORD, 2): secret(2)})
        assert list(keys.check()) == []


def test_readmitted__with_another_secret_than_is_there__nothing_changes(place: Place) -> None:
    with place.create() as keys:
        keys.put_secrets({(RECORD, 1): secret(1)})
        keys.destruction.destroy([(RECORD, 2)])
        with pytest.raises(KeystoreError, match="another secret already"):
            keys.destruction.readmit({(RECORD, 1): secret(9), (RECORD, 2): secret(2)})
        assert set(keys.destruction.times([(RECORD, 2)])) == {(RECORD, 2)}
        assert keys.secret(RECORD, 1) == secret(1)
        assert list(keys.check()) == []


def test_readmitted__past_a_tombstone_that_was_changed__is_refused(place: Place) -> None:
    with place.create() as keys:
        keys.destruction.destroy([(RECORD, 1)])
        place.execute("UPDATE tombstones SET erased_at = erased_at - 1")
        with pytest.raises(KeystoreError, match="tombstone of version 1"):
            keys.destruction.readmit({(RECORD, 1): secret(1)})
