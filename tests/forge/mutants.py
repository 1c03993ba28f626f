# SPDX-License-Identifier: Apache-2.0
"""Breaks the contracts on purpose, one line at a time, and shows that Forge's tests notice each.

Run: `python tests/forge/mutants.py` (part of `make exhaustive`); writes docs/mutants.md.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).resolve().parents[2]

# The same walks each time: the table can be made again.
SEED = "7"

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
    ("replacement before its delay is over", "agencies/Agencies.sol", "if (block.timestamp < replacement.readyAt) revert", "if (false) revert"),
    ("replacement after it lapsed", "agencies/Agencies.sol", "if (block.timestamp > lapsesAt) revert", "if (false) revert"),
    ("replacement that leaves the officers in", "agencies/Agencies.sol", "        _removeOfficers(agencyId);\n", ""),
    ("replacement that the guardian cannot cancel", "agencies/Agencies.sol", "!hasRole(GUARDIAN, msg.sender) && ", ""),
    ("registrars named by the registry admin", "agencies/Agencies.sol", "_createRole(agencyRole(REGISTRAR, agencyId), adminRole,", "_createRole(agencyRole(REGISTRAR, agencyId), DEFAULT_ADMIN_ROLE,"),
    ("roles told by anybody", "records/Ledger.sol", "if (msg.sender != address(_agencies)) revert", "if (false) revert"),
    ("a role that is taken is not told", "agencies/Roles.sol", "        _tell(agencyId, kind, account, false);\n", ""),
    ("writing goes on while paused", "records/Ledger.sol", "_ledger.closed = since != 0;", ""),
    ("a number used twice after a batch", "records/Records.sol", "_ledger.sequence = sequence_;", "_ledger.sequence = sequence_ - 1;"),
    ("a denied share without a number", "ShareRegistry.sol", "emit ShareDenied(++_sequence,", "emit ShareDenied(_sequence,"),
    ("a local id registered twice", "records/Records.sol", "if (before.status() != RecordStates.NONE) revert", "if (false) revert"),
    ("retention moved back by a new version", "records/Records.sol", "if (retention <= before) return retainUntil;", ""),
    ("enrolment without proof", "records/Journals.sol", "if (!MerkleLog.verifyInclusion(leafHash, place.index, named.size, named.root, proof)) {", "if (false) {"),
    ("acceptance by any agency's steward", "records/Custody.sol", "        _requireOfficer(toAgency, STEWARD);\n", ""),
)  # fmt: skip


def failures(folder: Path) -> list[str]:
    """The tests of the tree that fail, each with its first words."""
    environment = {
        **os.environ,
        "FOUNDRY_OUT": str(folder / "out"),
        "FOUNDRY_CACHE_PATH": str(folder / "cache"),
        "FOUNDRY_PROFILE": "default",
        # That it fails is enough; the shortest way there takes minutes.
        "FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT": "0",
    }
    answer = subprocess.run(
        ["forge", "test", "--json", "--threads", "1", "--fuzz-seed", SEED],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        suites = json.loads(answer.stdout)
    except ValueError:
        raise SystemExit(f"the mutant does not compile:\n{answer.stdout}{answer.stderr}") from None
    return [
        f"`{name.partition('(')[0]}` ({(result['reason'] or 'failed').partition('(')[0]})"
        for suite in sorted(suites)
        for name, result in sorted(suites[suite]["test_results"].items())
        if result["status"] == "Failure"
    ]


def tree() -> Path:
    """A copy of all that Forge reads."""
    folder = Path(tempfile.mkdtemp(prefix="mutants-"))
    for name in ("contracts", "tests/forge", "tests/vectors", "toolchain"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "foundry.toml", folder)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder


def try_mutant(folders: Queue[Path], mutant: tuple[str, str, str, str]) -> tuple[bool, str]:
    """Whether Forge's tests notice the mutant, and its row of the table."""
    what, file, before, after = mutant
    folder = folders.get()
    path = folder / "contracts" / file
    text = path.read_text()
    if before not in text:
        raise SystemExit(f"{what}: the line is no longer in {file}")
    path.write_text(text.replace(before, after, 1))
    failing = failures(folder)
    path.write_text(text)
    folders.put(folder)
    more = f" and {len(failing) - 1} more" if len(failing) > 1 else ""
    row = f"| {what} | `{file}` | {failing[0] + more if failing else '**survives**'} |"
    print(row, flush=True)
    return bool(failing), row


def main() -> int:
    """Try every mutant, two at a time; 1 when one survives."""
    start = time.monotonic()
    folders: Queue[Path] = Queue()
    trees = [tree() for _ in range(2)]
    try:
        if healthy := failures(trees[0]):
            raise SystemExit(f"the contracts as they are fail: {', '.join(healthy)}")
        for folder in trees:
            folders.put(folder)
        with ThreadPoolExecutor(len(trees)) as pool:
            results = list(pool.map(lambda mutant: try_mutant(folders, mutant), MUTANTS))
    finally:
        for folder in trees:
            shutil.rmtree(folder)
    noticed = sum(found for found, _ in results)
    minutes = (time.monotonic() - start) / 60
    head = (
        "# Mutants\n\n`python tests/forge/mutants.py` breaks the contracts one line at a time and runs Forge's quick "
        f"tests: {noticed} of {len(results)} mutants are noticed ({minutes:.0f} minutes on 2 cores).\n\n"
        "| broken | file | noticed by |\n| --- | --- | --- |\n"
    )
    rows = "\n".join(row for _, row in results)
    (ROOT / "docs" / "mutants.md").write_text(f"{head}{rows}\n")
    return 0 if noticed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
