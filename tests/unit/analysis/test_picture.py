# SPDX-License-Identifier: Apache-2.0
"""The picture of a life: readable, whole, and nothing of it runs over the edge or into words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations, pairwise
from string import Formatter

import pytest

from muniment.analysis.drawing import fitting, text_width
from muniment.analysis.flags import flags_of, marks_of
from muniment.analysis.life import Delivery, Entered, Life, LifeShare, Seal
from muniment.analysis.life_catalogue import CATALOGUE, Language
from muniment.analysis.picture import picture
from muniment.analysis.timescale import TimeScale, span_words
from muniment.registry import AccessEntry, Stage
from tests.unit.analysis.lives import DAY, START, Story, word

SVG = "{http://www.w3.org/2000/svg}"
WIDTH = 1120


def read(days: float) -> AccessEntry:
    at = int((START + days * DAY) * 1000)
    return AccessEntry("shown", 1, "Grace", "complaint", None, at, None, None, Stage.ACKNOWLEDGED)


def amended(times: int, apart: float, begin: float = 1) -> Story:
    story = Story().register()
    for number in range(times):
        story.amend(begin + number * apart)
    return story


def held(times: int) -> Story:
    story = Story().register()
    for number in range(times):
        story.hold(1 + number, f"case {number}")
    return story


def shared() -> Life:
    story = Story().register().amend(40).hold(60).release(130).transfer(210, 2).revoke(300)
    granted = LifeShare(
        word("a"), 3, 1, True, START, START + DAY, START + 99 * DAY, 1 << 33, "revoked"
    )
    asked = LifeShare(word("b"), 2, 1, False, START + DAY, None, None, 1 << 33, "requested")
    sent = Delivery(word("d"), word("a"), 1, 3, START + 9 * DAY, START + 10 * DAY)
    waiting = Delivery(word("e"), word("a"), 1, 3, START + 80 * DAY, None)
    return story.dispose(380).life(
        420,
        shares=(granted, asked),
        deliveries=(sent, waiting),
        reads=tuple(read(each) for each in (5, 41, 41.2, 250)),
    )


def journal() -> Life:
    seal = Seal(100, word("root"), START + 60, 55)
    entered = Entered(1, 1, 5, word("content 1"), START, seal)
    return Story().life(40, entered=entered)


LIVES = {
    "one act": Story().register().life(),
    "this second": Story().register().life(0),
    "shared": shared(),
    "200 acts": amended(199, 1.7).life(400, reads=tuple(read(each / 3) for each in range(900))),
    "all in one second": Story().register().hold(0).amend(0).release(0).revoke(0).life(0),
    "decades": amended(2, 0.01, 0.01).hold(9000).release(9000.1).revoke(9000.2).life(9001),
    "journal": journal(),
    "not on chain": Story().life(),
    "many holds": held(29).life(),
}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES)
def test_picture__is_well_formed_and_stays_on_the_page(life: Life, language: Language) -> None:
    root = ET.fromstring(picture(life, language))
    assert root.find(f"{SVG}title") is not None
    description = root.find(f"{SVG}desc")
    assert description is not None
    assert life.record_id.hex() in (description.text or "")
    height = float(root.get("height", "0"))
    assert 200 < height < 900
    for text in root.iter(f"{SVG}text"):
        x, size = float(text.get("x", "0")), float(text.get("font-size", "13"))
        width = text_width("".join(text.itertext()), size)
        start = x - {"end": 1, "middle": 0.5}.get(text.get("text-anchor", ""), 0) * width
        assert start >= 0
        assert start + width <= WIDTH, "".join(text.itertext())
        assert float(text.get("y", "0")) < height
    for bar in root.iter(f"{SVG}rect"):
        right = float(bar.get("x", "0")) + float(bar.get("width", "0"))
        assert right <= WIDTH + 1
        assert float(bar.get("y", "0")) + float(bar.get("height", "0")) <= height + 1


@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES)
def test_words_of_acts__never_touch(life: Life) -> None:
    moments = [each.at for each in marks_of(life)] or [0.0]
    scale = TimeScale([*moments, life.trace.block.timestamp], 158, 1080)
    flags = flags_of(marks_of(life), scale, 12.5, 1092)
    assert bool(flags) == bool(marks_of(life))
    assert all(one.is_apart(other) for one, other in combinations(flags, 2))


def test_lanes__say_in_words_what_happened() -> None:
    shown = "\n".join("".join(each.itertext()) for each in ET.fromstring(picture(shared())).iter())
    for words in (
        "Registered by Land registry",
        "Changed to version 2",
        "Put on hold",
        "Handed over to State archive",
        "Revoked: fraud",
        "Destroyed",
        "Tax & duties <office>, until it was revoked",
        "State archive: asked, no answer yet",
        "delivered, and received",
        "somebody was shown it",
    ):
        assert words in shown, words


def test_catalogue__has_both_languages_with_the_same_values() -> None:
    for name, (english, chinese) in CATALOGUE.items():
        values = [
            sorted(part for _, part, _, _ in Formatter().parse(text) if part is not None)
            for text in (english, chinese)
        ]
        assert values[0] == values[1], name
        assert english.isascii(), name
        assert chinese != english, name


@pytest.mark.parametrize("name", LIVES)
def test_picture_in_chinese__has_no_english_word(name: str) -> None:
    """But for names of agencies and types, which are as they are."""
    life = LIVES[name]
    root = ET.fromstring(picture(life, Language.CHINESE))
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "zh-CN"
    style = root.find(f"{SVG}style")
    for each in root.iter():
        if each is style or not each.text:
            continue
        left = each.text
        for known in [*life.agencies.values(), "Land deed", "UTC"]:
            left = left.replace(known, "")
        left = re.sub(r"0x[0-9a-fA-F…]+", "", left)
        assert not re.search(r"[A-Za-z]{2}", left), each.text


def test_journal_record__says_whose_word_its_time_is() -> None:
    shown = picture(journal())
    assert "Entered in the journal of Land registry" in shown
    assert "the time is the agency's word" in shown
    assert "Sealed: provable" in shown
    assert "nothing was done to it since" in shown


def test_acts_of_one_second__are_told_apart_under_their_true_time() -> None:
    root = ET.fromstring(picture(LIVES["all in one second"]))
    dots = [each for each in root.iter(f"{SVG}circle") if each.find(f"{SVG}title") is not None]
    places = sorted(
        {float(each.get("cx", "0")) for each in dots if float(each.get("cx", "0")) > 100}
    )
    assert len(places) == 4
    hints = [str(each.findtext(f"{SVG}title")) for each in dots]
    assert all("22:13:20" in each for each in hints if "hain" not in each)


def test_names__cannot_break_out_of_the_picture() -> None:
    life = Story().register().life(type_name='a"><script>alert(1)</script>\x00\x1b]')
    shown = picture(life)
    assert "<script" not in shown
    ET.fromstring(shown)


def test_scale__keeps_order_fills_the_axis_and_says_what_it_cut() -> None:
    moments = [0.0, 1, 2, 3, 40 * 365.25 * DAY]
    scale = TimeScale(moments, 100, 1100)
    places = [scale(each) for each in moments]
    assert places[0] == 100
    assert places[-1] == pytest.approx(1100)
    assert all(later - earlier >= 26 for earlier, later in pairwise(places))
    assert [span_words(each.seconds) for each in scale.cuts] == ["40 years"]
    assert scale(-5) == 100
    assert scale(1e12) == pytest.approx(1100)
    even = TimeScale([0.0, 100, 200, 300], 0, 300)
    assert even.cuts == []
    assert even(150) == pytest.approx(150)
    crowded = TimeScale([float(each) for each in range(5000)], 0, 1000)
    assert crowded(2500) == pytest.approx(500, abs=1)


def test_span__is_said_in_its_greatest_unit() -> None:
    assert [span_words(each) for each in (0.2, 1, 59, 7200, 3 * DAY, 800 * DAY)] == [
        "less than a second",
        "1 second",
        "59 seconds",
        "2 hours",
        "3 days",
        "2 years",
    ]


def test_fitting__is_whole_shortened_or_nothing() -> None:
    assert fitting("Version 12", 12, 200) == "Version 12"
    shortened = fitting("Land registry of the north", 12, 120)
    assert shortened.endswith("…")
    assert text_width(shortened, 12) <= 120
    assert fitting("Land registry of the north", 12, 40) == ""
