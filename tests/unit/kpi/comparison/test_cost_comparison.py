"""Operating cost: official figure, twins and what is not comparable (kpi.md D.3, A.7 row 9), by hand."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from kpi.comparison.cost import MonthlyCost, compare_costs
from kpi.findings import Severity
from tests.support.comparison_days import names


def months(
    year: int,
    rent: int,
    material: int,
    *,
    days: int = 25,
    volume: int | None = 1000,
    count: int = 12,
) -> list[MonthlyCost]:
    return [
        MonthlyCost(
            month=date(year, m, 1),
            elements=(("rent", Fraction(rent)), ("material", Fraction(material))),
            days=days,
            volume=None if volume is None else Fraction(volume),
        )
        for m in range(1, count + 1)
    ]


RENT = frozenset({"rent"})


def test_cost_reductions_by_hand() -> None:
    # before 100 + 200 = 300 a month, after 100 + 140 = 240, same days and volume: all three fall by 20 %
    found = compare_costs(
        months(2025, 100, 200), months(2026, 100, 140), fixed=RENT, price_indices_stated=True
    )
    assert (found.per_day, found.per_unit, found.at_volume_after) == (Fraction(1, 5),) * 3
    assert names(found.findings) == ["cost.no-interval", "cost.unit-agrees", "cost.volume-agrees"]
    assert (found.months_before, found.months_after) == (12, 12)


def test_cost_production_cut_improves_cost_a_day_and_nothing_else() -> None:
    # volume 1000 → 500, material 200 → 100: a day 300 → 200 (−1/3), a unit 0.3 → 0.4 (+1/3), and at the volume after
    # 100 + 0.2·500 = 200 was to be expected: 0
    found = compare_costs(
        months(2025, 100, 200),
        months(2026, 100, 100, volume=500),
        fixed=RENT,
        price_indices_stated=True,
    )
    assert (found.per_day, found.per_unit, found.at_volume_after) == (
        Fraction(1, 3),
        Fraction(-1, 3),
        0,
    )
    signs = [f for f in found.findings if f.name.endswith("-sign")]
    assert names(signs) == ["cost.unit-sign", "cost.volume-sign"]
    assert all(f.lowers_word for f in signs)


def test_cost_fixed_part_follows_the_days_not_the_volume() -> None:
    # 25 → 20 days: fixed 100/25·20 = 80, variable 0.2·1000 = 200: 280 expected, 280 spent
    found = compare_costs(
        months(2025, 100, 200),
        months(2026, 80, 200, days=20),
        fixed=RENT,
        price_indices_stated=True,
    )
    assert found.at_volume_after == 0
    # a day: 300/25 = 12 → 280/20 = 14
    assert found.per_day == 1 - Fraction(14, 12)


def test_cost_elements_must_be_the_same_list() -> None:
    other = [
        MonthlyCost(month=date(2026, 1, 1), elements=(("rent", Fraction(1)),), days=25, volume=None)
    ]
    found = compare_costs(months(2025, 100, 200), other, fixed=RENT, price_indices_stated=True)
    assert names(found.findings) == ["cost.elements-differ"]
    assert found.findings[0].severity is Severity.DISQUALIFY
    assert dict(found.findings[0].numbers) == {"elements": "material"}
    assert (found.per_day, found.per_unit, found.at_volume_after) == (None, None, None)


def test_cost_without_days_is_no_comparison() -> None:
    found = compare_costs([], months(2026, 1, 1), fixed=RENT, price_indices_stated=True)
    assert names(found.findings) == ["cost.no-days"]


def test_cost_without_volume_has_the_official_figure_and_says_what_is_missing() -> None:
    found = compare_costs(
        months(2025, 100, 200, volume=None),
        months(2026, 100, 140),
        fixed=RENT,
        price_indices_stated=False,
    )
    assert (found.per_day, found.per_unit) == (Fraction(1, 5), None)
    assert names(found.findings) == [
        "cost.no-interval",
        "cost.prices",
        "cost.unit-unknown",
        "cost.volume-unknown",
    ]


def test_cost_other_months_and_unknown_fixed_elements_are_said() -> None:
    found = compare_costs(
        months(2025, 100, 200, count=3),
        months(2026, 100, 200, count=4),
        fixed=frozenset({"rent", "licence"}),
        price_indices_stated=True,
    )
    assert {"cost.months-differ", "cost.fixed-unknown"} <= set(names(found.findings))
