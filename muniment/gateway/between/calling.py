# SPDX-License-Identifier: Apache-2.0
"""Calling another agency's gateway: pushing envelopes to it, and fetching from it.

A line that breaks, or a gateway that is down, is waited for; what was brought over already is not
brought again, by this process or the next.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from muniment.errors import ExchangeError, InvalidInputError, MunimentError
from muniment.gateway.between.inbox import PIECE
from muniment.gateway.between.signatures import KeyName, signed_call
from muniment.gateway.events.signatures import AgencySigning
from muniment.gateway.events.webhooks import outgoing_of
from muniment.gateway.outgoing import AddressRefusedError, Outgoing, OutgoingError, checked_url
from muniment.gateway.settings import GatewaySettings
from muniment.registry import Registry
from muniment.registry.exchange.taken_in import TakenIn
from muniment.registry.session import Session
from muniment.store import envelopes
from muniment.store.envelopes import RECEIVED

PEERS: Final = "peers"
"""The table of the profile's `gateway` with the addresses of other agencies' gateways."""
_ANSWER_SECONDS: Final = 120.0
_LARGEST_ANSWER: Final = 4 << 20
_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 10.0

Tell = Callable[[int], None]


class GatewayRefusedError(ExchangeError):
    """Another agency's gateway refused a call, with `status`; `problem` is its kind of refusal."""

    def __init__(self, host: str, status: int, problem: str, received: int | None = None) -> None:
        super().__init__(
            f"the gateway at {host} refused the call: {status} {problem}",
            expected="a call that it takes",
            remedy="ask the agency that runs it",
        )
        self.status = status
        self.problem = problem
        self.received = received


@dataclass(frozen=True, slots=True)
class Pushed:
    """What another gateway took in: the envelope's digest, its kind, how many records."""

    digest: str
    kind: str
    records: int


class OtherGateway:
    """Another agency's gateway at an address. `seconds` is how long it is waited for."""

    def __init__(self, session: Session, url: str, *, seconds: float = 600.0) -> None:
        """Take an address such as https://records.example.gov. Raises `InvalidInputError`."""
        parts = checked_url(url)
        if parts.path not in ("", "/") or parts.query:
            raise InvalidInputError("gateway", "an address without a path", "with one")
        self._session = session
        self._url = url.rstrip("/")
        self._host = parts.hostname or ""
        self._seconds = seconds
        self._outgoing: Outgoing = outgoing_of(GatewaySettings.of(session.profile))
        self._signing = AgencySigning(session)

    def push(self, path: Path, tell: Tell = lambda _: None) -> Pushed:
        """Push an envelope's file, from where an attempt before has come to; `tell` gets the bytes
        that are there.

        Pushed again it is the same envelope. Raises `GatewayRefusedError`, `OutgoingError` where
        nothing answers for too long, and `InvalidInputError` for a file that cannot be read.
        """
        digest, size = _hashed(path)
        name = f"/exchange/inbox/0x{digest.hex()}"
        received = int(self._patiently("GET", name, b"")["received"])
        with path.open("rb") as reader:
            while True:
                tell(received)
                reader.seek(received)
                query = f"?size={size}&offset={received}"
                try:
                    answer = self._patiently("PUT", name + query, reader.read(PIECE))
                except GatewayRefusedError as error:
                    if error.received is None or error.received == received:
                        raise
                    # An answer was lost: it has more than was known.
                    received = error.received
                    continue
                if "delivery" in answer:
                    tell(size)
                    return Pushed(answer["delivery"], answer["kind"], int(answer["records"]))
                received = int(answer["received"])

    def waiting(self) -> Iterator[dict[str, Any]]:
        """Yield what the other agency has for this one, and this one has not yet."""
        after = 0
        while True:
            page = self._patiently("GET", f"/exchange/outbox?after={after}", b"")
            for each in page["items"]:
                digest = bytes.fromhex(str(each["delivery"]).removeprefix("0x"))
                with self._session.database.read() as connection:
                    row = envelopes.of_digest(connection, digest)
                if row is None or row.direction != RECEIVED:
                    yield each
            if page["next"] is None:
                return
            after = int(page["next"])

    def fetch(self, listed: dict[str, Any], folder: Path, tell: Tell = lambda _: None) -> Path:
        """Bring a listed envelope into a folder, from where an attempt before has come to, and
        return its file. Nothing of it is believed: `receive` it."""
        digest = bytes.fromhex(str(listed["delivery"]).removeprefix("0x"))
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{digest.hex()}.fetched"
        size = int(listed["size"])
        with path.open("ab") as writer:
            while writer.tell() < size:
                tell(writer.tell())
                found = self._bytes("GET", f"{_outbox(digest)}?offset={writer.tell()}", b"")
                if not found:
                    break
                writer.write(found[: size - writer.tell()])
            writer.flush()
            os.fsync(writer.fileno())
        return path

    def say_taken(self, listed: dict[str, Any]) -> None:
        """Tell the other agency that this one has an envelope: it need not lie there longer."""
        digest = bytes.fromhex(str(listed["delivery"]).removeprefix("0x"))
        self._bytes("DELETE", _outbox(digest), b"")

    def _patiently(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        try:
            found = json.loads(self._bytes(method, path, body))
        except ValueError as error:
            raise OutgoingError(self._host, "its answer is no JSON") from error
        if not isinstance(found, dict):
            raise OutgoingError(self._host, "its answer is of another form")
        return found

    def _bytes(self, method: str, path: str, body: bytes) -> bytes:
        """Make a call, again and again while nothing answers or the gateway is busy."""
        deadline = time.monotonic() + self._seconds
        wait = _FIRST_WAIT
        while True:
            try:
                return self._once(method, path, body)
            except AddressRefusedError:
                raise
            except GatewayRefusedError as error:
                passing = error.status in (429, 502, 503, 504)
                if not passing or time.monotonic() > deadline:
                    raise
            except OutgoingError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)

    def _once(self, method: str, path: str, body: bytes) -> bytes:
        chain = self._session.profile.chain
        key = self._signing.key()
        name = KeyName(chain.id, chain.registry.lower(), self._session.profile.agency.id, key.epoch)
        url = self._url + path
        headers = signed_call(key, name, method, url, body, int(time.time()))
        headers |= {"User-Agent": "muniment", "Content-Type": "application/octet-stream"}
        sent = body if method == "PUT" else None
        with self._outgoing.call(method, url, sent, headers, timeout=_ANSWER_SECONDS) as answer:
            found = answer.read(_LARGEST_ANSWER + 1)
            status = answer.status
        if len(found) > _LARGEST_ANSWER:
            raise OutgoingError(self._host, "its answer is too long")
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return found
        raise self._refusal(status, found)

    def _refusal(self, status: int, body: bytes) -> GatewayRefusedError:
        try:
            problem = json.loads(body)
            kind = str(problem.get("type", "")).rpartition(":")[2][:64]
            received = problem.get("received")
        except (ValueError, AttributeError):
            kind, received = "without a word", None
        plain = "".join(each for each in kind if each.isalnum() or each in "- ")
        return GatewayRefusedError(
            self._host, status, plain, received if isinstance(received, int) else None
        )


def gateway_of(session: Session, where: str, *, seconds: float = 600.0) -> OtherGateway:
    """Return another gateway by its address, or by its agency's number among the profile's peers.

    Raises `InvalidInputError`.
    """
    if where.isdecimal():
        named: Any = GatewaySettings.of(session.profile).others.get(PEERS, {})
        if not isinstance(named.get(where), str):
            raise InvalidInputError(
                "gateway",
                "an address, or an agency of the profile's table gateway.peers",
                f"agency {where}, which is not in it",
            )
        where = named[where]
    return OtherGateway(session, where, seconds=seconds)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of an envelope that was fetched: taken in, or why not."""

    digest: str
    kind: str
    taken: TakenIn | None
    fault: str


def fetch_all(
    registry: Registry, gateway: OtherGateway, *, acknowledge: bool, tell: Tell = lambda _: None
) -> list[Fetched]:
    """Fetch all that another agency has for this one, and take it in; what does not hold is named,
    and keeps nothing else back. Raises `OutgoingError`, `GatewayRefusedError`."""
    folder = registry.session.profile.path.resolve().parent / "inbox"
    done = []
    for each in gateway.waiting():
        path = gateway.fetch(each, folder, tell)
        try:
            taken = registry.exchange.receive(path, acknowledge=acknowledge)
        except MunimentError as error:
            done.append(Fetched(str(each["delivery"]), str(each["kind"]), None, error.what))
        else:
            gateway.say_taken(each)
            done.append(Fetched(str(each["delivery"]), str(each["kind"]), taken, ""))
        path.unlink(missing_ok=True)
    return done


def _outbox(digest: bytes) -> str:
    return f"/exchange/outbox/0x{digest.hex()}"


def _hashed(path: Path) -> tuple[bytes, int]:
    hashed, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as reader:
            while part := reader.read(PIECE):
                hashed.update(part)
                size += len(part)
    except OSError as error:
        what = error.strerror or "unreadable"
        raise InvalidInputError(str(path), "a file that can be read", what) from error
    return hashed.digest(), size
