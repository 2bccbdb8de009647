"""Energy in standard coal a piece, both readings of 能源利用率提高, the product method, by hand (kpi.md B.8, §0.3)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from config.coefficient_files import builtin_coefficients
from kpi.display import percent_text
from kpi.energy.unit_energy import (
    Consumption,
    EnergyChange,
    Output,
    PeriodEnergy,
    ProductEnergy,
    ReadingGrade,
    product_saving,
    total_kgce,
    unit_energy,
    utilisation_change,
)
from model.ratio import Undefined

TABLE = builtin_coefficients()["gb-t-2589-2020-annex-a"]


def power(amount: object, **more: Any) -> Consumption:
    given: dict[str, Any] = {"carrier": "electricity", "unit": "kW.h", "source": "e1"}
    value = None if amount is None else Fraction(str(amount))
    return Consumption(**{**given, "amount": value, **more})


def period(
    *consumptions: Consumption, pieces: object = 1000, table: Any = TABLE, outputs: Any = None
) -> PeriodEnergy:
    made = outputs or (Output(product="p", quantity=Fraction(str(pieces))),)
    return PeriodEnergy(table=table, consumptions=consumptions, outputs=tuple(made))


def test_tce_a_piece_over_several_carriers() -> None:
    heat = Consumption(carrier="heat", unit="GJ", amount=Fraction(2), source="h1")
    diesel = Consumption(carrier="diesel", unit="kg", amount=Fraction(10), source="d1")
    found = period(power(5000), heat, diesel)
    # 5000 · 0.1229 = 614.5; 2 · 34.12 = 68.24; 10 · 1.4571 = 14.571 → 697.311 kgce
    assert total_kgce(found) == Fraction("697.311")
    assert unit_energy(found) == Fraction("697.311") / 1000 / 1000


def test_products_are_weighted_with_frozen_weights() -> None:
    outputs = (
        Output(product="small", quantity=Fraction(600), weight=Fraction(1)),
        Output(product="big", quantity=Fraction(100), weight=Fraction(4)),
    )
    # 1229 kgce over 600 + 4 · 100 pieces
    assert unit_energy(period(power(10_000), outputs=outputs)) == Fraction("0.001229")


def test_both_readings_of_energy_utilisation_at_the_threshold() -> None:
    # utilisation + 8 % exactly: consumption falls to 1/1.08 = 92.593 %, a drop of 7.407 %
    found = utilisation_change(period(power(1080)), period(power(1000)))
    assert found.gain == Fraction(8, 100)
    assert found.drop == Fraction(2, 27)
    assert percent_text(Fraction(2, 27), decimals=3) == "7.407"
    assert found.value == found.drop  # the stricter reading is the default
    # a drop of 8 % is a gain of 8.696 %
    other = utilisation_change(period(power(100)), period(power(92)))
    assert other.drop == Fraction(8, 100)
    assert isinstance(other.gain, Fraction)
    assert percent_text(other.gain, decimals=3) == "8.696"


@pytest.mark.parametrize("before", [100, 250, 999])
@pytest.mark.parametrize("after", [1, 60, 99])
def test_drop_is_the_stricter_reading_of_every_saving(before: int, after: int) -> None:
    found = utilisation_change(period(power(before)), period(power(after)))
    assert isinstance(found.drop, Fraction)
    assert isinstance(found.gain, Fraction)
    assert 0 < found.drop < found.gain
    assert (1 - found.drop) * (1 + found.gain) == 1


def test_more_consumption_is_a_negative_change_and_not_clamped() -> None:
    found = utilisation_change(period(power(100)), period(power(150)))
    assert (found.drop, found.gain) == (Fraction(-1, 2), Fraction(-1, 3))


def test_product_method_of_gb_t_13234() -> None:
    # A: (1.8 − 2.0) · 1000 = −200; B: (5.5 − 5.0) · 100 = +50; together −150 kgce saved
    products = [
        ProductEnergy(
            product="A", before=Fraction(2), after=Fraction("1.8"), quantity_after=Fraction(1000)
        ),
        ProductEnergy(
            product="B", before=Fraction(5), after=Fraction("5.5"), quantity_after=Fraction(100)
        ),
    ]
    assert product_saving(products) == -150
    assert product_saving([]) == 0


def test_meter_without_reading_makes_the_energy_unknown_not_zero() -> None:
    found = period(power(1000), power(None, source="e2"))
    value = total_kgce(found)
    assert isinstance(value, Undefined)
    assert "e2" in value.zh
    assert "不按零计" in value.zh
    change = utilisation_change(period(power(1000), power(500, source="e2")), found)
    assert isinstance(change.drop, Undefined)
    assert isinstance(change.gain, Undefined)
    assert change.before == Fraction("0.00018435")  # 1500 · 0.1229 / 1000 / 1000


def test_nothing_metered_and_nothing_made_are_undefined() -> None:
    assert isinstance(unit_energy(period()), Undefined)
    assert isinstance(unit_energy(period(power(10), pieces=0)), Undefined)
    unknown = (Output(product="p", quantity=None),)
    assert isinstance(unit_energy(period(power(10), outputs=unknown)), Undefined)


def names(found: EnergyChange) -> list[str]:
    return [f.name for f in found.findings]


def test_one_table_for_both_periods_is_enforced() -> None:
    old = builtin_coefficients()["gb-t-2589-2008-annex-a"]
    found = utilisation_change(period(power(100), table=old), period(power(90)))
    assert isinstance(found.drop, Undefined)
    assert "one table must hold for both periods" in found.drop.en
    # the same table with another choice of the site is another table
    a, b = (
        TABLE.choose("electricity-equal-value", Fraction(v), y)
        for v, y in (("0.31", "2019"), ("0.29", "2024"))
    )
    mixed = utilisation_change(period(power(100), table=a), period(power(100), table=b))
    assert isinstance(mixed.drop, Undefined)


def test_equal_value_is_warned_of_even_with_one_table() -> None:
    table = TABLE.choose("electricity-equal-value", Fraction("0.3"), "2025 年电网煤耗")
    used = replace(power(100), carrier="electricity-equal-value")
    found = utilisation_change(period(used, table=table), period(used, table=table))
    assert found.drop == 0
    assert "energy.equal-value" in names(found)


def test_weight_and_share_changed_after_the_baseline_give_no_figure() -> None:
    light = (Output(product="p", quantity=Fraction(1000), weight=Fraction(2)),)
    found = utilisation_change(period(power(100)), period(power(100), outputs=light))
    assert isinstance(found.drop, Undefined)
    assert "weight of p" in found.drop.en
    half = power(100, share=Fraction(1, 2), share_rule="按面积")
    less = replace(half, share=Fraction(1, 3))
    moved = utilisation_change(period(half), period(less))
    assert isinstance(moved.drop, Undefined)
    assert "分摊规则" in moved.drop.zh
    same = utilisation_change(period(half), period(half))
    assert same.before == Fraction("6.145") / 1_000_000  # 100 · 0.1229 / 2


def test_findings_of_sources_grades_products_and_volume() -> None:
    before = period(power(100), power(50, source="e2"))
    after = period(
        power(100, grade=ReadingGrade.ESTIMATED),
        power(10, source="e3", share=Fraction(1, 2)),
        outputs=(
            Output(product="p", quantity=Fraction(1050)),
            Output(product="new", quantity=Fraction(51)),
        ),
    )
    found = utilisation_change(before, after)
    assert names(found) == [
        "energy.source-missing-after",
        "energy.source-new-after",
        "energy.new-product",
        "energy.share-without-rule",
        "energy.not-measured",
        "energy.volume",  # 1101 against 1000
    ]
    assert found.worst is ReadingGrade.ESTIMATED
    assert found.findings[0].subjects == ("e2",)


def test_volume_within_10_percent_is_no_finding() -> None:
    for pieces in (900, 1100):
        assert (
            names(utilisation_change(period(power(100)), period(power(100), pieces=pieces))) == []
        )
