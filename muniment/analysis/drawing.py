# SPDX-License-Identifier: Apache-2.0
"""A page of SVG: escaped elements, one style sheet for light and dark, widths of text."""

from __future__ import annotations

import unicodedata
from typing import Final
from xml.sax.saxutils import escape, quoteattr

_FONT: Final = (
    "system-ui, -apple-system, 'Segoe UI', Inter, Roboto, 'Noto Sans', 'Noto Sans CJK SC', "
    "'Helvetica Neue', Arial, sans-serif"
)
# Okabe and Ito's colours, which no kind of colour blindness takes for one another; shapes, hatching
# and words say the same again.
_LIGHT: Final = {
    ".paper": "fill:#ffffff",
    "text": "fill:#1d2329",
    ".muted": "fill:#5b6670",
    ".rule": "stroke:#d4dae0",
    ".guide": "stroke:#d4dae0",
    ".axis": "stroke:#5b6670",
    ".pole": "stroke:#9aa5b0",
    ".version": "fill:#0072b2",
    ".version.odd": "fill:#3f94c6",
    ".custody": "fill:#00795a",
    ".custody.odd": "fill:#3d9c81",
    ".over": "fill:#c9d0d6",
    ".share": "fill:#8a4a73",
    ".asked": "fill:none;stroke:#8a4a73",
    ".hold": "fill:url(#hatch);stroke:#b14a00",
    ".hatch-ground": "fill:#fdf0e6",
    ".hatch-line": "stroke:#f6cfae",
    ".on-hold": "fill:#7a3300",
    ".act": "fill:#1d2329",
    ".end": "stroke:#b3261e",
    ".delivery": "fill:#ffffff;stroke:#1d2329",
    ".delivery.received": "fill:#1d2329;stroke:#ffffff",
    ".read": "fill:#5b6670",
    ".on-dark": "fill:#ffffff",
    ".on-read": "fill:#ffffff",
    ".on-grey": "fill:#39424b",
    ".open": "fill:#ffffff;stroke:#1d2329",
    ".cut": "fill:#ffffff;stroke:#5b6670",
}
_DARK: Final = {
    ".paper": "fill:#14181d",
    "text": "fill:#e8edf2",
    ".muted": "fill:#a4b0bb",
    ".rule": "stroke:#2f3840",
    ".guide": "stroke:#2f3840",
    ".axis": "stroke:#a4b0bb",
    ".pole": "stroke:#65717c",
    ".over": "fill:#3a444d",
    ".share": "fill:#a8648f",
    ".asked": "fill:none;stroke:#d08fb8",
    ".hold": "fill:url(#hatch);stroke:#f0a060",
    ".hatch-ground": "fill:#43250f",
    ".hatch-line": "stroke:#6b3a17",
    ".on-hold": "fill:#ffdcc2",
    ".act": "fill:#e8edf2",
    ".end": "stroke:#ff8a80",
    ".delivery": "fill:#14181d;stroke:#e8edf2",
    ".delivery.received": "fill:#e8edf2;stroke:#14181d",
    ".read": "fill:#a4b0bb",
    ".on-read": "fill:#14181d",
    ".on-grey": "fill:#dfe6ec",
    ".open": "fill:#14181d;stroke:#e8edf2",
    ".cut": "fill:#14181d;stroke:#a4b0bb",
}
_WIDE: Final = ("W", "F")


def text_width(text: str, size: float) -> float:
    """Return about how wide a text of a font size is; rather too wide than too narrow."""
    units = 0.0
    for each in text:
        if unicodedata.east_asian_width(each) in _WIDE:
            units += 1.0
        elif each in "iljtf.,:;|!'()[] ":
            units += 0.34
        elif each in "mwMW@%—…":
            units += 0.95
        else:
            units += 0.66 if each.isupper() else 0.58
    return units * size


def fitting(text: str, size: float, width: float) -> str:
    """Return as much of a text as fits, with an ellipsis; nothing where less than half does."""
    if text_width(text, size) <= width:
        return text
    for end in range(len(text) - 1, max(2, len(text) // 2), -1):
        shorter = text[:end].rstrip(" ,(:，：") + "…"  # noqa: RUF001
        if text_width(shorter, size) <= width:
            return shorter
    return ""


class Drawing:
    """A page `width` wide, drawn from top to bottom; `to_svg` gives the file."""

    def __init__(self, width: float, title: str, description: str, language: str) -> None:
        """Begin with what readers of screens are told, and the language of all words (BCP 47)."""
        self.width = width
        self._language = language
        self._title, self._description = title, description
        self._parts: list[str] = []

    def add(self, tag: str, text: str | None = None, **attributes: float | str | None) -> None:
        """Add an element; `kind` is its class, `hint` what is shown on hovering, and underscores
        in names stand for hyphens."""
        hint = attributes.pop("hint", None)
        inner = "" if hint is None else f"<title>{_escaped(str(hint))}</title>"
        inner += "" if text is None else _escaped(text)
        named = {"class" if name == "kind" else name: value for name, value in attributes.items()}
        given = "".join(
            f" {name.replace('_', '-')}={quoteattr(_plain(value))}"
            for name, value in named.items()
            if value is not None
        )
        self._parts.append(f"<{tag}{given}>{inner}</{tag}>" if inner else f"<{tag}{given}/>")

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 13,
        kind: str | None = None,
        anchor: str | None = None,
        weight: int | None = None,
    ) -> None:
        """Add a text whose baseline is at y."""
        self.add(
            "text",
            text,
            x=x,
            y=y,
            font_size=size,
            kind=kind,
            text_anchor=anchor,
            font_weight=weight,
        )

    def heading(self, x: float, y: float, text: str, beside: str) -> None:
        """Add a heading with smaller words beside it, wherever its font lets it end."""
        self._parts.append(
            f'<text x="{_plain(x)}" y="{_plain(y)}" font-size="22" font-weight="650">'
            f'{_escaped(text)}<tspan dx="12" font-size="16" font-weight="400" class="muted">'
            f"{_escaped(beside)}</tspan></text>"
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str, **more: str) -> None:
        """Add a line."""
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, kind=kind, **more)

    def to_svg(self, height: float) -> str:
        """Return the file, `height` high."""
        size = f'width="{_plain(self.width)}" height="{_plain(height)}"'
        style = _rules(_LIGHT) + "@media (prefers-color-scheme:dark){" + _rules(_DARK) + "}"
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<svg xmlns="http://www.w3.org/2000/svg" xml:lang="{self._language}" {size} '
            f'viewBox="0 0 {_plain(self.width)} {_plain(height)}" role="img" '
            'aria-labelledby="title description">\n'
            f'<title id="title">{_escaped(self._title)}</title>\n'
            f'<desc id="description">{_escaped(self._description)}</desc>\n'
            f"<style>svg{{font-family:{_FONT};font-variant-numeric:tabular-nums}}{style}</style>\n"
            '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><rect width="7" height="7" class="hatch-ground"/>'
            '<line x1="0" y1="0" x2="0" y2="7" class="hatch-line" stroke-width="2.5"/>'
            "</pattern></defs>\n"
            f'<rect class="paper" {size} rx="10"/>\n' + "\n".join(self._parts) + "\n</svg>\n"
        )


def _escaped(text: str) -> str:
    """A text for XML, which has no place for control characters."""
    return escape("".join(each if each.isprintable() or each == "\n" else "�" for each in text))


def _rules(styles: dict[str, str]) -> str:
    return "".join(f"{selector}{{{style}}}" for selector, style in styles.items())


def _plain(value: float | str | None) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
