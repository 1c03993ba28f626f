# SPDX-License-Identifier: Apache-2.0
"""Where the gateway calls to, and where it does not."""

from __future__ import annotations

import pytest

from muniment.errors import InvalidInputError
from muniment.gateway.outgoing import AddressRefusedError, Outgoing, OutgoingError, checked_url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://host.example/",
        "file:///etc/passwd",
        "https://",
        "https://user:secret@host.example/",
        "https://host.example/#part",
        "https://host.example:0/",
        "https://host.example:99999/",
        "https://host.example/a b",
        "https://host.example/\r\nX: y",
        "https://hóst.example/",
        "https://host.example/" + "a" * 2048,
    ],
)
def test_urls__that_are_none(url: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        checked_url(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "2002:7f00:1::",
    ],
)
def test_private_addresses__are_refused_however_they_are_written(address: str) -> None:
    outgoing = Outgoing(resolve=lambda host, port: [address])
    with pytest.raises(AddressRefusedError):
        outgoing.address_of(checked_url("https://host.example/"))


def test_one_private_address_among_many__refuses_the_name() -> None:
    outgoing = Outgoing(resolve=lambda host, port: ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(AddressRefusedError):
        outgoing.address_of(checked_url("https://host.example/"))


def test_public_addresses__by_tls_alone() -> None:
    outgoing = Outgoing(resolve=lambda host, port: ["93.184.216.34"])
    assert outgoing.address_of(checked_url("https://host.example/")) == "93.184.216.34"
    with pytest.raises(AddressRefusedError):
        outgoing.address_of(checked_url("http://host.example/"))


def test_numbers_for_an_address__are_resolved_before_they_are_checked() -> None:
    for host in ("2130706433", "0x7f.1", "localhost", "[::1]"):
        with pytest.raises((AddressRefusedError, OutgoingError)):
            Outgoing().address_of(checked_url(f"https://{host}/"))
