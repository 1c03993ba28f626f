# SPDX-License-Identifier: Apache-2.0
"""Vaults on servers, before any server is asked: URLs, extras, addresses where nobody listens."""

from __future__ import annotations

import sys

import pytest

from muniment.errors import InvalidInputError
from muniment.store.vault import VaultError, open_vault, remote


@pytest.mark.parametrize(
    ("scheme", "package"), [("hdfs", "hdfs_native"), ("hbase", "happybase"), ("s3", "s3fs")]
)
def test_extra_that_is_missing__is_named_with_the_command(
    monkeypatch: pytest.MonkeyPatch, scheme: str, package: str
) -> None:
    for name in [each for each in sys.modules if each.startswith(f"muniment.store.vault.{scheme}")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InvalidInputError) as error:
        open_vault(f"{scheme}://127.0.0.1:9000/vault")
    assert f"pip install 'muniment[{scheme}]'" in error.value.diagnostics()
    assert package in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        *("hdfs://127.0.0.1:9000", "hdfs://127.0.0.1:9000/", "hdfs:///vault"),
        *("hdfs://127.0.0.1:9000/vault?replication=two", "hdfs://127.0.0.1:9000/vault?copies=2"),
        *("hdfs://127.0.0.1:nine/vault", "hdfs://ann:hush@127.0.0.1:9000/vault"),
        *("hbase://ann:hush@127.0.0.1:9090/table",),
        *("hbase://127.0.0.1:9090", "hbase://127.0.0.1:9090/", "hbase:///table"),
        *("hbase://127.0.0.1:ninety/table", "hbase://127.0.0.1:9090/ta ble"),
        *("hbase://127.0.0.1:9090/table/UPPER", "hbase://127.0.0.1:9090/table/one/two"),
        *("hbase://127.0.0.1:9090/table?transport=carrier", "hbase://127.0.0.1:9090/table?x=1"),
        "gs://bucket/vault",
    ],
)
def test_url_that_is_none__is_refused_without_asking_anybody(url: str) -> None:
    """Unit tests have no sockets: whoever is asked is not the one who refuses."""
    with pytest.raises(InvalidInputError) as error:
        open_vault(url)
    assert "hush" not in error.value.diagnostics()


class TestPatience:
    def test_server_that_comes_back__is_asked_again(self) -> None:
        answers = iter([remote.Unavailable("away"), remote.Unavailable("away"), 7])

        def ask() -> int:
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        assert remote.patiently("place", "name", ask, seconds=5) == 7

    def test_server_that_stays_away__is_told_in_its_own_words(self) -> None:
        def ask() -> int:
            raise remote.Unavailable("Connection refused")

        with pytest.raises(VaultError, match="place, name: Connection refused"):
            remote.patiently("place", "name", ask, seconds=0.3)
