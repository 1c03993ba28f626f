# SPDX-License-Identifier: Apache-2.0
"""What tables are made of: one metadata, and the three kinds of columns."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

metadata: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

_Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def number_column(name: str, *, key: bool = False, null: bool = False) -> sa.Column[int]:
    """An integer of 64 bits."""
    return sa.Column(name, _Number, primary_key=key, nullable=null, autoincrement=False)


def bytes_column(name: str, *, key: bool = False, null: bool = False) -> sa.Column[bytes]:
    """Bytes."""
    return sa.Column(name, sa.LargeBinary, primary_key=key, nullable=null)


def text_column(name: str, *, key: bool = False, null: bool = False) -> sa.Column[str]:
    """Text."""
    return sa.Column(name, sa.Text, primary_key=key, nullable=null)
