# SPDX-License-Identifier: Apache-2.0
"""Breaks the contracts on purpose, one line at a time, and shows that Forge's tests notice each.

Run: `python tests/forge/mutants.py` (part of `make exhaustive`); writes docs/mutants.md.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What is broken, the file, the line as it is, and as it becomes. (Dropping the early return of a proof that
# is too long is no mutant: one node more gives another root, which is refused all the same.)
MUTANTS = (
    ("amend by any agency's registrar", "records/Records.sol", "_requireOfficer(custodian, REGISTRAR);\n        _requireInForce(recordId, state);\n        _requireUnheld(recordId, state);\n        _requireCommitment", "_requireInForce(recordId, state);\n        _requireUnheld(recordId, state);\n        _requireCommitment"),
    ("hold ignored by revoke", "records/Records.sol", "_requireUnheld(recordId, state);\n\n        RecordState next = state.touched().withStatus(RecordStates.REVOKED);", "RecordState next = state.touched().withStatus(RecordStates.REVOKED);"),
    ("hold ignored by acceptance", "records/Custody.sol", "        _requireUnheld(recordId, state);\n", ""),
    ("offer expires one second early", "records/Custody.sol", "if (block.timestamp > state.offerExpiresAt()) {", "if (block.timestamp >= state.offerExpiresAt()) {"),
    ("act leaves an offer open", "libraries/RecordState.sol", "& ~(_OFFER_MASK | _UPDATED_MASK))", "& ~_UPDATED_MASK)"),
    ("trace head without the account", "records/Records.sol", "kind, agencyId, msg.sender, next, argument", "kind, agencyId, address(0), next, argument"),
    ("hold released by any authority", "records/Holds.sol", "_holdKey(subject, msg.sender, caseCommitment);\n        if ($.placed[key] == 0)", "_holdKey(subject, msg.sender, caseCommitment);\n        if (false)"),
    ("seal without consistency", "records/Journals.sol", "if (!MerkleLog.verifyConsistency(head.size, previous.root, size, root, proof)) {", "if (false) {"),
    ("sealing by a registrar of any agency", "records/Journals.sol", "_requireOfficer(agencyId, OPERATOR);", ""),
    ("confirmation by the proposer", "records/Disposition.sol", "if (proposal.proposer == msg.sender) revert RecordRegistrySameOfficer(recordId, msg.sender);", ""),
    ("retention ignored", "records/Disposition.sol", "block.timestamp / 1 days <= retainUntil", "false"),
    ("last admin may resign", "agencies/Roles.sol", "facts.members == 1", "facts.members == 0"),
    ("operator with another role", "agencies/Roles.sol", "if (roles.operator != 0 && roles.other != 0) revert", "if (false) revert"),
    ("version not expected", "records/Records.sol", "if (version != expectedVersion) revert", "if (false) revert"),
    ("supersede by a record not in force", "records/Records.sol", "replacement.status() != RecordStates.IN_FORCE", "false"),
    ("leaf hashed as a node", "libraries/MerkleLog.sol", "uint8 internal constant LEAF_PREFIX = 0;", "uint8 internal constant LEAF_PREFIX = 1;"),
)  # fmt: skip


def killed(folder: Path) -> tuple[bool, str]:
    """Whether Forge's tests fail on the tree, and with which words first."""
    environment = {
        **os.environ,
        "FOUNDRY_OUT": str(folder / "out"),
        "FOUNDRY_CACHE_PATH": str(folder / "cache"),
        "FOUNDRY_PROFILE": "default",
    }
    answer = subprocess.run(
        ["forge", "test"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    failing = [line for line in answer.stdout.splitlines() if line.startswith("[FAIL")]
    if answer.returncode and not failing:
        raise SystemExit(
            f"the mutant does not compile:\n{answer.stdout[-2000:]}{answer.stderr[-2000:]}"
        )
    reason = failing[0].removeprefix("[FAIL: ").partition("]")[0] if failing else ""
    return bool(failing), reason


def main() -> int:
    """Try every mutant; 1 when one survives."""
    rows, survivors = [], 0
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("contracts", "tests/forge", "tests/vectors", "toolchain"):
            shutil.copytree(ROOT / name, folder / name)
        shutil.copy(ROOT / "foundry.toml", folder)
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
        for what, file, before, after in MUTANTS:
            path = folder / "contracts" / file
            text = path.read_text()
            if text.count(before) < 1:
                raise SystemExit(f"{what}: the line is no longer in {file}")
            path.write_text(text.replace(before, after, 1))
            dead, by = killed(folder)
            path.write_text(text)
            survivors += not dead
            rows.append(f"| {what} | `{file}` | {'noticed: ' + by if dead else '**survives**'} |")
            print(rows[-1], flush=True)
    minutes = (time.monotonic() - start) / 60
    head = (
        "# Mutants\n\n`python tests/forge/mutants.py` breaks the contracts one line at a time and runs Forge's quick "
        f"tests: {len(rows) - survivors} of {len(rows)} mutants are noticed ({minutes:.0f} minutes on 2 cores).\n\n"
        "| broken | file | |\n| --- | --- | --- |\n"
    )
    (ROOT / "docs" / "mutants.md").write_text(head + "\n".join(rows) + "\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
