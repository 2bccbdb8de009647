"""OEE with the mix held fixed, and TEEP beside it."""

from __future__ import annotations

from fractions import Fraction

from kpi.comparison.compared_metrics import TEEP
from kpi.comparison.data import Twin
from kpi.comparison.interval import Word
from kpi.comparison.mix import ProductTotals
from kpi.comparison.oee import compare_oee
from tests.support.comparison_days import (
    BASELINE,
    REPORTING,
    baseline,
    names,
    noisy,
    options,
    reporting,
    series,
)

B = series(noisy(600, 1), BASELINE.first, BASELINE.last)
A = series(noisy(720, 2), REPORTING.first, REPORTING.last)
WITH_TEEP = options(twin=Twin(metric=TEEP, before=(B,), after=(A,)))


def product(name: str, n: int, d: int) -> ProductTotals:
    return ProductTotals(product=name, n=Fraction(n), d=Fraction(d))


def test_oee_gain_that_is_only_mix_does_not_pass() -> None:
    # each product keeps its index (80 and 40 %), the plant makes more of the good one
    before = [product("p", 400, 500), product("q", 200, 500)]
    after = [product("p", 640, 800), product("q", 80, 200)]
    found = compare_oee(baseline(B), reporting(A), WITH_TEEP, (before, after))
    assert found.standardised is not None
    assert found.standardised.crude == Fraction(720, 600) - 1
    assert found.standardised.at_mix_after == found.standardised.at_mix_before == 0
    assert "mix.simpson" in names(found.comparison.findings)
    assert found.comparison.word is Word.POINT_ONLY


def test_oee_gain_in_every_product_passes() -> None:
    before = [product("p", 400, 500), product("q", 200, 500)]
    after = [product("p", 480, 500), product("q", 240, 500)]
    found = compare_oee(baseline(B), reporting(A), WITH_TEEP, (before, after))
    assert "mix.standardised" in names(found.comparison.findings)
    assert found.comparison.word is Word.PASS


def test_oee_without_teep_says_so() -> None:
    found = compare_oee(baseline(B), reporting(A), options())
    assert "twin.missing" in names(found.comparison.findings)
    assert found.standardised is None


def test_oee_disqualified_has_no_standardisation() -> None:
    early = options(as_of=REPORTING.last)
    found = compare_oee(
        baseline(B), reporting(A), early, ([product("p", 1, 2)], [product("p", 2, 2)])
    )
    assert (found.comparison.main, found.standardised) == (None, None)
