"""Defect rates end to end: exact when few, standardised, clusters said."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction

from kpi.comparison.compared_metrics import DEFECT_RATE
from kpi.comparison.daily import DailySeries
from kpi.comparison.defect_rate import compare_defects
from kpi.comparison.interval import Word
from kpi.comparison.mix import ProductTotals
from tests.support.comparison_days import (
    BASELINE,
    REPORTING,
    baseline,
    names,
    options,
    reporting,
    series,
)

OPTIONS = options(DEFECT_RATE)


def made(defects: int, period: str) -> DailySeries:
    """Return 91 days of 100 pieces with so many single defects on days drawn with a fixed seed."""
    window = BASELINE if period == "before" else REPORTING
    hit = Counter(random.Random(3).choices(range(91), k=defects))
    return series(lambda i: (hit[i], 100), window.first, window.last)


def test_defects_few_after_use_the_exact_interval_and_say_so() -> None:
    found = compare_defects(baseline(made(40, "before")), reporting(made(6, "after")), OPTIONS)
    assert found.comparison.main is not None
    assert found.comparison.main.method == "exact-conditional"
    assert found.comparison.main.change == 1 - Fraction(6, 40)
    few = next(f for f in found.comparison.findings if f.name == "events.few")
    assert dict(few.numbers) == {"before": 40, "after": 6}
    assert found.comparison.word is Word.PASS


def test_defects_many_use_ci1() -> None:
    found = compare_defects(baseline(made(200, "before")), reporting(made(100, "after")), OPTIONS)
    assert found.comparison.main is not None
    assert found.comparison.main.method == "ci-1"
    assert "events.few" not in names(found.comparison.findings)


def test_defects_that_fail_in_lots_lower_the_word() -> None:
    lots = series(lambda i: (30 if i % 13 == 0 else 0, 100), BASELINE.first, BASELINE.last)
    found = compare_defects(baseline(lots), reporting(made(6, "after")), OPTIONS)
    assert "events.clustered-before" in names(found.comparison.findings)
    assert found.dispersion_before is not None
    assert found.dispersion_before.clustered
    assert found.comparison.word is Word.POINT_ONLY


def product(name: str, n: int, d: int) -> ProductTotals:
    return ProductTotals(product=name, n=Fraction(n), d=Fraction(d))


def test_defects_simpson_is_flagged_and_lowers_the_word() -> None:
    # crude 200 → 100 of 9100; by product both get worse
    before = [product("easy", 10, 910), product("hard", 190, 8190)]
    after = [product("easy", 90, 8190), product("hard", 10, 910 // 4)]
    found = compare_defects(
        baseline(made(200, "before")), reporting(made(100, "after")), OPTIONS, (before, after)
    )
    assert found.standardised is not None
    assert found.standardised.disagree
    assert "mix.simpson" in names(found.comparison.findings)
    assert found.comparison.word in {Word.POINT_ONLY, Word.INCONCLUSIVE, Word.FAIL}


def test_defects_disqualified_comparison_gives_no_number_at_all() -> None:
    short = series(lambda _i: (1, 100), REPORTING.first, REPORTING.first)
    found = compare_defects(
        baseline(made(200, "before")),
        reporting(short),
        OPTIONS,
        ([product("p", 1, 2)], [product("p", 1, 4)]),
    )
    assert found.comparison.main is None
    assert found.standardised is None
    assert found.dispersion_before is None


def test_defects_without_a_defect_in_the_baseline_have_no_reduction() -> None:
    found = compare_defects(baseline(made(0, "before")), reporting(made(3, "after")), OPTIONS)
    assert found.comparison.main is None
    assert "sums.not-positive" in names(found.comparison.findings)
    assert found.comparison.word is Word.UNDETERMINED
