# SPDX-License-Identifier: Apache-2.0
# Made by `ape run export` from the contracts' ABI and NatSpec. Do not edit.
"""The typed binding of the contracts."""

from __future__ import annotations

from muniment.chain.bindings.agency_registry import AgencyRegistry
from muniment.chain.bindings.record_registry import RecordRegistry
from muniment.chain.bindings.share_registry import ShareRegistry
from muniment.chain.bindings.signpost import Signpost

__all__ = ["AgencyRegistry", "RecordRegistry", "ShareRegistry", "Signpost"]
