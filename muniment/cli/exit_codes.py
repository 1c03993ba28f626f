# SPDX-License-Identifier: Apache-2.0
"""What `muniment` ends with. Scripts rely on these numbers: they never change their meaning.

Errors of `muniment.errors` carry theirs (`exit_code`); verdicts of `muniment verify` are here.
"""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """Exit codes of every command."""

    OK = 0
    """Done, and true: a verdict VALID."""
    UNEXPECTED = 1
    """An error that nobody foresaw: a bug of Muniment."""
    USAGE = 2
    """A value, file or option is not what was asked for."""
    DOES_NOT_HOLD = 3
    """A record, journal or proof of one's own is damaged."""
    UNREACHABLE = 4
    """No node answers, or it is of another chain."""
    REFUSED = 5
    """The registry refused."""
    KEYSTORE = 6
    """A keystore or key store does not open."""
    OTHER_CODE = 7
    """The code on chain is not the published one."""
    STORE = 8
    """The database or the vault cannot be used as it is."""
    CONFLICTING_CONTENT = 9
    """A source id stands for other content already."""
    INVALID = 10
    CONFLICT = 11
    SUPERSEDED = 12
    REVOKED = 13
    DISPOSED = 14
    UNKNOWN = 15
    STALE = 16
    FINDINGS = 17
    """`muniment fsck`, or an import: something was found, and is listed."""
    EXCHANGE = 18
    """What another agency sent does not hold, or no share allows it."""
