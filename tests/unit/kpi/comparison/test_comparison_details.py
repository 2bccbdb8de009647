"""What is read from the detail of a comparison, by hand."""

from __future__ import annotations

from fractions import Fraction

from kpi.claims import ClaimResult
from kpi.comparison.details import finding_names, interval_texts, stated_change, valid_days

FIRST = {
    "interval": {"low": "0.05", "high": "0.2"},
    "before": {"valid": 70},
    "after": {"valid": 65},
}
SECOND = {
    "main": {"change": "3/20", "low": "0.1", "high": "0.2", "word": "pass"},
    "worst": {"change": "1/8", "low": "0.02", "high": "0.25", "word": "inconclusive"},
    "before": {"valid": 70},
    "after": {"valid": 65},
    "findings": ["unknown.pieces"],
}


def test_interval_of_either_version() -> None:
    assert interval_texts(FIRST) == ("0.05", "0.2")
    assert interval_texts(SECOND) == ("0.1", "0.2")
    assert interval_texts({"main": {"word": "undetermined"}}) is None


def test_valid_days_of_either_version() -> None:
    assert valid_days(FIRST) == valid_days(SECOND) == (70, 65)
    assert valid_days({}) is None


def test_findings_stand_in_the_second_version_only() -> None:
    assert finding_names(FIRST) == ()
    assert finding_names(SECOND) == ("unknown.pieces",)


def test_change_spans_the_main_and_the_worst_estimate() -> None:
    # lesser change of 15 % and 12.5 %; from the lower of 10 % and 2 % to the higher of 20 % and 25 %
    stated = stated_change(ClaimResult(Fraction(3, 20), None, SECOND))
    assert stated == (Fraction(1, 8), Fraction(2, 100), Fraction(25, 100))
    assert stated_change(ClaimResult(Fraction(3, 20), None, FIRST)) == (
        Fraction(3, 20),
        Fraction(5, 100),
        Fraction(20, 100),
    )


def test_worst_estimate_without_an_interval_leaves_nothing_to_judge() -> None:
    unlimited = {**SECOND, "worst": {"word": "undetermined"}}
    assert stated_change(ClaimResult(Fraction(3, 20), None, unlimited)) is None
    assert stated_change(ClaimResult(None, None, SECOND)) is None
