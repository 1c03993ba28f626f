# SPDX-License-Identifier: Apache-2.0
"""The first tables: mirror and outbox."""

from __future__ import annotations

from alembic import op

from muniment.store.columns import metadata
from muniment.store.tables import MIRRORED, OWN

# The release that has this form, so that an older one can say which is needed.
revision = "0.1.0"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    # While no release has been made, the first form is that of `tables.py` itself; from the first
    # release on it is written out here and changed by further files only.
    metadata.create_all(op.get_bind(), tables=[*MIRRORED, *OWN])
