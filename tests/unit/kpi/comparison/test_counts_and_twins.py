"""Counted ratios with their lists, and twins whose sign must agree (kpi.md D.3, §0.4)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from kpi.bilingual import Bilingual
from kpi.comparison.counts import CountedRatio, compare_counts
from kpi.comparison.twins import TwinChange, same_direction, twin_findings
from kpi.findings import Severity
from tests.support.comparison_days import names


def ratio(numerator: str, denominator: str) -> CountedRatio:
    return CountedRatio(frozenset(numerator), frozenset(denominator))


def test_counts_are_exact_and_list_what_changed() -> None:
    found = compare_counts(ratio("ab", "abcd"), ratio("abe", "abcde"))
    assert (found.before, found.after) == (Fraction(1, 2), Fraction(3, 5))
    assert (found.points, found.relative) == (Fraction(1, 10), Fraction(1, 5))
    assert (found.numerator_added, found.numerator_removed) == (("e",), ())
    assert (found.denominator_added, found.denominator_removed) == (("e",), ())
    assert found.findings == ()


def test_counts_denominator_that_shrank_is_a_flaw() -> None:
    found = compare_counts(ratio("ab", "abcd"), ratio("ab", "abc"))
    assert (names(found.findings), found.denominator_removed) == (
        ["count.denominator-shrunk"],
        ("d",),
    )
    assert found.findings[0].lowers_grade


def test_counts_numerator_may_lie_outside_its_denominator() -> None:
    # networked production equipment / smart equipment may exceed 1
    assert ratio("abc", "xy").value == Fraction(3, 2)


def test_counts_empty_denominator_is_no_ratio_and_zero_before_has_no_relative_change() -> None:
    found = compare_counts(ratio("", ""), ratio("a", "a"))
    assert (found.before, found.points, found.relative) == (None, None, None)
    assert found.findings[0].severity is Severity.DISQUALIFY
    grown = compare_counts(ratio("", "ab"), ratio("a", "ab"))
    assert (grown.points, grown.relative) == (Fraction(1, 2), None)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(1, 2, True), (-1, -2, True), (0, 0, True), (1, -1, False), (1, 0, False)],
)
def test_same_direction(one: int, other: int, same: bool) -> None:
    assert same_direction(Fraction(one), Fraction(other)) is same


def twin(change: Fraction | None) -> TwinChange:
    return TwinChange(Bilingual("件/工时", "pieces an hour"), change)


def test_twin_price_rise_without_more_pieces_is_a_disagreement() -> None:
    # yuan per person-day +12 %, pieces per attended hour −3 %
    found = twin_findings(Fraction(12, 100), twin(Fraction(-3, 100)))
    assert (names(found), found[0].lowers_word) == (["twin.sign"], True)
    assert "12.0 %" in found[0].text.zh


def test_twin_that_agrees_is_noted_and_one_that_is_missing_is_a_warning() -> None:
    assert twin_findings(Fraction(1, 10), twin(Fraction(1, 50)))[0].severity is Severity.NOTE
    assert twin_findings(Fraction(1, 10), twin(None))[0].name == "twin.missing"
