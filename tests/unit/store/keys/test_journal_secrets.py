# SPDX-License-Identifier: Apache-2.0
"""Secrets of journal entries: stored in stretches, destroyed one by one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from muniment.errors import InvalidInputError, KeystoreError
from muniment.store.keys import KeyStore
from tests.unit.store.keys.places import Place, secret


@pytest.fixture
def keys(place: Place) -> Iterator[KeyStore]:
    with place.create() as store:
        store.put_journal_secrets(1, 0, [secret(1), secret(2), secret(3)])
        store.put_journal_secrets(1, 3, [secret(4), secret(5)])
        store.put_journal_secrets(2, 0, [secret(9)])
        yield store
        assert list(store.check()) == []


def test_each_is_found(keys: KeyStore) -> None:
    assert [keys.journal_secret(1, index) for index in range(5)] == [secret(n) for n in range(1, 6)]
    assert list(keys.journal_secrets(1, 1, 4)) == [secret(2), secret(3), secret(4)]
    assert list(keys.journal_secrets(1, 4, 9)) == [secret(5)]
    assert list(keys.journal_secrets(3, 0, 9)) == []
    with pytest.raises(KeystoreError, match="entry 5 of journal 1"):
        keys.journal_secret(1, 5)


def test_what_was_never_acknowledged__is_replaced(keys: KeyStore) -> None:
    keys.put_journal_secrets(1, 3, [secret(6)])
    assert list(keys.journal_secrets(1, 0, 9)) == [secret(1), secret(2), secret(3), secret(6)]
    assert keys.journal_secret(2, 0) == secret(9)


@pytest.mark.parametrize("first", [1, 4, 6])
def test_gap_or_overlap__is_refused(keys: KeyStore, first: int) -> None:
    with pytest.raises(KeystoreError, match=f"do not end before entry {first}"):
        keys.put_journal_secrets(1, first, [secret(7)])


def test_destroyed__cannot_be_read_and_the_others_can(keys: KeyStore) -> None:
    done = keys.erase_journal_secret(1, 1)
    assert done is not None
    assert keys.journal_secret(1, 1) is None
    assert list(keys.journal_secrets(1, 0, 3)) == [secret(1), None, secret(3)]
    assert keys.erase_journal_secret(1, 1) is None
    assert keys.erase_journal_secret(1, 7) is None


def test_row_from_before_the_destruction_put_back__is_named(place: Place, keys: KeyStore) -> None:
    where = "WHERE journal = 1 AND first_index = 0"
    [before] = place.execute(f"SELECT revision, wrapped FROM journal_secrets {where}")
    keys.erase_journal_secret(1, 1)
    [after] = place.execute(f"SELECT revision, wrapped FROM journal_secrets {where}")
    statement = f"UPDATE journal_secrets SET revision = :revision, wrapped = :wrapped {where}"
    place.execute(statement, revision=before.revision, wrapped=before.wrapped)
    assert [finding.table for finding in keys.check()] == ["journal_secrets"]
    place.execute(statement, revision=after.revision, wrapped=after.wrapped)


def test_rewrap__brings_them_under_the_new_epoch(keys: KeyStore) -> None:
    keys.begin_epoch()
    assert sum(keys.rewrap()) >= 3
    keys.drop_epoch(1)
    assert list(keys.journal_secrets(1, 0, 9)) == [secret(n) for n in range(1, 6)]


def test_bad_input(keys: KeyStore) -> None:
    for secrets in ([], [b"short"], [bytes(32)], [secret(1)] * (1 << 17)):
        with pytest.raises(InvalidInputError):
            keys.put_journal_secrets(1, 5, secrets)


def test_many_destroyed_at_once__each_stretch_is_wrapped_once(place: Place, keys: KeyStore) -> None:
    destruction = keys.destruction
    assert destruction.entry_epochs(1, [0, 1, 4, 9]) == {0: 1, 1: 1, 4: 1}
    destruction.destroy_entries(1, [4, 0, 1, 9])
    assert list(keys.journal_secrets(1, 0, 9)) == [None, None, secret(3), secret(4), None]
    assert destruction.entry_epochs(1, [0, 1, 2, 4]) == {2: 1}
    rows = place.execute("SELECT revision FROM journal_secrets WHERE journal = 1")
    assert [row.revision for row in rows] == [1, 1]
    # Done again it changes nothing.
    destruction.destroy_entries(1, [4, 0])
    rows = place.execute("SELECT revision FROM journal_secrets WHERE journal = 1")
    assert [row.revision for row in rows] == [1, 1]
