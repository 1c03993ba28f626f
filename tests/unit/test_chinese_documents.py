# SPDX-License-Identifier: Apache-2.0
"""The Chinese README and guides are in step with the English ones, and use one word for a thing."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from tests.editions import anchors, blocks, differences, links, prose, target_in

ROOT: Final = Path(__file__).resolve().parents[2]
GLOSSARY: Final = ROOT / "docs" / "zh" / "glossary.md"

# English guides that have no Chinese edition, each with the reason why an agency needs none. Who
# adds one here says to Chinese agencies that they get less.
WITHOUT_CHINESE: Final[dict[str, str]] = {}

_GUIDES: Final = sorted(path.name for path in (ROOT / "docs" / "guides").glob("*.md"))
_PAIRS: Final = {
    "README.md": "README.zh-CN.md",
    **{f"docs/guides/{name}": f"docs/zh/guides/{name}" for name in _GUIDES},
}
# The READMEs link each other.
_EDITIONS: Final = {**_PAIRS, "README.zh-CN.md": "README.md"}
_TRANSLATED: Final = [name for name in _PAIRS if (ROOT / _PAIRS[name]).exists()]
_CHINESE: Final = ["README.zh-CN.md", *(f"docs/zh/guides/{name}" for name in _GUIDES)]
# Where the words of the pages stand, in both languages.
_CATALOGUES: Final = [
    str(path.relative_to(ROOT))
    for place in ("verifier/src/page/catalogue.ts", "console/src/page/words/*_words.ts")
    for path in sorted((ROOT / "web").glob(place))
]
_READABLE: Final = [name for name in _CHINESE if (ROOT / name).exists()]


def _read(name: str) -> str:
    return (ROOT / name).read_text()


def _glossary() -> dict[str, tuple[str, str]]:
    """For each English word its Chinese, and the Chinese that is not used for it."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for block in blocks(GLOSSARY.read_text())
        if block.kind.startswith("table")
        for line in block.text.splitlines()[2:]
    ]
    assert all(len(row) == 4 for row in rows)
    return {english: (chinese, unused) for english, chinese, _, unused in rows}


@pytest.mark.parametrize("name", _TRANSLATED)
def test_translation__is_in_step(name: str) -> None:
    found = differences(_read(name), _read(_PAIRS[name]), target_in(_EDITIONS, name, _read))
    assert not found, f"{_PAIRS[name]} is not in step with {name}:\n" + "\n".join(found)


def test_every_guide__has_a_chinese_edition() -> None:
    chinese = {path.name for path in (ROOT / "docs" / "zh" / "guides").glob("*.md")}
    assert set(_GUIDES) - chinese == set(WITHOUT_CHINESE)
    assert chinese <= set(_GUIDES), "a Chinese guide has no English one"
    assert all(WITHOUT_CHINESE.values())


def test_navigation__has_all_chinese_guides_in_the_order_of_the_english() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text()
    english = re.findall(r": guides/(\S+)", navigation)
    assert re.findall(r": zh/guides/(\S+)", navigation) == english
    assert sorted(english) == _GUIDES
    assert "zh/glossary.md" in navigation


@pytest.mark.parametrize("name", _READABLE)
def test_links__lead_to_headings_that_are_there(name: str) -> None:
    for link in links(_read(name)):
        path, _, fragment = link.partition("#")
        if link.startswith(("http://", "https://")):
            continue
        there = (ROOT / name).parent / path if path else ROOT / name
        assert there.exists(), link
        assert not fragment or fragment in anchors(there.read_text()), link


@pytest.mark.parametrize("name", _READABLE)
def test_bold__ends_where_markdown_sees_it(name: str) -> None:
    """Between punctuation and a Chinese character, asterisks stay asterisks on the page."""
    for block in blocks(_read(name)):
        parts = block.text.split("**")
        if block.kind.startswith("code"):
            continue
        assert len(parts) % 2 == 1, block.text
        for place, (before, after) in enumerate(pairwise(parts)):
            inner, outer = (after[:1], before[-1:]) if place % 2 == 0 else (before[-1:], after[:1])
            assert inner.strip(), block.text
            assert re.match(r"\w", inner) or not re.match(r"\w", outer), block.text


@pytest.mark.parametrize("name", [*_READABLE, *_CATALOGUES])
def test_words__are_those_of_the_glossary(name: str) -> None:
    text = prose(_read(name)) if name.endswith(".md") else _read(name)
    for english, (chinese, unused) in _glossary().items():
        assert not unused or unused not in text, f"{english} is {chinese}, not {unused}"


def test_glossary__has_the_words_of_the_specification() -> None:
    words = _read("docs/SPEC.md").partition("\n## 2. Words\n")[2].partition("\n## ")[0]
    named = {word.replace("\n", " ") for word in re.findall(r"\*([^*]+)\*", words)}
    known = {*_glossary(), "enrol"}  # which stands there as the act: enrolled
    assert len(named) > 10
    assert not {word for word in named if word not in known}


def test_glossary__agrees_with_the_public_verifier() -> None:
    catalogue = _read("web/verifier/src/page/catalogue.ts")
    said = re.findall(r'"(outcome|act)\.(\w+)": \["[^"]+", "([^"]+)"\]', catalogue)
    assert len(said) == 17
    known = _glossary()
    for kind, name, chinese in said:
        word = name.upper() if kind == "outcome" else name
        assert known[word][0] == chinese, word


ENGLISH: Final = """# A title

Run `muniment fsck` each 30 days, and read [keys](keys.md#make).

```
muniment backup keys /safe --keep-days 14     # short
```

| file | kept |
| --- | --- |
| `keys.db` | 14 days |

- one
- two
"""
TRANSLATED: Final = """# 标题

每 30 天运行 `muniment fsck`，并阅读[密钥](keys.md#建立)。

```
# 短期
muniment backup keys /safe --keep-days 14
```

| 文件 | 保留 |
| --- | --- |
| `keys.db` | 14 天 |

- 一
- 二
"""


def _planted(english: str, chinese: str) -> list[str]:
    return differences(english, chinese, lambda link: link.replace("#make", "#建立"))


def test_comparison__finds_nothing_in_a_translation_in_step() -> None:
    assert _planted(ENGLISH, TRANSLATED) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("\n- one\n", "\n## Another\n\n- one\n", "heading ##"),
        ("# A title", "## A title", "heading #"),
        ("- two\n", "- two\n- three\n", "missing: three"),
        ("- one\n- two\n", "1\n", "paragraph"),
        ("\n- one", "\nA paragraph more.\n\n- one", "A paragraph more."),
        ("--keep-days 14 ", "--keep-days 15 ", "commands"),
        ("14     # short\n", "14\nmuniment fsck\n", "commands"),
        ("\n```\nmuniment b", "\n```console\nmuniment b", "code console"),
        ("`muniment fsck`", "`muniment fsck --repair`", "muniment fsck --repair"),
        ("each 30 days", "each 31 days", "figures"),
        ("| 14 days |", "| 15 days |", "row 3: figures"),
        ("| `keys.db` | 14 days |\n", "| `keys.db` | 14 days |\n| more | 1 |\n", "4 rows"),
        ("| `keys.db` | 14 days |", "| `keys.db` | 14 days | here |", "columns"),
        ("keys.md#make", "keys.md#drill", "links"),
        ("[keys](keys.md#make)", "keys", "links"),
        ("\n```\nmuniment b", "\n```\nsudo muniment b", "sudo"),
    ],
)
def test_comparison__finds_what_only_one_has(old: str, new: str, found: str) -> None:
    assert ENGLISH.count(old) == 1
    changed = ENGLISH.replace(old, new)
    assert found in "\n".join(_planted(changed, TRANSLATED))
    # And the other way round: what the Chinese edition alone has.
    assert _planted(changed, ENGLISH.replace("#make", "#建立"))


def test_link_targets__are_those_of_the_other_edition() -> None:
    texts = {
        "docs/guides/keys.md": "# Keys\n\n## Make\n",
        "docs/zh/guides/keys.md": "# 密钥\n\n## 建立\n",
    }
    editions = {"docs/guides/a.md": "docs/zh/guides/a.md", **dict([tuple(texts)])}
    target = target_in(editions, "docs/guides/a.md", texts.__getitem__)
    assert target("keys.md") == "keys.md"
    assert target("keys.md#make") == "keys.md#建立"
    assert target("../spec/keys.md") == "../../spec/keys.md"
    assert target("https://example.org/keys.md") == "https://example.org/keys.md"
    readme = {"README.md": "README.zh-CN.md", **editions}
    assert target_in(readme, "README.md", texts.__getitem__)("docs/guides/keys.md") == (
        "docs/zh/guides/keys.md"
    )
