# SPDX-License-Identifier: Apache-2.0
"""The audit of a whole journal on Spark: entries, tree, packs and contents against the seals.

| module | what |
| --- | --- |
| `places` | where a journal's files lie, opened by whoever reads them |
| `plan` | what is audited, as it goes to every executor |
| `subtrees`, `entries`, `views` | hashes of a stretch of entries: pure |
| `hashing` | what an executor tells of a range |
| `folding`, `judging` | roots of ranges up to the seals; which of entry and tile is wrong: pure |
| `duplicates`, `packed`, `coverage`, `contents` | ids, packs, and what the packs hold |
| `seals`, `beginning` | what the chain says, and what is known before anything is hashed |
| `openings` | whose contents are opened, and who gets secrets |
| `spark`, `cache`, `running` | the session, what it keeps, the jobs |
| `auditing`, `summary` | all of it, and the page that tells |
"""
