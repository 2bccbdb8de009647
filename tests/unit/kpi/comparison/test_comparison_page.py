"""A comparison as text: the same in both languages, the digits agree with the word, no number when disqualified."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from kpi.comparison.compare import compare
from kpi.comparison.data import PeriodFacts
from kpi.comparison.interval import Word
from kpi.comparison.page import WORDS, Language, comparison_lines
from tests.support.comparison_days import (
    BASELINE,
    REPORTING,
    baseline,
    noisy,
    options,
    reporting,
    series,
)

B = series(noisy(600, 1), BASELINE.first, BASELINE.last)
A = series(noisy(720, 2), REPORTING.first, REPORTING.last)


def test_page_every_word_has_both_languages() -> None:
    assert WORDS.keys() == set(Word)
    assert all(s.zh and s.en for s in WORDS.values())


def test_page_shows_change_interval_methods_days_findings_and_grade() -> None:
    found = compare(baseline(B), reporting(A), options())
    text = "\n".join(comparison_lines(found, "en"))
    assert found.main is not None
    change = f"{float(100 * found.main.change):.1f} %"
    assert f"Main figure: {change} [" in text
    assert "iid h = 0.0" in text
    assert "block 14 h = 0.0" in text
    assert "Baseline 2026-03-02 … 2026-05-31: valid 91" in text
    assert "note drift.none-found-after" in text
    assert "season (heating, cooling, peak and slack months): not checked" in text
    assert text.splitlines()[-2].startswith("Evidence grade A: machine-measured")
    assert text.splitlines()[-1].endswith("are ours; no official text has them.")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_page_disqualified_has_no_figure(language: Language) -> None:
    found = compare(baseline(B), reporting(A), options(as_of=REPORTING.last))
    lines = comparison_lines(found, language)
    assert any(line in ("没有可用的数值。", "There is no figure.") for line in lines)
    body = "\n".join(line for line in lines[2:] if "period.future" not in line)
    assert not re.search(r"\d+\.\d %", body)


def test_page_chinese_says_words_and_simulation() -> None:
    facts = PeriodFacts(simulated=True, coverage=(("a1", Fraction(1)),))
    found = compare(baseline(B, facts=facts), reporting(A, facts=facts), options())
    lines = comparison_lines(found, "zh")
    assert lines[0] == "设备综合效率 OEE：提高 ≥ 10.0 %"
    assert lines[1] == "结论：达标（证据等级 A（模拟数据 simulated））"


def test_page_digits_never_contradict_the_threshold_u13() -> None:
    # a gain of exactly 9.996 % against 10 %: "10.0" would read as reached
    b = series(
        lambda i: (100_000 + (-1) ** i * 5000 * (i < 90), 200_000), BASELINE.first, BASELINE.last
    )
    a = series(lambda _i: (109_996, 200_000), REPORTING.first, REPORTING.last)
    found = compare(baseline(b), reporting(a), options())
    assert found.main is not None
    assert found.main.change == Fraction(9_996, 100_000)
    assert "Main figure: 9.996 %" in "\n".join(comparison_lines(found, "en"))
