"""Planning aid: the table of kpi-audit E18, the prediction against simulation and closed forms."""

from __future__ import annotations

import math
import random
from decimal import Decimal
from fractions import Fraction

import pytest

from kpi.comparison.interval import Day
from kpi.comparison.planning import Noise, advise, noise_of, plan, predicted_half_width
from kpi.comparison.widest import bell_nodes, mean_of_largest, normal_distribution

TENTH = Fraction(1, 10)
E18 = Noise(Fraction(13, 100), Fraction(3, 10), 7)
"""Day noise 13 %, ρ 0.3, seven days a week."""


@pytest.mark.parametrize(
    ("days", "h"), [(30, "0.085"), (60, "0.061"), (90, "0.047"), (180, "0.034")]
)
def test_predicted_half_width_reproduces_kpi_audit_e18(days: int, h: str) -> None:
    # E18's h are means of 4 000 simulated runs printed with three decimals, and the plant simulated has short Sundays
    # (its noise is 12.7 % of a long day, 13.2 % with the weights of the days): within one digit
    assert abs(predicted_half_width(E18, days) - Decimal(h)) < Decimal("0.0011")


@pytest.mark.parametrize(
    ("h", "observed", "true_gain"),
    [
        ("0.085", "19.8", "25.1"),
        ("0.061", "16.9", "20.6"),
        ("0.047", "15.3", "18.2"),
        ("0.034", "13.8", "15.8"),
    ],
)
def test_plan_factors_of_kpi_audit_e18(h: str, observed: str, true_gain: str) -> None:
    # (1 + T)·e^h − 1 and (1 + T)·e^(1.512·h) − 1 with the h of the table; 18.2 was printed from an unrounded 0.0475
    value = float(h)
    assert f"{100 * (1.1 * math.exp(value) - 1):.1f}" == observed
    assert abs(100 * (1.1 * math.exp(1.512 * value) - 1) - float(true_gain)) <= 0.11


def test_plan_rows_follow_the_factors_of_their_own_half_width() -> None:
    for row in plan(E18, TENTH, "increase"):
        h = float(row.half_width)
        assert float(row.observed) == pytest.approx(1.1 * math.exp(h) - 1, rel=1e-12)
        assert float(row.true_gain) == pytest.approx(1.1 * math.exp(1.512 * h) - 1, rel=1e-12)
    for row in plan(E18, TENTH, "reduction"):
        h = float(row.half_width)
        # the ratio must be below 0.9·e^−h
        assert float(row.observed) == pytest.approx(1 - 0.9 * math.exp(-h), rel=1e-12)
        assert float(row.true_gain) == pytest.approx(1 - 0.9 * math.exp(-1.512 * h), rel=1e-12)


def test_plan_leaves_out_lengths_below_twenty_valid_days() -> None:
    five = Noise(Fraction(1, 10), Fraction(0), 5)
    assert [r.weeks for r in plan(five, TENTH, "increase", (3, 4, 13))] == [4, 13]
    assert [r.firm for r in plan(five, TENTH, "increase", (4, 8, 12))] == [False, False, True]


@pytest.mark.parametrize("days", [26, 40, 91, 182])
@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("week", [5, 7])
def test_predicted_half_width_against_simulation(days: int, rho: float, week: int) -> None:
    np = pytest.importorskip("numpy")
    sample = pytest.importorskip("benchmarks.simulate_interval")
    rng = np.random.default_rng(days * 10 + week)
    sides = []
    for base in (0.6, 0.66):
        noise = sample.ar1(rng, 1500, days, rho, 0.127 * base)
        sides.append((base + noise, np.ones_like(noise)))
    mean = float(sample.widest(sample.ci1(*sides, week)).mean())
    found = float(predicted_half_width(Noise(Fraction(127, 1000), Fraction(str(rho)), week), days))
    # simulation error of a mean of 1 500 is about 0.5 %; the prediction is low for short strongly correlated periods
    low = 0.88 if days < 40 and rho > 0.5 else 0.96
    assert low < found / mean < 1.03


def test_predicted_half_width_needs_twenty_days() -> None:
    with pytest.raises(ValueError, match="20 valid days"):
        predicted_half_width(E18, 19)


def test_predicted_half_width_is_proportional_to_the_noise() -> None:
    double = Noise(2 * E18.day, E18.rho, 7)
    assert abs(predicted_half_width(double, 60) / predicted_half_width(E18, 60) - 2) < Decimal(
        "1e-20"
    )


def test_advise_default_is_thirteen_weeks_or_as_many_as_sixty_days_need() -> None:
    assert advise(E18, TENTH, "increase").weeks == 13
    four = Noise(E18.day, E18.rho, 4)
    assert advise(four, TENTH, "increase").weeks == 15  # 60/4
    assert advise(four, TENTH, "increase").enough is None


def test_advise_expected_gain_is_the_shortest_length_that_reaches_it() -> None:
    found = advise(E18, TENTH, "increase", Fraction(15, 100))
    assert found.enough
    assert found.row.true_gain <= Decimal("0.15")
    shorter = plan(E18, TENTH, "increase", (found.weeks - 1,))[0]
    assert shorter.true_gain > Decimal("0.15")


def test_advise_gain_that_two_years_cannot_prove() -> None:
    found = advise(E18, TENTH, "increase", Fraction(11, 100))
    assert (found.weeks, found.enough) == (104, False)


def test_noise_of_daily_values_by_hand() -> None:
    # ratios 0.5 and 0.7 in turn over 20 equal days: deviations ±1/6 of the mean; day² = 20/19 · 1/36; ρ < 0 → 0
    days = [Day(5 + 2 * (i % 2), 10) for i in range(20)]
    found = noise_of(days, 5)
    assert found is not None
    assert float(found.day) == pytest.approx((20 / 19 / 36) ** 0.5, rel=1e-12)
    assert (found.rho, found.week_days) == (0, 5)


def test_noise_of_correlated_days_is_recovered() -> None:
    rng = random.Random(4)
    x, days = 0.0, []
    for _ in range(2000):
        x = 0.5 * x + rng.gauss(0, 0.1 * 0.75**0.5)
        days.append(Day(round(1000 * (1 + x)), 1000))
    found = noise_of(days, 7)
    assert found is not None
    assert float(found.day) == pytest.approx(0.1, rel=0.06)
    assert float(found.rho) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("days", [[Day(1, 2)] * 19, [Day(1, 2)] * 40, [Day(0, 2)] * 40])
def test_noise_of_too_few_constant_or_empty_days_is_none(days: list[Day]) -> None:
    assert noise_of(days, 5) is None


@pytest.mark.parametrize(
    "bad", [(Fraction(0), Fraction(0), 5), (TENTH, Fraction(91, 100), 5), (TENTH, Fraction(0), 8)]
)
def test_noise_outside_its_range_is_refused(bad: tuple[Fraction, Fraction, int]) -> None:
    with pytest.raises(ValueError, match="outside its range"):
        Noise(*bad)


@pytest.mark.parametrize("x", [-6.0, -1.96, -0.3, 0.0, 0.5, 1.6449, 4.0])
def test_normal_distribution_equals_the_error_function(x: float) -> None:
    assert float(normal_distribution(Decimal(str(x)))) == pytest.approx(
        0.5 * math.erfc(-x / math.sqrt(2)), rel=1e-12
    )


def test_normal_distribution_far_out_is_zero_or_one() -> None:
    assert (normal_distribution(Decimal(-40)), normal_distribution(Decimal(40))) == (0, 1)


def test_mean_of_largest_of_two_independent_standard_normals() -> None:
    # E max = 1/√π
    one, zero = Decimal(1), Decimal(0)
    found = mean_of_largest([zero, zero], [[one, zero], [zero, one]])
    assert float(found) == pytest.approx(1 / math.sqrt(math.pi), rel=1e-12)


def test_mean_of_largest_of_fully_correlated_values_is_the_larger_mean() -> None:
    one = Decimal(1)
    assert mean_of_largest([Decimal(2), Decimal(5)], [[one, one], [one, one]]) == 5


def test_mean_of_largest_of_three_is_near_the_order_statistic() -> None:
    # three independent standard normals: 3/(2√π) = 0.8463; Clark's is an approximation
    zero, one = Decimal(0), Decimal(1)
    found = mean_of_largest(
        [zero] * 3, [[one if i == j else zero for j in range(3)] for i in range(3)]
    )
    assert float(found) == pytest.approx(3 / (2 * math.sqrt(math.pi)), abs=0.005)


def test_bell_nodes_have_the_moments_of_the_normal() -> None:
    nodes = bell_nodes()
    assert sum(w for _, w in nodes) == pytest.approx(1)
    assert float(sum(z * w for z, w in nodes)) == pytest.approx(0, abs=1e-20)
    assert float(sum(z * z * w for z, w in nodes)) == pytest.approx(1, abs=2e-3)
