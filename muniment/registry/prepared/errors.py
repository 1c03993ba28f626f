# SPDX-License-Identifier: Apache-2.0
"""Errors of acts that are signed elsewhere. They name accounts and numbers, never content."""

from __future__ import annotations

from typing import ClassVar

from muniment.errors import InvalidInputError, MunimentError


class PreparedActError(MunimentError):
    """A prepared act cannot be signed, or not any more; nothing was sent."""

    exit_code: ClassVar[int] = 5


class UnknownPreparedActError(InvalidInputError):
    """No act of this id is prepared here."""

    def __init__(self) -> None:
        super().__init__(
            "prepared act",
            "the id of an act that was prepared here",
            "unknown here",
            remedy="prepare it anew: what nobody signs is kept for some days alone",
        )


class NotAsPreparedError(InvalidInputError):
    """A signed transaction is not what was prepared; `part` is where it differs."""

    def __init__(self, part: str, expected: str, got: str) -> None:
        super().__init__(
            f"signed transaction's {part}",
            expected,
            got,
            remedy="nothing was sent; sign what was prepared, as it was prepared",
        )
        self.part = part


class NonceError(PreparedActError):
    """A signed transaction's nonce is not the next one of its account, which is `expected_nonce`.

    A lower one is spent, or belongs to what is on its way; a higher one would wait for ever.
    """

    def __init__(self, nonce: int, expected_nonce: int) -> None:
        super().__init__(
            f"the transaction is signed with nonce {nonce}",
            expected=f"the account's next one, {expected_nonce}",
            remedy="nothing was sent; read the act again and sign it with that nonce",
        )
        self.expected_nonce = expected_nonce


class UnsignedError(PreparedActError):
    """A submission waits for its officer's signature: nothing can be waited for before."""

    def __init__(self, submission_id: int) -> None:
        super().__init__(
            f"submission {submission_id} is prepared and not signed",
            expected="the signature of its officer",
            remedy="sign it: `muniment sign`, then `muniment submit`",
        )


class PreparedElsewhereError(PreparedActError):
    """Other content for the same version waits for an officer's signature, until `expires_ms`."""

    def __init__(self, record_id: bytes, version: int, account: str) -> None:
        super().__init__(
            f"version {version} of record 0x{record_id.hex()} waits, with other content, for the "
            f"signature of {account}",
            expected="one content for one version",
            remedy="let that officer sign or discard it, or wait until it expires",
        )
