# SPDX-License-Identifier: Apache-2.0
"""Evidence: files that prove a record, and its complete trace, to whoever trusts one block."""

from __future__ import annotations

from muniment.evidence.conflicts import ConflictFile
from muniment.evidence.entries import EvidentEntry, EvidentSeal
from muniment.evidence.files import Anchor, Evidence, EvidenceFile, EvidenceFormError, ShownContent
from muniment.evidence.trust import TrustFile, TrustFileError
from muniment.evidence.verdict import Outcome, Verdict
from muniment.evidence.verifier import Verifier

__all__ = [
    "Anchor",
    "ConflictFile",
    "Evidence",
    "EvidenceFile",
    "EvidenceFormError",
    "EvidentEntry",
    "EvidentSeal",
    "Outcome",
    "ShownContent",
    "TrustFile",
    "TrustFileError",
    "Verdict",
    "Verifier",
]
