# SPDX-License-Identifier: Apache-2.0
"""The pages: the officers' console at `/`, and the public verifier at `/verify`.

`make console` writes the console beside the package; the verifier is the file that the settings
name. They hold no secret and need no session: what they show they ask for like every other caller.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse

from muniment.gateway.parts import PartsHere
from muniment.gateway.refusals import UnknownResourceError

router = APIRouter(include_in_schema=False)

PAGES: Final = Path(__file__).resolve().parent.parent / "pages"
# Their names change with their bytes.
_FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
# Asked again each time: a new version is seen at once.
_EACH_TIME: Final = {"Cache-Control": "no-cache"}


@router.get("/")
def console() -> Response:
    """Return the console's page."""
    return _file("index.html", _EACH_TIME, "make console")


@router.get("/icon.svg")
def icon() -> Response:
    """Return the console's sign."""
    return _file("icon.svg", _EACH_TIME, "make console")


@router.get("/assets/{name}")
def asset(name: str) -> Response:
    """Return one of the files that the console's page names."""
    return _file(f"assets/{name}", _FOR_EVER, "make console")


@router.get("/verify")
def verifier(parts: PartsHere) -> Response:
    """Return the public verifier: one file that works without this gateway too."""
    path = parts.settings.verifier
    if path is None or not path.is_file():
        raise UnknownResourceError(
            "this gateway has no verifier",
            "the entry verifier in the profile's table gateway",
            remedy="make verifier TRUST=FILE, and name the file there",
        )
    return FileResponse(path, headers=_EACH_TIME, media_type="text/html")


def _file(name: str, headers: dict[str, str], remedy: str) -> Response:
    path = (PAGES / name).resolve()
    if not path.is_relative_to(PAGES) or not path.is_file():
        raise UnknownResourceError(
            f"the page {name[:64]!r} is not built", "pages beside the package", remedy=remedy
        )
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return FileResponse(path, headers=headers, media_type=kind)
