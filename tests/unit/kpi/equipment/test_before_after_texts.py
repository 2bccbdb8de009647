"""Findings of comparisons in words: every name of the page has a text, and its effect is that of the page."""

from __future__ import annotations

import re
from pathlib import Path

from kpi.equipment.before_after_texts import TEXTS, effect_of

PAGE = (Path(__file__).parents[4] / "docs" / "formats" / "claims.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("**Findings**, names in byte order")[2].partition("**Word**")[0]


def names_of_the_page() -> set[str]:
    found = set()
    for name in re.findall(r"`([a-z]+\.[a-z.*-]+)`", SECTION):
        if name.endswith("-*"):
            found |= {name[:-1] + "before", name[:-1] + "after"}
        else:
            found.add(name)
    return found


def test_every_finding_of_the_page_has_a_text_and_no_other() -> None:
    names = names_of_the_page()
    assert {"days.provisional", "drift.trend-after", "unknown.share-before"} <= names
    assert set(TEXTS) == names


def test_texts_say_the_side_that_they_are_about() -> None:
    assert TEXTS["drift.trend-before"].zh.startswith("改造前")
    assert TEXTS["drift.trend-after"].zh.startswith("改造后")
    assert len({t.en for t in TEXTS.values()}) == len(TEXTS)


def test_effects_are_those_of_the_word_rule() -> None:
    lowered = PAGE.partition("then `pass` is lowered to `pass, point only` by any of ")[2]
    rule = lowered.partition(".\n")[0]
    words = [w.strip().rstrip("*") for w in rule.split(",")]
    assert len(words) >= 8
    for name in TEXTS:
        lowers = any(name.startswith(w) for w in words)
        assert (effect_of(name).zh == "结论至多为“点值达标”") == lowers, name
    assert effect_of("period.too-short-after").en == "no word"
    assert effect_of("set.changed").en == "told; the word stays"
