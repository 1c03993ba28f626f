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
| `seals` | what the chain says |
| `spark`, `running`, `summary` | the session, the jobs, the page that tells |
"""
