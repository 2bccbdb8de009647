"""U12 for rare events: exact conditional interval against scipy and closed forms, and the check for clusters."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import comb

import pytest

from kpi.comparison.estimate import Judging
from kpi.comparison.few_events import dispersion, rate_estimate, rate_ratio
from kpi.comparison.interval import Day, Word

TENTH = Fraction(1, 10)
REDUCTION = Judging(sense="reduction", threshold=TENTH, week_days=7)


def test_rate_ratio_without_event_after_is_a_closed_form() -> None:
    # P(X = 0) = (1 − π)^k = 0.05; k = 3: π = 1 − 0.05^(1/3); ratio = π/(1 − π) = 0.05^(−1/3) − 1
    found = rate_ratio(3, 0, 1000, 1000)
    assert found is not None
    assert found.low == 0
    assert found.high is not None
    assert abs(found.high - (Decimal("0.05") ** (-Decimal(1) / 3) - 1)) < Decimal("1e-24")


def test_rate_ratio_without_event_before_has_no_upper_limit() -> None:
    # P(X ≥ k) = π^k = 0.05 at the low end; k = 2
    found = rate_ratio(0, 2, 1000, 1000)
    assert found is not None
    assert found.high is None
    share = Decimal("0.05").sqrt()
    assert abs(found.low - share / (1 - share)) < Decimal("1e-24")


def test_rate_ratio_without_any_event_is_undefined() -> None:
    assert rate_ratio(0, 0, 10, 10) is None


@pytest.mark.parametrize(
    ("before", "after", "n_before", "n_after"),
    [
        (12, 4, 1000, 2000),
        (9, 9, 500, 500),
        (1, 8, 10, 30),
        (5000, 7, 10**6, 10**6),
        (7, 5000, 3, 4),
    ],
)
def test_rate_ratio_equals_clopper_pearson_of_scipy(
    before: int, after: int, n_before: int, n_after: int
) -> None:
    beta = pytest.importorskip("scipy.stats").beta
    found = rate_ratio(before, after, n_before, n_after)
    low = float(beta.ppf(0.05, after, before + 1))
    high = float(beta.ppf(0.95, after + 1, before))
    scale = n_before / n_after
    assert found is not None
    assert found.high is not None
    assert float(found.low) == pytest.approx(low / (1 - low) * scale, rel=1e-9)
    assert float(found.high) == pytest.approx(high / (1 - high) * scale, rel=1e-9)


def test_rate_ratio_covers_at_least_ninety_percent_exactly() -> None:
    # true ratio 1/2 at equal exposure: π = 1/3, total 12. The exact probability of the outcomes whose interval holds it
    covered = Fraction(0)
    for k in range(13):
        found = rate_ratio(12 - k, k, 1, 1)
        assert found is not None
        if found.low <= Decimal("0.5") and (found.high is None or found.high >= Decimal("0.5")):
            covered += _binomial(12, k, Fraction(1, 3))
    assert Fraction(9, 10) <= covered < 1


def _binomial(n: int, k: int, p: Fraction) -> Fraction:
    return comb(n, k) * p**k * (1 - p) ** (n - k)


def test_dispersion_by_hand() -> None:
    # 2 of 10 and 0 of 10: rate 1/10; Σ (n − d·p)²/d = 2·(1²/10) = 1/5; over p(1 − p) = 9/100 and n − 1 = 1: 20/9
    found = dispersion([Day(2, 10), Day(0, 10)])
    assert found is not None
    assert found.phi == Fraction(20, 9)
    assert not found.clustered  # (11/9)² · 1 = 1.49 < 2 · 1.645² = 5.41: two days prove nothing


def test_dispersion_lots_that_fail_together_are_clustered() -> None:
    # every tenth day a lot of 20 rejects among 100 pieces, else none: φ = Σ(n−2)²/(100·.02·.98)/(29) = 20.0…
    days = [Day(20 if i % 10 == 0 else 0, 100) for i in range(30)]
    found = dispersion(days)
    assert found is not None
    # Σ (n − 2)² = 3·18² + 27·2² = 1080; /100 = 10.8; /(.02·.98) = 551.02; /29 = 19.0
    assert found.phi == Fraction(1080, 100) / Fraction(196, 10_000) / 29
    assert found.clustered


def test_dispersion_without_defects_or_with_one_day_is_undefined() -> None:
    assert dispersion([Day(0, 10)] * 5) is None
    assert dispersion([Day(1, 10)]) is None
    assert dispersion([Day(10, 10)] * 5) is None


def spread(defects: int, days: int = 60, made: int = 100) -> list[Day]:
    """Return days with `defects` rejects in all, one a day from the start."""
    return [Day(int(i < defects), made) for i in range(days)]


def test_rate_estimate_uses_ci1_from_ten_events_in_both_periods() -> None:
    found = rate_estimate(spread(30), spread(10), REDUCTION)
    assert found is not None
    assert found.method == "ci-1"
    exact = rate_estimate(spread(30), spread(9), REDUCTION)
    assert exact is not None
    assert (exact.method, exact.interval) == ("exact-conditional", None)
    assert exact.change == 1 - Fraction(9, 30)


def test_rate_estimate_no_defect_after_is_a_reduction_of_everything() -> None:
    found = rate_estimate(spread(20), spread(0), REDUCTION)
    assert found is not None
    # 1 − (0.05^(−1/20) − 1) = 2 − 0.05^(−0.05) = 0.8384
    assert found.change == 1
    assert found.low is not None
    assert abs(found.low - (2 - Decimal("0.05") ** Decimal("-0.05"))) < Decimal("1e-24")
    assert found.high == 1
    assert found.word is Word.PASS


def test_rate_estimate_no_defect_before_cannot_be_reduced() -> None:
    assert rate_estimate(spread(0), spread(5), REDUCTION) is None


def test_rate_estimate_provisional_days_lower_the_word() -> None:
    found = rate_estimate(spread(20, 59), spread(0), REDUCTION)
    assert found is not None
    assert found.word is Word.POINT_ONLY
    assert rate_estimate(spread(5, 19), spread(0), REDUCTION) is None


def test_rate_estimate_increase_is_the_mirror() -> None:
    down = rate_estimate(spread(8), spread(3), REDUCTION)
    up = rate_estimate(
        spread(8), spread(3), Judging(sense="increase", threshold=TENTH, week_days=7)
    )
    assert down is not None
    assert up is not None
    assert up.change == -down.change
    assert down.low is not None
    assert down.high is not None
    assert (up.low, up.high) == (down.high.copy_negate(), down.low.copy_negate())
