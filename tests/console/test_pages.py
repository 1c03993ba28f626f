# SPDX-License-Identifier: Apache-2.0
"""The built pages as the gateway serves them: small, strict, cached where they can be."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import httpx

from tests.console.agency_world import Seeded

MOST_BYTES = 200_000


def test_pages__load_in_less_than_200_kilobytes(compiled: Path) -> None:
    pages = compiled.parents[1] / "muniment" / "gateway" / "pages"
    files = [pages / "index.html", pages / "icon.svg", *(pages / "assets").iterdir()]
    assert len(files) >= 5
    assert sum(len(gzip.compress(each.read_bytes(), 9)) for each in files) < MOST_BYTES


def test_page__has_no_script_of_its_own_and_may_ask_nobody_else(agency: Seeded) -> None:
    answer = httpx.get(agency.gateway.url + "/")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "connect-src 'self'" in policy
    assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|style=", answer.text)
    assert answer.headers["cache-control"] == "no-cache"
    found = re.findall(r'(?:src|href)="\./(assets/[^"]+)"', answer.text)
    assert len(found) == 2
    for each in found:
        asset = httpx.get(f"{agency.gateway.url}/{each}")
        assert asset.status_code == 200
        assert "immutable" in asset.headers["cache-control"]


def test_files_beside_the_pages__are_not_served(agency: Seeded) -> None:
    for path in ("/assets/nothing.js", "/assets/..%2f..%2fparts.py", "/assets/%2e%2e/index.html"):
        answer = httpx.get(agency.gateway.url + path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"
