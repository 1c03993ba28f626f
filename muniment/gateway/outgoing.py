# SPDX-License-Identifier: Apache-2.0
"""Calls that the gateway makes to others: to addresses that are allowed, and nowhere else.

A name is resolved here, every address that it has is checked, and the connection goes to the very
address that was checked: a name that says something else a moment later leads nowhere. Redirects
are not followed, proxies of the environment not used. Plain HTTP goes to private addresses alone,
and to these only where the profile allows them.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from muniment.errors import InvalidInputError, MunimentError

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
_PORTS: Final = {"http": 80, "https": 443}
_LONGEST: Final = 2048


class OutgoingError(MunimentError):
    """A call to another party came to nothing; `why` says so without its answer."""

    def __init__(self, host: str, why: str) -> None:
        super().__init__(
            f"{host}: {why}",
            expected="an address that is allowed, and an answer",
            remedy="check the address, and that the other party's service runs",
        )
        self.why = why


class AddressRefusedError(OutgoingError):
    """An address that the gateway does not call."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Where the gateway may call to: public addresses, and the `private` networks besides.

    `context` verifies the certificates of others; `resolve` gives the addresses of a name.
    """

    private: tuple[_Network, ...] = ()
    context: ssl.SSLContext | None = None
    resolve: Resolve | None = None

    @classmethod
    def of(cls, networks: Iterable[str]) -> Outgoing:
        """Return what allows these private networks, such as 10.1.0.0/16. Raises
        `InvalidInputError`."""
        found = []
        for each in networks:
            try:
                found.append(ipaddress.ip_network(each))
            except ValueError as error:
                raise InvalidInputError("private network", "such as 10.1.0.0/16", "none") from error
        return cls(tuple(found))

    @contextmanager
    def call(
        self,
        method: str,
        url: str,
        body: Any,
        headers: Mapping[str, str],
        *,
        timeout: float,
    ) -> Iterator[http.client.HTTPResponse]:
        """Make a call, and give its answer to be read; it is closed at the end of the block.

        `body` are bytes, or a file with its Content-Length among the headers. Raises
        `OutgoingError`, `AddressRefusedError`.
        """
        parts = checked_url(url)
        host = parts.hostname or ""
        address = self.address_of(parts)
        connection = self._connection(parts, address, timeout)
        try:
            path = parts.path or "/"
            target = f"{path}?{parts.query}" if parts.query else path
            connection.request(method, target, body, dict(headers))
            yield connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise OutgoingError(host, _why(error)) from error
        finally:
            connection.close()

    def address_of(self, parts: SplitResult) -> str:
        """Return the address to call, of a name whose addresses are all allowed. Raises
        `AddressRefusedError`, `OutgoingError`."""
        host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        try:
            found = list((self.resolve or _resolved)(host, port))
        except OSError as error:
            raise OutgoingError(host, "its name has no address") from error
        if not found:
            raise OutgoingError(host, "its name has no address")
        for text in found:
            address = _plain(ipaddress.ip_address(text))
            allowed = any(
                address.version == each.version and address in each for each in self.private
            )
            if not (allowed or (address.is_global and not address.is_multicast)):
                raise AddressRefusedError(
                    host, "its address is private, and the profile does not allow it"
                )
            if parts.scheme == "http" and not allowed:
                raise AddressRefusedError(host, "plain HTTP, to an address that is not private")
        return found[0]

    def _connection(
        self, parts: SplitResult, address: str, timeout: float
    ) -> http.client.HTTPConnection:
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        if parts.scheme == "http":
            return _Pinned(host, port, address, timeout)
        return _PinnedTls(host, port, address, timeout, self.context or _trusting())


class _Pinned(http.client.HTTPConnection):
    """Connects to an address that was checked, whatever the name says by now."""

    def __init__(self, host: str, port: int, address: str, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)


class _PinnedTls(http.client.HTTPSConnection):
    """The same, with TLS for the name."""

    def __init__(
        self, host: str, port: int, address: str, timeout: float, context: ssl.SSLContext
    ) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._address = address
        self._tls = context

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def checked_url(url: str) -> SplitResult:
    """Return the parts of an address that can be called: http or https, a host, no user, no
    fragment. Raises `InvalidInputError`."""
    try:
        parts = urlsplit(url)
        bad = (
            len(url) > _LONGEST
            or parts.scheme not in _PORTS
            or not parts.hostname
            or parts.port == 0
            or "@" in parts.netloc
            or bool(parts.fragment)
            or not url.isascii()
            or any(each.isspace() or not each.isprintable() for each in url)
        )
    except ValueError:
        bad = True
    if bad:
        raise InvalidInputError("URL", "such as https://host.example/path", "another text")
    return parts


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _resolved(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _plain(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate does not hold"
    return f"the line broke ({type(error).__name__})"
