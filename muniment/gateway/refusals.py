# SPDX-License-Identifier: Apache-2.0
"""What the gateway itself refuses, before the registry is asked. Each has its HTTP status."""

from __future__ import annotations

from typing import Any, ClassVar

from muniment.errors import MunimentError


class CallRefusedError(MunimentError):
    """A call that is refused with `status`; `field` is what is wrong with it.

    `members` stand in the answer's body too, and `retry_after`, in seconds, in its headers.
    """

    exit_code: ClassVar[int] = 2
    status: ClassVar[int] = 400

    def __init__(
        self,
        what: str,
        expected: str,
        *,
        remedy: str = "",
        field: str | None = None,
        retry_after: int | None = None,
        **members: Any,
    ) -> None:
        super().__init__(what, expected=expected, remedy=remedy)
        self.field = field
        self.retry_after = retry_after
        self.members = members


class MalformedCallError(CallRefusedError):
    """A call that is not what HTTP or this interface says it must be."""


class TruncatedBodyError(CallRefusedError):
    """A body that is not all of what its sender said it would be; nothing was kept."""

    def __init__(self, expected: str) -> None:
        super().__init__("the body came cut short, or changed", expected, remedy="send it again")


class NotSignedInError(CallRefusedError):
    """Nobody is known to be calling."""

    status: ClassVar[int] = 401

    def __init__(self, what: str) -> None:
        super().__init__(
            what,
            "a token as `Authorization: Bearer …`, or a session",
            remedy="`muniment token make` makes a token; officers sign in",
            field="Authorization",
        )


class WrongPasswordError(CallRefusedError):
    """An account and a password that do not belong together."""

    status: ClassVar[int] = 401

    def __init__(self) -> None:
        super().__init__(
            "name and password do not belong together",
            "the name of an account here, and its password",
            remedy="the agency's administrator gives an account a new password",
            field="password",
        )


class ForbiddenCallError(CallRefusedError):
    """The caller is known, and may not do this."""

    status: ClassVar[int] = 403


class UnknownResourceError(CallRefusedError):
    """There is nothing of this name here."""

    status: ClassVar[int] = 404


class SlowBodyError(CallRefusedError):
    """A body that stood still while it came; nothing was kept."""

    status: ClassVar[int] = 408

    def __init__(self, seconds: int) -> None:
        super().__init__(
            "the body stood still", f"some of it every {seconds} seconds", remedy="send it again"
        )


class StaleCallError(CallRefusedError):
    """The record has moved on since the caller saw it; `current_version` tells where to."""

    status: ClassVar[int] = 409


class HeldRecordError(CallRefusedError):
    """The record is held: nothing may change it."""

    status: ClassVar[int] = 409


class BodyTooLargeError(CallRefusedError):
    """A body that is longer than this gateway takes."""

    status: ClassVar[int] = 413

    def __init__(self, most: int) -> None:
        super().__init__(
            "the body is too large",
            f"at most {most} bytes",
            remedy="send files by /uploads, and many records by /records:bulk",
        )


class MediaTypeError(CallRefusedError):
    """A body of another kind than the resource takes."""

    status: ClassVar[int] = 415

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(
            f"the content type is {got[:100]!r}" if got else "the content type is missing",
            expected,
            field="Content-Type",
        )


class UnfitCallError(CallRefusedError):
    """A value of the call cannot be used; `field` says which."""

    status: ClassVar[int] = 422


class ReplayedKeyError(CallRefusedError):
    """An idempotency key that was sent before, with another body."""

    status: ClassVar[int] = 422

    def __init__(self) -> None:
        super().__init__(
            "this idempotency key was used for another body",
            "the same body as before, or a key of its own for each call",
            remedy="take a new key for the new call",
            field="Idempotency-Key",
        )


class PreconditionMissingError(CallRefusedError):
    """A change that does not say what it changes."""

    status: ClassVar[int] = 428

    def __init__(self) -> None:
        super().__init__(
            "the header If-Match is missing",
            "the ETag that the record had when it was read",
            remedy="read the record first; its ETag is what If-Match takes",
            field="If-Match",
        )


class TooFastError(CallRefusedError):
    """More calls than this caller may make in the time."""

    status: ClassVar[int] = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "too many calls",
            "fewer calls a second",
            remedy=f"wait {retry_after} s",
            retry_after=retry_after,
        )


class BusyError(CallRefusedError):
    """The gateway, or a part of it, cannot do this now. Nothing half was done."""

    status: ClassVar[int] = 503
