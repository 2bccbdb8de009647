"""Words of a comparison at any threshold (U10), and the two readings of energy utilisation."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi.comparison.interval import FEWEST_DAYS, FIRM_DAYS, Interval, Word, word
from kpi.schemes.clauses import Operator, Target
from kpi.schemes.figures import Change, Figure, bounded, find, gain_of, word_at
from model.ratio import Undefined


def target(threshold: Fraction, operator: Operator = Operator.AT_LEAST) -> Target:
    return Target("energy-change", operator, threshold, "%")


percents = st.integers(-300, 300).map(lambda n: Fraction(n, 1000))


@given(
    st.tuples(percents, percents, percents).map(sorted),
    st.integers(0, 300).map(lambda n: Fraction(n, 1000)),
    st.sampled_from([FEWEST_DAYS - 1, FEWEST_DAYS, FIRM_DAYS - 1, FIRM_DAYS]),
)
def test_word_at_any_threshold_is_the_word_a_claim_for_it_would_state(
    bounds: list[Fraction], threshold: Fraction, days: int
) -> None:
    low, point, high = bounds

    def decimal(x: Fraction) -> Decimal:
        return Decimal(x.numerator) / Decimal(x.denominator)

    interval = Interval(Decimal(0), Fraction(0), (), decimal(low), decimal(high))
    change = Change(point, low, high, sufficient=days >= FEWEST_DAYS, firm=days >= FIRM_DAYS)
    assert word_at(change, target(threshold)) is word(interval, point, threshold, days)


@pytest.mark.parametrize(
    ("low", "point", "high", "expected"),
    [
        ("0", "0.02", "0.04", Word.POINT_ONLY),  # the interval touches 0: above 0 is not proven
        ("0.0001", "0.02", "0.04", Word.PASS),
        ("-0.04", "-0.02", "0", Word.FAIL),
        ("-0.04", "-0.02", "0.0001", Word.INCONCLUSIVE),
    ],
)
def test_any_improvement_is_passed_only_where_the_interval_excludes_zero(
    low: str, point: str, high: str, expected: Word
) -> None:
    change = Change(Fraction(point), Fraction(low), Fraction(high), sufficient=True, firm=True)
    assert word_at(change, target(Fraction(0), Operator.MORE_THAN)) is expected


def test_gain_of_eight_percent_is_a_drop_of_2_over_27() -> None:
    """U = 1/C: 1/(1 − d) − 1 = 8 % ⇔ d = 8/108 = 2/27 = 7.407 %."""
    at_edge = gain_of(Figure(Fraction(2, 27)))
    assert at_edge.value == Fraction(8, 100)
    assert gain_of(Figure(Fraction(8, 100))).value == Fraction(2, 23)  # 8.696 %


def test_gain_carries_bounds_interval_and_threshold_of_the_word() -> None:
    change = Change(Fraction(1, 5), Fraction(1, 10), Fraction(1, 4), sufficient=True, firm=True)
    drop = Figure(Fraction(1, 5), word=Word.PASS, word_at=Fraction(8, 100), change=change)
    gain = gain_of(drop)
    assert gain.value == Fraction(1, 4)
    assert gain.word_at == Fraction(2, 23)
    assert gain.change == Change(
        Fraction(1, 4), Fraction(1, 9), Fraction(1, 3), sufficient=True, firm=True
    )


def test_gain_of_a_drop_of_everything_is_undefined() -> None:
    assert isinstance(gain_of(Figure(Fraction(1))).value, Undefined)


def test_energy_of_the_log_answers_for_energy_utilisation_until_a_figure_of_its_own_is_given() -> (
    None
):
    measured = Figure(Fraction(1, 10))
    assert find({"energy-change": measured}, "energy-utilisation-change") == (
        "energy-change",
        measured,
    )
    gain = find({"energy-change": measured}, "energy-utilisation-gain")
    assert gain is not None
    assert (gain[0], gain[1].value) == ("energy-change", Fraction(1, 9))
    own = Figure(Fraction(1, 20))
    both = {"energy-change": measured, "energy-utilisation-change": own}
    assert find(both, "energy-utilisation-change") == ("energy-utilisation-change", own)
    assert find({"oee-change": measured}, "productivity-change") is None, "a twin never answers"


HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (None, None, None),  # the claim states no bounds
        ("1/2", "1/2", None),  # nothing is missing
        ("1/4", "1/2", (Fraction(1, 4), HALF)),
        ("1/2", "3/4", (HALF, Fraction(3, 4))),
        ("1/4", "unbounded", (Fraction(1, 4), None)),
        ("1/4", "0/0", (Fraction(1, 4), None)),  # no upper bound can be formed: that is no bound
    ],
)
def test_bounds_of_a_claim_are_those_of_the_figure(
    low: str | None, high: str | None, expected: tuple[Fraction, Fraction | None] | None
) -> None:
    assert bounded(HALF, low, high).bounds == expected


def test_undefined_figure_has_no_bounds() -> None:
    assert bounded(Undefined("no reject signal", "无不良信号"), "0/0", "0/0").bounds is None
