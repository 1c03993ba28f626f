# SPDX-License-Identifier: Apache-2.0
"""What a bag says of itself: a text, and a page that needs nothing but a browser.

Both are for somebody who has the bag and nothing else, in thirty years.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from muniment.analysis.archive import ArchivedRecord, ArchivedVersion

_SHOWN: Final = 2_000
"""Records that the page lists; each has its own folder either way."""

_PROVEN: Final = (
    "what the content of each version was, and since which block the agency stands by it",
    "every act on a record, up to the block that its evidence names: none can be missing",
    "that nobody changed content or files since: their digests are part of what stands on chain",
)
_NOT_PROVEN: Final = (
    "that what the content says is true; only that the agency said it, and when",
    "what happened after the block that the evidence names: newer evidence, or the registry, says",
    "the agency's own time of a journal entry; it is not later than its seal, which is proven",
    "provenance.json, life.svg, record.json and this text: they repeat the evidence, unsigned",
    "who read a record, or that no other copy of it exists",
    "origin, by the manifests: they find damage, and anybody could write new ones",
)


def readme(agency: str, records: Sequence[ArchivedRecord]) -> str:
    """Return the text of README.txt."""
    example = _example(records)
    lines = [
        f"Records handed over by {agency}",
        "=" * (len(agency) + 24),
        "",
        f"This is a BagIt bag (RFC 8493) of {len(records):,} records of a Muniment registry.",
        "",
        "What is where (below data/)",
        "  records/ID/content/version-N.json   the content, the very bytes committed to (RFC 8785)",
        "  records/ID/files/version-N/         its files",
        "  records/ID/evidence/version-N.json  the evidence: this proves the record",
        "  records/ID/provenance.json          its acts as W3C PROV-JSON",
        "  records/ID/life.svg                 a picture of its life",
        "  records/ID/record.json              a list of the above, for programs",
        "  types/                              the schemas (JSON Schema 2020-12)",
        "",
        "How to verify",
        "  1. That nothing was damaged, here, beside bagit.txt:",
        "         sha256sum --check manifest-sha256.txt",
        "     or   bagit.py --validate .",
        "  2. Get the registry's trust file from the registry's operator, or the newest that you",
        "     find published. Never take one from whoever gave you this bag. Then:",
        *(f"         {each}" for each in _commands(example)),
        "     (pip install muniment; no chain, no database and no account are needed)",
        "  3. VALID means in force. An earlier version is SUPERSEDED, as it should be; REVOKED and",
        "     DISPOSED are proven likewise. INVALID means: do not rely on it. UNKNOWN means that",
        "     the trust file does not suffice to tell: get one that does.",
        "     The steps are in docs/spec/evidence.md of Muniment, to be done without its program.",
        "",
        "What that proves",
        *(f"  - {each}" for each in _PROVEN),
        "",
        "What is not proven",
        *(f"  - {each}" for each in _NOT_PROVEN),
        "",
    ]
    absent = [each for each in records if any(version.absent for version in each.versions)]
    if absent:
        lines += ["Not in this bag"]
        lines += [
            f"  - 0x{each.record_id.hex()} version {version.version}: {version.absent}"
            for each in absent
            for version in each.versions
            if version.absent
        ]
        lines += [""]
    return "\n".join(lines)


def page(agency: str, records: Sequence[ArchivedRecord]) -> str:
    """Return index.html: the same for a browser, with the records as a list."""
    rows = "\n".join(_row(each) for each in records[:_SHOWN])
    more = len(records) - _SHOWN
    commands = escape("\n".join(_commands(_example(records))))
    example = _example(records)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Records handed over by {escape(agency)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Records handed over by {escape(agency)}</h1>
<p class="lead">{len(records):,} records of a Muniment registry, with their files and with evidence
that anybody can check without asking anybody.</p>
<section>
<h2>How to verify</h2>
<ol>
<li><b>That nothing was damaged.</b> In the folder above this one, beside <code>bagit.txt</code>:
<pre>sha256sum --check manifest-sha256.txt</pre></li>
<li><b>That a record is genuine.</b> Get the registry's trust file from the registry's operator,
never from whoever gave you this bag. Then, without any chain, database or account
(<code>pip install muniment</code>):
<pre>{commands}</pre></li>
<li><b>What the answer means.</b> VALID: in force. SUPERSEDED: a later version or record took its
place, as is right for an earlier version. REVOKED, DISPOSED: proven likewise. INVALID: do not rely
on it. UNKNOWN: the trust file does not suffice to tell.</li>
</ol>
</section>
<div class="sides">
<section><h2>What that proves</h2><ul>{_items(_PROVEN)}</ul></section>
<section><h2>What is not proven</h2><ul>{_items(_NOT_PROVEN)}</ul></section>
</div>
<section>
<h2>The life of one</h2>
<p>Each record has such a picture.</p>
<a href="{escape(example.folder)}/life.svg"><img src="{escape(example.folder)}/life.svg"
alt="The life of record 0x{example.record_id.hex()}"></a>
</section>
<section>
<h2>The records</h2>
<table>
<thead><tr><th>Record</th><th>Type</th><th>Stands</th><th>Versions</th><th>More</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
{f"<p>And {more:,} more, each in its folder below <code>records/</code>.</p>" if more > 0 else ""}
</section>
</body>
</html>
"""


def _example(records: Sequence[ArchivedRecord]) -> ArchivedRecord:
    """The record to show commands with: one with a file, if there is any."""
    with_file = (each for each in records if any(version.files for version in each.versions))
    return next(with_file, records[0])


def _commands(record: ArchivedRecord) -> list[str]:
    kept = [each for each in record.versions if each.evidence is not None]
    evidence = "evidence/trace.json" if not kept else f"evidence/version-{kept[-1].version}.json"
    found = [
        f"cd data/{record.folder}",
        f"muniment verify {evidence} --trust TRUST.toml",
    ]
    if kept and kept[-1].files:
        file = kept[-1].files[0].path.removeprefix(f"{record.folder}/")
        found.append(f"{found[1]} --document {file}")
    return found


def _row(record: ArchivedRecord) -> str:
    named = f"0x{record.record_id.hex()}"
    source = f"<br><small>{escape(record.source)}</small>" if record.source else ""
    versions = "<br>".join(_version(each) for each in record.versions) or (
        f'<a href="{record.folder}/evidence/trace.json">evidence of its acts</a>'
    )
    return (
        f'<tr><td title="{named}"><code>{named[:10]}…{named[-4:]}</code>{source}</td>'
        f"<td>{escape(record.type_name)}</td><td>{escape(record.standing)}</td><td>{versions}</td>"
        f'<td><a href="{record.folder}/life.svg">picture</a> '
        f'<a href="{record.folder}/provenance.json">provenance</a></td></tr>'
    )


def _version(version: ArchivedVersion) -> str:
    if version.content is None:
        return f"{version.version}: {escape(version.absent or '')}"
    links = [("content", version.content), ("evidence", version.evidence or "")]
    links += [(file.field, file.path) for file in version.files]
    shown = " ".join(f'<a href="{escape(path)}">{escape(words)}</a>' for words, path in links)
    return f"{version.version}: {shown}"


def _items(lines: Sequence[str]) -> str:
    return "".join(f"<li>{escape(each)}</li>" for each in lines)


_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1d2329;--muted:#5b6670;--paper:#fff;--rule:#d4dae0;
--panel:#f5f7f9;--link:#0060a8}
@media (prefers-color-scheme:dark){:root{--ink:#e8edf2;--muted:#a4b0bb;--paper:#14181d;
--rule:#2f3840;--panel:#1c2228;--link:#7cc0f4}}
body{font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
color:var(--ink);background:var(--paper);max-width:72rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .5rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}
.lead{color:var(--muted);font-size:1.05rem;margin:0}
pre{background:var(--panel);border:1px solid var(--rule);border-radius:6px;padding:.7rem .9rem;
overflow-x:auto;font-size:.85rem}code,pre{font-family:ui-monospace,Menlo,Consolas,monospace}
li{margin:.35rem 0}.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));
gap:0 2.5rem}img{width:100%;border:1px solid var(--rule);border-radius:10px}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid var(--rule)}
th{color:var(--muted);font-weight:600}small{color:var(--muted)}a{color:var(--link)}
"""
