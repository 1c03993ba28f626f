# SPDX-License-Identifier: Apache-2.0
"""What every kind of vault must pass.

A module of tests for one kind inherits `VaultContract` and gives a fixture `vault` (an empty one)
and a fixture `reopen` (a function that opens the same vault once more).
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.errors import InvalidInputError
from muniment.record.objects import Writable
from muniment.store.vault import ObjectExistsError, ObjectMissingError, Vault

Reopen = Callable[[], Vault]
BIG = bytes(range(256)) * 4096 * 3 + b"end"
"""More than any piece."""

NO_NAMES: tuple[Any, ...] = (
    *("", "/", "ab/", "/ab", "ab//c", ".", "..", "ab/..", "../ab", "ab/../cd", "ab/.c"),
    *("AB", "ab\\c", "ab c", "ab\x00", "ab\n", "äb", "a", "x" * 129, "ab/" * 170 + "abcd"),
    *(None, 7),
)

parts = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,5}", fullmatch=True)


class BrokenError(Exception):
    """What a caller's stream raises."""


class Dribble:
    """A stream that gives what it has, like a pipe, and may break."""

    def __init__(self, data: bytes, *, breaks: bool = False) -> None:
        self._data = io.BytesIO(data)
        self._breaks = breaks

    def read(self, size: int, /) -> bytes:
        piece = self._data.read(min(size, 1000))
        if not piece and self._breaks:
            raise BrokenError
        return piece


def content(vault: Vault, name: str) -> bytes:
    with vault.open(name) as reader:
        return b"".join(iter(lambda: reader.read(1 << 16), b""))


class VaultContract:
    def test_vault__is_one_and_says_what_durable_means(self, vault: Vault) -> None:
        assert isinstance(vault, Vault)
        assert vault.durability

    @pytest.mark.parametrize("data", [b"", b"one", BIG], ids=["empty", "small", "big"])
    @pytest.mark.parametrize("kind", ["bytes", "stream", "producer"])
    def test_put__is_there_whole_after_reopening(
        self, vault: Vault, reopen: Reopen, data: bytes, kind: str
    ) -> None:
        def produce(writer: Writable) -> None:
            for start in range(0, len(data), 100_000):
                writer.write(data[start : start + 100_000])

        source = {"bytes": data, "stream": Dribble(data), "producer": produce}[kind]
        assert vault.put_if_absent("ab/1/0", source)
        again = reopen()
        assert content(again, "ab/1/0") == data
        assert again.size("ab/1/0") == len(data)
        assert list(again.list()) == ["ab/1/0"]

    def test_put_again__same_bytes_say_so_and_others_are_refused(self, vault: Vault) -> None:
        vault.put_if_absent("ab/c", BIG)
        assert not vault.put_if_absent("ab/c", Dribble(BIG))
        for other in (BIG[:-1], BIG + b"x", BIG[:-1] + b"x", b""):
            with pytest.raises(ObjectExistsError) as error:
                vault.put_if_absent("ab/c", other)
            assert "ab/c" in str(error.value)
        assert content(vault, "ab/c") == BIG

    @pytest.mark.parametrize("kind", ["stream", "producer"])
    def test_put__source_that_breaks__leaves_nothing_and_raises_its_own_error(
        self, vault: Vault, kind: str
    ) -> None:
        def produce(writer: Writable) -> None:
            writer.write(BIG)
            raise BrokenError

        with pytest.raises(BrokenError):
            vault.put_if_absent("ab/c", Dribble(BIG, breaks=True) if kind == "stream" else produce)
        with pytest.raises(ObjectMissingError):
            vault.size("ab/c")
        assert list(vault.list()) == []
        assert vault.put_if_absent("ab/c", b"now")

    def test_put__stream_that_would_block_is_refused(self, vault: Vault) -> None:
        class Waiting:
            def read(self, size: int, /) -> bytes:
                return None  # type: ignore[return-value]

        with pytest.raises(InvalidInputError):
            vault.put_if_absent("ab/c", Waiting())
        assert list(vault.list()) == []

    @pytest.mark.parametrize(
        ("offset", "length"), [(0, 4), (1 << 20, 7), (len(BIG) - 2, 9), (len(BIG), 1), (9, 0)]
    )
    def test_get_range(self, vault: Vault, offset: int, length: int) -> None:
        vault.put_if_absent("ab/c", BIG)
        assert vault.get_range("ab/c", offset, length) == BIG[offset : offset + length]
        assert vault.get_range("ab/c", len(BIG) + 5, 1) == b""
        with pytest.raises(InvalidInputError):
            vault.get_range("ab/c", -1, 1)

    def test_missing__each_way_of_reading_names_it(self, vault: Vault) -> None:
        vault.put_if_absent("ab/c/d", b"x")
        for name in ("zz", "ab/c", "ab/c/e", "ab/c/d/e"):
            with pytest.raises(ObjectMissingError, match=name), vault.open(name):
                pass
            with pytest.raises(ObjectMissingError):
                vault.get_range(name, 0, 1)
            with pytest.raises(ObjectMissingError):
                vault.size(name)
            assert not vault.delete(name)
        assert list(vault.list()) == ["ab/c/d"]

    def test_delete__takes_one_away_and_frees_the_name(self, vault: Vault, reopen: Reopen) -> None:
        for name in ("ab/c/d", "ab/c/e"):
            vault.put_if_absent(name, b"x")
        assert vault.delete("ab/c/d")
        assert not vault.delete("ab/c/d")
        assert list(reopen().list()) == ["ab/c/e"]
        assert vault.delete("ab/c/e")
        assert list(vault.list()) == []
        assert vault.put_if_absent("ab/c/d", b"other")

    # In one test each, not one a name: opening a vault on a server takes longer than all of it.
    def test_name_that_is_none__is_refused_by_every_method(self, vault: Vault) -> None:
        for name in NO_NAMES:
            with pytest.raises(InvalidInputError):
                vault.put_if_absent(name, b"x")
            with pytest.raises(InvalidInputError), vault.open(name):
                pass
            with pytest.raises(InvalidInputError):
                vault.get_range(name, 0, 1)
            with pytest.raises(InvalidInputError):
                vault.size(name)
            with pytest.raises(InvalidInputError):
                vault.delete(name)
        assert list(vault.list()) == []

    def test_prefix_that_none_has__is_refused(self, vault: Vault) -> None:
        for prefix in ("/", "../", "ab//", "AB", "ab/.", "a/b"):
            with pytest.raises(InvalidInputError):
                list(vault.list(prefix))

    @settings(
        max_examples=40,
        deadline=None,  # where the vault is on a server
        # Each kind of vault inherits it, and some in one session.
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
        ],
    )
    @given(
        tree=st.dictionaries(
            st.tuples(st.from_regex(r"[a-z0-9][a-z0-9._-]{1,3}", fullmatch=True), parts, parts),
            st.binary(max_size=20),
            max_size=12,
        ),
        prefix=st.text("ab01._-/", max_size=4),
    )
    def test_list__is_every_name_once_in_byte_order(
        self, vault: Vault, tree: dict[tuple[str, ...], bytes], prefix: str
    ) -> None:
        for name in list(vault.list()):
            vault.delete(name)
        wanted = {"/".join(name): data for name, data in tree.items()}
        vault.put_many(list(wanted.items()))
        assert list(vault.list()) == sorted(wanted)
        some = islice(wanted, 2)
        for start in {prefix, *(name[:n] for name in some for n in (1, 2, 3, 5, len(name)))}:
            try:
                found = list(vault.list(start))
            except InvalidInputError:
                assert not any(name.startswith(start) for name in wanted)
            else:
                assert found == sorted(name for name in wanted if name.startswith(start))
        assert {name: content(vault, name) for name in wanted} == wanted

    def test_put__by_many_at_once__one_wins_and_all_agree(
        self, vault: Vault, reopen: Reopen
    ) -> None:
        outcomes: list[bool | str] = []

        def put(data: bytes) -> None:
            own = reopen()
            for number in range(10):
                try:
                    outcomes.append(own.put_if_absent(f"ab/{number}", data * 1000))
                except ObjectExistsError:
                    outcomes.append("exists")

        threads = [threading.Thread(target=put, args=(data,)) for data in (b"a", b"a", b"b", b"b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(outcomes) == 40
        assert (outcomes.count(True), outcomes.count(False), outcomes.count("exists")) == (
            10,
            10,
            20,
        )
        for number in range(10):
            assert content(vault, f"ab/{number}") in (b"a" * 1000, b"b" * 1000)

    def test_put_and_delete__at_once__never_lose_a_put(self, vault: Vault, reopen: Reopen) -> None:
        faults: list[BaseException] = []

        def churn(name: str) -> None:
            own = reopen()
            try:
                for _ in range(40):
                    assert own.put_if_absent(name, name.encode())
                    assert content(own, name) == name.encode()
                    assert own.delete(name)
            except BaseException as error:  # noqa: BLE001  (told to the main thread)
                faults.append(error)

        threads = [threading.Thread(target=churn, args=(f"ab/1/{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert list(vault.list()) == []
