"""Stability index and standardisation to a fixed mix (kpi.md D.3, kpi-audit U12), each by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from kpi.bilingual import Bilingual
from kpi.comparison.compared_metrics import DEFECT_RATE, OEE
from kpi.comparison.mix import (
    ProductTotals,
    Standardised,
    stability_index,
    standardised_efficiency,
    standardised_rate,
)
from kpi.comparison.mix_findings import mix_findings
from tests.support.comparison_days import names, options


def test_psi_formula_of_u12_by_hand() -> None:
    # shares .6/.4 → .3/.7: (.3 − .6)·ln(.3/.6) + (.7 − .4)·ln(.7/.4) = .3·ln2 + .3·ln1.75
    found = stability_index({"p": 60, "q": 40}, {"p": 30, "q": 70})
    assert found is not None
    assert float(found) == pytest.approx(0.3 * math.log(2) + 0.3 * math.log(1.75), rel=1e-14)


def test_psi_product_that_vanishes_is_floored_at_a_thousandth() -> None:
    # p: .5 → floor .001, q: .5 → 1
    found = stability_index({"p": 1, "q": 1}, {"q": 5})
    expected = (0.001 - 0.5) * math.log(0.001 / 0.5) + 0.5 * math.log(2)
    assert found is not None
    assert float(found) == pytest.approx(expected, rel=1e-14)


def test_psi_same_mix_is_zero_and_nothing_is_undefined() -> None:
    assert stability_index({"p": 1, "q": 2}, {"p": 10, "q": 20}) == 0
    assert stability_index({}, {"p": 1}) is None


def product(name: str, n: int, d: int) -> ProductTotals:
    return ProductTotals(product=name, n=Fraction(n), d=Fraction(d))


SIMPSON_BEFORE = [product("easy", 1, 100), product("hard", 90, 900)]
SIMPSON_AFTER = [product("easy", 18, 900), product("hard", 11, 100)]
"""Both products get worse (1 → 2 %, 10 → 11 %), and the plant's rate falls from 9.1 to 2.9 %: more easy pieces."""


def test_standardised_rate_simpson_by_hand() -> None:
    found = standardised_rate(SIMPSON_BEFORE, SIMPSON_AFTER)
    assert found is not None
    assert found.crude == Fraction(29, 1000) / Fraction(91, 1000) - 1
    # mix after .9/.1: before .9·1 + .1·10 = 1.9 %, after 2.9 %
    assert found.at_mix_after == Fraction(29, 19) - 1
    # mix before .1/.9: before 9.1 %, after .1·2 + .9·11 = 10.1 %
    assert found.at_mix_before == Fraction(101, 91) - 1
    assert found.disagree
    assert (found.outside_before, found.outside_after) == (0, 0)


def test_standardised_rate_products_of_one_period_are_left_out_and_counted() -> None:
    found = standardised_rate(
        [product("p", 10, 100), product("old", 5, 100)],
        [product("p", 5, 100), product("new", 5, 300)],
    )
    assert found is not None
    assert found.products == ("p",)
    assert (found.outside_before, found.outside_after) == (Fraction(1, 2), Fraction(3, 4))
    assert found.at_mix_after == found.at_mix_before == Fraction(-1, 2)
    assert found.crude == Fraction(10, 400) / Fraction(15, 200) - 1


def test_standardised_rate_without_common_product_or_baseline_rate_is_undefined() -> None:
    assert standardised_rate([product("p", 1, 10)], [product("q", 1, 10)]) is None
    assert standardised_rate([product("p", 0, 10)], [product("p", 1, 10)]) is None


def test_standardised_efficiency_is_ideal_time_over_the_time_it_takes() -> None:
    # before: p 40/50 (80 %), q 10/50 (20 %): OEE 50 %; after: p 64/80 (80 %), q 4/20 (20 %): OEE 68 %: nothing improved
    found = standardised_efficiency(
        [product("p", 40, 50), product("q", 10, 50)], [product("p", 64, 80), product("q", 4, 20)]
    )
    assert found is not None
    assert found.crude == Fraction(68, 50) - 1
    assert (found.at_mix_after, found.at_mix_before) == (0, 0)
    # a gain of 36 % that is all mix has not one sign
    assert found.disagree


def test_standardised_efficiency_weights_are_shares_of_ideal_time() -> None:
    # q doubles its index from 20 to 40 %, p stays at 80 %; shares of ideal time before .8/.2, after 64:8
    found = standardised_efficiency(
        [product("p", 40, 50), product("q", 10, 50)], [product("p", 64, 80), product("q", 8, 20)]
    )
    assert found is not None
    # mix before: 50 ideal take 50 + 50 = 100 before, 50 + 25 = 75 after → 4/3
    assert found.at_mix_before == Fraction(1, 3)
    # mix after: 72 ideal take 80 + 40 = 120 before, 100 after → 6/5
    assert found.at_mix_after == Fraction(1, 5)


def test_standardised_efficiency_product_without_good_pieces_has_index_zero() -> None:
    found = standardised_efficiency(
        [product("p", 40, 50), product("q", 10, 50)], [product("p", 64, 80), product("q", 0, 20)]
    )
    assert found is not None
    assert found.at_mix_before == -1  # q made nothing: the old mix could not be made at all


def standardised(crude: str, after: str, before: str) -> Standardised:
    return Standardised(
        crude=Fraction(crude),
        at_mix_after=Fraction(after),
        at_mix_before=Fraction(before),
        products=("p",),
        outside_before=Fraction(0),
        outside_after=Fraction(0),
    )


TITLE = Bilingual("变化", "Change")


def test_mix_findings_simpson_lowers_the_word() -> None:
    found = mix_findings(TITLE, standardised("0.2", "-0.1", "0.1"), options(OEE))
    assert (names(found), found[0].lowers_word) == (["mix.simpson"], True)


def test_mix_findings_reduction_shows_better_as_positive() -> None:
    found = mix_findings(TITLE, standardised("-0.2", "-0.15", "-0.12"), options(DEFECT_RATE))
    assert names(found) == ["mix.standardised"]
    assert dict(found[0].numbers)["crude"] == Fraction(1, 5)
    assert "20.0 % crude, 15.0 % at the mix of the reporting period" in found[0].text.en


def test_mix_findings_threshold_that_depends_on_the_mix_lowers_the_word() -> None:
    found = mix_findings(TITLE, standardised("0.2", "0.09", "0.12"), options(OEE))
    assert (names(found), found[0].lowers_word) == (["mix.threshold"], True)
