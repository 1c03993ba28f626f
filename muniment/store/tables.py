# SPDX-License-Identifier: Apache-2.0
"""The tables. Two kinds, and the difference is what can be thrown away.

*The mirror* says what the chain says, up to the indexer's last block: `blocks`, `events` and what
is folded from events (`records`, `holds`, `agencies` …). It is made from the chain alone.

*The agency's own*: `versions`, `objects`, `search_terms` and the four of journals (made anew from
vault and key store by `rebuild`), `submissions`, `transactions` and `carriages` (the outbox),
`leases`. Each row of these but a journal's carries `row_digest`, SHA-256 over its other columns
(`store/rows.py`), so that `fsck` names a row that was damaged.

Hashes and ids are bytes, times Unix seconds (`…_at`) or Unix milliseconds (`…_ms`), states are
text. 64-bit integers hold every number but a share's scope and the like, which are bytes.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from muniment.store.columns import bytes_column as _bytes
from muniment.store.columns import metadata
from muniment.store.columns import number_column as _number
from muniment.store.columns import text_column as _text
from muniment.store.custody_tables import handover_records, handovers
from muniment.store.disposition_tables import (
    backups,
    destroyed_up_to,
    destructions,
    mandates,
)
from muniment.store.exchange_tables import attempts, enveloped_records, envelopes
from muniment.store.gateway_tables import GATEWAY
from muniment.store.journal_tables import (
    imports,
    journal_batches,
    journal_entries,
    journal_ids,
    journal_terms,
    pending_reads,
)
from muniment.store.peer_tables import PEERS
from muniment.store.prepared_tables import PREPARED
from muniment.store.sync_tables import synced_rows, syncs
from muniment.store.webhook_tables import EVENTS_OUT

# --- the mirror -----------------------------------------------------------------------------------

mirror = sa.Table(
    "mirror",
    metadata,
    _number("only", key=True),  # always 1: the table has one row
    _number("chain_id"),
    _text("registry"),
    _text("agencies"),
    _text("shares", null=True),  # the share registry, where there is one
    _number("first_block"),
    _number("final_number"),  # the highest indexed block that was final then; -1 for none
    _number("counted_number"),  # up to it the contracts' own counts have confirmed that no log is
    # missing; -1 for none
)
"""Which registry is mirrored, and how far is final."""

blocks = sa.Table(
    "blocks",
    metadata,
    _number("number", key=True),
    _bytes("hash"),
    _bytes("parent_hash"),
    _number("timestamp"),
    # The numbers of the last events up to this block: the next ones follow without a gap.
    _number("records_sequence"),
    _number("agencies_sequence"),
    _number("shares_sequence"),
)
"""The highest final block that was indexed, and each indexed block above it; and the highest whose
logs were counted. Others go: nothing else is ever gone back to (`store/mirror.py`)."""

events = sa.Table(
    "events",
    metadata,
    _number("block_number", key=True),
    _number("log_index", key=True),
    _bytes("transaction_hash"),
    _text("contract"),  # records, agencies or shares
    _text("name"),
    _number("sequence"),
    _bytes("subject"),  # what it is about: see `store/subjects.py`
    _bytes("topics"),  # 32 bytes each
    _bytes("data"),
    sa.Index(None, "subject", "block_number", "log_index"),
    sqlite_with_rowid=False,
)
"""Every numbered log of the three contracts, as the node gave it. The tables below fold these."""

_NOT_IN_FORCE: Final = sa.text("status <> 1")

records = sa.Table(
    "records",
    metadata,
    _bytes("record_id", key=True),
    _number("issuer"),
    _number("custodian"),
    _number("offered_to"),
    _number("offer_expires_at"),
    _number("type_id"),
    _number("type_version"),
    _number("version"),
    _number("algorithm"),
    _number("status"),
    _number("hold_count"),
    _number("updated_at"),
    _number("retain_until"),
    _bytes("commitment"),
    _bytes("trace_head"),  # as the chain stores it: zero while direct registration is the only act
    _number("act_count"),
    _number("first_block"),
    _number("last_block"),
    # Searches give the latest first.
    sa.Index(None, "issuer", "type_id", "updated_at"),
    sa.Index(None, "custodian", "updated_at"),
    sa.Index(None, "updated_at"),
    # Most records are in force: the others are found without looking at those.
    *(
        sa.Index(None, *names, sqlite_where=_NOT_IN_FORCE, postgresql_where=_NOT_IN_FORCE)
        for names in (
            ("issuer", "type_id", "status", "updated_at"),
            ("custodian", "status", "updated_at"),
            ("status", "updated_at"),
        )
    ),
)
"""Records and ids that were held before they were registered (status 0)."""

holds = sa.Table(
    "holds",
    metadata,
    _bytes("record_id", key=True),
    _text("authority", key=True),
    _bytes("case_commitment", key=True),
    _number("block_number"),
)

type_holds = sa.Table(
    "type_holds",
    metadata,
    _number("agency_id", key=True),
    _number("type_id", key=True),
    _text("authority", key=True),
    _bytes("case_commitment", key=True),
    _number("block_number"),
)

agencies = sa.Table("agencies", metadata, _number("agency_id", key=True), _text("name"))

officers = sa.Table(
    "officers",
    metadata,
    _number("agency_id", key=True),  # 0 for the roles of the whole registry
    _text("role", key=True),
    _text("account", key=True),
)

replacements = sa.Table(
    "replacements",
    metadata,
    _number("agency_id", key=True),
    _text("new_admin"),
    _number("ready_at"),
)
"""Scheduled replacements of an agency's admins."""

agency_keys = sa.Table(
    "agency_keys",
    metadata,
    _number("agency_id", key=True),
    _text("purpose", key=True),
    _number("epoch", key=True),
    _bytes("key"),
    sa.Column("retired", sa.Boolean, nullable=False),
)

record_types = sa.Table(
    "record_types",
    metadata,
    _number("agency_id", key=True),
    _number("type_id", key=True),
    _number("version", key=True),
    _text("name"),
    _bytes("schema_digest"),
    _number("retention_days"),
    _text("sharing"),
)

journals = sa.Table(
    "journals",
    metadata,
    _number("agency_id", key=True),
    _number("journal", key=True),
    _number("size"),
    sa.Column("closed", sa.Boolean, nullable=False),
    _number("repudiated_from", null=True),
)

seals = sa.Table(
    "seals",
    metadata,
    _number("agency_id", key=True),
    _number("journal", key=True),
    _number("size", key=True),
    _bytes("root"),
    _number("previous_size"),
    _number("sealed_at"),
    _number("block_number"),
)

shares = sa.Table(
    "shares",
    metadata,
    _bytes("share_id", key=True),
    _number("requester"),
    _number("granter"),
    _number("type_id"),
    _bytes("scope"),
    _bytes("terms"),
    _number("respond_by"),
    _number("expires_at"),
    _text("status"),
)

MIRRORED: Final = (
    mirror,
    blocks,
    events,
    records,
    holds,
    type_holds,
    agencies,
    officers,
    replacements,
    agency_keys,
    record_types,
    journals,
    seals,
    shares,
)

# --- the agency's own -----------------------------------------------------------------------------

versions = sa.Table(
    "versions",
    metadata,
    _bytes("record_id", key=True),
    _number("version", key=True),
    _number("agency_id"),
    _number("type_id"),
    _number("type_version"),
    _number("algorithm"),
    _bytes("schema_digest"),
    _bytes("commitment"),
    _text("source_system", null=True),  # null once the version is erased
    _text("source_id", null=True),
    _number("created_ms"),
    _bytes("row_digest"),
    sa.UniqueConstraint("source_system", "source_id", "version"),
)
"""Versions whose content this agency keeps. A row is the commit point of a registration."""

objects = sa.Table(
    "objects",
    metadata,
    _bytes("record_id", key=True),
    _number("version", key=True),
    _number("object_index", key=True),
    _text("pack"),
    _number("offset"),
    _number("length"),
    _bytes("row_digest"),
    sa.Index(None, "pack"),
)
"""Where the encrypted objects of versions lie in the vault (`store/packs.py`). Of a version that
came by a journal only its files are here."""

search_terms = sa.Table(
    "search_terms",
    metadata,
    _bytes("record_id", key=True),
    _number("version", key=True),
    _text("field", key=True),
    _number("type_id"),
    _bytes("term"),
    _bytes("row_digest"),
    sa.Index(None, "term"),
)
"""Keyed hashes of searchable fields: equal values are seen to be equal, nothing else is."""

submissions = sa.Table(
    "submissions",
    metadata,
    _number("submission_id", key=True),
    _text("kind"),
    _bytes("record_id", null=True),
    _number("version", null=True),
    _text("account", null=True),  # null: any lane of the agency's OPERATOR keys
    _text("to"),
    _text("function"),
    _bytes("data"),
    _text("state"),  # see store/outbox.py
    _number("batch_limit"),  # how many it may share a transaction with; 1 after it spoiled one
    _number("attempts"),
    sa.Column("found", sa.Boolean, nullable=False),  # on chain by no transaction of this database
    _text("refusal", null=True),
    _number("created_ms"),
    sa.Column("prepared", sa.Boolean, nullable=False),  # its officer signs it elsewhere
    _bytes("row_digest"),
    sa.Index(None, "state"),
    sa.Index(None, "record_id"),
)
"""The outbox: what was acknowledged and must get onto the chain, once."""

transactions = sa.Table(
    "transactions",
    metadata,
    _number("transaction_id", key=True),
    _text("account"),
    _number("nonce"),
    _bytes("raw"),
    _bytes("hash"),
    _text("state"),  # see store/outbox.py
    sa.Column("succeeded", sa.Boolean, nullable=True),
    _number("block_number", null=True),
    _bytes("block_hash", null=True),
    _number("gas_used", null=True),
    _number("broadcast_count"),
    _number("broadcast_ms"),
    _number("created_ms"),
    _bytes("row_digest"),
    sa.UniqueConstraint("hash"),
    sa.Index(None, "account", "nonce"),
    sa.Index(None, "state"),
)
"""Signed transactions. The raw bytes are here before any node sees them."""

carriages = sa.Table(
    "carriages",
    metadata,
    _number("transaction_id", key=True),
    _number("submission_id", key=True),
    _bytes("row_digest"),
    sa.ForeignKeyConstraint(["transaction_id"], ["transactions.transaction_id"]),
    sa.ForeignKeyConstraint(["submission_id"], ["submissions.submission_id"]),
    sa.Index(None, "submission_id"),
)
"""Which transactions carried a submission, the failed and replaced ones too."""

leases = sa.Table(
    "leases",
    metadata,
    _text("name", key=True),
    _text("holder"),
    _number("token"),
    _number("expires_ms"),
    _bytes("row_digest"),
)
"""Who alone may do a thing at this time: see `store/leases.py`."""

OWN: Final = (
    versions,
    objects,
    search_terms,
    journal_batches,
    journal_entries,
    journal_ids,
    journal_terms,
    pending_reads,
    imports,
    envelopes,
    enveloped_records,
    attempts,
    handovers,
    handover_records,
    mandates,
    destructions,
    destroyed_up_to,
    backups,
    syncs,
    synced_rows,
    submissions,
    transactions,
    carriages,
    leases,
    *GATEWAY,
    *PREPARED,
    *EVENTS_OUT,
    *PEERS,
)
