# SPDX-License-Identifier: Apache-2.0
"""The key store: what must stay secret, wrapped, apart from the database and its backups."""

from muniment.store.keys.check import KeyFinding
from muniment.store.keys.destruction import Destruction
from muniment.store.keys.epochs import named_at as wrapping_epochs
from muniment.store.keys.keystore import KeyStore, public_keys, restore_root_file
from muniment.store.keys.locks import new_key_file
from muniment.store.keys.named_keys import AgencyKey, KeyPurpose, PublicKey
from muniment.store.keys.recovery import DrillReport
from muniment.store.keys.version_secrets import Erasure, Place

__all__ = [
    "AgencyKey",
    "Destruction",
    "DrillReport",
    "Erasure",
    "KeyFinding",
    "KeyPurpose",
    "KeyStore",
    "Place",
    "PublicKey",
    "new_key_file",
    "public_keys",
    "restore_root_file",
    "wrapping_epochs",
]
