# SPDX-License-Identifier: Apache-2.0
"""Acts without a key: prepared here, signed with an officer's own key elsewhere, sent from here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from muniment.chain.calls import DecodedCall, decode_call
from muniment.chain.connection import Address, Connection, address_of
from muniment.chain.contract import Call
from muniment.chain.sender import estimate_gas, gas_price
from muniment.errors import ContractError, InvalidInputError
from muniment.registry.prepared.cleaning import clean
from muniment.registry.prepared.document import PreparedDocument
from muniment.registry.prepared.errors import PreparedActError, UnknownPreparedActError
from muniment.registry.prepared.openings import openings_of
from muniment.registry.prepared.preparing import PreparingSession
from muniment.registry.prepared.submitting import submit_signed
from muniment.registry.prepared.versions import close, destroy
from muniment.registry.prepared.words import describe
from muniment.registry.session import Session
from muniment.registry.submission import Submission
from muniment.store import outbox, prepared
from muniment.store.prepared import PreparedRow, PreparedState

LIFETIME: Final = 3600
"""Seconds in which an act can be signed, where nothing else is said."""
_LONGEST: Final = 30 * 86_400
_OPEN: Final = (PreparedState.UNSIGNED,)

Made = TypeVar("Made")


class PreparedActs:
    """The acts that this agency's officers sign elsewhere."""

    def __init__(self, session: Session) -> None:
        """Take a session, which needs no officer's keystore."""
        self._session = session

    def prepare(
        self,
        account: str,
        act: Callable[[Session], Made],
        *,
        seconds: int = LIFETIME,
        prepared_by: str = "",
    ) -> tuple[list[PreparedDocument], Made]:
        """Prepare what `act` does with a session, for an officer's account to sign.

            documents, _ = acts.prepare(officer, lambda session: Registry(session).revoke(…))

        All that the act needs off chain is made and kept, in the way of every act; what it would
        put into the outbox is returned to be signed instead, with what `act` returned. Can be
        signed for `seconds`. Raises what the act raises, and the contract's typed error where the
        registry would refuse it now: nothing is left of it then. Raises `UnreachableError`.
        `prepared_by` is the caller on whose behalf it is prepared, where there is one.
        """
        if not 1 <= seconds <= _LONGEST:
            raise InvalidInputError("seconds", f"1 to {_LONGEST}", str(seconds))
        officer = address_of("account", account)
        expires_ms = int((time.time() + seconds) * 1000)
        preparing = PreparingSession(self._session, officer, expires_ms, prepared_by)
        ids: Sequence[bytes] = preparing.prepared_ids
        try:
            made = act(preparing)
            return [self._measured(each) for each in dict.fromkeys(ids)], made
        except BaseException:
            for each in ids:
                self._forget(each)
            raise
        finally:
            preparing.close()

    def document(self, prepared_id: bytes) -> PreparedDocument:
        """Return an act as its officer is to see and sign it, with the account's nonce as it is
        now. Raises `UnknownPreparedActError`, `UnreachableError`."""
        return self._document(self._row(prepared_id))

    def row(self, prepared_id: bytes) -> PreparedRow:
        """Return what is stored of an act. Raises `UnknownPreparedActError`."""
        return self._row(prepared_id)

    def waiting(self, account: str, limit: int = 100) -> list[PreparedRow]:
        """Return what waits for an officer's signature, the latest first."""
        officer, now = address_of("account", account), time.time() * 1000
        with self._session.database.read() as connection:
            found = prepared.of_account(connection, officer, _OPEN, limit)
        return [each for each in found if each.expires_ms > now]

    def submissions(self, prepared_id: bytes) -> list[Submission]:
        """Return the submissions that an act carries, signed or not."""
        with self._session.database.read() as connection:
            ids = prepared.submission_ids(connection, prepared_id)
            rows = outbox.submissions_of(connection, ids)
        return [
            Submission(each, row.kind, row.record_id, row.version, self._session)
            for each, row in sorted(rows.items())
        ]

    def submit(self, prepared_id: bytes, raw: bytes) -> list[Submission]:
        """Put what an officer has signed into the outbox; see `submitting.submit_signed`."""
        return submit_signed(self._session, prepared_id, raw)

    def discard(self, prepared_id: bytes) -> None:
        """Let an act not be signed any more, and destroy what content it would have brought.

        Raises `UnknownPreparedActError`, and `PreparedActError` for one that was signed.
        """
        row = self._row(prepared_id)
        if not close(self._session, row, PreparedState.DISCARDED):
            raise PreparedActError(
                "the act was signed already", expected="one that waits for its signature"
            )
        destroy(self._session, row)

    def clean(self) -> int:
        """Close what was not signed in time; see `cleaning.clean`."""
        return clean(self._session)

    def _row(self, prepared_id: bytes) -> PreparedRow:
        with self._session.database.read() as connection:
            row = prepared.of_id(connection, prepared_id)
        if row is None:
            raise UnknownPreparedActError
        return row

    def _forget(self, prepared_id: bytes) -> None:
        row = self._row(prepared_id)
        # What was prepared before, just so, and has its gas, is not this attempt's.
        if row.gas == 0 and close(self._session, row, PreparedState.DISCARDED):
            destroy(self._session, row)

    def _measured(self, prepared_id: bytes) -> PreparedDocument:
        """Ask a node how much gas an act takes, and with that whether the registry takes it."""
        row = self._row(prepared_id)

        def ask(node: Connection) -> int | ContractError:
            try:
                return estimate_gas(
                    node, Address(row.account), Call(Address(row.to), row.data, row.function)
                )
            except ContractError as error:
                return error

        gas = self._session.nodes.read(ask)
        if isinstance(gas, ContractError):
            raise gas
        done = replace(row, gas=gas)
        if row.state is PreparedState.UNSIGNED:
            with self._session.database.write() as connection:
                prepared.update(connection, done)
        return self._document(done)

    def _document(self, row: PreparedRow) -> PreparedDocument:
        session, account = self._session, Address(row.account)

        def ask(node: Connection) -> tuple[int, int]:
            count = int(node.request("eth_getTransactionCount", [account, "latest"]), 16)
            return count, gas_price(node, account)

        count, price = session.nodes.read(ask)
        with session.database.read() as connection:
            ids = prepared.submission_ids(connection, row.prepared_id)
            rows = outbox.submissions_of(connection, ids)
            [nonce] = outbox.next_nonces(connection, account, count, 1)
        call = decode_call(self._contract_at(row.to), row.data)
        return PreparedDocument(
            prepared_id=row.prepared_id,
            act=row.kind,
            state=row.state.lower(),
            chain_id=session.profile.chain.id,
            to=Address(row.to),
            data=row.data,
            account=account,
            nonce=nonce,
            gas=row.gas,
            gas_price=price,
            expires_at=row.expires_ms // 1000,
            expected_versions=_expected(call),
            description=tuple(describe(call)),
            calls=tuple(_call_json(each) for each in call.leaves()),
            openings=tuple(openings_of(session, row.prepared_id, call)),
            submissions=tuple(sorted(rows)),
        )

    def _contract_at(self, to: str) -> str:
        chain = self._session.profile.chain
        if to == chain.registry:
            return "RecordRegistry"
        return "ShareRegistry" if to == chain.shares else "AgencyRegistry"


def _expected(call: DecodedCall) -> Mapping[str, int]:
    return {
        f"0x{each.arguments['recordId'].hex()}": each.arguments["expectedVersion"]
        for each in call.leaves()
        if "expectedVersion" in each.arguments
    }


def _call_json(call: DecodedCall) -> dict[str, Any]:
    arguments = {name: _json(value) for name, value in call.arguments.items()}
    return {"contract": call.contract_name, "function": call.function, "arguments": arguments}


def _json(value: Any) -> Any:
    """An ABI value as JSON: bytes in hexadecimal, numbers that pass 2^53 as text."""
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, tuple | list):
        return [_json(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and value >= 2**53:
        return str(value)
    return value
